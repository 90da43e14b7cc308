"""Losses: the lectures' numbers, NumPy's formulas, PyTorch's answers, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import microgd as mg
from microgd.errors import ArgumentError, DataError, MicrogdError, ShapeError
from microgd.losses import (
    LOSSES,
    REDUCTIONS,
    absolute_error,
    binary_cross_entropy,
    cross_entropy,
    half_squared,
    huber,
    l1,
    l2,
    loss_named,
    squared,
    svm,
)

RNG = np.random.default_rng(3)
SCORES = RNG.normal(size=(6, 4)) * 2.0
LABELS = np.array([0, 3, 1, 1, 2, 0])
SHARES = RNG.dirichlet(np.ones(4), size=6)
COLUMN = RNG.normal(size=7) * 2.0
ZERO_ONE = np.array([0.0, 1.0, 1.0, 0.0, 1.0, 0.3, 0.9])
WIDE, WIDE_TARGETS = RNG.normal(size=(5, 3)) * 2.0, RNG.normal(size=(5, 3))
#: Both sides compute in float64, with sums of at most 15 terms of size 10.
CLOSE = {"rtol": 1e-13, "atol": 1e-14}


def plain_cross_entropy(s: Any, t: Any) -> Any:
    shares = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
    return -(np.log(shares) * t).sum(axis=1)


def plain_svm(s: Any, labels: Any, margin: float = 1.0) -> Any:
    """The slide's formula, with its two loops."""
    return np.array(
        [
            sum(max(0.0, row[j] - row[y] + margin) for j in range(len(row)) if j != y)
            for row, y in zip(s, labels, strict=True)
        ]
    )


def plain_binary(s: Any, t: Any) -> Any:
    share = 1.0 / (1.0 + np.exp(-s))
    return -t * np.log(share) - (1.0 - t) * np.log(1.0 - share)


def plain_huber(e: Any, delta: float = 1.0) -> Any:
    return np.array([0.5 * x * x if abs(x) <= delta else delta * (abs(x) - delta / 2) for x in e])


#: A loss, its outputs and targets, and a number for each example by NumPy.
CASES: dict[str, tuple[Callable[..., Any], Any, Any, Any]] = {
    "cross entropy": (
        cross_entropy,
        SCORES,
        LABELS,
        plain_cross_entropy(SCORES, np.eye(4)[LABELS]),
    ),
    "cross entropy of shares": (cross_entropy, SCORES, SHARES, plain_cross_entropy(SCORES, SHARES)),
    "svm": (svm, SCORES, LABELS, plain_svm(SCORES, LABELS)),
    "binary": (binary_cross_entropy, COLUMN, ZERO_ONE, plain_binary(COLUMN, ZERO_ONE)),
    "squared": (squared, COLUMN, ZERO_ONE, (COLUMN - ZERO_ONE) ** 2),
    "squared, wide": (squared, WIDE, WIDE_TARGETS, ((WIDE - WIDE_TARGETS) ** 2).mean(axis=1)),
    "half squared": (half_squared, COLUMN, ZERO_ONE, (COLUMN - ZERO_ONE) ** 2 / 2),
    "absolute": (absolute_error, COLUMN, ZERO_ONE, np.abs(COLUMN - ZERO_ONE)),
    "absolute, wide": (
        absolute_error,
        WIDE,
        WIDE_TARGETS,
        np.abs(WIDE - WIDE_TARGETS).mean(axis=1),
    ),
    "huber": (huber, COLUMN, ZERO_ONE, plain_huber(COLUMN - ZERO_ONE)),
}
EACH = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def test_every_loss_of_the_table_is_here() -> None:
    assert {fn for fn, *_ in CASES.values()} == set(LOSSES.values())


@EACH
def test_values_are_the_formulas(case: Any) -> None:
    fn, outputs, targets, each = case
    assert_allclose(fn(outputs, targets, "none"), each, **CLOSE)
    assert fn(outputs, targets) == pytest.approx(each.mean(), rel=1e-13)
    assert fn(outputs, targets, "sum") == pytest.approx(each.sum(), rel=1e-13)


@EACH
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_gradients_by_differences(case: Any, reduction: str) -> None:
    fn, outputs, targets, _ = case
    report = mg.check_gradients(lambda s: fn(s, targets, reduction), outputs)
    assert report, report
    assert report.verdict == "good"


