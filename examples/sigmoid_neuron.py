"""A neuron with a sigmoid, once as one gate and once opened into ×−1, exp, +1 and 1/x.

Both give the same gradients: grouping gates changes the picture, not the mathematics.
Run it: python examples/sigmoid_neuron.py   (it writes neuron.svg and neuron_opened.svg)
"""

import microgd as mg

neuron = mg.circuit("sigmoid(w0*x0 + w1*x1 + w2)", w0=2, x0=-1, w1=-3, x1=-2, w2=-3)
mg.draw(neuron, look="lecture").save("neuron.svg")
mg.draw(neuron, expand="sigmoid").save("neuron_opened.svg")

neuron.output.backward()
whole = {name: tensor.grad for name, tensor in neuron.inputs.items()}

opened = mg.circuit("1 / (1 + exp(-(w0*x0 + w1*x1 + w2)))", w0=2, x0=-1, w1=-3, x1=-2, w2=-3)
opened.output.backward()

print("       as one gate   opened")
for name, tensor in opened.inputs.items():
    print(f"d{name}    {whole[name]: .4f}      {tensor.grad: .4f}")
    assert abs(whole[name] - tensor.grad) < 1e-12
