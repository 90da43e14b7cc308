"""A net of two layers, its gradient and its update as one program on an OpenCL device.

    python examples/compiled.py

`mg.compile` records the whole step once and turns it into a few kernels. Parameters stay on the
device and are written over in place; the loss is read every hundred steps, and only then does
Python wait. Without a device the same program runs in the interpreter.
"""

import numpy as np

import microgd as mg

HIDDEN, STEPS = 32, 400


def spirals(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two spirals, one around the other: points and their classes, −1 and 1."""
    random = np.random.default_rng(seed)
    turn = np.sqrt(random.uniform(size=count)) * 2.5 * np.pi
    side = np.where(np.arange(count) % 2 == 0, 1.0, -1.0)
    points = side[:, None] * turn[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1) / 8
    points += random.normal(scale=0.01, size=points.shape)
    return points.astype(np.float32), side.astype(np.float32)


def scores(params, x):
    hidden = mg.tanh(x @ params["w1"] + params["b1"])
    return mg.reshape(hidden @ params["w2"], (-1,)) + params["b2"]


def loss_of(params, x, y):
    return mg.softplus(-y * scores(params, x)).mean()


@mg.compile(donate=(0, 1))
def step(params, speed, x, y, rate):
    """One step of gradient descent with momentum: new parameters, new speeds, the loss."""
    loss, gradient = mg.value_and_grad(loss_of)(params, x, y)
    speed = {name: 0.9 * speed[name] - rate * gradient[name] for name in params}
    return {name: params[name] + speed[name] for name in params}, speed, loss


def main() -> None:
    random = np.random.default_rng(1)
    params = {
        "w1": random.normal(scale=2.0, size=(2, HIDDEN)).astype(np.float32),
        "b1": random.normal(size=HIDDEN).astype(np.float32),
        "w2": random.normal(scale=0.2, size=(HIDDEN, 1)).astype(np.float32),
        "b2": np.zeros(1, np.float32),
    }
    speed = {name: np.zeros_like(values) for name, values in params.items()}
    points, classes = spirals(512)
    x, y = mg.device_array(points), mg.device_array(classes)
    print(f"on {step.device.label}")
    for number in range(STEPS + 1):
        params, speed, loss = step(params, speed, x, y, 0.5)
        if number % 100 == 0:
            print(f"step {number:3}: loss {float(loss):.4f}")
    found = {name: mg.Tensor(values.numpy()) for name, values in params.items()}
    right = np.mean(np.sign(scores(found, mg.Tensor(points)).data) == classes)
    print(f"{len(step.executable.kernels)} kernels a step; {right:.1%} of the points are right")


if __name__ == "__main__":
    main()