@EACH
def test_soft_targets_and_outputs_may_be_tensors(case: Any) -> None:
    fn, outputs, targets, each = case
    for given in (mg.Tensor(targets), targets.tolist(), targets):
        found = fn(mg.Tensor(outputs), given, "none")
        assert isinstance(found, mg.Tensor)
        assert_allclose(found.data, each, **CLOSE)


@EACH
def test_float32_stays_float32(case: Any) -> None:
    fn, outputs, targets, each = case
    narrow = outputs.astype(np.float32)
    mine = targets if targets.dtype.kind == "i" else targets.astype(np.float32)
    for given in (mine, targets.tolist(), mg.Tensor(mine, dtype=mine.dtype)):
        value = fn(narrow, given)
        assert np.asarray(value.data if isinstance(value, mg.Tensor) else value).dtype == np.float32
        assert float(value) == pytest.approx(each.mean(), rel=1e-5)
        recorded = fn(mg.Tensor(narrow), given, "none")
        assert recorded.dtype == np.float32
        assert mg.grad(lambda s, y: fn(s, y))(narrow, given).dtype == np.float32


@EACH
def test_compiled(case: Any, opencl_device: Any) -> None:
    fn, outputs, targets, _ = case

    def both(s: Any, t: Any) -> Any:
        return fn(s, t, "none"), mg.value_and_grad(lambda s: fn(s, t))(s)

    program = mg.compile(both, device=opencl_device)
    narrow = outputs.astype(np.float32)
    mine = targets if targets.dtype.kind == "i" else targets.astype(np.float32)
    each, (value, slope) = program(narrow, mine)
    for found, wanted in zip(
        (each, value, slope), (both(outputs, targets)[0], *both(outputs, targets)[1]), strict=True
    ):
        assert found.dtype == np.float32
        assert_allclose(np.asarray(found), wanted, rtol=2e-5, atol=2e-6)


# -- the lectures --------------------------------------------------------------------------------

#: Lecture 001: a column each for a cat, a car and a frog; the scores of cat, car, frog.
CAT_CAR_FROG = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])


def test_b1_linear_scores() -> None:
    w, b, x = RNG.normal(size=(5, 3)), RNG.normal(size=3), RNG.normal(size=(2, 5))
    layer = mg.nn.Linear(5, 3)
    found, _ = layer.forward({"w": w, "b": b}, {}, x, mg.nn.EVALUATE)
    assert_allclose(found, [[w.T[k] @ row + b[k] for k in range(3)] for row in x], **CLOSE)


def test_b2_svm_of_cat_car_frog() -> None:
    each = svm(CAT_CAR_FROG, [0, 1, 2], "none")
    assert [f"{x:.1f}" for x in each] == ["2.9", "0.0", "12.9"]
    assert each[2] == pytest.approx(6.3 + 6.6)
    assert f"{svm(CAT_CAR_FROG, [0, 1, 2]):.2f}" == "5.27"


def test_b3_softmax_of_a_cat() -> None:
    scores = CAT_CAR_FROG[:1]
    assert [f"{x:.1f}" for x in np.exp(scores[0])][:2] == ["24.5", "164.0"]
    assert f"{np.exp(scores[0, 2]):.2f}" == "0.18"
    assert [f"{x:.2f}" for x in mg.softmax(scores, axis=1)[0]] == ["0.13", "0.87", "0.00"]
    loss = cross_entropy(scores, [0])
    assert f"{loss:.2f}" == "2.04"
    assert f"{loss / np.log(10.0):.2f}" == "0.89"  # what some editions print, by log₁₀


def test_b4_the_hinge_is_flat_where_cross_entropy_still_moves() -> None:
    scores = np.array([[10.0, -2.0, 3.0], [10.0, 9.0, 9.0], [10.0, -100.0, -100.0]])
    y = [0, 0, 0]
    assert_array_equal(svm(scores, y, "none"), 0.0)
    assert_array_equal(mg.grad(lambda s: svm(s, y))(scores), 0.0)
    each = cross_entropy(scores, y, "none")
    assert_allclose(each, [np.log1p(np.exp(-12) + np.exp(-7)), np.log1p(2 / np.e), 0.0], atol=1e-12)
    moved = scores + np.array([0.1, -0.1, 0.0])
    assert (svm(moved, y, "none") == 0.0).all()
    assert (cross_entropy(moved, y, "none")[:2] < each[:2]).all()
    slopes = mg.grad(lambda s: cross_entropy(s, y))(scores)
    assert (slopes[:2] != 0.0).all()


