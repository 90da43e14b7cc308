"""Terms: what stands on the right of a line of a program, before any language has spelled it.

A gate's rule is run on named stand-ins, and the graph that comes out is its text to be. On the way
it is tidied as a student would: no factor 1, no power 1, no case that the other case has excluded.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from microgd.errors import GateError
from microgd.gates.arithmetic import add, div, mul, neg
from microgd.gates.linear import matmul
from microgd.gates.movement import broadcast_to, reshape
from microgd.gates.powers import power
from microgd.gates.random import random_uniform
from microgd.gates.selection import (
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    not_equal,
    where,
)
from microgd.graph.node import Node
from microgd.graph.order import topological_order
from microgd.graph.rewrite import opened
from microgd.graph.row import GateRow
from microgd.graph.shapes import Shape
from microgd.graph.values import Value

#: Gates that answer yes or no.
TRUTHS = frozenset({greater, less, greater_equal, less_equal, equal, not_equal, logical_and})

_OPPOSITE: Mapping[GateRow, GateRow] = {
    greater: less_equal,
    less_equal: greater,
    less: greater_equal,
    greater_equal: less,
    equal: not_equal,
    not_equal: equal,
}


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """A name, a number, or a gate of other terms.

    Attributes:
        gate: which gate; None for a name or a number.
        name: the name; empty for a number or a gate.
        value: a number's value; what a gate came to at the recorded inputs.
    """

    gate: GateRow | None
    args: tuple[Term, ...]
    params: Mapping[str, Any]
    shape: Shape
    value: Value
    name: str = ""

    @property
    def is_number(self) -> bool:
        """Whether it is a literal number or array."""
        return self.gate is None and not self.name

    def is_only(self, number: float) -> bool:
        """Whether it is this very number."""
        return self.is_number and self.shape == () and float(self.value) == number


@dataclass
class Terms:
    """Makes terms; what is written alike is one term, so that it can be computed once.

    Attributes:
        spelled: the names of the gates that the language has words for; others are opened.
    """

    spelled: Collection[str]
    _made: dict[Any, Term] = field(default_factory=dict)

    def name(self, name: str, value: Value) -> Term:
        """A variable of the program."""
        return self._kept(("name", name), Term(None, (), {}, np.shape(value), value, name))

    def number(self, value: Value) -> Term:
        """A number written where it is used."""
        key = np.asarray(value, float)
        return self._kept(
            ("number", key.shape, key.tobytes()), Term(None, (), {}, np.shape(value), value)
        )

    def gate(
        self,
        row: GateRow,
        args: Sequence[Term],
        params: Mapping[str, Any],
        shape: Shape,
        value: Value,
    ) -> Term:
        """A gate of terms, as it stands."""
        key = (row.name, tuple(map(id, args)), repr(sorted(params.items())))
        return self._kept(key, Term(row, tuple(args), dict(params), shape, value))

    def _kept(self, key: Any, term: Term) -> Term:
        return self._made.setdefault(key, term)

    def of(self, made: Any, named: Mapping[Node, Term]) -> Term:
        """The term of a graph over stand-ins, tidied.

        Raises:
            GateError: a gate that the language has no words for, and that cannot be opened.
        """
        if not isinstance(made, Node):
            return self.number(made)
        (root,) = opened([made], lambda n: None if n.gate.name in self.spelled else _inside(n))
        found = dict(named)
        for node in topological_order([root]):
            if node in found:
                continue
            assert node.value is not None
            if not node.inputs or node.gate is random_uniform:
                found[node] = self.number(node.value)
            elif node.gate.name in self.spelled or node.gate.opencl is not None:
                args = [found[i] for i in node.inputs]
                found[node] = self.tidy(node.gate, args, node.params or {}, node.shape, node.value)
            else:
                raise GateError(
                    f"gate {node.gate.name!r} has no expansion, so that it cannot be written in "
                    "this language: give its row expansion=(…), which says it in other gates"
                )
        return found[root]

    def tidy(
        self,
        row: GateRow,
        args: Sequence[Term],
        params: Mapping[str, Any],
        shape: Shape,
        value: Value,
    ) -> Term:
        """A gate of terms, written shorter where that changes nothing."""
        if args and shape == () and all(a.is_number for a in args):
            return self.number(value)
        if row.elementwise and shape:
            args = [_unshaped(a, args, shape) for a in args]
        found = _shorter(row, args, shape)
        if found is not None:
            return found
        if row is neg and (inner := args[0]).gate is mul and inner.args[0].is_number:
            first = self.number(-inner.args[0].value)
            return self.tidy(mul, (first, inner.args[1]), {}, shape, value)
        if row is mul and args[1].is_number and not args[0].is_number:
            args = (args[1], args[0])
        if row is where:
            guard, _, otherwise = args
            if guard.gate is logical_and and not np.any(guard.value) and otherwise.shape == shape:
                return otherwise  # a guard against 0⁰, which these inputs do not need
            if shape == ():
                return self._chosen(args, value)
        if row is broadcast_to and args[0].gate is reshape and args[0].args[0].shape == ():
            return self.gate(row, args[0].args, params, shape, value)
        if row is reshape and (inner := args[0]).gate is matmul:
            # A column made of a vector only for the product: NumPy takes the vector as well.
            left, right = inner.args
            if right.gate is reshape and len(left.shape) == 2 and len(shape) == 1:
                vector = right.args[0]
                if len(vector.shape) == 1 and right.shape == (*vector.shape, 1):
                    return self.gate(matmul, (left, vector), {}, shape, value)
        return self.gate(row, args, params, shape, value)

    def _chosen(self, args: Sequence[Term], value: Value) -> Term:
        condition, yes, no = args
        yes, no = self._within(yes, condition, 1), self._within(no, condition, 2)
        opposite = _OPPOSITE.get(condition.gate) if condition.gate else None
        if condition.gate in TRUTHS and yes.is_only(1.0) and no.is_only(0.0):
            return condition
        if opposite is not None and yes.is_only(0.0):
            other = self.gate(opposite, condition.args, {}, (), float(not condition.value))
            if no.is_only(1.0):
                return other
            if no.gate in TRUTHS:
                return self.gate(logical_and, (other, no), {}, (), value)
        return self.gate(where, (condition, yes, no), {}, (), value)

    def _within(self, term: Term, condition: Term, branch: int) -> Term:
        """A term where the condition is known: its own cases of that condition are decided."""
        found: dict[Term, Term] = {}
        for one in in_order([term]):
            if one.gate is where and one.args[0] is condition:
                found[one] = found[one.args[branch]]
                continue
            args = tuple(found[a] for a in one.args)
            found[one] = one
            if one.gate is not None and args != one.args:
                found[one] = self.gate(one.gate, args, one.params, one.shape, one.value)
        return found[term]

    # -- the derivative -------------------------------------------------------

    def times(self, local: Term, upstream: Term) -> Term:
        """The chain rule: local · upstream; the factor 1 is written, for it is the derivative."""
        with np.errstate(all="ignore"):
            value: Any = np.asarray(local.value) * np.asarray(upstream.value)
        shape = np.shape(value)
        return self.gate(mul, (local, upstream), {}, shape, value)

    def local(self, term: Term, upstream: Term) -> Term | None:
        """What stands before the upstream gradient, if a term is something times it."""
        if term is upstream:
            return self.number(1.0)
        if upstream not in in_order([term]):
            return term if term.is_only(0.0) else None
        if term.gate is where and upstream not in in_order([term.args[0]]):
            condition, *branches = term.args
            yes, no = (self.local(b, upstream) for b in branches)
            if yes is None or no is None:
                return None
            return self._routed(condition, yes, no, _ratio(term, upstream))
        if term.gate not in (mul, div, neg):
            return None
        if term.gate is neg:
            inner = self.local(term.args[0], upstream)
            return None if inner is None else self._one(neg, (inner,))
        a, b = term.args
        if upstream in in_order([b]):
            if term.gate is div or upstream in in_order([a]):
                return None
            a, b = b, a
        inner = self.local(a, upstream)
        if inner is None:
            return None
        return self._one(term.gate, (inner, b))

    def _one(self, row: GateRow, args: Sequence[Term]) -> Term:
        value = row.evaluate([a.value for a in args], {})
        return self.tidy(row, args, {}, np.shape(value), value)

    def _routed(self, condition: Term, yes: Term, no: Term, value: Any) -> Term:
        """`(x > y) + 0.5 * (x == y)`: all to the larger, at a tie half to each."""
        if condition.gate in TRUTHS and yes.is_only(1.0):
            if no.is_only(0.0):
                return condition
            if no.gate is mul and no.args[0].is_number and no.args[1].gate is equal:
                return self.gate(add, (condition, no), {}, np.shape(value), value)
        if condition.gate is equal and yes.is_number and no.is_only(0.0):
            return self.gate(mul, (yes, condition), {}, np.shape(value), value)
        opposite = _OPPOSITE.get(condition.gate) if condition.gate else None
        if opposite and yes.is_only(0.0) and (no.is_only(1.0) or no.gate in TRUTHS):
            held = np.logical_not(condition.value) * 1.0
            other = self.gate(opposite, condition.args, {}, condition.shape, held)
            if no.is_only(1.0):
                return other
            return self.gate(logical_and, (other, no), {}, np.shape(value), value)
        if np.shape(value) == ():
            return self._chosen((condition, yes, no), value)
        return self.gate(where, (condition, yes, no), {}, np.shape(value), value)


def in_order(roots: Sequence[Term]) -> list[Term]:
    """Every term that some root is made of, arguments first."""
    order: dict[Term, None] = {}
    waiting = list(reversed(roots))
    while waiting:
        term = waiting[-1]
        missing = [a for a in reversed(term.args) if a not in order]
        if missing and term not in order:
            waiting += missing
            continue
        waiting.pop()
        order.setdefault(term)
    return list(order)


def _inside(node: Node) -> Any:
    return node.gate.expansion


def _ratio(term: Term, upstream: Term) -> Any:
    with np.errstate(all="ignore"):
        value: Any = np.asarray(term.value) / np.asarray(upstream.value)
    return value if np.shape(value) else float(value)


def _unshaped(term: Term, args: Sequence[Term], shape: Shape) -> Term:
    """A number without axes of length 1 that broadcasting adds anyway."""
    alone = term.gate is reshape and term.args[0].shape == ()
    return term.args[0] if alone and any(a.shape == shape for a in args) else term


def _shorter(row: GateRow, args: Sequence[Term], shape: Shape) -> Term | None:
    """The argument that the gate leaves as it is."""
    if row is mul:
        for one, other in (args, args[::-1]):
            if one.is_only(1.0) and other.shape == shape:
                return other
    elif row is div or row is power:
        if args[1].is_only(1.0) and args[0].shape == shape:
            return args[0]
    elif row is add:
        for one, other in (args, args[::-1]):
            if one.is_only(0.0) and other.shape == shape:
                return other
    elif row is neg and args[0].gate is neg:
        return args[0].args[0]
    elif row is reshape and args[0].shape == shape:
        return args[0]
    return None
