"""Looking inside a compiled program: what is printed, drawn, compared and timed.

What needs no device is shown by `preview`, for a CPU or a GPU that need not be there.
"""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import microgd as mg
from microgd.draw.engines import engines
from microgd.draw.kernels import draw_kernels
from microgd.opencl.devices import Device
from microgd.opencl.explain import explained, fused_text, preview, sections
from microgd.opencl.graph import Graph
from microgd.opencl.passes import Passes
from microgd.opencl.rounding import rounding_bounds

DOCS = Path(__file__).parent.parent / "docs"


def float32(name: str, *shape: int) -> mg.Tensor:
    return mg.placeholder(shape, name, "float32")


def update(w: mg.Tensor, x: mg.Tensor) -> mg.Tensor:
    """A weight that is updated by what a softmax of it makes."""
    p = mg.softmax(x @ w).named("p")
    return w - 0.1 * (x.T @ p)


@pytest.fixture
def made() -> Passes:
    return preview(update, float32("w", 16, 8), float32("x", 32, 16), donate=[0])


# -- the text ------------------------------------------------------------------------------------


def test_the_page_shows_what_the_compiler_prints() -> None:
    page = runpy.run_path(str(DOCS / "make_compiler.py"))["page"]
    text = (DOCS / "compiler.md").read_text(encoding="utf-8")
    assert page(text) == text, "run python docs/make_compiler.py"


def test_what_the_page_explains_of_the_kernel_is_in_it() -> None:
    text = (DOCS / "compiler.md").read_text(encoding="utf-8")
    kernel, rest = text.partition("<!-- printed: kernel -->")[2].split("Line by line:")
    bullets = rest.partition("Larger products")[0]
    quoted = re.findall(r"`([^`]+)`", bullets)
    ours = {"step.py", "x", "w1", "x[i0, i1]"}
    missing = [code for code in quoted if code not in kernel and code not in ours]
    assert len(quoted) > 10
    assert missing == []


def test_every_pass_has_a_title(made: Passes) -> None:
    titles = [title.split(":")[0] for title in sections(made)]
    assert titles == [
        "recorded",
        "lowered to gates that have OpenCL C",
        "simplified",
        "split and laid out",
        "fused",
        "started",
        "buffers",
    ]
    assert explained(made).count("\n\n") == len(titles) - 1


def test_the_record_names_the_lines(made: Passes) -> None:
    text = sections(made)["recorded: 6 gates"]
    assert "p = softmax(%4, axis=-1)" in " ".join(text.split())
    assert "p = mg.softmax(x @ w)" in text
    assert "→ result" in text.splitlines()[-1]


def test_kernels_say_what_they_read_and_write(made: Passes) -> None:
    lines = fused_text(made).splitlines()
    assert any("read    x float32[32, 16], w float32[16, 8]" in line for line in lines)
    assert any(line.endswith("over w") for line in lines)
    assert any("products summed over k < 16" in line for line in lines)
    assert any("reduced over" in line for line in lines)


def test_what_is_written_in_place_is_said(made: Passes) -> None:
    assert "in place" in sections(made)["buffers"]


def test_comments_have_a_line_for_every_gate(made: Passes) -> None:
    for kernel in made.kernels:
        comments = [line for line in kernel.source.splitlines() if line.startswith("// ")]
        assert len(comments) >= len([n for n in kernel.group.at if n.inputs])


def test_long_records_are_cut() -> None:
    def many(x: mg.Tensor) -> mg.Tensor:
        for _ in range(300):
            x = x.sin()
        return x

    made = preview(many, float32("x", 4))
    assert "… 101 more …" in sections(made)["recorded: 300 gates"]


def test_numbers_handed_over_are_listed_once() -> None:
    names = [float32(f"a{n}") for n in range(12)]
    made = preview(lambda *xs: sum(xs, mg.constant(0.0)), *names)
    text = sections(made)["buffers"]
    assert "handed over with each launch: arg0" in text
    assert "… 4 more" in text


@pytest.mark.parametrize("family", ["cpu", "gpu"])
def test_both_families_are_shown_without_a_device(family: str) -> None:
    made = preview(lambda x: x.exp().sum(axis=1), float32("x", 64, 100), family=family)
    assert "exp(" in made.source
    assert ("get_local_id" in made.source) == (family == "gpu")


def test_a_function_of_nothing_has_no_kernels() -> None:
    made = preview(lambda x: x, float32("x", 3))
    assert fused_text(made) == "no kernel: there is nothing to compute"
    assert sections(made)["buffers"] == "none"


def test_literals_stand_where_they_are_used() -> None:
    made = preview(lambda x: x * np.full(3, 2.5, np.float32), float32("x", 3))
    assert "mul(x, 2.5)" in fused_text(made)


