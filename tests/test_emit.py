"""Emitted programs run, and print what the trace says."""

from __future__ import annotations

import contextlib
import io
import math
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gate_cases import CASES, cases
from hypothesis import HealthCheck, given, settings
from random_graphs import RandomProgram, random_programs

import microgd as mg
from microgd.errors import ArgumentError, GateError, MicrogdError
from microgd.teaching.emit.emit import LANGUAGES, emit
from microgd.teaching.emit.names import Names, shown

CC = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
needs_cc = pytest.mark.skipif(CC is None, reason="no C compiler")


def ran(source: str) -> dict[str, Any]:
    """The variables of a Python program after it ran."""
    space: dict[str, Any] = {"__name__": "emitted"}
    with contextlib.redirect_stdout(io.StringIO()) as out, np.errstate(all="ignore"):
        exec(compile(source, "emitted", "exec"), space)
    space["printed"] = out.getvalue()
    return space


def compiled(sources: list[str], folder: Path) -> list[dict[str, float]]:
    """What C programs print; all are compiled as one, and no warning is let pass."""
    whole = "".join(
        s.replace("int main(void)", f"static int run_{i}(void)") for i, s in enumerate(sources)
    )
    calls = "".join(f' run_{i}(); printf("---\\n");' for i in range(len(sources)))
    (folder / "all.c").write_text(f"{whole}int main(void) {{{calls} return 0; }}\n")
    assert CC is not None
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O0", "-ffp-contract=off"]
    command = [CC, *flags, "-o", "all", "all.c", "-lm"]
    subprocess.run(command, cwd=folder, check=True)
    out = subprocess.run([folder / "all"], capture_output=True, text=True, check=True).stdout
    blocks = out.split("---\n")[:-1]
    return [{k: float(v) for k, v in re.findall(r"(\w+) = (\S+)", block)} for block in blocks]


def expected(trace: mg.Trace) -> dict[str, Any]:
    """The output and the inputs' gradients, by the names that plain labels get."""
    output = trace.by_id[trace.output]
    found = {output.label: output.value}
    for node in trace.nodes:
        if node.kind == "input" and node.gradient is not None:
            found[f"d{node.label}"] = node.gradient
    return found


def in_scalars(trace: mg.Trace) -> dict[str, float]:
    """The same, element by element: `dx_0_1`."""
    return {
        f"{name}{''.join(f'_{i}' for i in place)}": float(np.asarray(value)[place])
        for name, value in expected(trace).items()
        for place in np.ndindex(np.shape(value))
    }


def assert_same(found: dict[str, Any], wanted: dict[str, Any], about: str) -> None:
    for name, value in wanted.items():
        np.testing.assert_allclose(
            found[name], value, rtol=1e-11, atol=1e-12, err_msg=f"{name}\n{about}"
        )
        assert np.shape(found[name]) == np.shape(value), (name, about)


def gate_traces() -> list[tuple[str, mg.Trace]]:
    """Every gate, with one factor more, so that its upstream gradient is not all ones."""
    found = []
    for param in cases():
        name, shapes, params = param.values
        points = CASES[name].points(shapes, 5)
        inputs = [mg.Tensor(x, name=f"x{i}") for i, x in enumerate(points)]
        out = mg.TABLE[name](*inputs, **params)
        weight = np.linspace(0.5, 2.0, out.size).reshape(out.shape)
        out = out * (weight if out.shape else 0.7)
        out.name = "f"
        found.append((str(param.id), mg.trace(out)))
    return found


def test_every_gate_of_the_table_in_numpy() -> None:
    for name, trace in gate_traces():
        source = emit(trace, "numpy")
        assert_same(ran(source), expected(trace), f"{name}\n{source}")


def test_every_gate_of_the_table_in_python() -> None:
    count = 0
    for name, trace in gate_traces():
        source = ""
        with contextlib.suppress(ArgumentError):
            source = emit(trace, "python")
        output = trace.by_id[trace.output]
        assert source or 0 in output.shape or math.prod(output.shape) > 79, name
        if not source:
            continue
        count += 1
        space = ran(source)
        assert_same(space, in_scalars(trace), f"{name}\n{source}")
        assert f"f{'_0' * len(output.shape)} = " in space["printed"]
    assert count > 200


