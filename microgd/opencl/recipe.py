"""Recipe: what a kernel does at one turn of its loops, as a list of steps in order.

A step is a line of OpenCL C to be: it knows which loop variables it depends on, so that whoever
writes the loops can put it outside of those it does not need, and whether it becomes one number or
a vector of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np

from microgd.gates.indexing import take
from microgd.gates.linear import matmul
from microgd.gates.random import random_uniform
from microgd.graph.node import Node
from microgd.graph.row import CONSTANT
from microgd.graph.shapes import one_axis
from microgd.graph.values import FLOAT32, INT64
from microgd.opencl.group import Group, fit
from microgd.opencl.homes import partial_place
from microgd.opencl.index import Index, Looked, Variable, address
from microgd.opencl.lower import REDUCTIONS
from microgd.opencl.split import PARTIAL
from microgd.opencl.step import Step, expression, is_uniform, literal
from microgd.opencl.views import PIECES, Place, Test, broadcast, is_movement, pieces, through

Key = tuple[int, Place]


class Recipe:
    """The steps of one group.

    Arguments:
        stored: the nodes that are in buffers (inputs of the program among them).
        by_value: scalar inputs that come as arguments instead of buffers.
        shared: outputs that are written into the buffer of an input.
        double: whether the device computes in float64.
    """

    def __init__(
        self,
        group: Group,
        stored: Collection[Node],
        by_value: Collection[Node] = (),
        shared: Mapping[Node, Node] | None = None,
        double: bool = True,
    ) -> None:
        self.group = group
        # Sets, for `in` a list would ask ==, which between Tensors is a gate.
        self.stored = frozenset(stored)
        self.by_value = frozenset(by_value)
        self.shared = shared or {}
        self.double = double
        self.steps: list[Step] = []
        #: Pointer arguments: node → its name in the kernel.
        self.pointers: dict[Node, str] = {}
        #: Arguments passed by value.
        self.scalars: dict[Node, str] = {}
        self.indices: list[Index] = []
        #: Loop variables that decide something, so that two loops cannot become one.
        self.tested: set[Variable] = set()
        self._made: dict[Key, Step] = {}
        self._others: dict[Any, Step] = {}
        self._alive: list[Node] = []
        for node, at in group.at.items():
            self._value(node, at)
        for node in group.outputs:
            self._store(node, group.at[node])

    # -- types ------------------------------------------------------------

    def real(self, node: Node) -> str:
        """The C type of the node's numbers; scalars make do with float where there is no double."""
        if node.dtype == INT64:
            return "long"
        narrow = node.dtype == FLOAT32 or (not self.double and node.shape == ())
        return "float" if narrow else "double"

    # -- making steps ------------------------------------------------------------

    def _step(self, kind: str, real: str, args: tuple[Step, ...] = (), **more: Any) -> Step:
        node: Node | None = more.get("node")
        index: Index = more.get("index", Index())
        variables = index.variables.union(*(a.variables for a in args))
        for test in more.get("tests", ()):
            variables |= test.index.variables
        reduced = more.pop("reduced", frozenset())
        what = node.gate.name if node is not None and node.inputs else kind
        stem = "".join(c for c in what if c.isalnum() or c == "_")
        name = more.pop("name", None) or f"{stem}_{len(self.steps)}"
        stage = max((a.stage for a in args), default=0) + (kind == "reduce")
        step = Step(name, kind, real, args, variables - reduced, stage, **more)
        self.steps.append(step)
        if index.terms:
            self.indices.append(index)
        return step

    def _once(self, key: Any, kind: str, real: str, args: Any = (), **more: Any) -> Step:
        """The step of that key, made when first asked for."""
        found = self._others.get(key)
        if found is None:
            found = self._others[key] = self._step(kind, real, args, **more)
        return found

    def _converted(self, step: Step, real: str) -> Step:
        if step.real == real:
            return step
        if step.kind == "literal":
            return self._literal(step.number, real, step.node)
        return self._once(("convert", step, real), "convert", real, (step,))

    def _literal(self, number: float, real: str, node: Node | None = None) -> Step:
        return Step(literal(number, real), "literal", real, node=node, number=number)

    # -- the value of a node at a place --------------------------------------------------

    def _value(self, node: Node, at: Place) -> Step:
        stack: list[tuple[Node, Place]] = [(node, at)]
        made = self._made
        while stack:
            one, place = stack[-1]
            key = (id(one), place)
            if key in made:
                stack.pop()
                continue
            waits = [k for k in self._wants(one, place) if (id(k[0]), k[1]) not in made]
            if waits:
                stack += reversed(waits)
                continue
            stack.pop()
            self._alive.append(one)
            made[key] = self._make(one, place)
        return made[(id(node), at)]

    def _get(self, node: Node, at: Place) -> Step:
        return self._made[(id(node), at)]

    def _own(self, node: Node, at: Place) -> bool:
        """Whether this turn of the loops computes it, so that no buffer needs to be read."""
        return self.group.at.get(node) == at

    def _wants(self, node: Node, at: Place) -> Iterator[tuple[Node, Place]]:
        """What must be known before the node's value at the place can be written down."""
        if not node.inputs or (node in self.stored and not self._own(node, at)):
            return
        gate = node.gate
        if gate is matmul:
            return
        if gate in REDUCTIONS or gate is PARTIAL:
            yield node.inputs[0], self._source_place(node)
        elif gate is take:
            yield self._taken_index(node, at)
            if (id(node.inputs[1]), self._taken_index(node, at)[1]) in self._made:
                yield node.inputs[0], self._taken_place(node, at)
        elif gate in PIECES:
            yield from self._piece_places(node, at)
        elif is_movement(node):
            yield node.inputs[0], through(node, at)
        elif gate is random_uniform:
            yield node.inputs[1], broadcast(node.inputs[1].shape, at)
        else:
            for source in node.inputs:
                yield source, broadcast(source.shape, at)

    def _make(self, node: Node, at: Place) -> Step:
        gate = node.gate
        params: Any = node.params or {}
        if node.gate is CONSTANT and is_uniform(node):
            number = float(np.ravel(np.asarray(node.value))[0])
            return self._literal(number, self.real(node), node)
        if node in self.by_value:
            name = self.scalars.setdefault(node, self._named(node, "s"))
            return Step(name, "argument", self.real(node), node=node)
        if not node.inputs or (node in self.stored and not self._own(node, at)):
            index = address(at, node.shape)
            return self._step(
                "load", self.real(node), index=index, node=node, text=self._pointer(node)
            )
        if gate is matmul:
            return self._step("given", self.real(node), index=address(at, node.shape), node=node)
        if gate in REDUCTIONS or gate is PARTIAL:
            source = self._get(node.inputs[0], self._source_place(node))
            of = params["of"] if gate is PARTIAL else gate
            value = self._converted(source, self.real(node))
            return self._step(
                "reduce",
                value.real,
                (value,),
                reduced=self.group.reduced,
                text=of.name,
                node=node,
            )
        if gate is take:
            return self._take(node, at)
        if gate in PIECES:
            return self._select(node, at)
        if is_movement(node):
            value = self._get(node.inputs[0], through(node, at))
            return self._converted(value, self.real(node))
        real = self.real(node)
        if gate is random_uniform:
            key = self._get(node.inputs[1], broadcast(node.inputs[1].shape, at))
            index = address(at, node.shape)
            return self._step("random", real, (key,), index=index, node=node)
        args = tuple(
            self._converted(self._get(i, broadcast(i.shape, at)), real) for i in node.inputs
        )
        return self._step("op", real, args, node=node, text=expression(node, real))

    # -- reductions, gathers, pieces -----------------------------------------------------

    def _source_place(self, node: Node) -> Place:
        if node.gate is PARTIAL:
            return partial_place(node, self.group)
        found = fit(node.inputs[0].shape, self.group.loops)
        assert found is not None
        return found

    def _taken_index(self, node: Node, at: Place) -> tuple[Node, Place]:
        x, indices = node.inputs
        axis = one_axis((node.params or {})["axis"], len(x.shape))
        return indices, at[axis : axis + len(indices.shape)]

    def _taken_place(self, node: Node, at: Place) -> Place:
        x, indices = node.inputs
        axis = one_axis((node.params or {})["axis"], len(x.shape))
        whole, _ = self._whole(node, at)
        found = Looked(whole.name, x.shape[axis], whole.variables)
        return (*at[:axis], Index.of(found), *at[axis + len(indices.shape) :])

    def _whole(self, node: Node, at: Place) -> tuple[Step, Step]:
        """The index to take as a whole number in range, and whether it was one."""
        x = node.inputs[0]
        axis = one_axis((node.params or {})["axis"], len(x.shape))
        value = self._get(*self._taken_index(node, at))
        size = x.shape[axis]
        # A negative index counts from the end; what is out of range reads element 0, and is NaN.
        long = self._once(("wrap", value, size), "whole", "long", (value,), text=f"wrap {size}")
        valid = self._once(("valid", value, size), "valid", "long", (value, long), text=str(size))
        inside = self._once(("inside", long, size), "whole", "long", (long,), text=f"clamp {size}")
        return inside, valid

    def _take(self, node: Node, at: Place) -> Step:
        _, valid = self._whole(node, at)
        data = self._get(node.inputs[0], self._taken_place(node, at))
        data = self._converted(data, self.real(node))
        nan = self._literal(np.nan, data.real)
        return self._step("select", data.real, (valid, data, nan), node=node)

    def _piece_places(self, node: Node, at: Place) -> Iterator[tuple[Node, Place]]:
        for number, piece in enumerate(pieces(node, at)):
            if any(test.never for test in piece.tests):
                continue
            tests = tuple(t for t in piece.tests if not t.always)
            if not tests:
                yield piece.source, piece.at
                continue
            test = self._test(node, at, number, tests)
            place = []
            for axis, index in enumerate(piece.at):
                size = piece.source.shape[axis]
                if not index.variables & test.variables:
                    place.append(index)
                    continue
                clamp = self._once(
                    ("clamp", test, axis), "clamp", "long", (test,), index=index, tests=tests
                )
                self.tested |= clamp.variables
                place.append(Index.of(Looked(clamp.name, size, clamp.variables)))
            yield piece.source, tuple(place)

    def _test(self, node: Node, at: Place, number: int, tests: tuple[Test, ...]) -> Step:
        made = self._once(("test", id(node), at, number), "test", "long", tests=tests)
        self.tested |= made.variables
        return made

    def _select(self, node: Node, at: Place) -> Step:
        real = self.real(node)
        value = self._literal(0.0, real)
        places = list(self._piece_places(node, at))
        numbers = [n for n, p in enumerate(pieces(node, at)) if not any(t.never for t in p.tests)]
        found = pieces(node, at)
        for number, (source, place) in reversed(list(zip(numbers, places, strict=True))):
            data = self._converted(self._get(source, place), real)
            tests = tuple(t for t in found[number].tests if not t.always)
            if not tests:
                value = data
                continue
            test = self._test(node, at, number, tests)
            value = self._step("select", real, (test, data, value), node=node)
        return value

    # -- arguments ------------------------------------------------------------

    def _named(self, node: Node, fallback: str) -> str:
        base = "".join(c for c in node.name or "" if c.isascii() and (c.isalnum() or c == "_"))
        if not base and node.inputs:
            base = node.gate.name
        return f"{base or fallback}{len(self.pointers) + len(self.scalars)}_"

    def _pointer(self, node: Node) -> str:
        node = self.shared.get(node, node)
        return self.pointers.setdefault(node, self._named(node, "a"))

    def _store(self, node: Node, at: Place) -> None:
        value = self._get(node, at)
        index = address(at, node.shape)
        value = self._converted(value, self.real(node))
        self._step("store", value.real, (value,), index=index, node=node, text=self._pointer(node))
