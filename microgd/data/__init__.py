"""Data sets: built in, or read from files; splits, minibatches, scaling, augmentation.

Nothing is downloaded, no pickle is ever read, and all that is random is a function of its seed.

>>> import microgd as mg
>>> train, test = mg.data.read_dataset("moons(count=400, noise=0.1)").split(0.25, seed=0)
>>> len(train), len(test), len(mg.data.batches(len(train), 64, seed=0, epoch=3))
(300, 100, 5)
"""

from microgd.data.augment import augment, flip_images, shift_images
from microgd.data.batches import batches, shuffled
from microgd.data.cifar import load_cifar, load_cifar_folder
from microgd.data.csv_file import load_csv, read_columns
from microgd.data.dataset import Dataset, one_hot
from microgd.data.idx import load_idx, load_mnist, read_idx
from microgd.data.real import BreastCancer, Digits, Iris, Wine
from microgd.data.table import DATASETS, read_dataset, read_parts
from microgd.data.toys import (
    Blobs,
    BuiltIn,
    Circles,
    LectureNet,
    Line,
    Moons,
    Spirals,
    Xor,
)

__all__ = [
    "DATASETS",
    "Blobs",
    "BreastCancer",
    "BuiltIn",
    "Circles",
    "Dataset",
    "Digits",
    "Iris",
    "LectureNet",
    "Line",
    "Moons",
    "Spirals",
    "Wine",
    "Xor",
    "augment",
    "batches",
    "flip_images",
    "load_cifar",
    "load_cifar_folder",
    "load_csv",
    "load_idx",
    "load_mnist",
    "one_hot",
    "read_columns",
    "read_dataset",
    "read_idx",
    "read_parts",
    "shift_images",
    "shuffled",
]
