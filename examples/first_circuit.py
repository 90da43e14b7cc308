"""The circuit of every first lecture: f = (x + y) · z, its gradients, its story, its picture.

Run it: python examples/first_circuit.py   (it writes first_circuit.svg)
"""

import microgd as mg

x = mg.Tensor(-2.0, name="x")
y = mg.Tensor(5.0, name="y")
z = mg.Tensor(-4.0, name="z")

q = (x + y).named("q")
f = q * z

f.backward()
print(f"f = {f.data:g},  ∂f/∂x = {x.grad:g},  ∂f/∂y = {y.grad:g},  ∂f/∂z = {z.grad:g}")

print(mg.trace(f))
mg.draw(f).save("first_circuit.svg")
