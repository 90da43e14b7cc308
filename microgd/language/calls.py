"""Calls: the arguments of `gate(…)` and of `x[…]`, sorted into inputs and parameters."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from microgd.gates.table import did_you_mean
from microgd.graph.gate import Gate
from microgd.language import functions
from microgd.language.limits import MAX_NESTING
from microgd.language.recording import Quantity, Recorder, gate_of
from microgd.language.text import quoted
from microgd.language.tokens import ROOT

#: An argument: its value, None where it has yet to be read, and the expression it stands in.
_Argument = tuple[Quantity | None, ast.expr]


class Calls(Recorder, ABC):
    """Reads calls and subscripts."""

    #: The names that have values.
    known: Callable[[], Iterable[str]]
    _depth = 0

    @abstractmethod
    def value(self, node: ast.expr) -> Quantity:
        """The value of an expression."""

    def enter(self, node: ast.expr) -> None:
        """One level deeper; too deep is an error."""
        self._depth += 1
        if self._depth > 2 * MAX_NESTING + 2:
            raise self.fail(
                "this is nested too deeply: give inner parts names, in lines of their own",
                node,
            )

    def index_part(self, node: ast.expr) -> Any:
        """A part of a subscript: a whole number, a slice, None or `...`."""
        if isinstance(node, ast.Slice):
            return slice(*map(self._bound, (node.lower, node.upper, node.step)))
        part = self.parameter(node, "an index among several")
        if isinstance(part, float | tuple | bool):
            raise self.fail("an index is a whole number or a slice", node)
        return part

    def _bound(self, node: ast.expr | None) -> int | None:
        bound = None if node is None else self.parameter(node, "the bound of a slice")
        if node is not None and (isinstance(bound, bool) or not isinstance(bound, int | None)):
            raise self.fail("the bound of a slice is a whole number", node)
        return bound

    def call(self, node: ast.Call, receiver: Quantity | None) -> Quantity:
        """`gate(inputs, parameters)`, or `receiver.gate(…)`."""
        function = node.func
        if isinstance(function, ast.Attribute):
            name = function.attr
        else:
            assert isinstance(function, ast.Name)
            name = ROOT if self.text.text[self.span(function)[0]] == ROOT else function.id
        gate = functions.gate_named(name)
        if gate is None:
            self._no_gate(name, node)
        first = [(receiver, function.value)] if isinstance(function, ast.Attribute) else []
        keywords: dict[str, ast.expr] = {}
        for keyword in node.keywords:
            assert keyword.arg is not None  # the scanner refuses ** before an argument
            if keyword.arg in keywords:
                raise self.fail(f"{gate.name} is given {quoted(keyword.arg)} twice", keyword.value)
            keywords[keyword.arg] = keyword.value
        arguments: list[_Argument] = [*first, *((None, a) for a in node.args)]
        comparing = functions.COMPARING.get(gate.name)
        if comparing is not None and len(arguments) > 1:
            return self._compare(gate_of(comparing), gate, arguments, keywords, node)
        return self._record_call(gate, arguments, keywords, node)

    def _no_gate(self, name: str, node: ast.Call) -> NoReturn:
        if isinstance(node.func, ast.Name) and name in (*self.known(), *functions.NUMBERS):
            raise self.fail(
                f"{quoted(name)} is a value, not a gate: to multiply write {name} * (…)", node
            )
        raise self.fail(f"there is no gate {quoted(name)}.{functions.suggestion(name)}", node)

    def _filled(self, arguments: list[_Argument]) -> list[tuple[Quantity, ast.expr]]:
        """Arguments with their values read."""
        return [(self.value(a) if v is None else v, a) for v, a in arguments]

    def _compare(
        self,
        gate: Gate,
        reduction: Gate,
        arguments: list[_Argument],
        keywords: dict[str, ast.expr],
        node: ast.Call,
    ) -> Quantity:
        """`max(a, b, c)`: the larger of several values, element by element."""
        if keywords:
            raise self.fail(
                f"{reduction.name} of several values compares them and has no parameters; over an "
                f"axis of one value write {reduction.name}(x, axis=0)",
                next(iter(keywords.values())),
            )
        if len(arguments) > 2 and reduction.name == "max":  # one gate, so that ties share equally
            return self.record(gate_of("maxout"), self._filled(arguments), {}, node)
        so_far, *rest = self._filled(arguments)
        for other in rest:
            so_far = (self.record(gate, [so_far, other], {}, node), node)
        return so_far[0]

    def _record_call(
        self, gate: Gate, arguments: list[_Argument], keywords: dict[str, ast.expr], node: ast.Call
    ) -> Quantity:
        """Sort the arguments of a call into inputs and parameters, and record the gate."""
        count = len(arguments)
        if gate.variadic:
            extra = arguments[1:]
            listed = arguments[0][1] if arguments and arguments[0][0] is None else None
            if isinstance(listed, ast.List) and (not extra or _all_numbers(gate, extra)):
                arguments = [(None, item) for item in listed.elts]
            else:
                extra = []
            by_name: dict[str, _Argument] = {}
        else:
            arguments, extra = arguments[: len(gate.inputs)], arguments[len(gate.inputs) :]
            by_name = {
                n: (None, keywords.pop(n)) for n in gate.inputs[len(arguments) :] if n in keywords
            }
            missing = [n for n in gate.inputs[len(arguments) :] if n not in by_name]
            if missing:
                raise self.fail(
                    f"{gate.signature} needs {len(gate.inputs)} "
                    f"input{'s' * (len(gate.inputs) > 1)}, got {count + len(by_name)}",
                    node,
                )
            arguments = arguments + [by_name[n] for n in gate.inputs[len(arguments) :]]
        if not arguments:
            raise self.fail(f"{gate.signature} needs at least one input", node)
        params = self._parameters(gate, [a for _, a in extra], keywords, node)
        return self.record(gate, self._filled(arguments), params, node)

    def _parameters(
        self, gate: Gate, extra: list[ast.expr], keywords: dict[str, ast.expr], node: ast.Call
    ) -> dict[str, Any]:
        for name, given in keywords.items():
            if name not in gate.params:
                known = ", ".join(gate.params) or "none"
                hint = did_you_mean(name, gate.params)
                if name in gate.inputs:
                    hint = f" Its input {quoted(name)} is given already."
                raise self.fail(
                    f"{gate.signature} has no parameter {quoted(name)} (it has: {known}).{hint}",
                    given,
                )
        places = dict(keywords)
        try:
            shared = functions.shared_out(gate, extra, tuple(keywords))
        except TypeError as error:
            raise self.fail(str(error), node) from None
        params = {n: p for n, p in gate.params.items() if p is not ...}
        for name, given in (places | shared).items():
            if isinstance(given, tuple):
                params[name] = tuple(self.parameter(g, name) for g in given)
                given = given[0]
            else:
                params[name] = self.parameter(given, name)
            try:
                functions.check_parameter(gate, name, params[name])
            except TypeError as error:
                raise self.fail(f"{gate.signature}: {error}", given) from None
        missing = [n for n in gate.params if n not in params]
        if missing:
            raise self.fail(f"{gate.signature} needs a value for {quoted(missing[0])}", node)
        return {n: params[n] for n in gate.params}

    def parameter(self, node: ast.expr, name: str) -> Any:
        """A parameter's value: numbers, True, False, None, tuples of them, slices, `...`."""
        match node:
            case ast.Constant(value=None | bool() as flag):
                return flag
            case ast.Constant(value=dots) if dots is ...:
                return dots
            case ast.Tuple(elts=items) | ast.List(elts=items):
                return tuple(self._nested(item, name) for item in items)
            case ast.Call(func=ast.Name(id="slice"), args=args, keywords=[]) if 0 < len(args) < 4:
                return slice(*[self._bound(a) for a in args])
        before = self.nodes
        value = self.value(node)
        if self.nodes > before or not isinstance(value, int | float):
            raise self.fail(
                f"{name} must be a plain number (or a tuple of them): it is part of the gate, "
                "not one of its inputs",
                node,
            )
        return value

    def _nested(self, node: ast.expr, name: str) -> Any:
        """An item of a tuple; its depth counts, for tuples may stand in tuples."""
        self.enter(node)
        value = self.parameter(node, name)
        self._depth -= 1
        return value


def _all_numbers(gate: Gate, arguments: list[_Argument]) -> bool:
    """Whether what follows a list of inputs are parameters: `concatenate([a, b], 1)`."""
    return bool(gate.params) and all(
        isinstance(a.operand if isinstance(a, ast.UnaryOp) else a, ast.Constant)
        for _, a in arguments
    )
