"""Real data: handwritten digits, which come with microgd, and three sets that scikit-learn has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from microgd.data.dataset import Dataset
from microgd.data.toys import BuiltIn
from microgd.errors import MissingExtraError

CC_BY = "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/"


@dataclass(frozen=True)
class Digits(BuiltIn):
    """1797 handwritten digits of 8 × 8 pixels from 0 to 16, float32.

    Source: E. Alpaydin, C. Kaynak: Cascading classifiers, Kybernetika 34, 1998.

    >>> Digits().make()
    <digits: 1797 examples, 8 × 8 images, 10 classes>
    """

    name: ClassVar[str] = "digits"
    about: ClassVar[str] = "1797 handwritten digits of 8 × 8 pixels; they come with microgd."

    def make(self) -> Dataset:
        """The images in the order of the file."""
        import gzip
        from importlib.resources import files

        packed = files("microgd.data").joinpath("files", "digits.csv.gz").read_bytes()
        text = gzip.decompress(packed).decode("ascii")
        cells = np.array(text.replace("\n", ",").rstrip(",").split(","), dtype=np.int64)
        table = cells.reshape(-1, 65)
        return Dataset(
            self.name,
            table[:, :64].astype(np.float32),
            table[:, 64],
            tuple("0123456789"),
            shape=(8, 8),
            limits=(0.0, 16.0),
            source="E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, test set, "
            "1998. UCI Machine Learning Repository, https://doi.org/10.24432/C50P49",
            licence=CC_BY,
            note="A pixel counts the dark ones of 4 × 4 in a bitmap of 32 × 32.",
        )


@dataclass(frozen=True)
class _OfScikitLearn(BuiltIn):
    """A data set that scikit-learn comes with, which has to be installed: `microgd[sklearn]`.

    Raises:
        MissingExtraError: it is not.
    """

    source: ClassVar[str]

    def make(self) -> Dataset:
        """The data, in scikit-learn's order."""
        try:
            import sklearn.datasets as found
        except ImportError as error:
            raise MissingExtraError(
                f"{self.name} is a data set of scikit-learn, which is not here: "
                'pip install "microgd[sklearn]"'
            ) from error
        bunch: Any = getattr(found, f"load_{self.name.replace('-', '_')}")()
        return Dataset(
            self.name,
            np.asarray(bunch.data, dtype=np.float64),
            np.asarray(bunch.target, dtype=np.int64),
            tuple(str(name) for name in bunch.target_names),
            tuple(str(name) for name in bunch.feature_names),
            source=f"{self.source}; the copy in scikit-learn",
            licence=CC_BY,
            note=self.about,
        )


@dataclass(frozen=True)
class Iris(_OfScikitLearn):
    """150 flowers of three species: length and width of sepals and petals."""

    name: ClassVar[str] = "iris"
    about: ClassVar[str] = "150 flowers of three species, measured in cm."
    source: ClassVar[str] = "R. A. Fisher, 1936, https://doi.org/10.24432/C56C76"


@dataclass(frozen=True)
class Wine(_OfScikitLearn):
    """178 wines of three growers: 13 results of a chemical analysis."""

    name: ClassVar[str] = "wine"
    about: ClassVar[str] = "178 wines of three growers, by 13 results of a chemical analysis."
    source: ClassVar[str] = "S. Aeberhard, M. Forina, 1991, https://doi.org/10.24432/C5PC7J"


@dataclass(frozen=True)
class BreastCancer(_OfScikitLearn):
    """569 tumours, malignant or benign: 30 measures of their cells' nuclei."""

    name: ClassVar[str] = "breast-cancer"
    about: ClassVar[str] = "569 tumours, malignant or benign, by 30 measures of their nuclei."
    source: ClassVar[str] = (
        "W. Wolberg, O. Mangasarian, N. Street, W. Street, 1993, https://doi.org/10.24432/C5DW2B"
    )
