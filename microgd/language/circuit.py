"""Circuit: a program's graph, with its inputs and names. `mg.circuit("(x + y) * z", x=-2, …)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from microgd.errors import LanguageError
from microgd.gates.table import did_you_mean
from microgd.language.bindings import bound_tensor, checked_name
from microgd.language.functions import RESERVED
from microgd.language.reader import Reader
from microgd.language.recording import Quantity
from microgd.language.scan import Scanner, Statement
from microgd.language.text import ProgramText, quoted
from microgd.tensor import Tensor, constant

if TYPE_CHECKING:
    from microgd.trace.lesson import Trace


@dataclass(frozen=True, slots=True, eq=False)
class Circuit:
    """What a program made.

    Attributes:
        text: the program as it was given.
        output: the value of its last statement.
        inputs: the inputs by name: the bindings in their order, then the numbers it assigns.
        names: every name the program assigns, with its value.
    """

    #: How a notebook shows a circuit; given by the floor that can draw (`draw/notebook.py`).
    _repr_svg_: ClassVar[Callable[[Circuit], str | None]]

    text: str
    output: Tensor
    inputs: dict[str, Tensor]
    names: dict[str, Tensor]

    def __repr__(self) -> str:
        return f"Circuit({self.text!r}, output={self.output!r})"

    @property
    def program(self) -> str:
        """The graph written back as a program, in the language's own way."""
        from microgd.language.printer import to_program

        return to_program(self.output)

    def trace(self) -> Trace:
        """The lesson: the forward and the backward pass, event by event."""
        from microgd.trace.build import trace

        return trace(self.output)


def circuit(text: str, /, **bindings: Any) -> Circuit:
    """The graph of an expression, or of a program of several lines.

    Arguments:
        text: the program; `docs/language.md` describes the language.
        bindings: the inputs by name: numbers, nested lists, arrays, Tensors, or such as text.

    Raises:
        LanguageError: text that is not of the language, a name without a value, a value that is
            not used, shapes that do not fit; it points at the column.

    >>> c = circuit("q = x + y; f = q * z", x=-2, y=5, z=-4)
    >>> c.output
    Tensor(-12, name='f', gate=mul)
    >>> c.output.backward(); [t.grad for t in c.inputs.values()]
    [-4.0, -4.0, 3.0]
    """
    return parse(text, bindings)


def parse(
    text: str, bindings: Mapping[str, Any] | None = None, file: str = "<expression>"
) -> Circuit:
    """`circuit`, with the bindings as a mapping and a file name for messages and sources."""
    if not isinstance(text, str):
        raise LanguageError(f"a program is text, got {type(text).__name__} {text!r:.40}")
    names = _Names(bindings or {})
    try:
        return names.read(Scanner(ProgramText(text, file)))
    except RecursionError:
        raise LanguageError(
            "the expression is nested too deeply for the Python stack that is left: give inner "
            "parts names, in lines of their own"
        ) from None


class _Names:
    """The names of one program: what they are bound to, and what it assigns."""

    def __init__(self, bindings: Mapping[str, Any]) -> None:
        self.bindings = {checked_name(n): value for n, value in bindings.items()}
        self.bound: dict[str, Tensor] = {}
        self.assigned: dict[str, Tensor] = {}
        self.own_inputs: dict[str, Tensor] = {}
        self.lines: dict[str, int] = {}

    def read(self, scanner: Scanner) -> Circuit:
        """Read every statement; the last one's value is the output."""
        text = scanner.text
        if not scanner.statements:
            what = "the program has only comments" if text.text.strip() else "the program is empty"
            raise LanguageError(f"{what}: write an expression, such as (x + y) * z")
        reader = Reader(scanner, lambda n, at: self.value(n, text, at), self.known)
        for statement in scanner.statements:
            last = statement is scanner.statements[-1]
            if statement.target is None and not last:
                raise text.error(
                    "nothing uses this value: give it a name (q = …); only the last line may be "
                    "a bare expression",
                    statement.start,
                    statement.end,
                )
            output = self.keep(statement, reader.statement(statement), text)
        self._all_used(text)
        inputs = {n: self.bound[n] for n in self.bindings} | self.own_inputs
        return Circuit(text.text, output, inputs, self.assigned)

    def known(self) -> list[str]:
        return [*self.bindings, *self.assigned]

    def value(self, name: str, text: ProgramText, at: int) -> Tensor | None:
        """The Tensor of a name; a binding becomes one when it is first used."""
        value = self.assigned.get(name)
        if value is None:
            value = self.bound.get(name)
        if value is None and name in self.bindings:
            value = self.bound[name] = bound_tensor(name, self.bindings[name])
            if value is not self.bindings[name]:
                value.source = text.source(at, at + len(name))
        return value

    def keep(self, statement: Statement, value: Quantity, text: ProgramText) -> Tensor:
        """Give a statement's value its name. A number or list that gets a name is an input."""
        name, start = statement.target, statement.target_start
        if name is None:
            return value if isinstance(value, Tensor) else _constant(value, statement, text)
        end = start + len(name)
        if name in RESERVED:
            raise text.error(f"{quoted(name)} always means the number {name}", start, end)
        if name in self.assigned:
            raise text.error(
                f"{quoted(name)} has a value already, from line {self.lines[name]}; a name stands "
                "for one value: take a new one",
                start,
                end,
            )
        if name in self.bindings and (name in self.bound or isinstance(value, Tensor)):
            raise text.error(
                f"{quoted(name)} is an input, its value was given; a computed value needs another "
                "name",
                start,
                end,
            )
        self.lines[name] = text.place(start)[0]
        if not isinstance(value, Tensor):
            # The number in the program is only a default: a binding takes its place.
            bound = self.value(name, text, start)
            if bound is None:
                bound = self.own_inputs[name] = bound_tensor(name, value)
                bound.source = text.source(start, statement.end)
            value = bound
        elif value.name is None:
            value.name = name
        self.assigned[name] = value
        return value

    def _all_used(self, text: ProgramText) -> None:
        for name in self.bindings:
            if name not in self.bound:
                used = ", ".join([*self.bound, *self.assigned]) or "no names"
                hint = did_you_mean(name, [*self.bound, *self.assigned])
                raise LanguageError(
                    f"{quoted(name)} was given a value, but the program does not use it.{hint} "
                    f"It uses {used}"
                )


def _constant(value: Quantity, statement: Statement, text: ProgramText) -> Tensor:
    """The output of a program that is a single number or list."""
    made = constant(float(value) if isinstance(value, int) else value)
    made.source = text.source(statement.start, statement.end)
    return made
