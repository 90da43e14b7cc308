"""What a search tries: for each option of a run a list of values, or a range of numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from itertools import product
from typing import Any

from microgd.data.keys import SEARCH, philox
from microgd.errors import ArgumentError
from microgd.training.config import Config, config_from, kind_of

#: Options that are the same for all trials: what they are compared on, and by whom.
FIXED = ("data", "held_out", "seed", "device")
#: Draws without anything new, after which a space has nothing more to offer.
PATIENCE = 500

Options = dict[str, Any]
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})((?::\w+)*)", re.IGNORECASE)


@dataclass(frozen=True)
class Choice:
    """One of several values.

    Attributes:
        name: the option. values: what it may be.
    """

    name: str
    values: tuple[Any, ...]

    def at(self, part: float) -> Any:
        """The value for a random number from 0 up to 1."""
        return self.values[int(part * len(self.values))]

    def grid(self) -> tuple[Any, ...]:
        """The values of a grid search: all."""
        return self.values

    def __str__(self) -> str:
        return f"{self.name}={'|'.join(map(shown, self.values))}"


@dataclass(frozen=True)
class Range:
    """A number from low to high; with `log` each power of ten is as likely as another.

    Attributes:
        name: the option. low, high: both included.
        log: uniform in the logarithm. whole: a whole number.
        points: how many a grid search takes, evenly; None where it is not for one.
    """

    name: str
    low: float
    high: float
    log: bool = False
    whole: bool = False
    points: int | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ArgumentError(f"{self.name}: a range goes up, got {self.low:g}..{self.high:g}")
        if self.log and self.low <= 0:
            raise ArgumentError(f"{self.name}: a logarithmic range is above 0, got {self.low:g}")
        if self.points is not None and self.points < 2:
            raise ArgumentError(f"{self.name}: a grid has 2 points at least, got {self.points}")

    def at(self, part: float) -> Any:
        """The value for a random number from 0 up to 1, of four digits."""
        end = self.high + self.whole  # whole numbers are rounded down, and the last is one of them
        low, high = (math.log(x) if self.log else x for x in (self.low, end))
        value = low + part * (high - low)
        value = math.exp(value) if self.log else value
        value = min(max(value, self.low), self.high)
        return math.floor(value) if self.whole else float(f"{value:.4g}")

    def grid(self) -> tuple[Any, ...]:
        """The values of a grid search.

        Raises:
            ArgumentError: it is not said how many.
        """
        if self.points is None:
            raise ArgumentError(
                f"{self}: a grid needs to know how many points of the range; write {self}:4"
            )
        low, high = (math.log(x) if self.log else x for x in (self.low, self.high))
        steps = [low + (high - low) * i / (self.points - 1) for i in range(self.points)]
        values = [math.exp(x) if self.log else x for x in steps]
        found = [round(x) if self.whole else float(f"{x:.4g}") for x in values]
        return tuple(dict.fromkeys(found))

    def __str__(self) -> str:
        log, points = ":log" * self.log, "" if self.points is None else f":{self.points}"
        return f"{self.name}={self.low:g}..{self.high:g}{log}{points}"


Space = tuple[Choice | Range, ...]


def read_space(tries: Sequence[str] | Mapping[str, Any]) -> Space:
    """The space that texts describe, or a table of a TOML file.

    Arguments:
        tries: texts such as "lr=1e-4..1e-1:log", "batch=16..128", "hidden=64,32|128"; or
            {"lr": "1e-4..1e-1:log", "batch": [32, 64]}. `:4` after a range is for grids: points.

    Raises:
        ArgumentError: an unknown option, no values, values of the wrong kind.

    >>> space = read_space(["lr=1e-4..1e-1:log", "hidden=none|64,32"])
    >>> print(*space)
    lr=0.0001..0.1:log hidden=none|64,32
    >>> space[0].at(0.5), space[1].values
    (0.003162, ((), (64, 32)))
    """
    if isinstance(tries, Mapping):
        pairs = list(tries.items())
    else:
        pairs = []
        for text in tries:
            name, sign, values = text.partition("=")
            if not sign or not values.strip():
                raise ArgumentError(
                    f"{text!r} says nothing to try: write lr=1e-4..1e-1:log, or hidden=64|128"
                )
            pairs.append((name.strip().replace("-", "_"), values.strip()))
    found: dict[str, Choice | Range] = {}
    for name, given in pairs:
        _require_option(name)
        if name in found:
            raise ArgumentError(f"{name} is tried twice; write all of its values in one place")
        found[name] = _one(name, given)
    if not found:
        raise ArgumentError("there is nothing to try: give an option with several values")
    return tuple(found.values())


def random_trials(space: Space, count: int, seed: int) -> list[Options]:
    """So many different combinations at random; fewer where there are no more.

    Trial i is a function of the seed and of i: asking for more trials adds to those before.

    >>> space = read_space(["batch=16..64"])
    >>> random_trials(space, 3, seed=1) == random_trials(space, 5, seed=1)[:3]
    True
    """
    found: list[Options] = []
    draw = since = 0
    while len(found) < count and since < PATIENCE:
        bits = philox(SEARCH, seed, draw).random_raw(len(space))
        parts = [(int(word) >> 11) * 2.0**-53 for word in bits]
        options = {one.name: one.at(part) for one, part in zip(space, parts, strict=True)}
        draw, since = draw + 1, since + 1
        if options not in found:
            found.append(options)
            since = 0
    return found


def grid_trials(space: Space) -> Iterator[Options]:
    """All combinations; the last option changes first.

    >>> [trial["lr"] for trial in grid_trials(read_space(["lr=0.01..1:log:3"]))]
    [0.01, 0.1, 1.0]
    """
    names = [one.name for one in space]
    for values in product(*(one.grid() for one in space)):
        yield dict(zip(names, values, strict=True))


def shown(value: Any) -> str:
    """A value as it is written in a space.

    >>> shown((64, 32)), shown(()), shown(0.001), shown(None)
    ('64,32', 'none', '0.001', 'none')
    """
    if value is None or value == ():
        return "none"
    if isinstance(value, tuple | list):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


_TYPES = {field.name: str(field.type) for field in fields(Config)}


def _require_option(name: str) -> None:
    if name not in _TYPES:
        near = get_close_matches(name, _TYPES, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        known = ", ".join(n for n in _TYPES if n not in FIXED)
        raise ArgumentError(f"there is no option {name!r} to try.{hint} There are: {known}")
    if name in FIXED:
        raise ArgumentError(f"{name} is the same for all trials, which could not be compared else")


def _one(name: str, given: Any) -> Choice | Range:
    if isinstance(given, list | tuple):
        values = [tuple(value) if isinstance(value, list) else value for value in given]
        return _checked(Choice(name, tuple(values)))
    if not isinstance(given, str):
        raise ArgumentError(f"{name}: give a list of values, or a range as text, got {given!r}")
    match = _RANGE.fullmatch(given.replace(" ", ""))
    if match is not None:
        return _range(name, given, match)
    return _checked(Choice(name, tuple(_value(name, part) for part in _parts(given))))


def _range(name: str, given: str, match: re.Match[str]) -> Range:
    kind = _TYPES[name].split(" | ")[0]
    if kind not in ("int", "float"):
        raise ArgumentError(f"{name} is no number, and {given!r} a range: write values with | ")
    log, points = False, None
    for word in match[3].split(":")[1:]:
        if word.lower() == "log":
            log = True
        elif word.isdigit():
            points = int(word)
        else:
            raise ArgumentError(f"{name}={given}: after a range stands :log, or :4 for a grid")
    ends = [float(match[1]), float(match[2])]
    if kind == "int" and any(end != int(end) for end in ends):
        raise ArgumentError(f"{name} is a whole number, got the range {given}")
    found = Range(name, ends[0], ends[1], log, kind == "int", points)
    for value in (found.at(0.0), found.at(1 - 2.0**-53)):
        _require_value(name, value)
    return found


def _parts(text: str) -> list[str]:
    """The values between |, which has no other meaning anywhere."""
    parts = [part.strip() for part in text.split("|")]
    if not all(parts):
        raise ArgumentError(f"{text!r} has an empty value between two |")
    return parts


def _value(name: str, text: str) -> Any:
    """A value of the kind that the option is of."""
    kinds = _TYPES[name].split(" | ")
    if text.lower() == "none" and ("None" in kinds or kinds[0].startswith("tuple")):
        return None if "None" in kinds else ()
    try:
        if kinds[0] == "bool":
            return {"yes": True, "true": True, "no": False, "false": False}[text.lower()]
        if kinds[0] == "tuple[int, ...]":
            return tuple(int(part) for part in text.split(","))
        if kinds[0] == "tuple[str, ...]":
            return tuple(part.strip() for part in text.split(","))
        return {"int": int, "float": float, "str": str}[kinds[0]](text)
    except (ValueError, KeyError):
        raise ArgumentError(f"{name} is {kind_of(name)}, got {text!r}") from None


def _checked(choice: Choice) -> Choice:
    if not choice.values:
        raise ArgumentError(f"{choice.name}: there is nothing to try in an empty list")
    if len(set(choice.values)) < len(choice.values):
        raise ArgumentError(f"{choice}: a value is there twice")
    for value in choice.values:
        _require_value(choice.name, value)
    return choice


def _require_value(name: str, value: Any) -> None:
    """Refuse a value that no run could have.

    Raises:
        ArgumentError: an option's value that makes no sense, an optimizer that cannot be read.
    """
    config = config_from({name: value})
    if name == "optimizer":
        from microgd.optim import read_optimizer

        read_optimizer(config.optimizer)
    elif name == "schedule" and config.schedule is not None:
        from microgd.schedules import read_schedule

        read_schedule(config.schedule)
    elif name == "init":
        from microgd.init import read_init

        read_init(config.init)
    elif name == "loss" and config.loss is not None:
        from microgd.losses import loss_named

        loss_named(config.loss)
    elif name == "activation":
        from microgd.nn.layers import Activation

        Activation(config.activation)
