"""Nets: layers as descriptions, and their parameters as trees of arrays."""

from microgd.nn.layer import EVALUATE, Layer, Mode
from microgd.nn.layers import ACTIVATIONS, Activation, BatchNorm, Dropout, Linear
from microgd.nn.net import MLP, Sequential

__all__ = [
    "ACTIVATIONS",
    "EVALUATE",
    "MLP",
    "Activation",
    "BatchNorm",
    "Dropout",
    "Layer",
    "Linear",
    "Mode",
    "Sequential",
]
