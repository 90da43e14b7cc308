"""Batch normalisation and dropout, each on and off: the same net, the same batches.

    python examples/norm_and_dropout.py

Three layers of sigmoids hardly learn by themselves: the gradient fades on its way back. Batch
normalisation keeps every layer where its sigmoids are steep. Dropout makes it harder to learn the
few examples by heart: the training loss rises.
"""

from microgd.data import read_dataset
from microgd.training import Config, Trainer

EPOCHS = 15


def main() -> None:
    few = read_dataset("digits").split(held_out=0.7, seed=0)[0]  # 540 of 1797
    print("norm     dropout   epoch 2   training   held out   accuracy")
    for norm in (None, "before"):
        for dropout in (0.0, 0.1):
            config = Config(
                hidden=(100, 100, 100),
                activation="sigmoid",
                init="xaviernormal",
                norm=norm,
                dropout=dropout,
                optimizer="sgd(momentum=0.9)",
                lr=0.05,
                epochs=EPOCHS,
                device="interpreter",
                held_out=0.4,
            )
            rows = list(Trainer(config, data=few).epochs())
            last = rows[-1]
            print(
                f"{norm or '-':8} {dropout:<9} {rows[1].held_out_loss:7.3f} {last.loss:10.3f} "
                f"{last.held_out_loss:10.3f} {last.held_out_accuracy:10.1%}"
            )


if __name__ == "__main__":
    main()
