"""The same net on the same batches with every optimizer, at the learning rate that suits it.

python examples/each_optimizer.py
"""

from microgd.training import Config, Trainer

EPOCHS = 5
RACERS = {
    "sgd": 0.1,
    "momentum": 0.03,
    "nesterov": 0.03,
    "normalizedgradient": 0.1,
    "adagrad": 0.03,
    "adadelta": 1.0,
    "rmsprop": 0.001,
    "adam": 0.003,
    "adamw": 0.003,
    "amsgrad": 0.003,
    "adamax": 0.01,
    "nadam": 0.003,
    "adabelief": 0.003,
    "lookahead(adam, k=5)": 0.005,
    "clipped(sgd, norm=1)": 0.1,
}


def main() -> None:
    print("optimizer                  lr   epoch 1    epoch 5   held out")
    for optimizer, lr in RACERS.items():
        config = Config(data="digits", hidden=(64,), optimizer=optimizer, lr=lr)
        config = config.changed(epochs=EPOCHS, device="interpreter")  # small: nothing to compile
        rows = list(Trainer(config).epochs())
        print(
            f"{optimizer:22} {lr:6g} {rows[0].loss:9.3f} {rows[-1].loss:10.4f} "
            f"{rows[-1].held_out_accuracy:10.1%}"
        )


if __name__ == "__main__":
    main()
