"""Reverse mode: sums at branches, what accumulates, what goes stale, and who gets a gradient."""

from __future__ import annotations

import sys
import threading
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import microgd as mg
from microgd.graph.order import topological_order
from microgd.interpreter.reverse import gradients_of, sweep

# -- branches --------------------------------------------------------------------------------


def test_a_node_used_twice_sums_its_gradients() -> None:
    # micrograd issue 2: b = a + a; c = b * b + b, all through one b.
    a = mg.Tensor(3.0)
    b = a + a
    c = b * b + b
    c.backward()
    assert a.grad == 2 * (2 * 6.0 + 1)


def test_a_later_user_is_heard_before_the_node_speaks() -> None:
    """The order that breaks a recursive sweep: b's users are at different depths."""
    a = mg.Tensor(2.0)
    b = a + a
    c = b + b
    d = ((c * 1.0) + 0.0) * b
    d.backward()
    assert a.grad == 2 * 2 * 2 * 2 * 2.0  # d = 2b², b = 2a


def test_diamonds_do_not_take_exponential_time() -> None:
    x = mg.Tensor(1.0)
    f = x
    for _ in range(60):
        f = f + f
    f.backward()
    assert x.grad == 2.0**60


def test_broadcast_gradients_are_summed_back() -> None:
    x, row, column = mg.Tensor(2.0), mg.Tensor([1.0, 2.0, 3.0]), mg.Tensor([[1.0], [2.0]])
    (x * row * column).sum().backward()
    assert x.grad == 18.0
    assert_array_equal(row.grad, [6.0, 6.0, 6.0])
    assert_array_equal(column.grad, [[12.0], [12.0]])


# -- accumulation ----------------------------------------------------------------------------


@pytest.mark.parametrize("data", [3.0, [3.0, 4.0]])
def test_leaf_grads_add_up_over_calls(data: Any) -> None:
    x = mg.Tensor(data)
    f = (x * x).sum()
    assert x.grad is None
    f.backward()
    once = np.array(x.grad)
    assert_array_equal(once, 2 * np.array(data))
    f.backward()
    assert_array_equal(x.grad, 2 * once)
    x.grad = None
    f.backward()
    assert_array_equal(x.grad, once)
    x.grad = 0
    f.backward()
    assert_array_equal(x.grad, once)


def test_inner_nodes_keep_nothing_so_a_second_sweep_is_right() -> None:
    """micrograd keeps inner gradients: its second backward() gives 3 times as much."""
    x = mg.Tensor(3.0)
    inner = x * x
    f = inner * 2
    f.backward()
    assert inner.grad is None
    assert f.grad is None
    f.backward()
    assert x.grad == 2 * 12.0


def test_two_losses_over_one_part() -> None:
    x = mg.Tensor(2.0)
    h = x * x
    (h + 1).backward()
    (h * 3).backward()
    assert x.grad == 4.0 + 12.0


def test_grads_of_two_leaves_are_not_one_array() -> None:
    a, b = mg.Tensor([1.0, 2.0]), mg.Tensor([3.0, 4.0])
    upstream = np.array([1.0, 1.0])
    (a + b).backward(upstream)
    assert a.grad is not b.grad
    a.grad += 5.0
    assert_array_equal(b.grad, [1.0, 1.0])
    assert_array_equal(upstream, [1.0, 1.0])
    upstream[0] = 7.0
    assert_array_equal(b.grad, [1.0, 1.0])


def test_a_leaf_alone() -> None:
    x = mg.Tensor(3.0)
    x.backward()
    assert x.grad == 1.0


def test_leaves_without_a_path_of_gradients_get_zero() -> None:
    x, y = mg.Tensor(2.0), mg.Tensor([1.0, 2.0])
    (mg.sign(x) + mg.where(y > 1, 1.0, 0.0).sum()).backward()
    assert x.grad == 0.0
    assert_array_equal(y.grad, [0.0, 0.0])


def test_grad_is_none_where_backward_never_came() -> None:
    x, y = mg.Tensor(2.0), mg.Tensor(3.0)
    (x * 2).backward()
    assert y.grad is None


# -- upstream --------------------------------------------------------------------------------


def test_arrays_need_an_upstream_gradient() -> None:
    x = mg.Tensor([1.0, 2.0])
    with pytest.raises(mg.ShapeError, match=r"shape \(2,\).*sum\(\).*mean\(\).*upstream"):
        (x * x).backward()
    assert x.grad is None