@needs_cc
def test_every_gate_of_the_table_in_c(tmp_path: Path) -> None:
    told = []
    for name, trace in gate_traces():
        with contextlib.suppress(ArgumentError):
            told.append((name, trace, emit(trace, "c")))
    for (name, trace, source), found in zip(
        told, compiled([s for *_, s in told], tmp_path), strict=True
    ):
        assert_same(found, in_scalars(trace), f"{name}\n{source}")


def test_every_gate_of_the_table_in_latex() -> None:
    converter = pytest.importorskip("latex2mathml.converter")
    for name, trace in gate_traces()[::3]:
        source = emit(trace, "latex")
        assert source.count(r"\begin{align*}") == source.count(r"\end{align*}") == 2, name
        assert source.count("{") == source.count("}"), name
        assert source.count(r"\left") == source.count(r"\right"), name
        for row in re.findall(r"^  (.*?)(?: \\\\)?$", source, re.M):
            assert "<math" in converter.convert(row.replace("&", " "))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_programs(most=10))
def test_random_programs_in_numpy(program: RandomProgram) -> None:
    args = [mg.Tensor(a, name=f"in{i}") for i, a in enumerate(program.args)]
    out = program(*args)[-1]
    if out.is_leaf:
        return
    trace = mg.trace(out * 1.5)
    assert_same(ran(emit(trace, "numpy")), expected(trace), emit(trace, "numpy"))


@needs_cc
def test_random_programs_in_python_and_c(tmp_path: Path) -> None:
    """One test of many: compiling is what takes long."""
    told: list[tuple[mg.Trace, str]] = []

    @settings(max_examples=20, deadline=None, database=None, derandomize=True)
    @given(random_programs(most=6))
    def collect(program: RandomProgram) -> None:
        args = [mg.Tensor(a, name=f"in{i}") for i, a in enumerate(program.args)]
        trace = mg.trace(mg.sum(program(*args)[-1]) * 1.5)
        with contextlib.suppress(ArgumentError):
            assert_same(ran(emit(trace, "python")), in_scalars(trace), repr(program))
            told.append((trace, emit(trace, "c")))

    collect()
    assert len(told) > 3
    for (trace, source), found in zip(told, compiled([s for _, s in told], tmp_path), strict=True):
        assert_same(found, in_scalars(trace), source)


# -- as a student writes it -----------------------------------------------------------


def lines_of(text: str, to: str = "python", **values: Any) -> list[str]:
    return emit(mg.circuit(text, **values), to).splitlines()


def test_the_first_circuit_of_the_lecture_line_by_line() -> None:
    assert lines_of("(x + y) * z", x=-2, y=5, z=-4) == [
        "# f, forward and backward",
        "x = -2.0",
        "y = 5.0",
        "z = -4.0",
        "",
        "# forward",
        "q = x + y  # (1)",
        "f = q * z  # (2)",
        "",
        "# backward, in reverse",
        "df = 1.0",
        "dq = z * df  # (2)",
        "dz = q * df  # (2)",
        "dx = 1.0 * dq  # (1)",
        "dy = 1.0 * dq  # (1)",
        "",
        'print(f"f = {f:.15g}")',
        'print(f"dx = {dx:.15g}")',
        'print(f"dy = {dy:.15g}")',
        'print(f"dz = {dz:.15g}")',
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("sigmoid(x)", "dx = (1.0 - f) * f * df  # (1)"),
        ("exp(x)", "dx = f * df  # (1)"),
        ("tanh(x)", "dx = (1.0 - f * f) * df  # (1)"),
        ("log(x)", "dx = (1.0 / x) * df  # (1)"),
        ("1 / x", "dx = -f * f * df  # (1)"),
        ("-x", "dx = -1.0 * df  # (1)"),
        ("x ** 3", "dx = 3.0 * x**2 * df  # (1)"),
        ("x ** 2", "dx = 2.0 * x * df  # (1)"),
        ("relu(x)", "dx = (f > 0.0) * df  # (1)"),
        ("leaky_relu(x)", "dx = (1.0 if x > 0.0 else 0.01) * df  # (1)"),
        ("elu(x)", "dx = (1.0 if x > 0.0 else math.exp(x)) * df  # (1)"),
        ("max(x, y)", "dx = ((x > y) + 0.5 * (x == y)) * df  # (1)"),
        ("x / y", "dy = (-f / y) * df  # (1)"),
        ("x ** y", "dy = f * math.log(x) * df  # (1)"),
        ("clip(x, 0, 1)", "dx = (x <= 1.0 and x >= 0.0) * df  # (1)"),
        ("abs(x)", "dx = ((x > 0.0) - (x < 0.0)) * df  # (1)"),
        ("sqrt(x)", "dx = (0.5 / f) * df  # (1)"),
    ],
)
def test_local_derivatives_are_written_as_a_student_would(text: str, wanted: str) -> None:
    values: dict[str, Any] = (
        {"x": 0.5, "y": 2.0} if "y" in text.replace("leaky", "") else {"x": 0.5}
    )
    assert wanted in lines_of(text, **values)


