"""Two losses on the same scores: a linear net on digits, with softmax and with the SVM's hinge.

    python examples/softmax_or_svm.py

The hinge stops pushing once every right score leads by 1; softmax is never content.
"""

import numpy as np

import microgd as mg
from microgd.training import Config, Trainer


def main() -> None:
    for loss in ("crossentropy", "svm"):
        config = Config(data="digits", hidden=(), loss=loss, optimizer="adam(lr=0.01)", epochs=20)
        run = Trainer(config)
        rows = list(run.epochs())
        last = rows[-1]
        print(f"{loss:13} first loss {rows[0].loss:.3f}, last {last.loss:.3f}, ", end="")
        print(f"held out {last.held_out_accuracy:.1%}")

    print("\nThe lecture's example, class 0 is right: is one of these better than another?")
    for scores in ([10.0, -2.0, 3.0], [10.0, 9.0, 9.0], [10.0, -100.0, -100.0]):
        row = np.array([scores])
        hinge, soft = mg.losses.svm(row, [0]), mg.losses.cross_entropy(row, [0])
        print(f"{scores}: hinge {float(hinge):.6f}, cross entropy {float(soft):.6f}")


if __name__ == "__main__":
    main()