def test_upstream_weighs_the_outputs() -> None:
    x = mg.Tensor([1.0, 2.0])
    (x * x).backward([10.0, 100.0])
    assert_array_equal(x.grad, [20.0, 400.0])
    x.grad = None
    (x * x).backward(mg.Tensor([1, 0]))
    assert_array_equal(x.grad, [2.0, 0.0])
    y = mg.Tensor(3.0)
    (y * y).backward(2)
    assert y.grad == 12.0


@pytest.mark.parametrize("upstream", [1.0, [1.0], [1.0, 2.0, 3.0], [[1.0, 2.0]]])
def test_upstream_has_the_outputs_shape(upstream: Any) -> None:
    x = mg.Tensor([1.0, 2.0])
    with pytest.raises(mg.ShapeError, match="upstream has shape"):
        (x * x).backward(upstream)


# -- constants, integers, precision ----------------------------------------------------------


def test_constants_collect_nothing() -> None:
    c = mg.constant([1.0, 2.0])
    x = mg.Tensor(3.0)
    (c * x).sum().backward()
    assert c.grad is None
    assert x.grad == 3.0
    detached = mg.constant(x * x)
    assert detached.inputs == ()
    (detached * x).backward()
    assert x.grad == 3.0 + 9.0


def test_indices_collect_nothing() -> None:
    x, i = mg.Tensor([1.0, 2.0]), mg.Tensor([1, 1], dtype="int64")
    x[i].sum().backward()
    assert_array_equal(x.grad, [0.0, 2.0])
    assert i.grad is None


@pytest.mark.parametrize(
    "loss",
    [
        lambda w: w.sum(),
        lambda w: (w * w).mean(),
        lambda w: mg.logsumexp(w),
        lambda w: w @ w,
        lambda w: mg.max(w),
        lambda w: mg.var(w),
        lambda w: (w * 2.5).sum(),
        lambda w: (w * mg.Tensor(2.5)).sum(),
        lambda w: mg.maximum(w, 0.0).sum(),
        lambda w: mg.where(w > 1, w, 0.0).sum(),
        lambda w: (w**2).sum(),
    ],
)
def test_float32_leaves_get_float32_gradients(loss: Any) -> None:
    w = mg.Tensor(np.array([1.0, 2.0, 3.0], np.float32))
    out = loss(w)
    assert out.dtype == np.float32
    out.backward()
    assert w.grad.dtype == np.float32
    assert mg.grad(loss)(np.array([1.0, 2.0, 3.0], np.float32)).dtype == np.float32
    second = mg.grad(lambda w: mg.sum(mg.grad(loss)(w)))(np.array([1.0, 2.0, 3.0], np.float32))
    assert second.dtype == np.float32


def test_each_leaf_of_a_mixed_graph_has_its_own_precision() -> None:
    narrow, wide = mg.Tensor(np.ones(2, np.float32)), mg.Tensor([1.0, 2.0])
    scale = mg.Tensor(3.0)
    (narrow * wide * scale).sum().backward()
    assert narrow.grad.dtype == np.float32
    assert wide.grad.dtype == np.float64
    assert scale.grad.__class__ is float
    scale.grad = None
    (narrow * scale).sum().backward()
    assert scale.grad.__class__ is float


# -- stale data ------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [2.0, [2.0, 3.0]])
@pytest.mark.parametrize("way", ["assign", "subtract", "add", "multiply", "divide", "power"])
def test_data_changed_after_recording_is_an_error(data: Any, way: str) -> None:
    x, y = mg.Tensor(data, name="x"), mg.Tensor(data)
    f = (x * y).sum()
    if way == "assign":
        x.data = np.array(data) + 1
    elif way == "subtract":
        x.data -= 1
    elif way == "add":
        x.data += 1
    elif way == "multiply":
        x.data *= 2
    elif way == "divide":
        x.data /= 2
    else:
        x.data **= 2
    assert_array_equal(y.data, data)
    with pytest.raises(mg.StaleDataError, match=r"'x' changed after gate 'mul'.*x \* y.*again"):
        f.backward()
    assert x.grad is None
    assert y.grad is None
    (x * y).sum().backward()
    assert_array_equal(y.grad, x.data)


def test_stale_data_deep_in_the_graph() -> None:
    x = mg.Tensor(2.0)
    f = ((x * x) + 1).exp()
    x.data = 3.0
    with pytest.raises(mg.StaleDataError):
        (f * 2).backward()
    with pytest.raises(mg.StaleDataError):
        gradients_of(f, [x])