def test_a_value_used_again_is_added_to_and_said_to_be() -> None:
    lines = lines_of("x * x + x", x=3)
    assert [line[:5] for line in lines if line.startswith("dx")] == ["dx = ", "dx +=", "dx +="]
    assert "# backward, in reverse; += where a value is used again: its gradients add up" in lines
    assert not any("+=" in line for line in lines_of("x * y", x=3, y=2))


def test_arrays_are_summed_where_they_were_broadcast_and_zeroed_before_they_are_added_to() -> None:
    values = {"X": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "W": [[1.0], [2.0]], "b": [0.5]}
    lines = lines_of("sum(relu(X @ W + b) * b)", "numpy", **values)
    assert "db = np.zeros((1,))" in lines
    assert "db += dp.sum(axis=0)  # (2)" in lines
    assert "dX = dq @ W.T  # (1)" in lines
    assert "dW = X.T @ dq  # (1)" in lines


def test_the_lines_of_a_program_keep_their_names() -> None:
    lines = lines_of("score = w*x + b\nloss = (score - 1)**2", w=2, x=3, b=1)
    assert "loss = p**2  # (4)" in lines
    assert "dscore = 1.0 * dp  # (3)" in lines


def test_a_circuit_of_one_input_or_of_an_idle_one() -> None:
    assert "dx = 1.0" in lines_of("x", x=2)
    lines = lines_of("x * (y > 1)", x=2, y=3)
    assert "dy = 0.0  # no gradient comes here" in lines


def test_the_forward_pass_alone_and_another_upstream_gradient() -> None:
    circuit = mg.circuit("x * y", x=2, y=3)
    told = emit(mg.trace(circuit, backward=False))
    assert "backward" not in told
    assert "dx" not in told
    assert "df = 5.0" in emit(mg.trace(circuit, upstream=5.0))


# -- names --------------------------------------------------------------------------------


def hostile(name: str) -> mg.Tensor:
    return mg.Tensor(2.0, name=name)


NASTY = (
    *("lambda", "int", "df", "math", "np", "main", "λ", "θ", "exp", "x\ny", "</script>", "2x"),
    *(
        "*/ int y; /*",
        "'''",
        '"',
        "\\",
        "a\\",
        "??/",
        "\u202eevil",
        "__debug__",
        "print",
        "é",
        "猫",
    ),
    *(
        "%d",
        "{x}",
        "f",
        "t",
        "1",
        "",
        " ",
        "_",
        "linux",
        "M_PI",
        "\\end{align*}\\input{x}",
        "$x$",
        "#",
        "y1",
    ),
)


