"""`microgd kernels`: what was fused, the OpenCL C, and every gate beside the interpreter."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from cli_runner import refused, run, said

import microgd as mg
from microgd.opencl.devices import Device

SQUARE = ("x * x + 1", "x=3")


def named(device: Device) -> str:
    return "{}:{}".format(*device.index)


# -- without a device ------------------------------------------------------------------------------


def test_the_interpreter_has_no_kernels_and_shows_its_values() -> None:
    text = said("kernels", *SQUARE, "--device", "interpreter")
    assert "device: NumPy interpreter, chosen by --device interpreter" in text
    assert "There are no kernels" in text
    lines = [line.split() for line in text.splitlines()]
    assert ["f", "add", "10"] in lines
    assert ["df_dx", "add", "6"] in lines


def test_the_interpreter_says_so_in_json_and_source() -> None:
    result = run("kernels", *SQUARE, "--device", "interpreter", "--no-grad", "--json")
    data = json.loads(result.stdout)
    assert data["kernels"] == []
    assert data["ok"] is True
    assert [n["name"] for n in data["nodes"]] == ["q", "f"]
    source = run("kernels", *SQUARE, "--device", "interpreter", "--source")
    assert source.stdout == "// no kernels\n"
    assert "device: NumPy interpreter" in source.stderr


def test_profile_and_explain_without_kernels() -> None:
    text = said("kernels", *SQUARE, "--device", "interpreter", "--profile", "--explain")
    assert "runs gate by gate: no kernels" in text
    assert "mul(x, x)" in text


def test_a_picture_without_kernels_is_refused() -> None:
    error = refused(1, "kernels", *SQUARE, "--device", "interpreter", "--draw", "k.svg")
    assert "no kernels to draw" in error
    assert not Path("k.svg").exists()


@pytest.mark.parametrize(
    ("arguments", "said_"),
    [
        (("x *", "x=3"), "a value is missing"),
        (("x * y", "x=3"), "'y'"),
        ((), "There is no expression"),
        ((*SQUARE, "--source", "--json"), "different outputs"),
        ((*SQUARE, "--explain", "--source"), "different outputs"),
        ((*SQUARE, "--source", "--profile"), "leave out --profile"),
        ((*SQUARE, "--source", "--draw", "k.svg"), "leave out --draw"),
        ((*SQUARE, "--draw", "-"), "name a file"),
        ((*SQUARE, "--draw", "k.sgv"), "'--draw': 'k.sgv' ends in .sgv, which is no format"),
        ((*SQUARE, "--dtype", "float16"), "float16"),
        (("sum(x)", "x:9999x9999"), "too large"),
        (("sum(x @ y)", "x:3000x3000", "y:3000x3000"), "too many to show"),
    ],
)
def test_what_cannot_be_used_is_refused(arguments: tuple[str, ...], said_: str) -> None:
    assert said_ in refused(2, "kernels", *arguments, "--device", "interpreter")


def test_a_device_that_is_not_there_is_an_error_that_helps() -> None:
    error = refused(1, "kernels", *SQUARE, "--device", "nowhere")
    assert "there is no OpenCL device for 'nowhere'" in error
    assert "How to get a device" in error


def test_a_gate_without_a_backward_rule_wants_no_grad() -> None:
    gate = mg.register(mg.Gate("round_down", ("x",), np.floor, opencl="floor({x})", expansion=None))
    try:
        error = refused(2, "kernels", "round_down(x)", "x=1.5", "--device", "interpreter")
        assert "--no-grad" in error
        said("kernels", "round_down(x)", "x=1.5", "--device", "interpreter", "--no-grad")
    finally:
        mg.unregister(gate.name)


# -- on every device -------------------------------------------------------------------------------


@pytest.mark.opencl
def test_it_shows_groups_source_and_both_comparisons(opencl_device: Device) -> None:
    text = said("kernels", "sigmoid(w*x + b)", "w=2", "x=-1", "b=1", "--device",
                named(opencl_device))  # fmt: skip
    assert f"device: {opencl_device.label}" in text
    assert "fused: 1 kernel" in text
    assert "q = mul(w, x) : float32, line 1: w*x" in text
    assert "__kernel" in text
    for name in ("f", "df_dw", "df_dx", "df_db"):
        assert sum(line.startswith(f"{name} ") for line in text.splitlines()) == 2
    assert "rounding" in text or "to the last bit" in text


@pytest.mark.opencl
def test_shapes_get_the_same_random_numbers_each_time(opencl_device: Device) -> None:
    arguments = ("kernels", "mean(relu(x @ w))", "x:9x7", "w:7x5", "--device",
                 named(opencl_device))  # fmt: skip
    text = said(*arguments)
    assert "random numbers between −1 and 1, the same each time: x 9×7, w 7×5" in text
    assert said(*arguments) == text


@pytest.mark.opencl
def test_programs_of_several_lines_show_their_lines(opencl_device: Device, tmp_path: Path) -> None:
    file = tmp_path / "net.txt"
    file.write_text("h = tanh(x)\nf = h * h\n")
    text = said("kernels", "-f", str(file), "x=[1, 2]", "--device", named(opencl_device))
    assert "line   node" in text
    assert "gradients: of the sum of all elements" in text
    assert "line 2: h * h" in text


@pytest.mark.opencl
def test_float64_where_the_device_has_it(opencl_device: Device) -> None:
    if not opencl_device.float64:
        pytest.skip("the device has no float64")
    text = said("kernels", "sum(exp(x))", "x=[1, 2]", "--dtype", "float64", "--device",
                named(opencl_device))  # fmt: skip
    assert "arrays: float64" in text
    assert "double" in text


@pytest.mark.opencl
def test_json_has_everything(opencl_device: Device) -> None:
    result = run("kernels", "softmax(x)", "x:4x5", "--profile", "--json", "--device",
                 named(opencl_device))  # fmt: skip
    data = json.loads(result.stdout)
    assert data["device"] == opencl_device.label
    assert data["ok"] is True
    kernel = data["kernels"][0]
    assert {g["gate"] for g in kernel["gates"]} >= {"max", "exp", "sum", "div"}
    assert kernel["reads"] == ["x"]
    assert data["results"][0]["name"] == "f"
    assert data["profile"]["kernels"]
    assert data["random"] == ["x 4×5"]


@pytest.mark.opencl
def test_source_is_all_that_is_printed(opencl_device: Device) -> None:
    result = run("kernels", *SQUARE, "--source", "--device", named(opencl_device))
    assert result.exit_code == 0
    assert result.stdout.startswith("#pragma")
    assert "device:" not in result.stdout
    assert "device:" in result.stderr


@pytest.mark.opencl
def test_explain_profile_and_picture(opencl_device: Device, tmp_path: Path) -> None:
    picture = tmp_path / "k.dot"
    text = said("kernels", "sum(exp(x))", "x:100x50", "--explain", "--profile", "--draw",
                str(picture), "--device", named(opencl_device))  # fmt: skip
    for title in ("recorded: ", "simplified: ", "buffers", "built", "GB/s"):
        assert title in text
    assert f"saved {picture}" in text
    assert "digraph kernels" in picture.read_text(encoding="utf-8")


@pytest.mark.opencl
def test_a_wrong_kernel_is_found_and_fails(opencl_device: Device) -> None:
    gate = mg.register(
        mg.Gate(
            "twice_and_more", ("x",), lambda x: x * 2, (lambda g, out, x: g * 2,),
            opencl="{x} * ({R})(2.01)",
        )
    )  # fmt: skip
    try:
        error = refused(1, "kernels", "twice_and_more(x + 1)", "x=[1, 2]", "--device",
                        named(opencl_device))  # fmt: skip
    finally:
        mg.unregister(gate.name)
    assert "f, made by gate 'twice_and_more', is off by 0.03 at [1]" in error


@pytest.mark.opencl
def test_a_constant_program_has_no_kernel(opencl_device: Device) -> None:
    assert "nothing is left to compute" in said("kernels", "x", "x=2", "--device",
                                                named(opencl_device))  # fmt: skip


def test_of_very_many_gates_those_that_differ_most_are_shown() -> None:
    program = "".join(f"h{n + 1} = h{n} * x\n" for n in range(120)).replace("h0", "x")
    text = said("kernels", "-", "x=1", "--device", "interpreter", "--no-grad", input=program)
    assert "20 more gates" in text
