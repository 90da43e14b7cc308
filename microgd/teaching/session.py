"""Session: circuits line by line; what depends on a name follows it when it changes.

A name is a cell, as in a spreadsheet: after `x = -2`, `y = 5`, `f = x * y` the line `x = 3`
computes `f` anew. Nothing is ever stale; undo brings back whatever was there before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from microgd.errors import ArgumentError, LanguageError, MicrogdError
from microgd.gates.table import did_you_mean
from microgd.language.circuit import parse
from microgd.language.functions import NUMBERS
from microgd.language.scan import Scanner, Statement
from microgd.language.text import ProgramText, quoted
from microgd.tensor import Tensor

#: So many lines can be taken back.
MOST_UNDONE = 1000


@dataclass(frozen=True, slots=True)
class Cell:
    """A name: the text that defines it, the names in that text, and what it stands for now."""

    text: str
    uses: tuple[str, ...]
    tensor: Tensor

    @property
    def is_input(self) -> bool:
        """Whether it is a number or a list, by which one can differentiate."""
        return self.tensor.is_leaf and not self.uses


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement gave.

    Attributes:
        name: what it assigned; None for a bare expression.
        tensor: its value.
        followed: other names whose values changed with it, in the order of computation.
    """

    name: str | None
    tensor: Tensor
    followed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _State:
    cells: Mapping[str, Cell]
    last: str | None


