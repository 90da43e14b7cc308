"""Each pass of the compiler by itself: a graph in, a graph out that means the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from compiled import differ
from hypothesis import given, settings
from random_graphs import RandomProgram, random_programs
from test_opencl_random_graphs import QUIET, values_and_gradients

import microgd as mg
from microgd.interpreter.replay import replay
from microgd.opencl.fuse import fuse
from microgd.opencl.graph import Graph
from microgd.opencl.layout import lay_out
from microgd.opencl.lower import lower
from microgd.opencl.plan import plan
from microgd.opencl.simplify import simplify
from microgd.opencl.split import split
from microgd.opencl.target import Target


def captured(program: RandomProgram) -> tuple[Graph, list[Any]]:
    """The graph of values and gradients, and numbers for its inputs."""
    numbers = [a if a.shape else float(a) for a in program.args]
    inputs = tuple(mg.placeholder(a.shape) for a in program.args)
    return Graph(inputs, tuple(values_and_gradients(program)(*inputs))), numbers


def outputs(graph: Graph, numbers: list[Any]) -> list[np.ndarray]:
    return [
        np.asarray(v) for v in replay(graph.outputs, dict(zip(graph.inputs, numbers, strict=True)))
    ]


def same(before: Graph, after: Graph, numbers: list[Any], close: float) -> None:
    assert after.inputs == before.inputs
    for one, other in zip(outputs(before, numbers), outputs(after, numbers), strict=True):
        largest = close * float(np.abs(one).max(initial=1.0))
        assert differ(one, other, close, largest) is None


@settings(QUIET, max_examples=300)
@given(program=random_programs(most=16))
def test_every_pass_keeps_the_meaning(program: RandomProgram) -> None:
    graph, numbers = captured(program)
    lowered = lower(graph)
    same(graph, lowered, numbers, 1e-10)
    simple = simplify(lowered)
    same(lowered, simple, numbers, 1e-12)
    assert len(simple.order) <= len(lowered.order)
    parted = split(simple, 8)
    same(simple, parted, numbers, 1e-12)
    for family in ("cpu", "gpu"):
        laid = lay_out(parted, Target(family))
        same(parted, laid, numbers, 0.0)
        made = fuse(laid)
        order = plan(made).groups
        done: set[Any] = set()
        for group in order:
            assert group.needs <= done, "a group runs before one that it needs"
            done.add(group)


@settings(QUIET, max_examples=100)
@given(program=random_programs(most=10))
def test_lowering_and_simplifying_twice_changes_nothing(program: RandomProgram) -> None:
    graph, _ = captured(program)
    once = simplify(lower(graph))
    assert simplify(lower(once)).text() == once.text()


def graph_of(fn: Any, *shapes: Any) -> Graph:
    inputs = tuple(mg.placeholder(s) for s in shapes)
    return Graph(inputs, tuple(fn(*inputs)))


def gates(graph: Graph) -> list[str]:
    return [n.gate.name for n in graph.order if n.inputs]


@pytest.mark.parametrize(
    ("fn", "left"),
    [
        (lambda x: [x * 1.0], []),
        (lambda x: [x / 1.0], []),
        (lambda x: [x - 0.0], []),
        (lambda x: [x + 0.0], ["add"]),  # −0.0 + 0.0 is 0.0
        (lambda x: [x - -0.0], ["sub"]),
        (lambda x: [x * 0.0], ["mul"]),  # NaN and ∞ stay
        (lambda x: [-(mg.neg(x))], []),
        (lambda x: [x**2.0], ["square"]),
        (lambda x: [x**1.0], []),
        (lambda x: [mg.transpose(mg.transpose(x))], []),
        (lambda x: [mg.reshape(mg.reshape(x, (6,)), (2, 3))], []),
        (lambda x: [mg.exp(x), mg.exp(x) * 1.0], ["exp"]),
        (lambda x: [mg.sum(x, axis=()) * 2.0], ["mul"]),
        (lambda x: [x * (mg.constant(2.0) + 3.0)], ["mul"]),
        (lambda x: [mg.identity(x)], []),
    ],
)
def test_what_simplifying_leaves(fn: Any, left: list[str]) -> None:
    assert gates(simplify(graph_of(fn, (2, 3)))) == left


def test_constants_of_other_bits_stay_apart() -> None:
    graph = simplify(graph_of(lambda x: [x * 0.0, x * -0.0, x * 0.0], (2,)))
    assert len({id(o) for o in graph.outputs}) == 2


def test_the_parts_of_a_large_sum() -> None:
    """Whatever the shape and axes: each element is in just one part."""
    random = np.random.default_rng(1)
    for shape, axis in [
        ((100_003,), None),
        ((3, 50_021), 1),
        ((50_021, 3), 0),
        ((40, 41, 43), (0, 2)),
        ((64, 64, 64), None),
    ]:
        graph = graph_of(
            lambda x, a=axis: [mg.sum(x, axis=a), mg.max(x, axis=a, keepdims=True)], shape
        )
        parted = split(graph, 64)
        assert "partial" in gates(parted)
        numbers = [random.integers(-5, 5, shape).astype(float)]
        same(graph, parted, numbers, 0.0)