def test_b5_gradient_of_linear_softmax() -> None:
    x, w, b = RNG.normal(size=(6, 5)), RNG.normal(size=(5, 4)), RNG.normal(size=4)
    slopes = mg.grad(lambda p: cross_entropy(x @ p["w"] + p["b"], LABELS))({"w": w, "b": b})
    scores = x @ w + b
    off = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True) - np.eye(4)[LABELS]
    by_hand = sum(np.outer(x_n, off_n) for x_n, off_n in zip(x, off, strict=True)) / 6
    assert_allclose(slopes["w"], by_hand, **CLOSE)
    assert_allclose(slopes["b"], off.mean(axis=0), **CLOSE)


def test_b6_linear_regression() -> None:
    x, omega, y = RNG.normal(size=(8, 3)), RNG.normal(size=3), RNG.normal(size=8)
    slope = mg.grad(lambda w: squared(x @ w, y))(omega)
    assert_allclose(slope, -2 / 8 * sum((y[i] - x[i] @ omega) * x[i] for i in range(8)), **CLOSE)
    error = x @ omega - y
    assert_allclose(mg.grad(lambda o: half_squared(o, y, "sum"))(x @ omega), error, **CLOSE)
    assert_allclose(mg.grad(lambda o: absolute_error(o, y, "sum"))(x @ omega), np.sign(error))


def test_b7_same_score_other_penalty() -> None:
    x, w1, w2 = np.ones(4), np.array([1.0, 0, 0, 0]), np.full(4, 0.25)
    assert x @ w1 == x @ w2 == 1.0
    assert l2({"w": w1}, 1.0) == 1.0
    assert l2({"w": w2}, 1.0) == 0.25


def test_b8_ten_times_the_weights() -> None:
    small, large = np.array([[0.21, 0.09, -0.40]]), np.array([[2.05, 0.90, -4.00]])
    shares = [mg.softmax(s, axis=1)[0] for s in (small, large)]
    # The first share is 0.4095…, which the deck rounds to 0.41; the last of it is 0.2225.
    assert [f"{p:.2f}" for p in shares[0]] == ["0.41", "0.36", "0.22"]
    assert [f"{p:.2f}" for p in shares[1]] == ["0.76", "0.24", "0.00"]
    assert_array_equal(np.argsort(small), np.argsort(large))
    assert cross_entropy(large, [0]) < cross_entropy(small, [0])


@pytest.mark.parametrize("classes", [2, 10, 1000])
def test_equal_scores_cost_ln_of_the_classes(classes: int) -> None:
    scores = np.full((3, classes), 0.7)
    assert cross_entropy(scores, [0, 1, classes - 1]) == pytest.approx(np.log(classes), rel=1e-12)
    assert svm(scores, [0, 1, 0]) == pytest.approx(classes - 1)


# -- PyTorch -------------------------------------------------------------------------------------


def torch_losses() -> dict[str, Callable[..., Any]]:
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional

    def hinge(s: Any, labels: Any, reduction: str = "mean") -> Any:
        # PyTorch divides each example's sum by the number of classes
        return functional.multi_margin_loss(s, labels, reduction=reduction) * s.shape[1]

    def plain(fn: Any, factor: float = 1.0) -> Callable[..., Any]:
        def loss(s: Any, t: Any, reduction: str = "mean") -> Any:
            each = fn(s, t, reduction="none") * factor
            each = each if each.ndim == 1 else each.mean(dim=1)
            return each if reduction == "none" else getattr(each, reduction)()

        return loss

    return {
        "cross entropy": functional.cross_entropy,
        "cross entropy of shares": functional.cross_entropy,
        "svm": hinge,
        "binary": functional.binary_cross_entropy_with_logits,
        "squared": functional.mse_loss,
        "squared, wide": plain(functional.mse_loss),
        "half squared": plain(functional.mse_loss, 0.5),
        "absolute": functional.l1_loss,
        "absolute, wide": plain(functional.l1_loss),
        "huber": functional.huber_loss,
    }


