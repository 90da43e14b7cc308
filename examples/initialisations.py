"""How weights begin decides whether a deep net learns: six hidden layers of tanh, five beginnings.

    python examples/initialisations.py

Printed is the spread of the values that come out of each hidden layer of the untrained net, and how
well it does after a few epochs. Too small, and the signal dies; too large, and tanh saturates.
"""

import numpy as np

from microgd.training import Config, Trainer

LAYERS, WIDTH, EPOCHS = 6, 64, 5
INITS = ("zeros", "normal(sigma=0.01)", "normal(sigma=1)", "xaviernormal(fan=in)", "henormal")


def main() -> None:
    print(f"{'':22}{'spread in layer 1 … 6':40}accuracy")
    for init in INITS:
        config = Config(
            hidden=(WIDTH,) * LAYERS,
            activation="tanh",
            init=init,
            optimizer="sgd(momentum=0.9)",
            lr=0.02,
            epochs=EPOCHS,
        )
        run = Trainer(config)
        net, x = run.parts.net, run.parts.train.x[:500]
        hidden = net.activations(net.init(config.seed), net.start(), x.astype(np.float32))
        spreads = [np.asarray(h).std() for name, h in hidden.items() if name.startswith("tanh")]
        rows = list(run.epochs())
        told = "  ".join(f"{spread:.3f}" for spread in spreads)
        print(f"{init:22}{told:40}{rows[-1].held_out_accuracy:8.1%}")


if __name__ == "__main__":
    main()
