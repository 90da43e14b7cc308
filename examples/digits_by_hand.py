"""A net learns handwritten digits in a loop that you can read: no Trainer, nothing hidden.

    python examples/digits_by_hand.py

The step (forward, backward, update) is compiled into one program for the first OpenCL device that
works; where there is none, NumPy computes it.
"""

import numpy as np

import microgd as mg

EPOCHS, BATCH = 8, 64


def main(device="auto"):
    """Train; return the share of held-out digits that are right."""
    train, test = mg.data.read_dataset("digits").split(held_out=0.2, seed=0)
    (train_x, train_y), (test_x, test_y) = (
        (part.standardised(like=train).x.astype(np.float32), part.y) for part in (train, test)
    )
    net = mg.nn.MLP((64, 32, 10), "relu")
    adam = mg.optim.Adam()

    def step(params, state, x, labels):
        def loss(p):
            return mg.losses.cross_entropy(net(p, x), labels)

        value, slopes = mg.value_and_grad(loss)(params)
        params, state = adam.update(params, slopes, state, lr=0.01)
        return params, state, value

    program = mg.compile(step, device=device)
    params = net.init(0)
    state = adam.init(params)
    accuracy = 0.0
    for epoch in range(EPOCHS):
        losses = []
        for rows in mg.data.batches(len(train_x), BATCH, seed=0, epoch=epoch, last="drop"):
            params, state, value = program(params, state, train_x[rows], train_y[rows])
            losses.append(float(value))
        now = {name: {k: np.asarray(v) for k, v in own.items()} for name, own in params.items()}
        accuracy = float(np.mean(np.argmax(net(now, test_x), axis=1) == test_y))
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.3f}, held-out accuracy {accuracy:.1%}")
    return accuracy


if __name__ == "__main__":
    main()