@pytest.mark.oracle
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_pytorch(name: str, reduction: str, scale: float) -> None:
    torch = pytest.importorskip("torch")
    fn, outputs, targets, _ = CASES[name]
    theirs = torch.tensor(outputs * scale, dtype=torch.float64, requires_grad=True)
    wanted = torch_losses()[name](theirs, torch.tensor(targets), reduction=reduction)
    ramp = np.linspace(0.5, 1.5, wanted.numel()).reshape(tuple(wanted.shape))
    (wanted * torch.tensor(ramp)).sum().backward()
    value, pull = mg.vjp(lambda s: fn(s, targets, reduction), outputs * scale)
    assert_allclose(value, wanted.detach().numpy(), rtol=1e-13, atol=1e-13)
    (slope,) = pull(ramp if wanted.ndim else float(ramp))
    assert_allclose(slope, theirs.grad.numpy(), rtol=1e-12, atol=1e-15)


@pytest.mark.oracle
@pytest.mark.parametrize("delta", [0.1, 1.0, 3.0])
def test_pytorch_huber_and_margin(delta: float) -> None:
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    s, t = torch.tensor(COLUMN), torch.tensor(ZERO_ONE)
    wanted = float(functional.huber_loss(s, t, delta=delta))
    assert huber(COLUMN, ZERO_ONE, delta=delta) == pytest.approx(wanted, rel=1e-13)
    scores, labels = torch.tensor(SCORES), torch.tensor(LABELS)
    wanted = float(functional.multi_margin_loss(scores, labels, margin=delta)) * 4
    assert svm(SCORES, LABELS, margin=delta) == pytest.approx(wanted, rel=1e-13)


# -- extremes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_cross_entropy_at_large_scores(dtype: Any) -> None:
    scores = np.array([[1e4, -1e4, 0.0], [1e4, -1e4, 0.0], [-1e4, -1e4, -1e4]], dtype)
    value, slope = mg.value_and_grad(lambda s: cross_entropy(s, [0, 1, 2], "sum"))(scores)
    assert value == pytest.approx(2e4 + np.log(3.0), rel=1e-6)
    assert_allclose(cross_entropy(scores, [0, 1, 2], "none"), [0.0, 2e4, np.log(3.0)], rtol=1e-6)
    third = 1 / 3
    assert_allclose(slope, [[0, 0, 0], [1, -1, 0], [third, third, third - 1]], atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_log_loss_at_large_scores(dtype: Any) -> None:
    s, t = np.array([1e4, 1e4, -1e4, -1e4], dtype), [1.0, 0.0, 1.0, 0.0]
    assert_array_equal(binary_cross_entropy(s, t, "none"), [0.0, 1e4, 1e4, 0.0])
    assert_array_equal(mg.grad(lambda s: binary_cross_entropy(s, t, "sum"))(s), [0, 1, -1, 0])


@pytest.mark.parametrize("fn", [svm, squared, absolute_error, huber])
def test_other_losses_at_large_scores(fn: Any) -> None:
    outputs = np.array([[1e4, -1e4], [-1e4, 1e4]])
    targets: Any = [0, 0] if fn is svm else np.zeros((2, 2))
    value, slope = mg.value_and_grad(lambda s: fn(s, targets))(outputs)
    assert np.isfinite(value)
    assert np.isfinite(slope).all()


def test_log_loss_is_the_cross_entropy_of_two_classes() -> None:
    two = np.stack([np.zeros_like(COLUMN), COLUMN], axis=1)
    labels = (ZERO_ONE > 0.5).astype(int)
    assert_allclose(
        binary_cross_entropy(COLUMN, labels, "none"), cross_entropy(two, labels, "none"), **CLOSE
    )


def test_kinks() -> None:
    """max(0, 0) and |0| take the gradient 0, as their gates say; huber has no kink at δ."""
    assert_array_equal(mg.grad(lambda s: svm(s, [0]))(np.array([[2.0, 1.0]])), [[0.0, 0.0]])
    assert mg.grad(lambda o: absolute_error(o, [1.0]))(np.array([1.0])) == 0.0
    edge = mg.grad(lambda o: huber(o, np.zeros(3), "sum", 0.5))(np.array([0.5 - 1e-9, 0.5, 0.6]))
    assert_allclose(edge, [0.5, 0.5, 0.5], atol=1e-8)


# -- targets in other forms ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "labels",
    [LABELS.astype(t) for t in ("int8", "uint8", "int32", "uint64", "float32", "float64")],
    ids=lambda labels: labels.dtype.name,
)
@pytest.mark.parametrize("fn", [cross_entropy, svm])
def test_labels_of_any_kind_of_number(fn: Any, labels: Any) -> None:
    assert fn(SCORES, labels) == fn(SCORES, LABELS.tolist())
    assert fn(SCORES, np.eye(4)[LABELS]) == fn(SCORES, LABELS)


