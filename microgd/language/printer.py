"""Printing: a recorded graph back into a program that reads as the same graph.

Operators are written with the brackets they need and no others, parameters by name where they are
not the default, and whatever is used twice gets a name.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from microgd.errors import LanguageError
from microgd.graph.node import Node
from microgd.graph.row import GateRow
from microgd.language.functions import gate_named, operators
from microgd.language.naming import Naming, number
from microgd.tensor import Tensor

#: How tightly each form binds, loosest first; an operand needs at least what its place asks for.
_COMPARISON, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(1, 7)
_BINDING = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "@": _PRODUCT, "**": _POWER}

#: An expression longer than this, in characters, becomes an assignment of its own.
_WIDTH = 72


def to_program(output: Tensor) -> str:
    """The graph of `output` as a program; `parse(program, bindings_of(output))` is that graph.

    Scopes are not written; a node keeps its name where it can be written and is not taken.

    Raises:
        LanguageError: a gate or a parameter that the language cannot write.

    >>> import microgd as mg
    >>> x, y = mg.Tensor(3.0, name="x"), mg.Tensor(4.0, name="y")
    >>> h = x - (y - 1); print(to_program(h * h / 2))
    t1 = x - (y - 1)
    t1 * t1 / 2
    """
    writer = _Writer(output)
    return "\n".join(writer.lines)


def bindings_of(output: Tensor) -> dict[str, Tensor]:
    """The leaves that `to_program(output)` calls by name, as bindings for `parse`.

    They are the Tensors themselves, so that what is read back hangs on the same leaves.
    """
    naming = Naming(output)
    return {
        naming.name_of(node): node
        for node in naming.order
        if isinstance(node, Tensor) and node.is_leaf and not naming.is_literal(node)
    }


class _Writer:
    """Writes the nodes in their order: each as a piece of text, some as lines of their own."""

    def __init__(self, output: Node) -> None:
        self.naming = Naming(output)
        self.operators = operators()
        self.lines: list[str] = []
        #: Each node's text, and how tightly it binds.
        self.pieces: dict[Node, tuple[str, int]] = {}
        for node in self.naming.order:
            self._write(node, node is output)

    def _write(self, node: Node, last: bool) -> None:
        naming = self.naming
        if node.is_leaf:
            literal = naming.is_literal(node)
            piece = _literal(node.value) if literal else (naming.name_of(node), _ATOM)
        else:
            piece = self._expression(node)
            shared = naming.uses.get(node, 0) > 1 or len(piece[0]) > _WIDTH
            if node in naming.names or (shared and not last):
                name = naming.name_of(node)
                self.lines.append(f"{name} = {piece[0]}")
                piece = name, _ATOM
                last = False
        if last:
            self.lines.append(piece[0])
        self.pieces[node] = piece
        for source in node.inputs:
            if naming.uses[source] == 1:
                self.pieces.pop(source, None)

    def _operand(self, node: Node, binding: int) -> str:
        """An input's text, in brackets if it binds more loosely than its place asks for."""
        text, own = self.pieces[node]
        return text if own >= binding else f"({text})"

    def _is_number(self, node: Node) -> bool:
        """Whether the node is written as a plain number: operators between those are folded."""
        return node.shape == () and node.is_leaf and self.naming.is_literal(node)

    def _expression(self, node: Node) -> tuple[str, int]:
        gate, inputs = node.gate, node.inputs
        if gate_named(gate.name) is not gate:
            raise LanguageError(
                f"gate {gate.name!r} is not in the table, so no program can name it: "
                "register it with mg.register first"
            )
        numbers = [self._is_number(i) for i in inputs]
        if len(inputs) == 2 and self.operators.get(gate.infix or "") is gate:
            one = gate.name == "div" and numbers[0] and inputs[0].value == 1.0
            if not all(numbers) and not one:
                return self._infix(gate, *inputs)
        elif len(inputs) == 1 and not numbers[0]:
            special = self._special(node)
            if special is not None:
                return special
        return self._call(node), _ATOM

    def _infix(self, gate: GateRow, left: Node, right: Node) -> tuple[str, int]:
        sign = gate.infix or ""
        binding = _BINDING.get(sign, _COMPARISON)
        # Powers group from the right and take a sign in the exponent; the others from the left.
        sides = {_POWER: (_ATOM, _SIGN), _COMPARISON: (_SUM, _SUM)}
        low, high = sides.get(binding, (binding, binding + 1))
        return f"{self._operand(left, low)} {sign} {self._operand(right, high)}", binding

    def _special(self, node: Node) -> tuple[str, int] | None:
        """The gates of one input that have a form of their own: −x, 1/x, x.T and x[key]."""
        (x,) = node.inputs
        params = node.params or {}
        match node.gate.name:
            case "neg" if not self.naming.is_literal(x):  # -[1, 2] is read as a list
                return f"-{self._operand(x, _SIGN)}", _SIGN
            case "recip":
                return f"1 / {self._operand(x, _SIGN)}", _PRODUCT
            case "transpose" if params["axes"] is None:
                return f"{self._operand(x, _ATOM)}.T", _ATOM
            case "index":
                return f"{self._operand(x, _ATOM)}[{_key(params['key'])}]", _ATOM
        return None

    def _call(self, node: Node) -> str:
        gate = node.gate
        arguments = [self.pieces[i][0] for i in node.inputs]
        if gate.variadic and (len(arguments) == 1 or arguments[0].startswith("[")):
            arguments = [f"[{', '.join(arguments)}]"]  # else a literal list would be taken apart
        for name, default in gate.params.items():
            value = (node.params or {}).get(name, default)
            if repr(value) != repr(default):
                arguments.append(f"{name}={_parameter(value, gate)}")
        return f"{gate.name}({', '.join(arguments)})"


