"""Bindings: values as text, `x=-2` and `w=[[1, 2], [3, 4]]`, read by the language itself."""

from __future__ import annotations

import keyword
import re
from collections.abc import Container, Iterable
from typing import Any

from microgd.errors import LanguageError, MicrogdError
from microgd.gates.table import did_you_mean
from microgd.language.functions import NUMBERS, RESERVED, gate_named
from microgd.language.limits import MAX_AXES, MAX_SIZE_DIGITS
from microgd.language.reader import Reader
from microgd.language.recording import Quantity
from microgd.language.scan import Scanner
from microgd.language.text import ProgramText, printable, quoted
from microgd.language.tokens import plain_name
from microgd.tensor import Tensor, placeholder

#: `x:100x4096`, an input of which only the shape is given.
_SHAPE = re.compile(r"\s*(?P<name>[^\W\d]\w*)\s*:\s*(?P<sizes>\d+(?:[x×,]\d+)*)\s*")


def read_value(text: str, file: str = "<value>") -> Quantity:
    """A number or an array from text: numbers, nested lists, `1/3`, `-pi`, `1e-3`, `inf`.

    >>> read_value("1/4"), read_value("[[1, 2], [3, 4]]").tolist()
    (0.25, [[1.0, 2.0], [3.0, 4.0]])

    Raises:
        LanguageError: text that is something else.
    """
    program = ProgramText(text, file)
    scanner = Scanner(program)
    if not scanner.statements:
        raise LanguageError(f"{file} is empty: write a number, or a list such as [1, 2]")
    statement = scanner.statements[0]
    if len(scanner.statements) > 1 or statement.target is not None:
        extra = scanner.statements[-1]
        raise program.error("a value is one number or one list", extra.start, extra.end)

    def look_up(name: str, at: int) -> None:
        if name not in NUMBERS and gate_named(name) is None:
            raise program.error(
                f"{quoted(name)} is no number.{did_you_mean(name, NUMBERS)} A value is a number or "
                "a list of numbers: 2, 1/3, [1, 2]",
                at,
                at + len(name),
            )

    try:
        value = Reader(scanner, look_up, lambda: ()).statement(statement)
    except RecursionError:
        raise LanguageError(f"{file} is nested too deeply") from None
    if isinstance(value, Tensor):
        raise program.error(
            "a value is a number or a list of numbers, not a computation with gates",
            statement.start,
            statement.end,
        )
    return value


def parse_bindings(arguments: Iterable[str]) -> dict[str, Quantity | Tensor]:
    """Arguments `name=value`, as a command line has them, as bindings.

    `name:100x4096` gives a shape only, for graphs that are looked at and not computed.

    >>> parse_bindings(["x=-2", "w=[1, 1/2]"])
    {'x': -2, 'w': array([1. , 0.5])}

    Raises:
        LanguageError: an argument of another form, a name given twice, a value that is no number.
    """
    bindings: dict[str, Quantity | Tensor] = {}
    for argument in arguments:
        if shape := _SHAPE.fullmatch(argument):
            name, value = shape["name"], shape["sizes"]
            sizes = _sizes(value, argument)
            bindings[_new_name(name, argument, bindings)] = placeholder(sizes, name)
            continue
        name, equals, value = argument.partition("=")
        name = name.strip()
        if not equals:
            named, colon, _ = name.partition(":")
            if colon:
                example = f"{named}:3x4" if named.isidentifier() else "x:3x4"
                raise LanguageError(f"{quoted(argument)} is no shape: write {example}")
            raise LanguageError(f"{quoted(argument)} gives no value: write {_example(name)}")
        if not name:
            raise LanguageError(f"{quoted(argument)} names nothing: write x{argument.strip()}")
        if value.startswith("="):
            raise LanguageError(
                f"{quoted(argument)} compares; to give {quoted(name)} a value write one '=': "
                f"{name}={value[1:].strip()}"
            )
        if not value.strip():
            raise LanguageError(f"{quoted(argument)} gives no value: write {_example(name)}")
        name = _new_name(name, argument, bindings)
        bindings[name] = read_value(value, f"the value of {name}")
    return bindings


def _sizes(text: str, argument: str) -> tuple[int, ...]:
    sizes = re.split("[x×,]", text)
    if len(sizes) > MAX_AXES or max(map(len, sizes)) > MAX_SIZE_DIGITS:
        raise LanguageError(
            f"{quoted(argument)} is no shape that an array can have: at most {MAX_AXES} axes, and "
            f"numbers of at most {MAX_SIZE_DIGITS} digits"
        )
    return tuple(map(int, sizes))


def _new_name(name: str, argument: str, bindings: Container[str]) -> str:
    name = checked_name(name)
    if name in bindings:
        raise LanguageError(f"{quoted(name)} is given twice, last by {quoted(argument)}")
    return name


def _example(name: str) -> str:
    return f"{name}=2" if name.isidentifier() else "x=2"


def checked_name(name: object) -> str:
    """A name that may be bound, in its one spelling; a LanguageError says why another may not."""
    if not isinstance(name, str) or not name.isidentifier():
        shown = quoted(name) if isinstance(name, str) else repr(name)
        raise LanguageError(
            f"{shown} cannot be a name: a name has letters, digits and _, and does not begin with "
            "a digit"
        )
    if keyword.iskeyword(name):
        raise LanguageError(f"{quoted(name)} cannot be a name: Python keeps the word for itself")
    if name in RESERVED:
        raise LanguageError(f"{quoted(name)} cannot be a name: it always means the number {name}")
    return plain_name(name)


def bound_tensor(name: str, value: Any) -> Tensor:
    """The Tensor that a name is bound to; a Tensor is used as it is, and named if it has none."""
    if isinstance(value, Tensor):
        if value.name is None:
            value.name = name
        return value
    if isinstance(value, str):
        value = read_value(value, f"the value of {name}")
    try:
        return Tensor(float(value) if isinstance(value, int) else value, name=name)
    except MicrogdError as error:
        raise LanguageError(f"the value of {quoted(name)}: {printable(str(error))}") from error
