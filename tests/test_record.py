"""The record: inputs, order, names, scopes, source lines, and graphs of any depth."""

from __future__ import annotations

import copy
import inspect
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import microgd as mg
from microgd.gates import table


def line() -> int:
    """The caller's line."""
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_lineno


# -- inputs ----------------------------------------------------------------------------------


def test_parallel_wires() -> None:
    a = mg.Tensor(3.0)
    b = a + a
    assert len(b.inputs) == 2
    assert b.inputs[0] is a
    assert b.inputs[1] is a
    b.backward()
    assert a.grad == 2.0


def test_inputs_keep_their_order() -> None:
    x, y = mg.Tensor(1.0), mg.Tensor(2.0)
    assert (x - y).inputs == (x, y)
    assert (y - x).inputs == (y, x)
    assert mg.where(x > y, x, y).inputs[1:] == (x, y)
    assert mg.concatenate([mg.Tensor([1.0]), mg.Tensor([2.0])]).inputs[1].data.tolist() == [2.0]


def test_numbers_in_an_expression_are_constants() -> None:
    x = mg.Tensor(3.0)
    f = 2 * x
    two, same = f.inputs
    assert same is x
    assert two.is_constant
    assert two.is_leaf
    assert not x.is_constant
    assert two.data == 2.0
    f.backward()
    assert two.grad is None


def test_one_over_x_is_a_reciprocal_gate() -> None:
    x = mg.Tensor(4.0)
    assert (1 / x).gate.name == "recip"
    assert (1.0 / x).gate.name == "recip"
    assert (2 / x).gate.name == "div"


def test_a_subclass_and_its_base_share_a_graph() -> None:
    """Nodes of another class are inputs like any other, not constants."""

    class Parameter(mg.Tensor):
        pass

    w, x = Parameter(2.0), mg.Tensor(3.0)
    f = w * x
    assert f.inputs == (w, x)
    f.backward()
    assert (w.grad, x.grad) == (3.0, 2.0)
    (x * w).backward()
    assert (w.grad, x.grad) == (6.0, 4.0)


# -- order -----------------------------------------------------------------------------------


def test_inputs_come_before_users_left_first() -> None:
    x, y = mg.Tensor(1.0, name="x"), mg.Tensor(2.0, name="y")
    f = (x * y + y) * (x + 1)
    order = mg.topological_order([f])
    assert [n.name or n.gate.name for n in order] == [
        *("x", "y", "mul", "add", "constant", "add", "mul")
    ]
    place = {n: i for i, n in enumerate(order)}
    assert len(place) == len(order)
    assert all(place[i] < place[n] for n in order for i in n.inputs)


def test_order_of_several_outputs_has_each_node_once() -> None:
    x = mg.Tensor(1.0)
    a = x + 1
    b = a * x
    order = mg.topological_order([b, a, b])
    assert len(order) == len(set(order)) == 4
    place = {n: i for i, n in enumerate(order)}  # list.index would compare values
    assert place[a] < place[b]


def test_order_of_random_graphs() -> None:
    random = np.random.default_rng(0)
    for _ in range(30):
        nodes = [mg.Tensor(1.0) for _ in range(4)]
        for _ in range(60):
            i, j = random.integers(0, len(nodes), 2)
            nodes.append(nodes[i] * nodes[j] if random.random() < 0.5 else nodes[i] + nodes[j])
        outputs = [nodes[-1], nodes[-7]]
        order = mg.topological_order(outputs)
        place = {n: i for i, n in enumerate(order)}
        assert len(place) == len(order)
        assert all(place[i] < place[n] for n in order for i in n.inputs)
        reachable = set(outputs)
        waiting = list(outputs)
        while waiting:
            for i in waiting.pop().inputs:
                if i not in reachable:
                    reachable.add(i)
                    waiting.append(i)
        assert set(order) == reachable


# -- names and scopes ------------------------------------------------------------------------


def test_names() -> None:
    x = mg.Tensor(1.0, name="x")
    assert x.name == "x"
    assert (x + 1).name is None
    f = (x + 1).named("f")
    assert f.name == "f"
    f.name = "g"
    assert repr(f) == "Tensor(2, name='g', gate=add)"


