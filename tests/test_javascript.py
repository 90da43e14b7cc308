"""Recorded programs in JavaScript: what node computes from them is what NumPy computed."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import numpy as np
import pytest
from gate_cases import CASES, cases
from hypothesis import HealthCheck, given, settings
from random_graphs import RandomProgram, random_programs

import microgd as mg
from microgd.teaching.javascript import Script, javascript, number
from microgd.teaching.unroll import unroll

NODE = shutil.which("node") or shutil.which("nodejs")
needs_node = pytest.mark.skipif(NODE is None, reason="no node to run JavaScript with")

_RUN = """
const lines = require('fs').readFileSync(0, 'utf8').split('\\n').filter(l => l);
const wide = (k, v) => typeof v === 'number' && !Number.isFinite(v) ? String(v) : v;
const plain = v => typeof v === 'string' ? Number(v) : v;
for (const line of lines) {
  const {source, x} = JSON.parse(line);
  console.log(JSON.stringify(eval(source)(x.map(plain)), wide));
}
"""


def run(scripts: list[tuple[Script, list[float]]]) -> list[np.ndarray]:
    """What node answers to each script."""
    lines = [
        json.dumps({"source": s.source, "x": [v if np.isfinite(v) else repr(v) for v in x]})
        .replace('"inf"', '"Infinity"')
        .replace('"-inf"', '"-Infinity"')
        for s, x in scripts
    ]
    assert NODE is not None
    done = subprocess.run(
        [NODE, "-e", _RUN], input="\n".join(lines), capture_output=True, text=True, check=True
    )
    return [np.array([float(v) for v in json.loads(row)]) for row in done.stdout.splitlines()]


def inputs_of(trace: mg.Trace) -> list[float]:
    found: list[float] = []
    for node in trace.nodes:
        if node.kind == "input":
            found += np.ravel(np.asarray(node.value)).tolist()
    return found


def values_of(trace: mg.Trace) -> np.ndarray:
    return np.concatenate([np.ravel(np.asarray(n.value, float)) for n in trace.nodes])


def case_trace(name: str, shapes: Any, params: Any) -> mg.Trace:
    inputs = [mg.Tensor(x, name=f"x{i}") for i, x in enumerate(CASES[name].points(shapes, 3))]
    return mg.trace(mg.TABLE[name](*inputs, **params), backward=False)


@needs_node
def test_every_gate_of_the_table_computes_the_same_in_javascript() -> None:
    traces = [(p.id, case_trace(*p.values)) for p in cases()]
    scripts = [(javascript(t), inputs_of(t)) for _, t in traces]
    assert [(n, s.why) for (n, _), (s, _) in zip(traces, scripts, strict=True) if s.why] == []
    for (name, trace), found in zip(traces, run(scripts), strict=True):
        np.testing.assert_allclose(found, values_of(trace), rtol=1e-12, atol=1e-12, err_msg=name)


@needs_node
def test_elementwise_gates_agree_at_the_edges_of_floats() -> None:
    edges = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 0.5, -2.5, 709.0, -745.0, 1e-17]
    one = [(n, c) for n, c in CASES.items() if c.elementwise and n != "where"]
    x, y = (a.ravel() for a in np.meshgrid(edges, edges))
    traces = []
    for name, case in one:
        gate, params = mg.TABLE[name], case.draws[0][1]
        inputs = [mg.Tensor(v) for v in (x, y)[: len(gate.inputs)]]
        traces.append((name, mg.trace(gate(*inputs, **params), backward=False)))
    found = run([(javascript(t), inputs_of(t)) for _, t in traces])
    for (name, trace), answer in zip(traces, found, strict=True):
        np.testing.assert_allclose(answer, values_of(trace), rtol=1e-12, atol=1e-300, err_msg=name)


@needs_node
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_programs(most=10))
def test_random_programs_compute_the_same_in_javascript(program: RandomProgram) -> None:
    made = program(*[mg.Tensor(a) for a in program.args])
    trace = mg.trace(made[-1], backward=False)
    script = javascript(trace)
    if script.why:
        assert "too large" in script.why
        return
    (found,) = run([(script, inputs_of(trace))])
    np.testing.assert_allclose(found, values_of(trace), rtol=1e-9, atol=1e-12)


@needs_node
def test_other_inputs_give_what_the_circuit_gives_for_them() -> None:
    def trace(w: Any) -> mg.Trace:
        text = "sum(softmax(W @ x) * relu(x)) + max(W[0,0], W[1,1]) ** 2"
        return mg.circuit(text, W=w, x=[0.5, -2.0]).trace()

    first, second = trace([[1.0, 2.0], [3.0, 4.0]]), trace([[2.0, 1.0], [0.5, -1.0]])
    (found,) = run([(javascript(first), inputs_of(second))])
    np.testing.assert_allclose(found, values_of(second), rtol=1e-12)


def test_nothing_of_a_users_stands_in_the_source() -> None:
    x = mg.Tensor(2.0, name="</script><img onerror=alert(1)>")
    with mg.scope("`${evil}`"):
        source = javascript(mg.trace(x * 3.0 + x)).source
    assert source == "(x) => {const a0=x[0],a1=a0*3,a2=a1+a0;return [a0,3,a1,a2]}"


@pytest.mark.parametrize(
    "text", ["{x} </script> {x}", "{x} // ", "alert({x})", "{x}`", "{x}; {x}", "window", "{x} = 1"]
)
def test_a_gate_with_a_formula_that_is_more_than_a_formula_is_refused(text: str) -> None:
    gate = mg.Gate("own_one", ("x",), lambda x: x, (lambda g, out, x: g,), opencl=text)
    mg.register(gate)
    try:
        script = javascript(mg.trace(gate(mg.Tensor(1.0))))
    finally:
        mg.unregister("own_one")
    assert script.source == ""
    assert script.why.startswith(("gate 'own_one'", "the formula of gate 'own_one'"))


def test_what_cannot_be_written_says_why() -> None:
    gate = mg.Gate("own_two", ("x",), lambda x: x, (lambda g, out, x: g,), shape=lambda x: x)
    mg.register(gate)
    trace = mg.trace(gate(mg.Tensor(1.0)))
    assert javascript(trace).why == (
        "gate 'own_two' cannot be written in scalars: it has no expansion"
    )
    mg.unregister("own_two")
    assert "not in the table" in javascript(trace).why
    assert "shape only" in javascript(mg.trace(mg.placeholder((2,)) * 2.0)).why
    wide = mg.trace(mg.Tensor(np.zeros((100, 100))) @ mg.Tensor(np.zeros((100, 100))))
    assert "more than 20000 scalar gates in it at gate matmul" in javascript(wide).why
    x = mg.Tensor([1.0, 0.0])
    assert "computed" in javascript(mg.trace(mg.take(x, x * 1.0))).why


def test_numbers_are_written_as_javascript_reads_them() -> None:
    assert [number(v) for v in (0.1, -0.0, 1e300, float("nan"), -np.inf)] == [
        *("0.1", "(-0)", "1e+300", "NaN", "(-Infinity)")
    ]


def test_unrolled_gradients_are_those_of_the_arrays() -> None:
    text = "sum(softmax(W @ x) * relu(x) + maxout(x, 2 - x, 0.5)) + max(W)"
    circuit = mg.circuit(text, W=[[1.0, 2.0], [3.0, 3.0]], x=[0.5, 2.0])
    trace = circuit.trace()
    unrolled = unroll(trace)
    unrolled.elements[trace.output].item().backward()
    expected = np.concatenate(
        [np.ravel(np.asarray(n.gradient)) for n in trace.nodes if n.kind == "input"]
    )
    np.testing.assert_allclose([i.grad for i in unrolled.inputs], expected, rtol=1e-12)
    assert [i.name for i in unrolled.inputs][:2] == ["W[0, 0]", "W[0, 1]"]