@dataclass(slots=True)
class Session:
    """The names of one session, and how they came about.

    >>> session = Session()
    >>> for line in ("x = -2", "y = 5", "f = x * y"): _ = session.run(line)
    >>> session.cells["f"].tensor.data, session.run("x = 3")[0].followed
    (-10.0, ('f',))
    >>> session.undo(); session.cells["f"].tensor.data
    -10.0
    """

    cells: dict[str, Cell] = field(default_factory=dict)
    #: The circuit that was asked for or computed last: what commands without a name are about.
    last: str | None = None
    _undone: list[_State] = field(default_factory=list)
    _done: list[_State] = field(default_factory=list)

    def run(self, text: str) -> list[Answer]:
        """Do the statements of a line, all or none.

        Raises:
            LanguageError: text that is not of the language, a name without a value, a name that
                would depend on itself; nothing has changed then.
        """
        before = self._state()
        try:
            program = ProgramText(text)
            answers = [self._do(program, s) for s in Scanner(program).statements]
        except BaseException:  # Ctrl-C, too
            self._return_to(before)
            raise
        if any(a.name for a in answers):
            self._keep(before)
        return answers

    # -- one statement ---------------------------------------------------------------------------

    def _do(self, program: ProgramText, statement: Statement) -> Answer:
        name = statement.target
        piece = program.text[statement.start : statement.end]
        self._require_known(program, statement)
        uses = tuple(n for n in dict.fromkeys(n for n, _at in statement.names) if n in self.cells)
        if name is None:
            made = self._computed(None, piece, uses, self.cells)
            if uses or made.inputs:  # a mere number is nothing that a command is about
                self.last = piece
            if made.inputs and made.name is None:
                made.name = next(n for n in _OUTPUTS if n not in self.cells)
            return Answer(None, made)
        self._require_acyclic(program, statement, name, uses)
        cells = dict(self.cells)
        cells[name] = Cell(piece, uses, self._computed(name, piece, uses, cells))
        followed = []
        for other in self._dependents(name):
            cell = cells[other]
            try:
                made = self._computed(other, cell.text, cell.uses, cells)
            except MicrogdError as error:
                raise LanguageError(
                    f"then {other} = {cell.text} cannot be computed: {error}"
                ) from error
            if not _same(made, cell.tensor):
                followed.append(other)
            cells[other] = Cell(cell.text, cell.uses, made)
        self.cells = cells
        if self.last is None or not cells[name].is_input or self._is_input(self.last):
            self.last = name  # `x = 3` lets a circuit be what commands are about
        return Answer(name, cells[name].tensor, tuple(followed))

    def _is_input(self, text: str) -> bool:
        return text in self.cells and self.cells[text].is_input

    def _require_known(self, program: ProgramText, statement: Statement) -> None:
        for name, at in statement.names:
            if name not in self.cells and name not in NUMBERS and name not in _WORDS:
                hint = did_you_mean(name, self.cells)
                said = f"the name {quoted(name)} has no value yet.{hint} Give it one: {name} = 2"
                raise program.error(said, at, at + len(name))

    def _require_acyclic(
        self, program: ProgramText, statement: Statement, name: str, uses: tuple[str, ...]
    ) -> None:
        """A name stands for a circuit: it is no box whose number is overwritten."""
        reached, waiting = set(uses), list(uses)
        while waiting:
            found = self.cells.get(waiting.pop())
            new = [n for n in found.uses if n not in reached] if found else []
            reached.update(new)
            waiting += new
        if name in reached:
            said = (
                f"{quoted(name)} would depend on itself: a name stands for a circuit, and is no "
                "box to be overwritten; give the new value a new name"
            )
            start = statement.target_start
            raise program.error(said, start, start + len(name))

    def _computed(
        self, name: str | None, text: str, uses: tuple[str, ...], cells: Mapping[str, Cell]
    ) -> Tensor:
        line = f"{name} = {text}" if name else text
        return parse(line, {n: cells[n].tensor for n in uses}).output

    def _dependents(self, name: str) -> Iterator[str]:
        """What has to be computed anew, each after what it uses."""
        changed = {name}
        for other in self.order():
            if other != name and changed & set(self.cells[other].uses):
                changed.add(other)
                yield other

    # -- what there is -----------------------------------------------------------------------------

    def order(self) -> list[str]:
        """The names, each after those that it uses."""
        done: dict[str, None] = {}
        for name in self.cells:
            waiting = [name]
            while waiting:
                missing = [n for n in self.cells[waiting[-1]].uses if n not in done]
                if missing and waiting[-1] not in done:
                    waiting += missing
                else:
                    done.setdefault(waiting.pop())
        return list(done)

    def target(self, text: str = "") -> Tensor:
        """What a command is about: a name, an expression, or else what was computed last.

        Raises:
            ArgumentError: nothing was computed yet. LanguageError: an expression that cannot be.
        """
        if not text.strip():
            if self.last is None:
                raise ArgumentError("there is nothing yet: write a line such as x = -2")
            text = self.last
        program = ProgramText(text)
        statements = Scanner(program).statements
        if len(statements) != 1 or statements[0].target is not None:
            raise ArgumentError(f"{quoted(text.strip())} is no name and no expression")
        if text.strip() in self.cells:
            self.last = text.strip()
            return self.cells[self.last].tensor
        return self._do(program, statements[0]).tensor

    @property
    def lines(self) -> list[str]:
        """What each name stands for, as it is written: `q = x + y`."""
        return [f"{name} = {self.cells[name].text}" for name in self.order()]

    @property
    def program(self) -> str:
        """All lines as a program of the language; its value is what was computed last."""
        lines = self.lines
        if self.last is not None and (not lines or not lines[-1].startswith(f"{self.last} = ")):
            lines.append(self.last)
        return "".join(f"{line}\n" for line in lines)

    # -- back and forth ----------------------------------------------------------------------------

    def load(self, program: str) -> list[Answer]:
        """Begin again with a program.

        Raises:
            LanguageError: it cannot be read, or a name in it has no value; nothing has
                changed then.
        """
        before = self._state()
        self.cells, self.last = {}, None
        try:
            answers = self.run(program)
        except BaseException:
            self._return_to(before)
            raise
        if any(a.name for a in answers):
            self._undone.pop()  # what `run` kept is halfway
        self._keep(before)
        return answers

    def reset(self) -> None:
        """Begin again with nothing."""
        before = self._state()
        self.cells, self.last = {}, None
        self._keep(before)

    def forget(self, name: str) -> None:
        """Take a name out.

        Raises:
            ArgumentError: there is no such name, or others use it.
        """
        if name not in self.cells:
            hint = did_you_mean(name, self.cells)
            raise ArgumentError(f"there is no name {quoted(name)}.{hint}")
        users = [n for n, cell in self.cells.items() if name in cell.uses]
        if users:
            raise ArgumentError(
                f"{quoted(name)} is used by {', '.join(users)}: take those out first"
            )
        before = self._state()
        self.cells = {n: cell for n, cell in self.cells.items() if n != name}
        self.last = next(reversed(self.cells), None) if self.last == name else self.last
        self._keep(before)

    def undo(self) -> None:
        """Take back the last change.

        Raises:
            ArgumentError: there is none.
        """
        if not self._undone:
            raise ArgumentError("there is nothing to undo")
        self._done.append(self._state())
        self._return_to(self._undone.pop())

    def redo(self) -> None:
        """Do again what was undone last.

        Raises:
            ArgumentError: nothing was undone.
        """
        if not self._done:
            raise ArgumentError("there is nothing to do again")
        self._undone.append(self._state())
        self._return_to(self._done.pop())

    def _state(self) -> _State:
        return _State(self.cells, self.last)

    def _return_to(self, state: _State) -> None:
        self.cells, self.last = dict(state.cells), state.last

    def _keep(self, before: _State) -> None:
        self._undone = [*self._undone[-MOST_UNDONE + 1 :], before]
        self._done.clear()


#: What the result of an expression is called, so that it is not taken for a name there is.
_OUTPUTS = ("f", *"ghuvwFGHUVW", *(f"f{n}" for n in range(1, 10_000)))

#: Words that stand where names stand.
_WORDS = frozenset({"True", "False", "None"})


def _same(a: Tensor, b: Tensor) -> bool:
    if a.value is None or b.value is None:
        return a.shape == b.shape
    return bool(np.array_equal(a.value, b.value, equal_nan=True))
