"""Draw the pictures of README.md and of these pages anew: python docs/make_pictures.py [FOLDER]."""

import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np

import microgd as mg
from microgd import lab
from microgd.data import read_dataset
from microgd.draw.kernels import draw_kernels
from microgd.opencl.explain import preview
from microgd.plots.data import draw_dataset
from microgd.plots.descent import draw_descent
from microgd.plots.loss import draw_rates
from microgd.plots.noise import draw_noise
from microgd.teaching.bugs.buggy import bugs, with_bug
from microgd.teaching.paths.finding import paths

NEURON = {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0}


def layers() -> mg.Tensor:
    """A net of scalar neurons, 2-4-4-1, with a scope for each layer and neuron."""
    rng = np.random.default_rng(0)
    values = [mg.Tensor(1.0, name="x0"), mg.Tensor(-2.0, name="x1")]
    for number, width in enumerate((4, 4, 1), start=1):
        with mg.scope(f"layer{number}"):
            made = []
            for neuron in range(width):
                with mg.scope(f"neuron{neuron + 1}"):
                    total = mg.Tensor(0.1)
                    for value in values:
                        total = total + mg.Tensor(rng.uniform(-1, 1)) * value
                    made.append(total.tanh())
            values = made
    return values[0].named("y")


def main(folder: Path) -> None:
    """Write every picture into the folder."""
    folder.mkdir(parents=True, exist_ok=True)

    def save(name: str, drawing: mg.Drawing) -> None:
        drawing.save(folder / f"{name}.svg")

    first = mg.circuit("q = x + y; f = q * z", x=-2, y=5, z=-4)
    save("circuit", mg.draw(first))
    save("forward", mg.draw(first, gradients=False))
    save("step", mg.draw(first, step=4))
    save("cards", mg.draw(first, look="cards"))
    neuron = mg.circuit("sigmoid(w0*x0 + w1*x1 + w2)", **NEURON)
    save("neuron", mg.draw(neuron, expand="sigmoid"))
    save("neuron-lecture", mg.draw(neuron, look="lecture"))
    branch = mg.circuit("x * x + x * max(x, y)", x=-2, y=5)
    save("branch", mg.draw(branch))
    save("branch-colour-blind", mg.draw(branch, look="lecture", palette="colour-blind"))
    save("branch-dark", mg.draw(branch, palette="dark"))
    save("paths", paths(mg.circuit("x*y + x + x*x", x=3, y=2), "x").drawings()[0])
    net = layers()
    save("layers", mg.draw(net))
    save("layers-opened", mg.draw(net, expand=["layer3/neuron1"]))
    save("focus", mg.draw(net, focus="y", hops=2))
    product = mg.circuit("sum(relu(W @ x))", W=[[1, 2], [0, -1]], x=[1, -2])
    save("jacobian", mg.draw(product, jacobian=True))
    perceptron = mg.circuit(
        "h = sigmoid(X @ W1 + b1); q = sigmoid(h @ W2 + b2); mean((y - q) ** 2)",
        X=[[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]],
        W1=np.linspace(-1, 1, 12).reshape(3, 4).tolist(),
        b1=[0, 0, 0, 0],
        W2=[[0.5], [-0.5], [1.0], [-1.0]],
        b2=[0],
        y=[[0], [1], [1], [0]],
    )
    save("perceptron", mg.draw(perceptron, look="lecture"))
    sizes = {"x": (64, 784), "w": (784, 10), "b": (10,)}
    inputs = [mg.placeholder(shape, name, "float32") for name, shape in sizes.items()]
    layer = preview(lambda x, w, b: mg.softmax(mg.relu(x @ w + b)).named("p"), *inputs)
    save("kernels-layer", draw_kernels(layer))
    step = runpy.run_path(str(Path(__file__).parent / "make_compiler.py"))
    save("kernels", draw_kernels(step["passes"]()))
    for name in bugs():
        save(f"bug-{name}", with_bug(None, name).draw())
    draw_walks(folder)
    for name in ("digits", "spirals"):
        draw_dataset(read_dataset(name)).save(folder / f"data-{name}.svg")


def draw_walks(folder: Path) -> None:
    """The pictures of the descent lab."""
    draw_descent(lab.descend("bowl", steps=40)).save(folder / "descend-bowl.svg")
    racers = ["sgd", "momentum", "adam(betas=(0.8, 0.99))"]
    draw_descent(lab.race("valley", racers, steps=60)).save(folder / "descend-race.svg")
    rates = lab.four_rates("bowl", steps=30).walks
    told = {f"{name}, γ {walk.rows[0].rate:g}": walk for name, walk in rates.items()}
    draw_rates(told).save(folder / "descend-rates.svg")

    def loss(params: dict[str, Any], batch: dict[str, Any]) -> Any:
        return ((params["w"] * batch["x"] + params["b"] - batch["y"]) ** 2).mean()

    noise = lab.gradient_noise(
        loss, {"w": 0.0, "b": 0.0}, lab.toy_data(), sizes=[1, 8, 64, 512], draws=100
    )
    names = ("∂L/∂w", "∂L/∂b")
    draw_noise(noise.batches, noise.full, names=names).save(folder / "noise.svg")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "pictures")
