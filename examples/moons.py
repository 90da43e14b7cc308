"""micrograd's demo: a small net of scalars learns to tell two half-moons apart.

Every number is a Tensor of its own, so that each can be looked at; that is slow, and the point.
Run it: python examples/moons.py
"""

import math
import random

from microgd import Tensor as Value


def moons(count, noise, rng):
    """Points on two interleaved half-circles, and their labels −1 and 1."""
    points, labels = [], []
    for i in range(count):
        angle = math.pi * rng.random()
        upper = i % 2 == 0
        x = math.cos(angle) if upper else 1 - math.cos(angle)
        y = math.sin(angle) if upper else 0.5 - math.sin(angle)
        points.append((x + rng.gauss(0, noise), y + rng.gauss(0, noise)))
        labels.append(1 if upper else -1)
    return points, labels


def layer(inputs, outputs, rng):
    """Weights and a bias for each neuron."""
    return [
        ([Value(rng.uniform(-1, 1)) for _ in range(inputs)], Value(0.0)) for _ in range(outputs)
    ]


def forward(net, x):
    """The net's score for one point."""
    for depth, neurons in enumerate(net):
        sums = [sum((w * v for w, v in zip(ws, x, strict=True)), b) for ws, b in neurons]
        x = [s.relu() for s in sums] if depth < len(net) - 1 else sums
    return x[0]


def main(steps=30):
    """Train by gradient descent on the max-margin loss; return the last accuracy."""
    rng = random.Random(1)
    points, labels = moons(60, 0.1, rng)
    net = [layer(2, 8, rng), layer(8, 8, rng), layer(8, 1, rng)]
    parameters = [p for neurons in net for ws, b in neurons for p in (*ws, b)]
    accuracy = 0.0
    for step in range(steps):
        scores = [forward(net, x) for x in points]
        margins = [(1 - y * s).relu() for y, s in zip(labels, scores, strict=True)]
        loss = sum(margins) * (1 / len(margins)) + 1e-4 * sum(p * p for p in parameters)
        for p in parameters:
            p.grad = 0
        loss.backward()
        for p in parameters:
            p.data -= (1 - 0.9 * step / steps) * 0.3 * p.grad
        right = sum((s.data > 0) == (y > 0) for y, s in zip(labels, scores, strict=True))
        accuracy = right / len(labels)
        if step % 5 == 4:
            print(f"step {step + 1:3}: loss {loss.data:.3f}, accuracy {accuracy:.0%}")
    return accuracy


if __name__ == "__main__":
    main()
