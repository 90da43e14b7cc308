"""Reading programs: values, structure, names, constants, signs, places."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest

import microgd as mg
from microgd.language.circuit import circuit, parse


def gates(output: mg.Tensor) -> list[str]:
    return [n.gate.name for n in mg.topological_order([output]) if n.inputs]


def test_the_first_circuit() -> None:
    c = circuit("(x + y) * z", x=-2, y=5, z=-4)
    assert c.output.data == -12.0
    assert gates(c.output) == ["add", "mul"]
    assert list(c.inputs) == ["x", "y", "z"]
    assert [t.name for t in c.inputs.values()] == ["x", "y", "z"]
    assert all(t.gate.name == "input" for t in c.inputs.values())
    assert c.names == {}
    c.output.backward()
    assert [t.grad for t in c.inputs.values()] == [-4.0, -4.0, 3.0]


@pytest.mark.parametrize(
    "text",
    [
        "q = x + y; f = q * z",
        "q = x + y\nf = q * z",
        "\n  # two gates\n  q = x + y   # the sum\n\n  f = q * z\n",
        "q = (x +\n     y)  # goes on\nf = (q  # in brackets\n * z)",
        "q = x + y;\r\nf = q * z;\r\n",
    ],
)
def test_programs_of_several_statements(text: str) -> None:
    c = circuit(text, x=-2, y=5, z=-4)
    assert c.output.data == -12.0
    assert list(c.names) == ["q", "f"]
    assert c.output is c.names["f"]
    assert c.output.name == "f"
    assert c.output.inputs[0] is c.names["q"]
    assert c.text == text


def test_inputs_stand_in_the_order_of_the_bindings() -> None:
    assert list(circuit("a + b + c", c=1, a=2, b=3).inputs) == ["c", "a", "b"]


def test_an_alias_does_not_rename() -> None:
    c = circuit("b = a; d = b * 2; e2 = d; e2 + b", a=3)
    assert c.names["b"] is c.inputs["a"]
    assert c.inputs["a"].name == "a"
    assert c.names["e2"] is c.names["d"]
    assert c.names["d"].name == "d"
    assert c.output.data == 9.0


def test_a_number_that_gets_a_name_is_an_input_and_a_binding_replaces_it() -> None:
    text = "x = -2; w = [1, 2]; f = sum(x * w)"
    c = circuit(text)
    assert c.output.data == -6.0
    assert list(c.inputs) == ["x", "w"]
    c.output.backward()
    assert c.inputs["x"].grad == 3.0
    assert circuit(text, x=5).output.data == 15.0
    assert list(circuit(text, w=[[1, 1]]).inputs) == ["w", "x"]


def test_numbers_in_an_expression_are_constants() -> None:
    c = circuit("2 * x + 1e-3", x=3)
    kinds = [n.gate.name for n in mg.topological_order([c.output])]
    assert kinds == ["constant", "input", "mul", "constant", "add"]
    assert c.output.data == 6.001


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2**10", 1024.0),
        ("1/4 + 3*-2", -5.75),
        ("-2**2", -4.0),
        ("2**-1", 0.5),
        ("2**3**2", 512.0),
        ("-(-3)", 3.0),
        ("+3", 3.0),
        ("2 > 1", 1.0),
        ("1_000.5", 1000.5),
        (".5", 0.5),
        ("pi", math.pi),
        ("π - pi", 0.0),
        ("e", math.e),
        ("-inf", -math.inf),
        ("inf - inf", math.nan),
        ("nan", math.nan),
    ],
)
def test_arithmetic_of_plain_numbers_makes_no_gates(text: str, value: float) -> None:
    output = circuit(text).output
    assert output.gate.name == "constant"
    np.testing.assert_equal(output.data, value)


@pytest.mark.parametrize(
    ("text", "names", "value"),
    [
        ("-x**2", ["pow", "neg"], -9.0),
        ("(-x)**2", ["neg", "pow"], 9.0),
        ("x**-1", ["pow"], 1 / 3),
        ("1/x", ["recip"], 1 / 3),
        ("2/x", ["div"], 2 / 3),
        ("div(1, x)", ["div"], 1 / 3),
        ("add(1, 2) * x", ["add", "mul"], 9.0),
        ("x - (x - 1)", ["sub", "sub"], 1.0),
        ("--x", ["neg", "neg"], 3.0),
        ("+x * 1", ["mul"], 3.0),
        ("exp(0) * x", ["exp", "mul"], 3.0),
        ("abs(-x)", ["neg", "abs"], 3.0),
        ("ln(x)", ["log"], math.log(3)),
        ("σ(x)", ["sigmoid"], 1 / (1 + math.exp(-3))),
        ("√x + √(x) ** 2", ["sqrt", "sqrt", "pow", "add"], math.sqrt(3) + 3.0),
        ("√4 * x", ["sqrt", "mul"], 6.0),
        ("x − x × x ÷ x · x", ["mul", "div", "mul", "sub"], -6.0),
        ("x – 1", ["sub"], 2.0),
        ("max(x, 4)", ["maximum"], 4.0),
        ("max(0, x)", ["maximum"], 3.0),
        ("max(1, x, 2)", ["maxout"], 3.0),
        ("min(x, 4, 2)", ["minimum", "minimum"], 2.0),
        ("x.max(4)", ["maximum"], 4.0),
        ("leaky_relu(-x, slope=1/10)", ["neg", "leaky_relu"], -0.3),
        ("leaky_relu(-x, 0.5)", ["neg", "leaky_relu"], -1.5),
        ("(-x).leaky_relu(slope=0.5)", ["neg", "leaky_relu"], -1.5),
        ("x.relu().exp()", ["relu", "exp"], math.exp(3)),
        ("where(x > 0, x, -x)", ["greater", "neg", "where"], 3.0),
        ("where(condition=x, x=1, y=2)", ["where"], 1.0),
        ("where(x, y=2, x=1)", ["where"], 1.0),
        ("x == 3", ["equal"], 1.0),
        ("(x > 1) == (x < 5)", ["greater", "less", "equal"], 1.0),
    ],
)
def test_scalar_expressions(text: str, names: list[str], value: float) -> None:
    output = circuit(text, x=3).output
    assert gates(output) == names
    assert output.data == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("m.T", [[1, 4], [2, 5], [3, 6]]),
        ("m[1]", [4, 5, 6]),
        ("m[1, 0:2]", [4, 5]),
        ("m[:, -1]", [3, 6]),
        ("m[..., None].sum(axis=(0, 2))", [5, 7, 9]),
        ("m[::1, ::2]", [[1, 3], [4, 6]]),
        ("m[[1, 0]]", [[4, 5, 6], [1, 2, 3]]),
        ("m[1 - 1]", [1, 2, 3]),
        ("sum(m, axis=0)", [5, 7, 9]),
        ("sum(m, 0)", [5, 7, 9]),
        ("max(m, axis=1)", [3, 6]),
        ("max(m)", 6),
        ("m.sum(axis=-1, keepdims=True)", [[6], [15]]),
        ("reshape(m, (3, 2))", [[1, 2], [3, 4], [5, 6]]),
        ("m.reshape(3, 2)", [[1, 2], [3, 4], [5, 6]]),
        ("m.reshape(-1)", [1, 2, 3, 4, 5, 6]),
        ("m @ [1, 0, 2]", [7, 16]),
        ("concatenate(m, [[7, 8, 9]], axis=0)[2]", [7, 8, 9]),
        ("concatenate([m, m], axis=1)[0]", [1, 2, 3, 1, 2, 3]),
        ("concatenate([m, m], 1)[0]", [1, 2, 3, 1, 2, 3]),
        ("[m[0, 0], 2 * m[0, 1]]", [1, 4]),
        ("[[m[0, 0], 2], [3, 4]]", [[1, 2], [3, 4]]),
        ("-[1, 2] * sum(m)", [-21, -42]),
        ("one_hot([0, 2], classes=3) * m", [[1, 0, 0], [0, 0, 6]]),
        ("place(m[0], key=(1, slice(0, 3)), shape=(2, 4))", [[0, 0, 0, 0], [1, 2, 3, 0]]),
        ("clip(m, low=2, high=5)", [[2, 2, 3], [4, 5, 5]]),
        ("clip(m, None, 2)[0]", [1, 2, 2]),
    ],
)
def test_tensor_expressions(text: str, expected: Any) -> None:
    output = circuit(text, m=[[1, 2, 3], [4, 5, 6]]).output
    np.testing.assert_array_equal(output.data, expected)


def test_picking_by_a_value() -> None:
    c = circuit("x[idx]", x=[5, 6, 7], idx=[2, 0])
    assert gates(c.output) == ["take"]
    assert c.output.data.tolist() == [7.0, 5.0]


@pytest.mark.parametrize(
    "value", ["[[1,2],[3,4]]", [[1, 2], [3, 4]], np.array([[1, 2], [3, 4]])], ids=type
)
def test_bindings_may_be_text_lists_and_arrays(value: Any) -> None:
    c = circuit("w * 1", w=value)
    assert c.output.data.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert c.inputs["w"].name == "w"


def test_a_tensor_is_used_as_it_is() -> None:
    unnamed, named = mg.Tensor(2.0), mg.Tensor(3.0, name="mine")
    hidden = mg.placeholder((2,))
    c = circuit("a * b * p", a=unnamed, b=named, p=hidden)
    assert c.inputs == {"a": unnamed, "b": named, "p": hidden}
    assert (unnamed.name, named.name, hidden.name) == ("a", "mine", "p")
    assert unnamed.source is None
    assert c.output.shape == (2,)
    assert c.output.data is None


def test_every_gate_is_a_function() -> None:
    given = {"reshape": "shape=(1, 3)", "broadcast_to": "shape=(2, 3)", "sum_to": "shape=(1,)"}
    given |= {"index": "key=0", "place": "key=0, shape=(2, 3)", "one_hot": "classes=3"}
    given |= {"scatter_add": "size=3"}
    for name, gate in mg.TABLE.items():
        values = ["x"] * len(gate.inputs)
        if name in ("take", "scatter_add"):
            values[1] = "[0, 1, 2]"
        if name in ("random_uniform", "rrelu"):
            values[1] = "7"
        if name == "apl":
            values[1:] = ["[[0.1, 0.1, 0.1]]", "[[0.2, 0.2, 0.2]]"]
        text = f"{name}({', '.join([*values, *filter(None, [given.get(name)])])})"
        output = circuit(text, x=[0.0, 1.0, 2.0]).output
        assert output.gate is gate, text


def test_names_of_variables_and_gates_do_not_meet() -> None:
    assert circuit("sum(sum) + e", sum=[1, 2], e=10).output.data == 13.0
    c = circuit("exp = x * 2; exp(exp)", x=0.5)
    assert c.output.data == math.exp(1.0)
    assert circuit("ﬁ + 1", fi=2).output.data == 3.0
    assert circuit("µ + σ", μ=1, σ=2).output.data == 3.0


def test_every_node_knows_its_place() -> None:
    text = "q = x + 2\nf = q * leaky_relu(\n  x - 1) * 3"
    c = parse(text, {"x": 1.0}, file="lesson.mgd")
    places = {}
    for node in mg.topological_order([c.output]):
        source = node.source
        assert source is not None
        assert source.file == "lesson.mgd"
        places[source.text] = (source.line, source.column, node.gate.name)
    assert places == {
        "x": (1, 5, "input"),
        "2": (1, 9, "constant"),
        "x + 2": (1, 5, "add"),
        "x - 1": (3, 3, "sub"),
        "1": (3, 7, "constant"),
        "leaky_relu( x - 1)": (2, 9, "leaky_relu"),
        "q * leaky_relu( x - 1)": (2, 5, "mul"),
        "q * leaky_relu( x - 1) * 3": (2, 5, "mul"),
        "3": (3, 12, "constant"),
    }


def test_columns_stay_right_behind_other_alphabets() -> None:
    source = circuit("α × β − √γ", α=1, β=2, γ=4).output.inputs[1].source
    assert source is not None
    assert (source.column, source.text) == (9, "√γ")


def test_the_finder_names_the_sub_expression() -> None:
    found = mg.first_nonfinite(circuit("1 + log(x - 1)", x=1).output)
    assert str(found).endswith("<expression>:1: log(x - 1)")


def test_a_circuit_traces_and_prints_itself() -> None:
    c = circuit("q = x+y; q*z", x=-2, y=5, z=-4)
    assert "q = x + y = −2 + 5 = 3" in str(c.trace())
    assert c.program == "q = x + y\nq * z"
    assert repr(c) == "Circuit('q = x+y; q*z', output=Tensor(-12, gate=mul))"


def test_gates_of_ones_own_are_read() -> None:
    gate = mg.Gate("cube", ("x",), lambda x, power: x**power, params={"power": 3})
    mg.register(gate)
    try:
        assert circuit("cube(x) + x.cube(power=2)", x=2).output.data == 12.0
    finally:
        mg.unregister("cube")
    with pytest.raises(mg.LanguageError, match="there is no gate 'cube'"):
        circuit("cube(x)", x=2)


def test_long_sums_and_deep_brackets_within_the_limits() -> None:
    assert circuit("+".join(["x"] * 1000), x=1).output.data == 1000.0
    assert circuit("(" * 60 + "x" + ")" * 60, x=1).output.data == 1.0
    assert circuit("-" * 1000 + "x", x=1).output.data == 1.0
    assert circuit("exp(0*" * 60 + "x" + ")" * 60, x=1).output.data == 1.0
    row = ", ".join(["-x * x + f * 2"] * 2000)
    assert circuit(f"sum([{row}])", x=1, f=1).output.data == 2000.0


def test_reading_is_quick() -> None:
    best = math.inf
    for _ in range(20):
        start = time.perf_counter()
        circuit("(x + y) * z + sigmoid(x) * 2.5", x=-2, y=5, z=-4)
        best = min(best, time.perf_counter() - start)
    assert best < 0.002
