"""Reading: Python's syntax tree of one expression, through a whitelist, into gates.

`ast.parse` only reads; nothing is ever compiled, evaluated or executed. The tree is walked along
its left edge in a loop, so that `a + b + c + …` may be long, and recursively only where brackets or
powers open, which the limits keep shallow.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from microgd.errors import LanguageError
from microgd.gates.table import did_you_mean
from microgd.language import functions
from microgd.language.calls import Calls
from microgd.language.folding import FOLDED, checked, fold
from microgd.language.recording import Quantity, gate_of
from microgd.language.scan import Scanner, Statement
from microgd.language.text import quoted
from microgd.language.tokens import ROOT
from microgd.tensor import Tensor

_SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.Lt: "<",
    ast.Gt: ">",
    ast.LtE: "<=",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


class Reader(Calls):
    """Reads the statements of one program.

    Arguments:
        scanner: the scanned text.
        lookup: the value of a name, or None if it has none.
        known: the names that have values, to suggest one of them.
    """

    def __init__(
        self,
        scanner: Scanner,
        lookup: Callable[[str, int], Quantity | None],
        known: Callable[[], Iterable[str]],
    ) -> None:
        super().__init__(scanner)
        self.lookup = lookup
        self.known = known
        self.operators = functions.operators()

    def statement(self, statement: Statement) -> Quantity:
        """The value of a statement's expression."""
        return self.value(self.tree(statement))

    # -- expressions -------------------------------------------------------------------------

    def value(self, node: ast.expr) -> Quantity:
        """The value of an expression: down its left edge, then up again."""
        self.enter(node)
        above: list[ast.expr] = []
        while True:
            match node:
                case ast.BinOp(left=inner) | ast.Compare(left=inner):
                    pass
                case ast.UnaryOp(operand=inner) | ast.Subscript(value=inner):
                    pass
                case ast.Call(func=ast.Attribute(value=inner)) | ast.Attribute(value=inner):
                    pass
                case _:
                    break
            above.append(node)
            node = inner
        result = self._first(node)
        while above:
            below, node = node, above.pop()
            result = self._next(node, result, below)
        self._depth -= 1
        return result

    def _first(self, node: ast.expr) -> Quantity:
        """What stands at the left end: a number, a name, a list, or a call."""
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                try:
                    return checked(number)
                except OverflowError:
                    raise self.fail(
                        "this number is too large for a float (1.8e308); write inf if infinity "
                        "is meant",
                        node,
                    ) from None
            case ast.Name():
                return self._name(node)
            case ast.List():
                return self._list(node)
            case ast.Call(func=ast.Name()):
                return self.call(node, None)
            case ast.Tuple():
                raise self.fail("several values in ( ): a tensor is written in [ ]", node)
            case ast.Constant(value=None | bool()):
                raise self.fail(
                    "True, False and None are values of parameters only, as in "
                    "sum(x, keepdims=True)",
                    node,
                )
            case ast.Call():
                raise self.fail("only gates can be called, by their names", node)
        raise self._foreign(node)

    def _next(self, node: ast.expr, left: Quantity, below: ast.expr) -> Quantity:
        """One step up the left edge."""
        match node:
            case ast.BinOp(op=op, right=right):
                sign = _SIGNS.get(type(op))
                if sign is None:
                    raise self._foreign(node)
                return self._binary(node, sign, left, below, right)
            case ast.Compare(ops=[op], comparators=[right]):
                sign = _SIGNS.get(type(op))
                if sign is None:
                    raise self._foreign(node)
                return self._binary(node, sign, left, below, right)
            case ast.Compare():
                raise self.fail(
                    "comparisons do not chain: write logical_and(a < b, b < c) for a < b < c", node
                )
            case ast.UnaryOp(op=op):
                return self._unary(node, op, left)
            case ast.Subscript(slice=key):
                return self._subscript(node, left, key)
            case ast.Call():
                return self.call(node, left)
            case ast.Attribute(attr="T"):
                return self.record(gate_of("transpose"), [(left, below)], {"axes": None}, node)
            case ast.Attribute(attr=name):
                start, end = self.span(node)
                hint = f"; to call the gate write .{name}()" if functions.gate_named(name) else ""
                raise self.text.error(
                    f"there is no attribute .{name}: a value has .T and the gates, as in "
                    f"x.sum(){hint}",
                    start,
                    end,
                    end - len(name),
                )
        raise self._foreign(node)

    def _foreign(self, node: ast.expr) -> LanguageError:
        return self.fail(
            "this is not of the language: it has numbers, names, lists, the operators "
            "+ - * / ** @ < <= > >= == !=, gates and assignments",
            node,
        )

    def _name(self, node: ast.Name) -> Quantity:
        start = self.span(node)[0]
        if self.text.text[start] == ROOT:
            raise self.text.error("√ needs a value: √x or √(x + y)", start)
        value = self.lookup(node.id, start)
        if value is not None:
            return value
        if node.id in functions.NUMBERS:
            return functions.NUMBERS[node.id]
        gate = functions.gate_named(node.id)
        if gate is not None:
            example = gate.signature.replace(gate.name, node.id, 1)
            raise self.fail(f"{quoted(node.id)} is a gate; call it: {example}", node)
        hint = did_you_mean(node.id, [*self.known(), *functions.NUMBERS])
        missing = " ".join(f"{name}=…" for name in self._unknown(node.id))
        raise self.fail(
            f"the name {quoted(node.id)} has no value.{hint} Give it one: {missing}", node
        )

    def _unknown(self, first: str) -> list[str]:
        """Every name of the program without a value, the given one first; a few of them."""
        given = {s.target for s in self.scanner.statements} | set(self.known())
        given |= {"True", "False", "None", *functions.NUMBERS}
        names = [first]
        for statement in self.scanner.statements:
            names += [n for n, _ in statement.names if n not in given and not n.startswith(ROOT)]
        return list(dict.fromkeys(names))[:6]

    def _list(self, node: ast.List) -> Quantity:
        """Nested lists of numbers are an array; a list with other values in it is a stack."""
        items = self._items(node.elts)
        if not items:
            raise self.fail("an empty list is no tensor: give it numbers", node)
        if any(isinstance(value, Tensor) for value, _ in items):
            return self.record(gate_of("stack"), items, {"axis": 0}, node)
        if len({np.shape(value) for value, _ in items}) > 1:
            raise self.fail("the rows of this list differ in length", node)
        try:
            return np.array([value for value, _ in items], dtype=np.float64)
        except ValueError as error:
            raise self.fail(f"this list is no tensor: {error}", node) from None

    def _items(self, nodes: Sequence[ast.expr]) -> list[tuple[Quantity, ast.expr]]:
        return [(self.value(item), item) for item in nodes]

    def _binary(
        self, node: ast.expr, sign: str, left: Quantity, below: ast.expr, right: ast.expr
    ) -> Quantity:
        other = self.value(right)
        mark = self._operator_between(below, right)
        if isinstance(left, int | float):
            if isinstance(other, int | float) and sign in FOLDED:
                try:
                    return fold(sign, left, other)
                except ValueError as error:
                    raise self.fail(str(error), node, mark) from None
            if sign == "/" and left == 1:
                return self.record(gate_of("recip"), [(other, right)], {}, node, mark)
        return self.record(self.operators[sign], [(left, below), (other, right)], {}, node, mark)

    def _operator_between(self, left: ast.expr, right: ast.expr) -> int:
        """Where the operator between two operands stands: after the left one's brackets."""
        at, end = self.span(left)[1], self.span(right)[0]
        code = self.scanner.translated
        while at < end and code[at] in " )":
            at += 1
        return at

    def _unary(self, node: ast.expr, op: ast.unaryop, operand: Quantity) -> Quantity:
        assert isinstance(node, ast.UnaryOp)
        if isinstance(op, ast.Invert) and self.text.text[self.span(node)[0]] == ROOT:
            if isinstance(node.operand, ast.BinOp):
                raise self.fail("√ of what? Write √(a ** b) or √(a) ** b", node)
            return self.record(gate_of("sqrt"), [(operand, node.operand)], {}, node)
        if isinstance(op, ast.UAdd):
            return operand
        if not isinstance(op, ast.USub):
            raise self._foreign(node)
        if not isinstance(operand, Tensor):
            return -operand
        return self.record(gate_of("neg"), [(operand, node.operand)], {}, node)

    def _subscript(self, node: ast.expr, whole: Quantity, key: ast.expr) -> Quantity:
        assert isinstance(node, ast.Subscript)
        if self._picks(key):
            return self.record(
                gate_of("take"), [(whole, node.value), (self.value(key), key)], {"axis": 0}, node
            )
        parts = key.elts if isinstance(key, ast.Tuple) else [key]
        chosen = tuple(self.index_part(part) for part in parts)
        return self.record(
            gate_of("index"),
            [(whole, node.value)],
            {"key": chosen if isinstance(key, ast.Tuple) else chosen[0]},
            node,
        )

    def _picks(self, key: ast.expr) -> bool:
        """Whether a subscript is a value of the program rather than numbers and slices."""
        if isinstance(key, ast.List):
            return True
        if isinstance(key, ast.Tuple | ast.Slice):
            return False
        return any(isinstance(part, ast.Name | ast.Call | ast.List) for part in ast.walk(key))