def test_scopes_nest_and_end() -> None:
    x = mg.Tensor(1.0)
    with mg.scope("net") as outer:
        a = x + 1
        with mg.scope("layer1"):
            b = a * 2
            inside = mg.Tensor(3.0)
        c = b + 1
    d = c + 1
    assert outer == "net"
    assert [n.scope for n in (x, a, b, inside, c, d)] == [
        *(None, "net", "net/layer1", "net/layer1", "net", None)
    ]


def test_a_scope_ends_with_an_exception() -> None:
    with pytest.raises(KeyError), mg.scope("broken"):
        raise KeyError
    assert mg.Tensor(1.0).scope is None


@pytest.mark.parametrize("name", ["", "a/b", 5, None])
def test_a_scope_needs_a_plain_name(name: Any) -> None:
    with pytest.raises(mg.ArgumentError, match="without '/'") as caught, mg.scope(name):
        pass
    assert isinstance(caught.value, ValueError)


def test_scopes_of_threads_are_apart() -> None:
    found: dict[str, set[str | None]] = {}
    both = threading.Barrier(2)

    def work(name: str) -> None:
        x = mg.Tensor(1.0)
        before = (x + 1).scope
        with mg.scope(name):
            both.wait(timeout=10)
            found[name] = {(x * 2).scope for _ in range(200)}
            both.wait(timeout=10)
        found[name] |= {before, (x + 1).scope}

    with mg.scope("main"):
        threads = [threading.Thread(target=work, args=(n,)) for n in ("a", "b")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert mg.Tensor(1.0).scope == "main"
    assert found == {"a": {"a", None}, "b": {"b", None}}


# -- source lines ----------------------------------------------------------------------------


def test_source_lines_of_every_way_to_record() -> None:
    x, y = mg.Tensor(2.0), mg.Tensor([1.0, 2.0])
    array = np.array([3.0, 4.0])
    made = [
        (line(), x * y),
        (line(), 2 - x),
        (line(), array * y),
        (line(), 1 / x),
        (line(), -x),
        (line(), x**2),
        (line(), y @ y),
        (line(), array @ y),
        (line(), abs(x)),
        (line(), y[0]),
        (line(), y[[0, 1]]),
        (line(), x < 3),
        (line(), x.exp()),
        (line(), y.sum(axis=0)),
        (line(), y.T),
        (line(), y.reshape(2, 1)),
        (line(), mg.exp(x)),
        (line(), mg.sum(y, axis=0)),
        (line(), mg.maximum(x, 1.0)),
        (line(), mg.stack([x, x])),
        (line(), mg.softmax(y)),
        (
            line() + 1,
            mg.where(
                x > 0,
                x,
                y,
            ),
        ),
    ]
    for number, node in made:
        source = node.source
        assert source is not None
        assert Path(source.file) == Path(__file__)
        assert source.line == number, node
        assert source.text == Path(__file__).read_text().splitlines()[number - 1].strip()
        assert str(source).startswith(f"{__file__}:{number}: ")


def test_source_line_inside_a_function_and_a_comprehension() -> None:
    def square(x: Any) -> Any:
        return x * x  # here

    node = square(mg.Tensor(2.0))
    assert node.source.text == "return x * x  # here"
    assert node.source.line == square.__code__.co_firstlineno + 1
    (node,) = [t + 1 for t in [mg.Tensor(1.0)]]
    assert node.source.text == "(node,) = [t + 1 for t in [mg.Tensor(1.0)]]"
    assert node.source.column == 5 + "(node,) = [t + 1".index("t + 1")


def test_source_column_tells_gates_of_one_line_apart() -> None:
    x, y = mg.Tensor(1.0), mg.Tensor(2.0)
    f = (x + y) * (x - y)
    left, right = f.inputs
    columns = [n.source.column for n in (left, right, f)]
    text = f.source.text
    start = 5  # the line is indented by 4, columns count from 1
    assert columns == [start + text.index("x + y"), start + text.index("x - y"), start + 4]


def test_gates_inside_a_gradient_show_the_users_line() -> None:
    """The gates of the backward sweep were recorded by whoever asked for the gradient."""
    x = mg.Tensor(2.0)
    g, number = mg.grad(lambda x: x * x * x)(x), line()
    inner = [n for n in mg.topological_order([g]) if n.inputs]
    assert all(n.source is not None and n.source.file == __file__ for n in inner)
    assert g.source.line == number


def test_a_package_behind_a_link_is_still_skipped(tmp_path: Path) -> None:
    package = Path(mg.__file__).parent
    try:
        (tmp_path / "microgd").symlink_to(package, target_is_directory=True)
    except OSError:
        pytest.skip("no links here")
    program = tmp_path / "program.py"
    program.write_text("import microgd as mg\nx = mg.Tensor(1.0)\nprint((x + 1).source)\n")
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, str(program)], env=env, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == f"{program}:3: print((x + 1).source)"