@needs_cc
def test_no_name_breaks_a_program(tmp_path: Path) -> None:
    told = []
    for name in NASTY:
        x, y = hostile(name), mg.Tensor(3.0, name="df")
        f = x * y + mg.exp(x) * y
        f.name = "f"
        trace = mg.trace(f)
        for to in ("python", "numpy"):
            space = ran(emit(trace, to, title=name))
            printed = [float(line.split("= ")[1]) for line in space["printed"].splitlines()]
            np.testing.assert_allclose(printed, [6 + 3 * np.e**2, 3 + 3 * np.e**2, 2 + np.e**2])
        told.append(emit(trace, "c", title=name))
    for found in compiled(told, tmp_path):
        np.testing.assert_allclose(
            list(found.values()), [6 + 3 * np.e**2, 3 + 3 * np.e**2, 2 + np.e**2]
        )


def test_names_in_latex_are_no_signs_and_no_words_of_ours() -> None:
    """A name that has an equals sign in it, and one that is what sentences call a gradient."""
    s = mg.Tensor([2.0, 1.0], name="upstream")
    y = mg.Tensor([3.0, 4.0], name="a = b")
    source = emit(mg.trace(mg.sum(mg.softmax(s) * y)), "latex")
    assert r"  p & = q \cdot \textrm{a = b} & & =" in source
    assert r"\frac{\partial f}{\partial \textrm{a = b}} & = q \cdot" in source
    back = r"\frac{\partial f}{\partial \mathrm{upstream}} & = q \cdot \left( "
    back += (
        r"\frac{\partial f}{\partial q} - \sum\frac{\partial f}{\partial q} \cdot q \right) & & ="
    )
    assert back in source
    assert source.count("upstream") == 3  # given, an input, and the gradient of it


def test_what_a_jacobian_does_is_written_with_the_gradient_of_its_gate() -> None:
    trace = mg.circuit("sum(max(W.T, axis=0) * x)", W=[[2, 1], [0, 1]], x=[1, 3]).trace()
    source = emit(trace, "latex")
    assert r"= \left( \frac{\partial f}{\partial q} \right)^{\top}" in source
    assert "upstream" not in source


def test_no_name_breaks_out_of_latex() -> None:
    for name in NASTY:
        source = emit(mg.trace(hostile(name) * 2.0), "latex", title=name)
        assert source.count(r"\end{align*}") == 2
        assert r"\input" not in source.split("\n", 1)[1]
        comments = [line for line in source.splitlines() if line.startswith("%")]
        assert len(comments) == (2 if name.strip() or name == " " else 1) or not name


def test_what_was_renamed_is_said() -> None:
    source = emit(mg.circuit("λ * int + df", λ=2, int=3, df=4), "c")
    assert "// λ is called lambda here" in source
    assert "// int is called int_ here" in source
    assert "// df is taken: the gradient of f is called grad_f" in source
    assert "double grad_f = 1.0;" in source


def test_names_are_given_once() -> None:
    names = Names(frozenset({"int"}), ascii=True)
    assert [names.give(n) for n in ("int", "int", "a b", "a_b", "Ω", "3", "")] == [
        *("int_", "int_2", "a_b", "a_b_2", "Omega", "v_3", "v")
    ]
    assert names.gradient("", "a_b") == "da_b"


def test_comments_cannot_be_left() -> None:
    assert shown("a\\\nb ??/ \u202e") == "a_�b __/ �"


# -- what cannot be written ----------------------------------------------------------------


def test_what_cannot_be_written_says_what_to_do() -> None:
    with pytest.raises(ArgumentError, match=r"none of python, c, latex, numpy.*'python'"):
        emit(mg.circuit("x", x=1), "pyton")
    with pytest.raises(ArgumentError, match="shape only"):
        emit(mg.trace(mg.placeholder((2,)) * 2.0))
    big = mg.Tensor(np.ones((20, 20)))
    for to in ("python", "c"):
        with pytest.raises(ArgumentError, match="--to numpy"):
            emit(mg.sum(big @ big), to)


