"""Options of optimizers, schedules and stopping rules: checked, and read and written as text.

An optimizer is written as Python would: `adam(betas=(0.9, 0.99), eps=1e-7)`. The text is parsed,
and never executed.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from difflib import get_close_matches
from typing import Any, NoReturn

from microgd.errors import ArgumentError

#: The largest whole number that an option may be: floats hold all up to here.
LARGEST = 2**53


def finite(owner: object, *names: str) -> None:
    """Refuse options that are not finite numbers."""
    for name in names:
        _number(owner, name, getattr(owner, name))


def above_zero(owner: object, *names: str) -> None:
    """Refuse options that are not above 0."""
    for name in names:
        if not _number(owner, name, getattr(owner, name)) > 0:
            refuse(owner, name, "a number above 0")


def not_negative(owner: object, *names: str) -> None:
    """Refuse options below 0."""
    for name in names:
        if not _number(owner, name, getattr(owner, name)) >= 0:
            refuse(owner, name, "0 or a number above it")


def fraction(owner: object, *names: str) -> None:
    """Refuse options that are not in [0, 1), as a decay rate has to be."""
    for name in names:
        if not 0 <= _number(owner, name, getattr(owner, name)) < 1:
            refuse(owner, name, "a number from 0 up to 1, without 1 itself")


def whole(owner: object, *names: str, least: int = 1) -> None:
    """Refuse options that are not whole numbers of at least `least`."""
    for name in names:
        value = getattr(owner, name)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            refuse(owner, name, f"a whole number of at least {least}")


def flags(owner: Any) -> None:
    """Refuse anything but True and False for the options that are `bool`."""
    for field in fields(owner):
        if field.type in (bool, "bool") and not isinstance(getattr(owner, field.name), bool):
            refuse(owner, field.name, "True or False")


def one_of(owner: object, name: str, choices: Sequence[object]) -> None:
    """Refuse an option that is none of these."""
    value = getattr(owner, name)
    if not any(value is c or (isinstance(c, str) and value == c) for c in choices):
        refuse(owner, name, f"one of {', '.join(map(repr, choices))}")


def pair(owner: object, name: str, expected: str, holds: Callable[[Any, Any], bool]) -> None:
    """Refuse an option that is not two numbers for which something holds."""
    value = getattr(owner, name)
    if not isinstance(value, tuple | list) or len(value) != 2:
        refuse(owner, name, expected)
    numbers = [x for x in value if isinstance(x, int | float) and not isinstance(x, bool)]
    if len(numbers) != 2 or not holds(*numbers):
        refuse(owner, name, expected)
    object.__setattr__(owner, name, tuple(value))


def refuse(owner: object, name: str, expected: str) -> NoReturn:
    """Raise an ArgumentError: whose option, what was expected, what was given."""
    value, whose = getattr(owner, name), type(owner).__name__
    begin = "" if whose.startswith("_") else f"{whose}: "  # a private class helps a function
    raise ArgumentError(f"{begin}{name} must be {expected}, got {value!r}")


def _number(owner: object, name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        refuse(owner, name, "a finite number")
    # a whole number may be too large for a float
    if not (abs(value) <= LARGEST if isinstance(value, int) else math.isfinite(value)):
        refuse(owner, name, "a finite number")
    return value


def written(thing: Any, *, skip: Sequence[str] = ()) -> str:
    """A dataclass with options as text that `read` reads: only what differs from the defaults.

    >>> from microgd.optim import Adam
    >>> written(Adam(eps=1e-6))
    'adam(eps=1e-06)'
    """
    shown = []
    for field in fields(thing):
        value = getattr(thing, field.name)
        if field.default is MISSING and field.default_factory is MISSING and not field.kw_only:
            shown.append(_shown(value))  # the first option, which has to be given: lookahead(adam)
            continue
        default = field.default if field.default_factory is MISSING else field.default_factory()
        if field.name in skip or (type(value) is type(default) and value == default):
            continue
        shown.append(f"{field.name}={_shown(value)}")
    name = type(thing).__name__.lower()
    return f"{name}({', '.join(shown)})" if shown else name


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_shown, value))}{',' * (len(value) == 1)})"
    if hasattr(value, "item"):  # np.float64(0.1) is a float that shows itself in another way
        value = value.item()
    return written(value) if hasattr(value, "__dataclass_fields__") else repr(value)


def read(text: str, known: Mapping[str, type], what: str) -> Any:
    """The thing that a text such as `adam(eps=1e-6)` names.

    Arguments:
        known: lower-case name → class. An option may itself be such a call: `lookahead(adam, k=5)`.
        what: what these are, for messages: "optimizer".

    Raises:
        ArgumentError: text of another form, an unknown name or option, a value out of range.

    >>> from microgd.optim import OPTIMIZERS
    >>> read("sgd(momentum=0.9)", OPTIMIZERS, "optimizer").momentum
    0.9
    """
    if not isinstance(text, str):
        raise ArgumentError(f"expected the name of {_an(what)}, as text, got {text!r:.60}")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ArgumentError(
            f"{text!r} is no {what}: write a name and its options, as in "
            f"{next(iter(known))}(option=value)"
        ) from None
    return _made(tree, text, known, what)


def _an(what: str) -> str:
    return f"{'an' if what[:1] in 'aeiou' else 'a'} {what}"


def split(text: str) -> list[str]:
    """The parts of a list in which the parts may have commas in brackets.

    >>> split("sgd, adam(betas=(0.9, 0.99), eps=1e-6)")
    ['sgd', 'adam(betas=(0.9, 0.99), eps=1e-6)']
    """
    parts, depth, start = [], 0, 0
    for place, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "," and depth == 0:
            parts.append(text[start:place].strip())
            start = place + 1
    return [*parts, text[start:].strip()]


def _made(tree: ast.expr, text: str, known: Mapping[str, type], what: str) -> Any:
    name, arguments, options = _call(tree, text, what)
    found = known.get(name.lower().replace("-", "").replace("_", ""))
    if found is None:
        near = get_close_matches(name.lower(), known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ArgumentError(f"there is no {what} {name!r}.{hint} There are: {', '.join(known)}")
    allowed = [field.name for field in fields(found) if field.init]
    positional = [f.name for f in fields(found) if f.init and not f.kw_only]
    if len(arguments) > len(positional):
        raise ArgumentError(
            f"{text!r}: {name} takes {len(positional)} options without a name"
            f" ({', '.join(positional) or 'none'}), got {len(arguments)}"
        )
    given: dict[str, Any] = {}
    pairs = [*zip(positional, arguments, strict=False), *((k.arg or "", k.value) for k in options)]
    for option, value in pairs:
        if not option:
            raise ArgumentError(f"{text!r}: ** is not for here; write each option by its name")
        if option not in allowed:
            near = get_close_matches(option, allowed, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ArgumentError(
                f"{name} has no option {option!r}.{hint} It has: {', '.join(allowed)}"
            )
        if option in given:
            raise ArgumentError(f"{text!r} gives {option!r} twice")
        given[option] = _value(value, text, known, what)
    for field in fields(found):
        required = field.init and field.default is MISSING and field.default_factory is MISSING
        if required and field.name not in given:
            raise ArgumentError(
                f"{name} needs its option {field.name!r}: write {name}({field.name}=…)"
            )
    try:
        return found(**given)
    except TypeError as error:
        raise ArgumentError(f"{text!r}: {error}") from None


def _call(tree: ast.expr, text: str, what: str) -> tuple[str, list[ast.expr], list[ast.keyword]]:
    if isinstance(tree, ast.Name):
        return tree.id, [], []
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
        return tree.func.id, tree.args, tree.keywords
    raise ArgumentError(f"{text!r} is no {what}: write a name, or name(option=value, …)")


def _value(tree: ast.expr, text: str, known: Mapping[str, type], what: str) -> Any:
    if isinstance(tree, ast.Call) or (isinstance(tree, ast.Name) and tree.id.lower() in known):
        return _made(tree, text, known, what)
    if isinstance(tree, ast.Name) and tree.id.lower() in ("true", "false"):
        return tree.id.lower() == "true"
    if isinstance(tree, ast.Name):  # form=velocity, without quotes
        return math.inf if tree.id == "inf" else tree.id
    if isinstance(tree, ast.Tuple | ast.List):
        return tuple(_value(part, text, known, what) for part in tree.elts)
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Div):  # 1/3
        above, below = (_value(part, text, known, what) for part in (tree.left, tree.right))
        if isinstance(above, int | float) and isinstance(below, int | float) and below:
            return above / below
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Sub) and _words(tree):
        return ast.unparse(tree).replace(" ", "")  # form=look-ahead
    try:
        return ast.literal_eval(tree)
    except (ValueError, TypeError, SyntaxError):
        given = ast.unparse(tree)
        raise ArgumentError(
            f"{text!r}: {given!r} is no number, tuple or word; write quotes around words with signs"
        ) from None


def _words(tree: ast.expr) -> bool:
    """Whether this is words joined by hyphens."""
    if isinstance(tree, ast.BinOp):
        return isinstance(tree.op, ast.Sub) and _words(tree.left) and _words(tree.right)
    return isinstance(tree, ast.Name)