def test_leaves_have_no_source_line() -> None:
    assert mg.Tensor(1.0).source is None


# -- depth -----------------------------------------------------------------------------------


def chain(length: int) -> tuple[mg.Tensor, mg.Tensor]:
    x = mg.Tensor(1.0)
    f = x
    for _ in range(length // 2):
        f = -f + x
    return x, f


def test_a_deep_chain_needs_no_recursion() -> None:
    x, f = chain(100_000)
    # f = x − f, 50 000 times from x: x, 0, x, …
    assert f.data == 1.0
    f.backward()
    assert x.grad == 1.0
    assert len(mg.topological_order([f])) == 100_001
    assert mg.replay([f], {x: 5.0}) == [5.0]
    assert mg.first_nonfinite(f) is None
    del f  # and freeing it needs none either


def test_a_deep_gradient_graph() -> None:
    def power(x: Any) -> Any:
        y = x
        for _ in range(3000):
            y = y * 1.0 + 0.0 * x
        return y * y

    assert mg.grad(mg.grad(power))(3.0) == 2.0


@pytest.mark.slow
def test_a_chain_of_a_million() -> None:
    x, f = chain(1_000_000)
    f.backward()
    assert x.grad == 1.0
    del f


def test_a_wide_sum() -> None:
    leaves = [mg.Tensor(1.0) for _ in range(2000)]
    mg.sum(mg.stack(leaves)).backward()
    assert all(leaf.grad == 1.0 for leaf in leaves)


# -- gates of one's own ----------------------------------------------------------------------


def test_a_registered_gate_is_known_everywhere() -> None:
    cube = mg.register(
        mg.Gate(
            "cube",
            ("x",),
            lambda x: x**3,
            (lambda g, out, x: g * (3.0 * x * x),),
            formula="x³",
            local=("3x²",),
            sign="x³",
        )
    )
    try:
        assert mg.TABLE["cube"] is cube
        assert cube(2.0) == 8.0
        x = mg.Tensor(2.0)
        f = cube(x) + 1
        f.backward()
        assert x.grad == 12.0
        assert mg.grad(mg.grad(cube))(2.0) == 12.0
        assert mg.check_gradients(cube, np.array([1.0, -2.0]))
        assert mg.replay([f], {x: 3.0}) == [28.0]
        assert cube(mg.placeholder((2, 3))).shape == (2, 3)
        assert f.inputs[0].source.text == "f = cube(x) + 1"
        with pytest.raises(mg.GateError, match="already"):
            mg.register(cube)
    finally:
        mg.unregister("cube")
    assert "cube" not in mg.TABLE
    with pytest.raises(mg.GateError, match="cube"):
        mg.unregister("cube")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (mg.Gate("no good", ("x",), np.exp), "identifier"),
        (mg.Gate("exp", ("x",), np.exp), "already"),
        (mg.Gate("empty", (), np.exp), "no inputs"),
        (mg.Gate("two", ("x", "y"), np.add, (None,)), "1 backward rules"),
        (mg.Gate("many", ("*xs",), np.add, (None,)), "any number"),
        (mg.Gate("lambda", ("x",), np.exp), "no word of Python's"),
        (mg.Gate("ﬁeld", ("x",), np.exp), "identifier"),  # NFKC reads it as "field"
        (mg.Gate("pi", ("x",), np.exp), "something else in expressions"),
        (mg.Gate("T", ("x",), np.exp), "something else in expressions"),
        (mg.Gate("again", ("x", "x"), np.add), "an identifier of its own"),
        (mg.Gate("again", ("x",), np.exp, params={"x": 1.0}), "an identifier of its own"),
        (mg.Gate("word", ("if",), np.exp), "an identifier of its own"),
        (mg.Gate("mixed", ("x", "*xs"), np.exp), "stands alone"),
        (mg.Gate("text", "xy", np.exp), "tuple of names"),  # type: ignore[arg-type]
        (mg.Gate("plus", ("x", "y"), np.add, infix="+"), r"'\+' means gate 'add' already"),
        (mg.Gate("minus", ("x",), np.negative, infix="-"), "'-' means gate 'neg' already"),
    ],
)
def test_gates_that_cannot_be_registered(row: mg.Gate, message: str) -> None:
    before = set(mg.TABLE)
    with pytest.raises(mg.GateError, match=message):
        mg.register(row)
    assert set(mg.TABLE) == before


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("data", [2.0, [2.0]])
def test_a_gate_without_rules_says_so(count: int, data: Any) -> None:
    names = ("x", "y")[:count]
    row = mg.Gate("norule", names, lambda *xs: xs[0] * 1.0, scalar=lambda *xs: xs[0])
    out = row(*(mg.Tensor(data) for _ in names))
    with pytest.raises(mg.GateError, match="no backward rule"):
        mg.sum(out).backward()


