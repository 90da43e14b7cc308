"""Bindings: values as text, `x=-2` and `w=[[1, 2], [3, 4]]`, read by the language itself."""

from __future__ import annotations

from collections.abc import Iterable

from microgd.errors import LanguageError
from microgd.language.circuit import checked_name
from microgd.language.reader import Reader
from microgd.language.recording import Quantity
from microgd.language.scan import Scanner
from microgd.language.text import ProgramText, quoted
from microgd.tensor import Tensor


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
    try:
        value = Reader(scanner, lambda name, at: None, lambda: ()).statement(statement)
    except RecursionError:
        raise LanguageError(f"{file} is nested too deeply") from None
    if isinstance(value, Tensor):
        raise program.error(
            "a value is a number or a list of numbers, not a computation with gates",
            statement.start,
            statement.end,
        )
    return value


def parse_bindings(arguments: Iterable[str]) -> dict[str, Quantity]:
    """Arguments `name=value`, as a command line has them, as bindings.

    >>> parse_bindings(["x=-2", "w=[1, 1/2]"])
    {'x': -2, 'w': array([1. , 0.5])}

    Raises:
        LanguageError: an argument of another form, a name given twice, a value that is no number.
    """
    bindings: dict[str, Quantity] = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        name = name.strip()
        if not equals:
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
        name = checked_name(name)
        if name in bindings:
            raise LanguageError(f"{quoted(name)} is given twice, last by {quoted(argument)}")
        bindings[name] = read_value(value, f"the value of {name}")
    return bindings


def _example(name: str) -> str:
    return f"{name}=2" if name.isidentifier() else "x=2"