def test_arrays_given_by_users_are_copied() -> None:
    array = np.array([1.0, 2.0])
    x = mg.Tensor(array)
    f = (x * x).sum()
    array[0] = 100.0
    f.backward()
    assert_array_equal(x.grad, [2.0, 4.0])
    y = mg.Tensor(3.0)
    g = (y * array).sum()
    array[1] = 0.0
    g.backward()
    assert y.grad == 102.0


# -- the sweep itself ------------------------------------------------------------------------


def test_the_scalar_path_and_the_general_path_agree() -> None:
    x, y = mg.Tensor(0.7), mg.Tensor(-1.3)
    f = (x * y + x / y - y) * mg.maximum(x, y) ** 2 + mg.tanh(x * 2) + mg.where(x > y, x * x, y)
    f.backward()
    order = topological_order([f])
    seen: list[Any] = []
    slow = sweep(order, {f: 1.0}, watch=lambda *call: seen.append(call))
    assert (slow[x], slow[y]) == (x.grad, y.grad)
    assert {node for node, *_ in seen} <= set(order)
    graph = sweep(order, {f: 1.0}, as_graph=True)
    assert (float(graph[x]), float(graph[y])) == (x.grad, y.grad)
    assert gradients_of(f, [x, y]) == [x.grad, y.grad]


def test_watch_sees_every_contribution_before_and_after_summing() -> None:
    x, row = mg.Tensor(2.0), mg.Tensor([1.0, 2.0])
    f = (x * row).sum()
    seen = []
    sweep(
        topological_order([f]),
        {f: 1.0},
        watch=lambda node, at, up, sent, summed: seen.append((node.gate.name, at, sent, summed)),
    )
    assert [(name, at) for name, at, *_ in seen] == [("sum", 0), ("mul", 0), ("mul", 1)]
    assert_array_equal(seen[1][2], [1.0, 2.0])
    assert seen[1][3] == 3.0
    assert_array_equal(seen[2][2], [2.0, 2.0])


def test_gradients_of_inner_nodes_and_of_the_output_itself() -> None:
    x = mg.Tensor(3.0)
    q = x * x
    f = q * 2 + q
    assert gradients_of(f, [f, q, x]) == [1.0, 3.0, 18.0]
    other = mg.Tensor([1.0, 2.0])
    zero, slope = gradients_of(f, [other, x])
    assert_array_equal(zero, [0.0, 0.0])
    assert slope == 18.0


def test_placeholders_have_no_numbers_to_sweep() -> None:
    x = mg.placeholder(name="x")
    with pytest.raises(mg.PlaceholderError, match="numbers"):
        (x * 2).backward()
    with pytest.raises(mg.PlaceholderError, match="compile"):
        gradients_of(x * 2, [x])
    (gradient,) = gradients_of(x * x, [x], as_graph=True)
    assert gradient.data is None
    assert gradient.shape == ()


# -- rules of one's own ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "rule", [lambda g, out, x: 0.0, lambda g, out, x: 0, lambda g, out, x: np.zeros((1, 3))]
)
def test_a_contribution_is_repeated_to_its_inputs_shape(rule: Any) -> None:
    row = mg.Gate("flat", ("x",), np.sign, (rule,))
    x = mg.Tensor(np.ones((2, 3)))
    row(x).sum().backward()
    assert_array_equal(x.grad, np.zeros((2, 3)))
    assert_array_equal(mg.grad(lambda x: mg.sum(row(x)))(np.ones((2, 3))), np.zeros((2, 3)))


def test_a_scalar_from_a_reduction_reaches_every_element() -> None:
    row = mg.Gate("sum2", ("x",), np.sum, (lambda g, out, x: g * 2.0,), shape=lambda x: ())
    x = mg.Tensor([1.0, 2.0])
    row(x).backward()
    assert_array_equal(x.grad, [2.0, 2.0])
    again = mg.grad(lambda x: row(x))(mg.Tensor([1.0, 2.0]))
    assert_array_equal(again.data, [2.0, 2.0])


def test_a_contribution_that_fits_nowhere_names_the_gate() -> None:
    row = mg.Gate("odd", ("x",), np.exp, (lambda g, out, x: np.ones(5),))
    with pytest.raises(mg.GateError, match=r"gate 'odd' for input 0 .* \(5,\), .* \(2,\)"):
        row(mg.Tensor([1.0, 2.0])).sum().backward()


def test_threads_add_to_one_leaf_without_losing_anything() -> None:
    x = mg.Tensor(1.0)
    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def work() -> None:
        for _ in range(300):
            (x * 1.0).backward()

    try:
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(switch)
    assert x.grad == 8 * 300