# -- calls -----------------------------------------------------------------------------------


def test_gates_take_their_arguments_by_name() -> None:
    assert mg.sub(y=1.0, x=3.0) == 2.0
    assert mg.sub(mg.Tensor(3.0), y=1.0).data == 2.0
    assert mg.leaky_relu(-1.0, 0.5) == mg.leaky_relu(x=-1.0, slope=0.5) == -0.5
    assert mg.clip(5.0, 0.0, 1.0) == 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mg.exp(), "needs 1 input, got 0"),
        (lambda: mg.add(1.0), "needs 2 inputs, got 1"),
        (lambda: mg.exp(1.0, 2.0), "1 arguments at most"),
        (lambda: mg.exp(1.0, base=2.0), "no parameter 'base'"),
        (lambda: mg.sum([1.0], axes=0), "no parameter 'axes' .*axis, keepdims"),
        (lambda: mg.reshape([1.0]), "needs a value for 'shape'"),
        (lambda: mg.concatenate(), "at least one input"),
        (lambda: mg.leaky_relu(1.0, mg.Tensor(0.1)), "slope is a parameter"),
        (lambda: mg.sum([1.0], 0, axis=0), "'axis' is given twice"),
        (lambda: mg.sub(1.0, 2.0, x=3.0), "'x' is given twice"),
        (lambda: mg.sub(1.0, x=3.0), "'x' is given twice"),
        (lambda: mg.clip(1.0, 0.0, 1.0, low=0.5), "'low' is given twice"),
        (lambda: mg.leaky_relu(1.0, "steep"), "slope is a number, got 'steep'"),
        (lambda: mg.leaky_relu(1.0, True), "slope is a number, got True"),
        (lambda: mg.clip([1.0], low=(0, 1)), r"low is one number for all elements, got \(0, 1\)"),
        (lambda: mg.clip([1.0], low="a"), "a bound of clip is a number or None"),
    ],
)
def test_wrong_calls(call: Any, message: str) -> None:
    with pytest.raises(mg.GateError, match=message):
        call()


def test_parameters_are_filled_by_position() -> None:
    x = np.arange(6.0).reshape(2, 3)
    assert mg.sum(x, 0, keepdims=True).shape == (1, 3)
    assert mg.sum(x, 0, True).shape == (1, 3)
    assert mg.clip(5.0, 0.0, high=np.array(1.0)) == 1.0


