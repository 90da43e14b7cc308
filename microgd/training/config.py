"""What a training run is: all of its options, as flags, as a TOML file, as one value."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from microgd.errors import ArgumentError
from microgd.options import above_zero, fraction, not_negative, one_of, refuse, whole


@dataclass(frozen=True, kw_only=True)
class Config:
    """All options of a run. Two runs with equal options on one device end with the same numbers.

    Attributes:
        data: a data set by name with its options, or a file or folder (see mg.data).
        hidden: the sizes of the hidden layers; none makes a linear model.
        activation, norm, dropout, init: as in mg.nn.MLP.
        loss: a name from mg.losses; by default cross entropy for classes, squared for numbers.
        l2, l1: penalties on the weights.
        optimizer: with its options, "adam(betas=(0.9, 0.99))".
        lr: the learning rate; the optimizer's own by default.
        schedule: a learning rate that changes, in its place.
        schedule_per: whether the schedule's t counts "step"s or "epoch"s.
        batch: examples in a minibatch.
        epochs: how many times through the data.
        held_out: the share of the data that is not trained on, or a number of examples; a fifth by
            default, and nothing of data sets of fewer than 50 examples.
        standardise: scale every column to mean 0 and deviation 1, by the training data's.
        patience: stop when the held-out loss (the training loss, if nothing is held out) has not
            fallen for so many epochs; None for never.
        shift, noise, flip: augmentation of images: pixels, deviation, mirror images.
        frozen: patterns of parameters that stay as they are, such as "linear1.*".
        steps_per_call: steps that one program takes, for very small nets; it compiles longer.
        seed: of all randomness: weights, order, dropout, augmentation, the split.
        dtype: "float32", or "float64" where the device has it.
        device: as `microgd devices` names them; "interpreter" for none.
    """

    data: str = "digits"
    hidden: tuple[int, ...] = (128,)
    activation: str = "relu"
    norm: str | None = None
    dropout: float = 0.0
    init: str = "henormal"
    loss: str | None = None
    l2: float = 0.0
    l1: float = 0.0
    optimizer: str = "adamw(lr=0.003, weight_decay=0.1)"
    lr: float | None = None
    schedule: str | None = None
    schedule_per: str = "step"
    batch: int = 64
    epochs: int = 30
    held_out: float | None = None
    standardise: bool = True
    patience: int | None = None
    shift: int = 0
    noise: float = 0.0
    flip: bool = False
    frozen: tuple[str, ...] = ()
    steps_per_call: int = 1
    seed: int = 0
    dtype: str = "float32"
    device: str = "auto"

    def __post_init__(self) -> None:
        for name in ("hidden", "frozen"):
            value = getattr(self, name)
            if not isinstance(value, tuple | list):
                refuse(self, name, "a list")
            object.__setattr__(self, name, tuple(value))
        if any(type(size) is not int or size < 1 for size in self.hidden):
            refuse(self, "hidden", "a list of whole numbers of at least 1")
        patterns: tuple[object, ...] = self.frozen
        if not all(isinstance(pattern, str) and pattern for pattern in patterns):
            refuse(self, "frozen", "a list of patterns such as 'linear1.*'")
        fraction(self, "dropout")
        not_negative(self, "l2", "l1", "noise")
        if self.held_out is not None:
            not_negative(self, "held_out")
        whole(self, "batch", "epochs", "steps_per_call")
        whole(self, "shift", "seed", least=0)
        if self.seed >= 2**64:
            refuse(self, "seed", "a whole number below 2⁶⁴")
        if self.patience is not None:
            whole(self, "patience")
        if self.lr is not None:
            above_zero(self, "lr")
            if self.schedule is not None:
                raise ArgumentError("Config: give a learning rate or a schedule, not both")
        one_of(self, "norm", (None, "before", "after"))
        one_of(self, "schedule_per", ("step", "epoch"))
        one_of(self, "dtype", ("float32", "float64"))
        for text in (self.data, *self.frozen):  # a path may have bytes that are no text
            if str(text).encode("utf-8", "replace").decode() != str(text):
                raise ArgumentError(f"Config: {text!r} is no text that a file could keep")

    def to_dict(self) -> dict[str, Any]:
        """The options by name, lists for tuples."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {n: list(v) if isinstance(v, tuple) else v for n, v in found.items()}

    def to_toml(self) -> str:
        """The options as a TOML file; those that are None are left out.

        >>> print(Config(hidden=(32, 16), lr=0.01).to_toml().splitlines()[:2])
        ['data = "digits"', 'hidden = [32, 16]']
        """
        lines = [
            f"{name} = {json.dumps(value, ensure_ascii=False)}"  # JSON's numbers, texts and lists
            for name, value in self.to_dict().items()
            if value is not None
        ]
        return "\n".join(lines).replace("\x7f", "\\u007f") + "\n"

    def changed(self, **options: Any) -> Config:
        """The same with other options.

        Raises:
            ArgumentError: there is no such option, or its value makes no sense.
        """
        return config_from({**self.to_dict(), **options})


def config_from(options: Mapping[str, Any], where: str = "") -> Config:
    """The configuration with these options; those left out have their defaults.

    >>> config_from({"batch": 128}).batch
    128

    Raises:
        ArgumentError: an unknown option, a value of the wrong kind or out of range.
    """
    known = {field.name: field for field in fields(Config)}
    begin = f"{where}: " if where else ""
    for name, value in options.items():
        if name not in known:
            near = get_close_matches(str(name), known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ArgumentError(
                f"{begin}there is no option {name!r}.{hint} There are: {', '.join(known)}"
            )
        _require_kind(begin, name, value)
    try:
        return Config(**options)
    except ArgumentError as error:
        raise ArgumentError(f"{begin}{error}") from None


def read_config(path: str | os.PathLike[str]) -> Config:
    """The configuration in a TOML file.

    Raises:
        ArgumentError: it cannot be read, it is no TOML, or it has unknown options.
    """
    return config_from(read_toml(path), str(path))


def read_toml(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What a TOML file says."""
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ArgumentError(f"cannot read {os.fspath(path)}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ArgumentError(f"{os.fspath(path)} is no TOML file: {error}") from None


#: A field's annotation → the kinds of values it takes, and what to call them.
_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "str": ((str,), "a text"),
    "int": ((int,), "a whole number"),
    "float": ((float, int), "a number"),
    "bool": ((bool,), "true or false"),
    "tuple[int, ...]": ((list, tuple), "a list of whole numbers"),
    "tuple[str, ...]": ((list, tuple), "a list of texts"),
    "None": ((type(None),), ""),
}


def kind_of(name: str) -> str:
    """What values of an option are, in words.

    >>> kind_of("lr"), kind_of("hidden")
    ('a number', 'a list of whole numbers')
    """
    return _kinds(name)[0][1]


def _kinds(name: str) -> list[tuple[tuple[type, ...], str]]:
    annotation = next(str(f.type) for f in fields(Config) if f.name == name)
    return [_KINDS[part] for part in annotation.split(" | ")]


def _require_kind(begin: str, name: str, value: Any) -> None:
    kinds = [kind for part, _ in _kinds(name) for kind in part]
    if not isinstance(value, tuple(kinds)) or (isinstance(value, bool) and bool not in kinds):
        raise ArgumentError(f"{begin}{name} is {kind_of(name)}, got {value!r}")