def test_importing_microgd_loads_no_compiler() -> None:
    probe = (
        "import sys, microgd; microgd.Tensor(1.0) * 2.0; "
        "print([m for m in ('pyopencl', 'microgd.opencl.program', 'microgd.draw.kernels') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# -- programs --------------------------------------------------------------------------------------


def test_the_interpreter_has_no_kernels() -> None:
    program = mg.compile(lambda x: x * 2.0, device="interpreter")
    with pytest.raises(mg.ArgumentError, match="nothing was compiled yet"):
        program.explain()
    program.prepare(mg.placeholder((2,), "x"))
    assert program.kernels == ()
    assert program.source == ""
    assert "no kernels" in program.explain()
    assert "mul(x, 2.0)" in program.explain()
    with pytest.raises(mg.ArgumentError, match="the interpreter runs no kernels"):
        program.profile(np.ones(2))
    with pytest.raises(mg.DrawingError, match="no kernels to draw"):
        program.draw()


def test_prepare_takes_shapes_of_every_dtype_and_runs_nothing() -> None:
    def never(x: mg.Tensor, k: mg.Tensor, rate: mg.Tensor, name: str) -> mg.Tensor:
        assert x.value is None
        return x[0] * rate if name == "a" else k

    program = mg.compile(never, device="interpreter")
    k = mg.placeholder((), "k", "float32")
    assert program.prepare(float32("x", 3), k, mg.placeholder(), name="a") is program
    assert [n.dtype for n in program.executable.captured.graph.inputs] == [
        np.float32,
        np.float32,
        np.float64,
    ]


@pytest.mark.opencl
def test_a_program_shows_itself(opencl_device: Device) -> None:
    program = mg.compile(lambda x: (x * 2.0).relu().sum(), device=opencl_device).prepare(
        float32("x", 100)
    )
    assert all(k.name in program.source for k in program.kernels if not k.twin)
    assert program.device.label in program.explain()
    assert "built" in program.explain()
    assert program.draw().dot.startswith("digraph kernels")


@pytest.mark.opencl
def test_profiling_leaves_what_is_given_away_as_it_was(opencl_device: Device) -> None:
    program = mg.compile(update, device=opencl_device, donate=[0])
    w, x = np.ones((16, 8), np.float32), np.ones((32, 16), np.float32)
    given = mg.device_array(w, program.device)
    profile = program.profile(given, x, repeats=3)
    assert np.array_equal(given.numpy(), w)
    assert profile.repeats == 3
    assert sum(k.share for k in profile.kernels) == pytest.approx(1.0)
    assert sum(k.flops or 0 for k in profile.kernels) == 2 * (2 * 32 * 16 * 8)
    assert profile.seconds > 0
    data = json.loads(profile.to_json())
    assert [k["name"] for k in data["kernels"]] == [k.name for k in profile.kernels]
    assert "GFLOP/s" in str(profile)
    assert "<table>" in profile._repr_html_()
    with pytest.raises(mg.ArgumentError, match="repeats"):
        program.profile(given, x, repeats=0)


@pytest.mark.opencl
def test_thousands_of_numbers_are_shown_as_a_table(opencl_device: Device) -> None:
    program = mg.compile(lambda xs: sum((x * x).tanh() for x in xs), device=opencl_device)
    xs = [n / 500 for n in range(500)]
    program(xs)
    assert "rows of a table" in program.explain()
    assert program.profile(xs, repeats=2).kernels[0].bytes is None
    assert "a table" in program.draw().dot
    assert program.compare(xs).ok


# -- beside the interpreter ------------------------------------------------------------------------


def test_compare_names_every_gate_and_the_results() -> None:
    x = np.float32([[1, 2, 3], [-1, 0, 1]])
    report = mg.compile(lambda x: (x.exp().named("e") * 2.0).named("y")).compare(x)
    assert report.ok
    assert [d.name for d in report.nodes] == ["e", "y"]
    assert [d.name for d in report.results] == ["y"]
    assert report.wrong is None
    assert "interpreter" in str(report)


@pytest.mark.opencl
def test_compare_finds_the_gate_whose_c_is_wrong(opencl_device: Device) -> None:
    wrong = mg.Gate("wrong", ("x",), np.exp, opencl="exp({x}) * (1 + 0.0001f)")

    def fn(x: mg.Tensor) -> mg.Tensor:
        return wrong(x + 1.0).named("bad") * 2.0

    report = mg.compile(fn, device=opencl_device).compare(np.linspace(0, 1, 20, dtype=np.float32))
    # A gate of the user's own is allowed 16 ulp of 1: this one is off by 800.
    assert not report.ok
    assert report.wrong is not None
    assert (report.wrong.name, report.wrong.gate) == ("bad", "wrong")
    assert report.wrong.difference > report.wrong.allowed
    assert "wrong:" in str(report.table())


@pytest.mark.opencl
def test_compare_does_not_use_up_what_is_given_away(opencl_device: Device) -> None:
    program = mg.compile(update, device=opencl_device, donate=[0])
    w = mg.device_array(np.ones((16, 8), np.float32), program.device)
    assert program.compare(w, np.ones((32, 16), np.float32)).ok
    assert w.numpy().sum() == 128


def test_nan_and_infinity_have_to_be_the_same() -> None:
    x = np.float32([np.nan, np.inf, -np.inf, 0.0, 1.0])
    report = mg.compile(lambda x: (x.relu(), x * 0.0, 1.0 / x)).compare(x)
    assert report.ok
    json.dumps([d.to_dict() for d in report.nodes], allow_nan=False)


def test_in_the_interpreter_any_gate_can_be_compared() -> None:
    only_numpy = mg.Gate("only_numpy", ("x",), np.cbrt)
    report = mg.compile(lambda x: only_numpy(x), device="interpreter").compare(np.ones(3))
    assert report.ok


def test_empty_arrays_have_nothing_to_compare() -> None:
    report = mg.compile(lambda x: x * 2.0).compare(np.zeros((0, 3), np.float32))
    assert report.ok
    assert report.nodes[0].interpreter is None


def bound(fn: object, *values: object) -> list[np.ndarray]:
    inputs = tuple(mg.placeholder(np.shape(v), dtype="float32") for v in values)
    made = fn(*inputs)  # type: ignore[operator]
    outputs = made if isinstance(made, tuple) else (made,)
    return rounding_bounds(Graph(inputs, outputs), dict(zip(inputs, values, strict=True)))


def test_bounds_grow_where_numbers_cancel() -> None:
    x = np.float32([1.0])
    (plain,) = bound(lambda x: x.exp(), x)
    (cancelled,) = bound(lambda x: x.exp() - float(np.exp(np.float32(1.0))), x)
    assert cancelled >= plain  # although the value itself is next to 0


def test_bounds_of_sums_count_their_terms() -> None:
    x = np.ones(1000, np.float32)
    (few,), (many,) = bound(lambda x: x.sum(), x[:10]), bound(lambda x: x.sum(), x)
    assert many > 50 * few


def test_a_comparison_of_what_rounding_moved_may_go_either_way() -> None:
    x = np.float32([0.5])
    near, far = bound(lambda x: (mg.greater(x.sin(), x.sin()), mg.greater(x.sin(), x)), x)
    assert near >= 1.0
    assert far < 0.1


def test_what_no_number_holds_has_no_bound_but_itself() -> None:
    (found,) = bound(lambda x: x * 2.0, np.float32([np.inf, np.nan, 3.0]))
    assert np.all(np.isfinite(found))


# -- the picture -----------------------------------------------------------------------------------


def test_a_frame_for_each_kernel_and_a_bold_wire_for_each_buffer(made: Passes) -> None:
    dot = draw_kernels(made).dot
    for kernel in made.kernels:
        short = kernel.name.split("_")[0]
        assert f"cluster_{short}" in dot
    assert "new w" in dot
    assert "in place" in dot
    assert "32×8 float32" in dot
    assert dot == draw_kernels(made).dot  # same program, same bytes


def test_titles_have_the_kernels_whole_name_and_the_gates_lines(made: Passes) -> None:
    titles = draw_kernels(made).titles
    assert made.kernels[0].name in titles.values()
    assert any("x @ w" in text for text in titles.values())


def test_boxes_list_the_gates(made: Passes) -> None:
    dot = draw_kernels(made, gates=False, palette="colour-blind").dot
    assert "cluster" not in dot
    assert "matmul" in dot


def test_many_gates_become_boxes_by_themselves_and_too_many_kernels_are_refused() -> None:
    def net(x: mg.Tensor, w: mg.Tensor) -> mg.Tensor:
        for _ in range(40):
            x = ((x @ w).tanh() * 2.0 + x).sigmoid()
        return x

    made = preview(net, float32("x", 8, 8), float32("w", 8, 8))
    assert "cluster" not in draw_kernels(made).dot
    with pytest.raises(mg.DrawingError, match="gates are too many"):
        draw_kernels(made, gates=True)
    assert "cluster" in draw_kernels(made, gates=True, force=True).dot


def test_strange_names_are_drawn() -> None:
    made = preview(
        lambda x: (x * 2.0).named('<b>"&\\n:p'), mg.placeholder((3,), "a:b<c>", "float32")
    )
    assert draw_kernels(made).dot


@pytest.mark.parametrize("gates", [True, False])
def test_every_engine_draws_it(made: Passes, gates: bool) -> None:
    for engine in engines():
        if engine.usable and engine.draws("svg") and engine.program is not None:
            svg = draw_kernels(made, gates=gates, engine=str(engine.program)).svg
            assert "32×8 float32" in svg
            assert svg.count('class="node buffer"') >= 4
