"""Recording: a gate with its place in the text, so that whatever goes wrong can point at it."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microgd.errors import LanguageError, MicrogdError
from microgd.graph.gate import Gate
from microgd.graph.node import leaf
from microgd.graph.record import apply
from microgd.graph.row import CONSTANT
from microgd.graph.shapes import element_count
from microgd.language.folding import Number
from microgd.language.functions import gate_named
from microgd.language.limits import MAX_ELEMENTS, MAX_NODES, MAX_TOTAL, MAX_WORK
from microgd.language.scan import Scanner, Statement
from microgd.tensor import Tensor

#: What a part of an expression stands for: a plain number, a literal array, or a recorded value.
Quantity = Number | NDArray[Any] | Tensor


class Recorder:
    """Records gates for the parts of a statement."""

    def __init__(self, scanner: Scanner) -> None:
        self.scanner = scanner
        self.text = scanner.text
        self.nodes = 0
        self.elements = 0
        self.work = 0
        self._statement = Statement(0, 0)
        self._columns: list[int] | None = None

    def tree(self, statement: Statement) -> ast.expr:
        """Python's syntax tree of a statement's expression."""
        code = self.scanner.translated[statement.start : statement.end]
        self._statement = statement
        self._columns = None if code.isascii() else _columns(code)
        try:
            return ast.parse(code, mode="eval").body
        except SyntaxError as error:
            at = min(statement.start + max((error.offset or 1) - 1, 0), statement.end - 1)
            raise self.text.error(f"this is no expression: {error.msg}", at) from None
        except (MemoryError, ValueError) as error:
            raise self.text.error(f"this cannot be read: {error}", statement.start) from None

    def span(self, node: ast.expr) -> tuple[int, int]:
        """Where a part of the statement starts and ends in the whole text."""
        start, end = node.col_offset, node.end_col_offset or 0
        if self._columns is not None:
            start, end = self._columns[start], self._columns[end]
        return self._statement.start + start, self._statement.start + end

    def fail(self, message: str, node: ast.expr, mark: int | None = None) -> LanguageError:
        """An error that points at a part of the statement."""
        return self.text.error(message, *self.span(node), mark)

    def record(
        self,
        gate: Gate,
        inputs: Sequence[tuple[Quantity, ast.expr]],
        params: dict[str, Any],
        node: ast.expr,
        mark: int | None = None,
    ) -> Tensor:
        """Record one gate; what it complains about is told with the place in the text."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise self.fail(f"the program records more than {MAX_NODES:,} gates", node)
        tensors = [self.constant(value, place) for value, place in inputs]
        try:
            if params or any(t.shape for t in tensors):
                shape = gate.output_shape([t.shape for t in tensors], params)
                count = element_count(shape)
                self.elements += count
                if count > MAX_ELEMENTS or self.elements > MAX_TOTAL:
                    raise self.fail(
                        f"{gate.name} would make a tensor of shape {shape}; a program makes at "
                        f"most {MAX_ELEMENTS:,} elements at once, and {MAX_TOTAL:,} in all",
                        node,
                        mark,
                    )
                self.work += _work(gate, tensors, count)
                if self.work > MAX_WORK:
                    raise self.fail(
                        f"{gate.name} is one too many: a program reads at most {MAX_WORK:,} "
                        "elements in all, so give it smaller arrays or fewer gates",
                        node,
                        mark,
                    )
            made: Tensor = apply(gate, tuple(tensors), params)
            if made.value.__class__ is not float and made.value is not None:
                shape = np.shape(made.value)
                if shape != made.shape:
                    raise ValueError(f"a parameter does not fit the input's shape: {shape}")
        except (LanguageError, RecursionError):
            raise
        except MicrogdError as error:
            raise self.fail(_begun(str(error), gate), node, mark) from error
        except Exception as error:  # whatever a gate's own NumPy says to odd parameters
            raise self.fail(
                f"{gate.signature} cannot take these arguments: {error}", node, mark
            ) from error
        made.source = self.text.source(*self.span(node))
        return made

    def constant(self, value: Quantity, place: ast.expr) -> Tensor:
        """A plain number or a literal array as a CONSTANT leaf; a Tensor as it is."""
        if isinstance(value, Tensor):
            return value
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
        else:
            value = float(value)
        made = leaf(Tensor, CONSTANT, value)
        made.source = self.text.source(*self.span(place))
        self.nodes += 1
        return made


def _work(gate: Gate, inputs: Sequence[Tensor], made: int) -> int:
    """The elements that the gate reads, nothing where there are only shapes."""
    if any(t.value is None for t in inputs):
        return 0
    if gate.name == "matmul":
        return made * inputs[0].shape[-1]
    return sum(element_count(t.shape) for t in inputs)


def gate_of(name: str) -> Gate:
    """A gate that every table has."""
    gate = gate_named(name)
    assert gate is not None
    return gate


def _begun(message: str, gate: Gate) -> str:
    """A gate's complaint, beginning with the gate's name."""
    return message if message.startswith(gate.name) else f"{gate.name}: {message}"


def _columns(code: str) -> list[int]:
    """For each byte of the text in UTF-8, the character it belongs to."""
    columns: list[int] = []
    for position, character in enumerate(code):
        columns += [position] * len(character.encode("utf-8", "replace"))
    return [*columns, len(code)]
