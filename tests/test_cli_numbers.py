"""`microgd grad`, `microgd jacobian` and `microgd check`: numbers, and whether they are right."""

from __future__ import annotations

import json
import math

import pytest
from cli_runner import refused, run, said

import microgd as mg


def test_grad() -> None:
    printed = said("grad", "(x + y) * z", "x=-2", "y=5", "z=-4")
    assert printed == "f = -12\n∂f/∂x = -4\n∂f/∂y = -4\n∂f/∂z = 3\n"


def test_grad_prints_every_digit_unless_told() -> None:
    x = mg.Tensor(1.0)
    mg.sigmoid(x).backward()
    assert f"= {x.grad!r}\n" in said("grad", "sigmoid(x)", "x=1")
    assert said("grad", "sigmoid(x)", "x=1", "--digits", "2") == "f = 0.73\n∂f/∂x = 0.20\n"


def test_grad_of_chosen_inputs_as_json() -> None:
    printed = said("grad", "sum(W @ x)", "W=[[1,2],[3,4]]", "x=[1,-1]", "--wrt", "x", "--json")
    assert json.loads(printed) == {"value": -2.0, "gradients": {"x": [4.0, 6.0]}}


def test_second_derivatives() -> None:
    data = json.loads(said("grad", "x**3 * y", "x=2", "y=5", "--second", "--json"))
    assert data["second"] == {"names": ["x", "y"], "matrix": [[60.0, 12.0], [12.0, 0.0]]}
    assert "x   60   12" in said("grad", "x**3 * y", "x=2", "y=5", "--second")


def test_grad_wants_one_number() -> None:
    assert "microgd jacobian" in refused(2, "grad", "x*x", "x=[1,2]")
    assert "Did you mean 'weight'?" in refused(
        2, "grad", "weight*x", "weight=1", "x=1", "--wrt", "wieght"
    )


def test_jacobian() -> None:
    arguments = ("jacobian", "W @ x + b", "W=[[1,2],[3,4]]", "x=[1,-1]", "b=[0,0]")
    data = json.loads(said(*arguments, "--wrt", "x", "--json"))
    assert data == {"shape": [2, 2], "jacobian": [[1.0, 2.0], [3.0, 4.0]]}
    assert said(*arguments).startswith("∂f/∂(W, x, b): 2 × 8\n")


def test_a_large_jacobian_is_shortened_and_a_huge_one_refused() -> None:
    vector = f"x={list(range(100))}"
    assert "..." in said("jacobian", "2 * x", vector)
    assert len(json.loads(said("jacobian", "2 * x", vector, "--json"))["jacobian"]) == 100
    complaint = refused(2, "jacobian", "2 * x", f"x={[1] * 1001}")
    assert "1001 × 1001 = 1 002 001" in complaint


def test_check() -> None:
    assert "The gradients agree" in said("check", "tanh(x) * y", "x=0.5", "y=2")
    assert "every h" in said("check", "tanh(x) * y", "x=0.5", "y=2", "--sweep")
    assert "h = 0.001" in run("check", "exp(x)", "x=1", "--h", "0.001").stdout


def test_check_explains_a_kink() -> None:
    printed = said("check", "relu(x)", "x=0")
    assert "differ at a kink" in printed
    assert "relu changed its side" in printed


def test_check_finds_a_wrong_gradient() -> None:
    wrong = mg.Gate("wrongly", ("x",), lambda x: x * x, (lambda g, out, x: g * x,), formula="x²")
    mg.register(wrong)
    try:
        result = run("check", "wrongly(x)", "x=3")
        every = run("check", "--gates")
    finally:
        mg.unregister("wrongly")
    assert (result.exit_code, every.exit_code) == (1, 1)
    assert "The gradients differ, wrong (relative error 0.5" in result.stdout
    assert "Wrong: wrongly" in every.stdout


def test_check_every_gate() -> None:
    printed = said("check", "--gates")
    right = [n for n, g in mg.TABLE.items() if g.pattern != "blocks" and n != "random_uniform"]
    assert f"{len(right)} of {len(right)} gates have the right gradient." in printed
    assert "no expression" in refused(2, "check", "--gates", "x*x")


def test_check_needs_numbers_to_compare() -> None:
    assert "nothing to compare" in refused(1, "check", "log(x)", "x=-1")
    assert "no input" in refused(2, "check", "2 + 3")


@pytest.mark.parametrize("command", ["trace", "grad", "jacobian"])
@pytest.mark.parametrize(
    ("program", "value", "place"),
    [
        ("1/x", "0", "gate 'recip' made the first inf: it was given x = 0\n  at column 1:"),
        ("2 * log(x)", "-1", "gate 'log' made the first NaN: it was given x = −1\n  at column 5:"),
        ("3 * sqrt(x)", "0", "gate 'sqrt' sent the first gradient that is not"),
        ("x * 2", "nan", "the input 'x' is NaN already"),
    ],
)
def test_what_is_not_finite_is_traced_to_its_gate(
    command: str, program: str, value: str, place: str
) -> None:
    result = run(command, program, f"x={value}")
    assert result.exit_code == 1
    assert place in result.stderr
    assert "x" in result.stdout  # the table is printed all the same


def test_json_spells_what_json_lacks() -> None:
    data = json.loads(run("grad", "1/x", "x=0", "--json").stdout)
    assert data["value"] == "inf"
    assert math.isinf(float(data["gradients"]["x"]))


def test_the_lectures_forward_difference_beside_the_gradient() -> None:
    shown = said("grad", "x**2", "x=3", "--numeric", "0.001")
    assert "∂f/∂x = 6   numeric: 6.001\n" in shown
    assert "2 evaluations of f" in shown
    found = json.loads(said("grad", "x**2", "x=3", "--numeric", "0.001", "--json"))
    assert found["numeric"]["x"] == pytest.approx(6.001)
    assert refused(2, "grad", "x**2", "x=3", "--numeric", "0")


@pytest.mark.parametrize("command", ["grad", "check", "jacobian"])
def test_a_shape_without_numbers_is_no_input_here(command: str) -> None:
    complaint = refused(2, command, "sum(x)", "x:3")
    assert "x has a shape and no numbers" in complaint


def test_the_lectures_jacobians_from_shapes_alone() -> None:
    shown = said("trace", "max(x, 0)", "x:100x4096", "--jacobian")
    assert "409 600 × 409 600" in shown
    assert "diagonal" in shown


def test_a_tie_that_makes_no_difference_is_said_all_the_same() -> None:
    printed = said("check", "max(x, y)", "x=2", "y=2")
    assert "The gradients agree" in printed
    assert printed.endswith("Note: f, tie: equal inputs share the gradient equally\n")
    assert said("check", "relu(x)", "x=0").count("Note:") == 1
    assert "Note:" not in said("check", "max(x, y)", "x=2", "y=3")