@pytest.mark.parametrize(
    ("text", "values", "call"),
    [
        ("x**y", {"x": -2.0, "y": 2.0}, r"log\(-2\)"),
        ("1 / x", {"x": 0.0}, r"recip\(0\)"),
        ("sqrt(x)", {"x": 0.0}, r"div\(0.5, 0\)"),
        ("exp(x) * 2", {"x": 1000.0}, r"exp\(1000\)"),
        ("sigmoid(x)", {"x": -800.0}, r"sigmoid\(-800\)"),
        ("sin(x * x)", {"x": 1e200}, r"sin\(inf\)"),
    ],
)
def test_where_python_would_stop_numpy_and_c_go_on(
    text: str, values: dict[str, Any], call: str
) -> None:
    trace = mg.circuit(text, **values).trace()
    with pytest.raises(ArgumentError, match=f"Python stops at {call}.*--to numpy"):
        emit(trace, "python")
    found, wanted = ran(emit(trace, "numpy")), expected(trace)
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value)


def test_what_is_not_reached_stops_nothing() -> None:
    for text, x in (("elu(x)", 1000.0), ("softplus(x)", 1000.0), ("x**2 + x**3", -2.0)):
        trace = mg.circuit(text, x=x).trace()
        assert_same(ran(emit(trace, "python")), expected(trace), text)


def test_no_gradient_is_computed_for_nothing() -> None:
    assert "dq" not in emit(mg.circuit("(x > 1) * x", x=2))
    drawn = emit(mg.circuit("sum(random_uniform(x, 7) * x)", x=[1, 2]), "numpy")
    assert "dq" not in drawn
    assert "# random numbers stand here as they were drawn" in drawn


def test_a_gate_of_ones_own() -> None:
    cube = mg.register(
        mg.Gate("cube", ("x",), lambda x: x**3, (lambda g, out, x: g * (3.0 * x * x),),
                opencl="{x} * {x} * {x}")
    )  # fmt: skip
    try:
        f = cube(mg.Tensor(2.0, name="x") + 1.0)
        assert "    double f = ((q) * (q) * (q));  // (2)" in emit(f, "c").splitlines()
        assert "    double dq = 3.0 * q * q * df;  // (2)" in emit(f, "c").splitlines()
        with pytest.raises(GateError, match="cannot be written in this language"):
            emit(f, "python")
    finally:
        mg.unregister("cube")
    assert issubclass(GateError, MicrogdError)


@needs_cc
def test_brackets_stand_where_precedence_needs_them(tmp_path: Path) -> None:
    """Nothing in the table nests so; a gate of somebody's own may."""

    def nested(x: Any, y: Any) -> Any:
        a = mg.sub(x, mg.sub(y, mg.sub(mg.mul(x, 2.0), y)))
        b = mg.div(x, mg.div(y, mg.mul(x, mg.add(y, 3.0))))
        c = mg.pow(mg.neg(mg.add(x, y)), 2.0) - mg.neg(mg.pow(mg.pow(x, y), mg.sub(y, 1.0)))
        d = mg.where(mg.equal(x, mg.where(mg.greater(y, 1.0), y, x)), mg.mul(x, y), mg.neg(y))
        return mg.add(mg.add(a, b), mg.mul(mg.add(c, d), mg.add(mg.greater(x, y), mg.less(x, y))))

    rules = (
        lambda g, out, x, y: mg.where(mg.equal(x, y), 0.0, g * mg.div(x, mg.sub(y, x) - 1.0)),
        lambda g, out, x, y: mg.where(mg.not_equal(x, y), 0.0, mg.neg(g)),
    )
    mg.register(mg.Gate("nested", ("x", "y"), nested, rules, expansion=nested))
    try:
        for x, y in ((1.3, 2.6), (2.0, 2.0)):
            trace = mg.circuit("nested(x, y)", x=x, y=y).trace()
            for to in ("python", "numpy"):
                assert_same(ran(emit(trace, to)), expected(trace), emit(trace, to))
            (found,) = compiled([emit(trace, "c")], tmp_path)
            assert_same(found, expected(trace), emit(trace, "c"))
    finally:
        mg.unregister("nested")


def test_comments_are_in_the_language_of_the_trace() -> None:
    with mg.speaking("cs"):
        trace = mg.circuit("x * x", x=3).trace()
    assert "# dopředný průchod" in emit(trace).splitlines()


def test_all_languages_are_tried_here() -> None:
    assert LANGUAGES == ("python", "c", "latex", "numpy")