def test_signatures() -> None:
    assert str(inspect.signature(mg.leaky_relu)) == "(x, slope=0.01)"
    assert str(inspect.signature(mg.concatenate)) == "(*xs, axis=0)"
    assert str(inspect.signature(mg.reshape)) == "(x, shape)"


# -- what a gate of one's own computes -------------------------------------------------------


def test_a_result_of_another_shape_than_the_rule_says_is_refused() -> None:
    row = mg.Gate("tops", ("x",), lambda x: x.max(axis=-1), (None,))
    for given in ([[1.0, 2.0]], mg.Tensor([[1.0, 2.0]])):
        with pytest.raises(mg.GateError, match=r"'tops' computed .* \(1,\), .* says \(1, 2\)"):
            row(given)
    told = mg.Gate("tops", ("x",), lambda x: x.max(axis=-1), (None,), shape=lambda x: x[:-1])
    assert told(mg.Tensor([[1.0, 2.0]])).shape == (1,)


@pytest.mark.parametrize(
    "forward", [lambda x: np.sqrt(np.asarray(x) + 0j), lambda x: None, lambda x: "one"]
)
@pytest.mark.parametrize("scalar", [False, True])
def test_a_result_that_is_no_number_is_refused(forward: Any, scalar: bool) -> None:
    row = mg.Gate("odd", ("x",), forward, (None,), scalar=forward if scalar else None)
    for given in (-1.0, mg.Tensor(-1.0), mg.Tensor([-1.0])):
        with pytest.raises(mg.GateError, match="gate 'odd': expected real numbers"):
            row(given)


@pytest.mark.parametrize("kind", [int, bool, np.float64])
def test_whole_numbers_of_a_scalar_forward_become_floats(kind: Any) -> None:
    steps = mg.Gate("steps", ("x",), lambda x: np.floor(x), (None,), scalar=lambda x: kind(x // 1))
    both = mg.Gate("both", ("x", "y"), np.add, (None, None), scalar=lambda x, y: kind(x + y))
    for found in (steps(1.5), steps(mg.Tensor(1.5)).data, both(mg.Tensor(0.0), 1.0).data):
        assert found == 1.0
        assert type(found) is float


def test_an_error_inside_a_shape_rule_names_the_gate() -> None:
    row = mg.Gate("odd", ("x",), np.exp, (None,), shape=lambda x: x[0].missing())
    with pytest.raises(AttributeError):
        row(mg.Tensor([1.0]))
    row = mg.Gate("odd", ("x",), np.exp, (None,), shape=lambda x: (*x, "a" + 1))
    with pytest.raises(mg.ShapeError, match=r"odd: .* \(input shapes: \(1,\)\)") as caught:
        row(mg.Tensor([1.0]))
    assert isinstance(caught.value.__cause__, TypeError)


def test_names_that_the_language_reads_otherwise_cannot_be_gates() -> None:
    from microgd.language.functions import ALIASES, NUMBERS

    assert {n for n in (*NUMBERS, *ALIASES) if n.isidentifier()} <= table.MEANT_OTHERWISE


def test_only_gates_of_the_table_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(mg.exp)) is mg.exp
    impostor = mg.Gate("exp", ("x",), np.sin)
    with pytest.raises(mg.GateError, match="not the one of that name"):
        pickle.dumps(impostor)
    assert copy.deepcopy(impostor) is impostor


def test_gates_are_registered_while_others_are_looked_up() -> None:
    failures: list[Exception] = []
    done = threading.Event()

    def look_up() -> None:
        while not done.is_set():
            try:
                table.find("sigmod")
            except mg.GateError:
                pass
            except Exception as error:
                failures.append(error)

    thread = threading.Thread(target=look_up)
    thread.start()
    for i in range(2000):
        mg.register(mg.Gate(f"passing{i}", ("x",), np.exp, (None,)))
        mg.unregister(f"passing{i}")
    done.set()
    thread.join()
    assert not failures