def test_labels_may_be_truths() -> None:
    truths = [True, False, False, True, True, False]
    assert cross_entropy(SCORES[:, :2], np.array(truths)) == cross_entropy(
        SCORES[:, :2], np.array(truths, int)
    )


@pytest.mark.parametrize("fn", [binary_cross_entropy, squared, half_squared, absolute_error, huber])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_a_column_takes_a_row_of_targets(fn: Any, reduction: str) -> None:
    column = fn(COLUMN[:, None], ZERO_ONE, reduction)
    assert np.shape(column) == (() if reduction != "none" else (7,))
    assert_allclose(column, fn(COLUMN, ZERO_ONE, reduction), **CLOSE)
    assert_allclose(column, fn(COLUMN[:, None], ZERO_ONE[:, None], reduction), **CLOSE)
    assert_allclose(column, fn(COLUMN[:, None], ZERO_ONE.tolist(), reduction), **CLOSE)


# -- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("fn", [cross_entropy, svm])
@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([0, 1, 2, 3, 4, 0], "the class of example 4 is 4, but there are 4 classes, 0 to 3"),
        ([0, 1, -1, 3, 4, 0], "the class of example 2 is -1, but there are 4 classes"),
        ([0, 1, 2, 3, 0, np.inf], "the class of example 5 is inf, but there are 4 classes"),
        ([0, 1, 2, 0.5, 1, 0], "the class of example 3 is 0.5: classes are whole numbers"),
        ([np.nan, 1, 2, 3, 1, 0], "the class of example 0 is nan: classes are whole numbers"),
    ],
)
def test_classes_that_are_none(fn: Any, labels: Any, words: str) -> None:
    for given in (labels, np.array(labels), np.array(labels, np.float32)):
        with pytest.raises(ArgumentError, match=words):
            fn(SCORES, given)


def test_a_class_out_of_range_in_a_tensor() -> None:
    with pytest.raises(ShapeError, match="class 4 is out of range"):
        cross_entropy(SCORES, mg.Tensor([0.0, 1, 2, 3, 4, 0]))
    with pytest.raises(ShapeError, match="whole numbers"):
        cross_entropy(SCORES, mg.Tensor([0.0, 1, 2, 3, 1.5, 0]))


@pytest.mark.parametrize("fn", [cross_entropy, svm])
@pytest.mark.parametrize("targets", [[0, 1], [[0, 1, 2, 3, 1, 0]], np.zeros((6, 3)), 2.0, []])
def test_targets_of_another_shape(fn: Any, targets: Any) -> None:
    with pytest.raises(ShapeError, match=r"scores of shape \(6, 4\) need 6 classes"):
        fn(SCORES, targets)


@pytest.mark.parametrize("fn", [cross_entropy, svm])
@pytest.mark.parametrize("scores", [np.zeros(4), np.zeros((2, 3, 4)), 1.0])
def test_scores_that_are_no_table(fn: Any, scores: Any) -> None:
    with pytest.raises(ShapeError, match="a row for each example and a column for each class"):
        fn(scores, [0])


@pytest.mark.parametrize("fn", [binary_cross_entropy, squared, half_squared, absolute_error, huber])
@pytest.mark.parametrize(
    ("outputs", "targets"),
    [
        (COLUMN, ZERO_ONE[:-1]),
        (COLUMN, ZERO_ONE[:, None]),
        (COLUMN[:, None], ZERO_ONE[None]),
        (WIDE, WIDE_TARGETS[:, :1]),
        (WIDE, WIDE_TARGETS[:, 0]),
        (COLUMN, 1.0),
    ],
)
def test_targets_that_do_not_fit_the_outputs(fn: Any, outputs: Any, targets: Any) -> None:
    """Above all, N outputs and N × 1 targets are no N × N table of errors."""
    with pytest.raises(ShapeError, match="need targets of the same shape"):
        fn(outputs, targets)


@pytest.mark.parametrize("wrong", [-1.0, 1.5, np.nan])
def test_log_loss_wants_targets_from_0_to_1(wrong: float) -> None:
    """Labels −1 and 1 would have a loss without a lower bound."""
    with pytest.raises(ArgumentError, match=f"the target of example 2 is {wrong:g}, and not from"):
        binary_cross_entropy(np.zeros(4), [1.0, 0.0, wrong, 1.0])
    with pytest.raises(ArgumentError, match="the target of example 1 is"):
        binary_cross_entropy(np.zeros((2, 2)), np.array([[1.0, 0.0], [wrong, 1.0]]))


