"""A gate of your own: one row, and the parser, the trace, the picture and the check know it.

Run it: python examples/own_gate.py   (it writes own_gate.svg)
"""

import numpy as np

import microgd as mg

swish = mg.register(
    mg.Gate(
        "swish",
        ("x",),
        lambda x: x / (1 + np.exp(-x)),
        (lambda g, out, x: g * (mg.sigmoid(x) * (1 + x * (1 - mg.sigmoid(x)))),),
        formula="x · σ(x)",
        local=("σ(x)·(1 + x·(1 − σ(x)))",),
        sign="swish",
        expansion=lambda x: x * mg.sigmoid(x),
        doc="Ramachandran et al., 2017: a smooth relu that dips below 0.",
    )
)

report = mg.check_gradients(swish, np.linspace(-3, 3, 7))
print(report)
assert report

circuit = mg.circuit("swish(w * x)", w=2, x=-0.5)
print(circuit.trace())
mg.draw(circuit, look="lecture").save("own_gate.svg")
mg.unregister("swish")
