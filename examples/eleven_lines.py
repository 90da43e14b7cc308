"""The two-layer net in eleven lines of lecture 004, in NumPy and in microgd, number for number.

    python examples/eleven_lines.py

NumPy needs the gradient worked out by hand (l2_delta, l1_delta). microgd is told the loss,
½(y − ŷ)² summed over the four examples, and finds the same gradient.
"""

import numpy as np

import microgd as mg

X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], float)
y = np.array([[0, 1, 1, 0]], float).T


def by_hand(syn0, syn1, steps):
    """The deck's loop, in its words."""
    for _ in range(steps):
        l1 = 1 / (1 + np.exp(-(np.dot(X, syn0))))
        l2 = 1 / (1 + np.exp(-(np.dot(l1, syn1))))
        l2_delta = (y - l2) * (l2 * (1 - l2))
        l1_delta = l2_delta.dot(syn1.T) * (l1 * (1 - l1))
        syn1 = syn1 + l1.T.dot(l2_delta)
        syn0 = syn0 + X.T.dot(l1_delta)
    return syn0, syn1


def by_microgd(syn0, syn1, steps):
    """The same with a loss, and a gradient that nobody worked out."""

    def loss(w):
        l2 = mg.sigmoid(mg.sigmoid(X @ w[0]) @ w[1])
        return mg.losses.half_squared(l2, y, "sum")

    w = [syn0, syn1]
    for _ in range(steps):
        slopes = mg.grad(loss)(w)
        w = [a - 1.0 * slope for a, slope in zip(w, slopes, strict=True)]
    return w


def main(steps=5000):
    """Run both; return the answers of each."""
    rng = np.random.default_rng(1)
    begin = 2 * rng.random((3, 4)) - 1, 2 * rng.random((4, 1)) - 1
    answers = []
    for name, learn in (("NumPy", by_hand), ("microgd", by_microgd)):
        syn0, syn1 = learn(*begin, steps)
        answers.append(mg.sigmoid(mg.sigmoid(X @ syn0) @ syn1))
        print(f"{name:8}{'  '.join(f'{a:.6f}' for a in answers[-1][:, 0])}")
    print(f"wanted  {'  '.join(f'{a:<8.0f}' for a in y[:, 0]).rstrip()}")
    print(f"largest difference {np.abs(answers[0] - answers[1]).max():.0e}")
    return answers


if __name__ == "__main__":
    main()