@EACH
def test_targets_that_are_no_numbers(case: Any) -> None:
    fn, outputs, _, _ = case
    for targets in (
        ["a"] * len(outputs),
        None,
        [[1.0], [1.0, 2.0]],
        np.array(["a"] * len(outputs)),
    ):
        with pytest.raises(MicrogdError):
            fn(outputs, targets)
    with pytest.raises(DataError):
        fn(outputs, "spam")


@EACH
def test_an_unknown_reduction(case: Any) -> None:
    fn, outputs, targets, _ = case
    with pytest.raises(ArgumentError, match="reduction is one of mean, sum, none, got 'average'"):
        fn(outputs, targets, "average")


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan")])
def test_margins_and_deltas(wrong: float) -> None:
    with pytest.raises(ArgumentError, match="margin is a number above 0"):
        svm(SCORES, LABELS, margin=wrong)
    with pytest.raises(ArgumentError, match="delta is a number above 0"):
        huber(COLUMN, ZERO_ONE, delta=wrong)


@pytest.mark.parametrize("delta", [0.1, 1.0, 3.0])
def test_other_margins_and_deltas(delta: float) -> None:
    assert_allclose(svm(SCORES, LABELS, "none", delta), plain_svm(SCORES, LABELS, delta), **CLOSE)
    error = COLUMN - ZERO_ONE
    assert_allclose(
        huber(COLUMN, ZERO_ONE, "none", delta), plain_huber(error, delta), rtol=1e-13, atol=1e-14
    )


def test_losses_by_name() -> None:
    for name, fn in LOSSES.items():
        assert loss_named(name) is loss_named(name.upper()) is fn
    assert loss_named("Cross Entropy") is loss_named("cross_entropy") is cross_entropy
    assert loss_named("binary-cross-entropy") is binary_cross_entropy
    with pytest.raises(ArgumentError, match=r"no loss 'crossentrpy'\. Did you mean 'crossentropy'"):
        loss_named("crossentrpy")
    with pytest.raises(ArgumentError, match="There are: crossentropy, svm"):
        loss_named("elephant")


# -- penalties -----------------------------------------------------------------------------------

NET = {
    "linear1": {"w": np.array([[1.0, -2.0]]), "b": np.array([100.0, 100.0])},
    "batchnorm1": {"gamma": np.array([50.0, 50.0]), "beta": np.array([-7.0, 7.0])},
    "prelu1": {"alpha": np.array(30.0)},
    "linear2": {"w": np.array([[3.0], [0.5]]), "b": np.array([9.0])},
}


def test_penalties_are_about_weights_only() -> None:
    assert l2(NET, 0.1) == pytest.approx(0.1 * (1 + 4 + 9 + 0.25))
    assert l1(NET, 0.1) == pytest.approx(0.1 * 6.5)
    assert l2({"w": 3.0, "bias": 100.0}, 1.0) == 9.0
    for penalty, slope in ((l2, lambda w: 2 * w), (l1, np.sign)):
        found = mg.grad(lambda p, penalty=penalty: penalty(p, 0.1))(NET)
        for layer, params in NET.items():
            for name, value in params.items():
                wanted = 0.1 * slope(value) if name == "w" else 0.0 * value
                assert_allclose(found[layer][name], wanted, **CLOSE)


def test_penalties_of_real_nets() -> None:
    net = mg.nn.MLP((3, 4, 2), "prelu", norm="before", biases="constant(5)")
    params = net.init(0, "float64")
    weights = [params["linear1"]["w"], params["linear2"]["w"]]
    assert l2(params, 0.5) == pytest.approx(0.5 * sum((w**2).sum() for w in weights))
    assert l1(params, 0.5) == pytest.approx(0.5 * sum(np.abs(w).sum() for w in weights))
    assert l2(params, 0.0) == 0.0


@pytest.mark.parametrize("wrong", [-1e-3, float("nan")])
@pytest.mark.parametrize("penalty", [l2, l1])
def test_a_penalty_that_rewards(penalty: Any, wrong: float) -> None:
    with pytest.raises(ArgumentError, match="strength is a number of at least 0"):
        penalty(NET, wrong)