def _literal(value: Any) -> tuple[str, int]:
    """A number, or an array as nested lists."""
    if isinstance(value, float):
        text = number(value)
        return text, _SIGN if text.startswith("-") else _ATOM
    return _rows(np.asarray(value).tolist()), _ATOM


def _rows(data: Any) -> str:
    if isinstance(data, list):
        return f"[{', '.join(map(_rows, data))}]"
    return number(float(data))


def _parameter(value: Any, gate: GateRow) -> str:
    """A parameter as the language writes it."""
    match value:
        case None | bool():
            return repr(value)
        case slice():
            parts = (value.start, value.stop, value.step)
            return f"slice({', '.join(_parameter(p, gate) for p in parts)})"
        case tuple():
            items = ", ".join(_parameter(item, gate) for item in value)
            return f"({items},)" if len(value) == 1 else f"({items})"
        case int() | np.integer():
            return str(int(value))
        case float() | np.floating():
            return repr(float(value))
    if value is ...:
        return "..."
    raise LanguageError(
        f"a parameter of gate {gate.name!r} is {value!r:.60}; the language writes numbers, True, "
        "False, None, tuples and slices"
    )


def _key(key: Any) -> str:
    """What stands in the brackets of `x[1:3, 0]`."""
    if isinstance(key, tuple):
        parts = [_part(part) for part in key]
        return f"{parts[0]}," if len(parts) == 1 else ", ".join(parts) or "()"
    return _part(key)


def _part(part: Any) -> str:
    if isinstance(part, slice):
        first, last, step = ("" if p is None else str(int(p)) for p in _bounds(part))
        return f"{first}:{last}" + (f":{step}" if step else "")
    if part is None or part is ... or (isinstance(part, int | np.integer) and part is not True):
        return "..." if part is ... else "None" if part is None else str(int(part))
    raise LanguageError(f"the language cannot write the index {part!r:.60}")


def _bounds(part: slice) -> tuple[Any, Any, Any]:
    return part.start, part.stop, part.step
