"""One training step as a program: against PyTorch, against the lecture's loops, on devices."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_runner import said
from numpy.testing import assert_allclose, assert_array_equal

import microgd as mg
from microgd.autodiff.tree import leaves, paths, rebuilt
from microgd.data import read_dataset
from microgd.losses import binary_cross_entropy, cross_entropy, squared
from microgd.nn import MLP, Mode, Sequential
from microgd.optim import SGD, Adam
from microgd.training.programs import Task, nothing

RNG = np.random.default_rng(29)
#: 96 points of 3 classes that overlap, so that the loss stays away from 0.
Y = np.arange(96) % 3
X = RNG.normal(size=(96, 6)) + 0.9 * np.eye(6)[Y]
STEPS, BATCH = 200, 12
ROWS = [np.random.default_rng(t).permutation(96)[:BATCH] for t in range(STEPS)]

OPTIMIZERS: dict[str, tuple[Any, float]] = {
    "adam": (Adam(), 0.01),
    "sgd": (SGD(momentum=0.9), 0.05),
}
WITH = pytest.mark.parametrize("optimizer", OPTIMIZERS)
NORM = pytest.mark.parametrize("norm", [None, "before", "after"])


def task_of(optimizer: str = "sgd", norm: str | None = None, **more: Any) -> Task:
    net = MLP((6, 8, 3), norm=norm, dropout=more.pop("dropout", 0.0))
    return Task(net, cross_entropy, "classes", OPTIMIZERS[optimizer][0], **more)


def begun(task: Task, dtype: str = "float64") -> tuple[Any, Any, Any]:
    """Parameters, the optimizer's state, the net's."""
    params = task.net.init(4, dtype)
    return params, task.optimizer.init(params), task.net.start(dtype)


def steps(
    task: Task,
    lr: float,
    step: Any = None,
    dtype: str = "float64",
    count: int = STEPS,
    device: Any = None,
) -> tuple[list[float], Any, Any]:
    """The loss of each minibatch, the last parameters, the net's last state."""
    params, memory, kept = begun(task, dtype)
    if device is not None:  # from the beginning, so that there is one program and not two
        params, memory, kept = (
            rebuilt(tree, (mg.device_array(np.asarray(x, dtype), device) for x in leaves(tree)))
            for tree in (params, memory, kept)
        )
    found = []
    for t, rows in enumerate(ROWS[:count]):
        x = X[rows].astype(dtype)
        done = (step or task.step)(params, memory, kept, nothing(dtype), x, Y[rows], float(t), lr)
        params, memory, kept, sums = done
        found.append(sums["loss"])
    return [float(x) / BATCH for x in found], params, kept


# -- PyTorch -------------------------------------------------------------------------------------


@pytest.mark.oracle
@WITH
@NORM
def test_pytorch(optimizer: str, norm: str | None) -> None:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)  # such small matrices are slower on several, much slower on busy ones
    rule, lr = OPTIMIZERS[optimizer]
    task = task_of(optimizer, norm)
    mine, params, kept = steps(task, lr)

    first = task.net.init(4, "float64")
    modules: list[Any] = [torch.nn.Linear(6, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3)]
    if norm:
        modules.insert(1 if norm == "before" else 2, torch.nn.BatchNorm1d(8))
    net = torch.nn.Sequential(*modules).double()
    with torch.no_grad():
        for linear, name in ((net[0], "linear1"), (net[-1], "linear2")):
            linear.weight.copy_(torch.tensor(first[name]["w"].T))
            linear.bias.copy_(torch.tensor(first[name]["b"]))
    if isinstance(rule, Adam):
        walker: Any = torch.optim.Adam(net.parameters(), lr=lr)
    else:
        walker = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9)
    theirs = []
    for rows in ROWS:
        walker.zero_grad()
        scores = net(torch.tensor(X[rows]))
        loss = torch.nn.functional.cross_entropy(scores, torch.tensor(Y[rows]))
        loss.backward()
        walker.step()
        theirs.append(loss.item())
    # Rounding of 1e-16 at each step, which nothing here enlarges: the largest difference that there
    # is, is near 3e-15 in the losses and 1e-13 in the weights. Only a bias before batch norm, which
    # has no gradient but noise, is moved by Adam, and the running mean with it.
    assert_allclose(mine, theirs, rtol=1e-12)
    assert_allclose(
        params["linear1"]["w"], net[0].weight.detach().numpy().T, rtol=1e-10, atol=1e-12
    )
    assert_allclose(
        params["linear2"]["w"], net[-1].weight.detach().numpy().T, rtol=1e-10, atol=1e-12
    )
    if norm:
        module = next(m for m in net if isinstance(m, torch.nn.BatchNorm1d))
        assert_allclose(
            kept["batchnorm1"]["mean"], module.running_mean.numpy(), rtol=1e-6, atol=1e-9
        )
        assert_allclose(
            kept["batchnorm1"]["var"], module.running_var.numpy(), rtol=1e-10, atol=1e-12
        )
    assert np.mean(mine[-20:]) < 0.9 * np.mean(mine[:5])
    net.eval()
    sums = task.evaluate(params, kept, nothing("float64"), X, Y)
    scores = net(torch.tensor(X))
    error = torch.nn.functional.cross_entropy(scores, torch.tensor(Y), reduction="sum")
    assert float(sums["loss"]) == pytest.approx(error.item(), rel=1e-8)
    assert float(sums["right"]) == float((scores.argmax(dim=1).numpy() == Y).sum())


# -- devices -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("optimizer", "norm"),
    [
        *(("sgd", None), ("adam", "before")),
        pytest.param("adam", None, marks=pytest.mark.slow),
        pytest.param("sgd", "before", marks=pytest.mark.slow),
        pytest.param("sgd", "after", marks=pytest.mark.slow),
        pytest.param("adam", "after", marks=pytest.mark.slow),
    ],
)
def test_compiled(optimizer: str, norm: str | None, opencl_device: Any) -> None:
    """200 steps of float32 on the device, with donated memory, against float64."""
    lr = OPTIMIZERS[optimizer][1]
    task = task_of(optimizer, norm)
    program = mg.compile(task.step, device=opencl_device, donate=(0, 1, 2))
    mine, params, kept = steps(task, lr, program, "float32", device=opencl_device)
    exact, wanted, state = steps(task, lr)
    # float32 rounds by 6e-8 at each operation, and nothing here enlarges that much: the largest
    # difference that there is, is near 3e-7 in the losses and 1e-6 in the weights
    assert_allclose(mine, exact, rtol=1e-5)
    for tree, other in ((params, wanted), (kept, state)):
        for path, found, number in zip(paths(tree), leaves(tree), leaves(other), strict=True):
            assert found.dtype == np.float32
            if norm == "before" and path in ("linear1.b", "batchnorm1.mean"):
                # a bias before batch norm has no gradient, but noise: Adam follows that, and the
                # running mean goes along
                continue
            assert_allclose(np.asarray(found), number, rtol=1e-4, atol=2e-5, err_msg=path)
    assert "compiled 1 times" in repr(program)


def test_dropout_is_the_same_on_a_device(opencl_device: Any) -> None:
    task = task_of(dropout=0.5, seed=3, l2=1e-3)
    program = mg.compile(task.step, device=opencl_device)
    mine, _, _ = steps(task, 0.05, program, "float32", 20)
    exact, _, _ = steps(task, 0.05, count=20)
    assert_allclose(mine, exact, rtol=1e-5)
    other, _, _ = steps(task_of(dropout=0.5, seed=4, l2=1e-3), 0.05, count=20)
    assert not np.allclose(other, exact, rtol=1e-2)


def test_counting_on_a_device(opencl_device: Any) -> None:
    task = task_of(norm="before")
    params, _, kept = begun(task, "float32")
    program = mg.compile(task.evaluate, device=opencl_device, donate=(2,))
    sums = program(params, kept, nothing(), X.astype(np.float32), Y)
    sums = program(params, kept, sums, X.astype(np.float32), Y)  # to what was counted before
    wanted = task.evaluate(*begun(task)[::2], nothing("float64"), X, Y)
    assert float(sums["loss"]) == pytest.approx(2 * float(wanted["loss"]), rel=1e-5)
    # (an example that no relu lets through has three equal scores, and counts as a third)
    assert float(sums["right"]) == pytest.approx(2 * float(wanted["right"]), rel=1e-6)


def several(task: Task, dtype: str) -> tuple[Any, list[Any]]:
    """Three steps, one by one; and the arguments with which one call takes them all."""
    begin = (*begun(task, dtype), nothing(dtype))
    data = (X.astype(dtype), Y)
    state: Any = begin
    for t, (rows, lr) in enumerate(zip(ROWS[:3], (0.1, 0.05, 0.2), strict=True)):
        state = task.step(*state, data[0][rows], Y[rows], 5.0 + t, lr)
    return state, [*begin, data, ROWS[:3], 5.0, [0.1, 0.05, 0.2]]


def test_the_net_learns_in_training_mode() -> None:
    """The step's number and the seed choose the masks; batch norm's new state is handed on."""
    task = task_of(norm="before", dropout=0.5, seed=8)
    params, memory, kept = begun(task)
    x, y = X[:12], Y[:12]
    for t in (0.0, 1.0, 7.0):
        scores, wanted = task.net.apply(params, kept, x, Mode(True, t, 8))
        _, _, state, sums = task.step(params, memory, kept, nothing("float64"), x, y, t, 0.1)
        assert float(sums["loss"]) == pytest.approx(cross_entropy(scores, y, "sum"), rel=1e-12)
        for mine, exact in zip(leaves(state), leaves(wanted), strict=True):
            assert_array_equal(mine, exact)
        assert state["batchnorm1"]["mean"].any()


def test_several_steps_on_rows_of_the_data() -> None:
    """The masks of dropout, too, are those of the steps one by one."""
    task = task_of("adam", "before", dropout=0.3)
    one_by_one, arguments = several(task, "float64")
    together = task.steps_of_rows(*arguments)
    assert paths(together) == paths(one_by_one)
    for mine, exact in zip(leaves(together), leaves(one_by_one), strict=True):
        assert_array_equal(mine, exact)


@pytest.mark.slow  # three steps are three times as much to build
def test_several_steps_on_a_device(opencl_device: Any) -> None:
    task = task_of(dropout=0.3)
    wanted, _ = several(task, "float64")
    _, arguments = several(task, "float32")
    found = mg.compile(task.steps_of_rows, device=opencl_device)(*arguments)
    for mine, exact in zip(leaves(found), leaves(wanted), strict=True):
        assert_allclose(np.asarray(mine), exact, rtol=1e-4, atol=1e-5)


# -- what is counted -----------------------------------------------------------------------------


def task_with(kind: str, loss: Any = cross_entropy, net: Sequential | None = None) -> Task:
    return Task(net or MLP((6, 3)), loss, kind, SGD())


def test_ties_share() -> None:
    scores = np.array([[1.0, 1.0, 0.0], [0.0, 2.0, 2.0], [3.0, 3.0, 3.0], [0.0, 0.0, 9.0]])
    right = task_with("classes").right
    assert float(right(scores, np.array([0, 0, 1, 2]))) == pytest.approx(1 / 2 + 0 + 1 / 3 + 1)
    assert float(right(scores, np.array([2, 1, 0, 0]))) == pytest.approx(0 + 1 / 2 + 1 / 3 + 0)
    shares = np.array([[0.5, 0.5, 0], [0, 0, 1.0], [0.2, 0.3, 0.5], [0, 1.0, 0]])
    assert float(right(scores, shares)) == pytest.approx(1 / 2 + 1 / 2 + 1 / 3)
    assert float(right(np.full((4, 3), np.nan), np.zeros(4, int))) == 0.0
    assert float(right(np.array([[np.inf, -np.inf, 0.0]]), np.array([0]))) == 1.0


def test_an_untrained_net_of_zeros_is_right_by_chance() -> None:
    net = MLP((6, 3), weights="zeros")
    task = task_with("classes", net=net)
    sums = task.evaluate(net.init(0, "float64"), {}, nothing("float64"), X, Y)
    assert float(sums["right"]) == pytest.approx(96 / 3)
    assert float(sums["loss"]) / 96 == pytest.approx(np.log(3.0))


def test_one_output_for_two_classes() -> None:
    right = task_with("binary", binary_cross_entropy).right
    scores = np.array([[2.0], [-1.0], [0.0], [0.5], [-3.0]])
    labels = np.array([1, 0, 0, 0, 1])
    assert float(right(scores, labels)) == 3.0  # a score of exactly 0 says 0
    assert float(right(scores[:, 0], labels)) == 3.0


def test_numbers_are_not_right_or_wrong() -> None:
    assert float(task_with("numbers", squared).right(np.ones((4, 1)), np.ones(4))) == 0.0


@pytest.mark.parametrize(
    ("kind", "loss", "outputs"), [("binary", binary_cross_entropy, 1), ("numbers", squared, 1)]
)
def test_one_output_learns(kind: str, loss: Any, outputs: int) -> None:
    net = MLP((6, 8, outputs), "tanh")
    task = Task(net, loss, kind, Adam())
    params, memory, kept = begun(task)
    y = (Y == 0).astype(float)
    losses = []
    for t in range(100):
        params, memory, kept, sums = task.step(
            params, memory, kept, nothing("float64"), X, y, float(t), 0.02
        )
        losses.append(float(sums["loss"]) / 96)
    assert losses[-1] < 0.75 * losses[0]
    assert (float(sums["right"]) > 70) == (kind == "binary")


def test_sums_add_up_over_steps() -> None:
    task = task_of()
    params, memory, kept = begun(task)
    sums = nothing("float64")
    losses, rights = [], []
    for t, rows in enumerate(ROWS[:5]):
        scores = task.net(params, X[rows], kept)
        losses.append(cross_entropy(scores, Y[rows], "sum"))
        rights.append((np.argmax(scores, axis=1) == Y[rows]).sum())
        step = task.step(params, memory, kept, sums, X[rows], Y[rows], float(t), 0.05)
        params, memory, kept, sums = step
    assert float(sums["loss"]) == pytest.approx(sum(losses), rel=1e-12)
    assert float(sums["right"]) == sum(rights)


# -- penalties -----------------------------------------------------------------------------------


def test_penalties_move_weights_and_are_not_in_the_loss() -> None:
    plain, held = task_of(norm="before"), task_of(norm="before", l2=0.1, l1=0.03)
    rows, lr = ROWS[0], 0.5
    x, y = X[rows], Y[rows]
    task = Task(plain.net, cross_entropy, "classes", SGD())
    params, memory, kept = begun(task)
    free, _, _, without = task.step(params, memory, kept, nothing("float64"), x, y, 0.0, lr)
    task = Task(held.net, cross_entropy, "classes", SGD(), l2=0.1, l1=0.03)
    pulled, _, _, sums = task.step(params, memory, kept, nothing("float64"), x, y, 0.0, lr)
    assert sums == without
    for path, before, one, other in zip(
        paths(params), leaves(params), leaves(free), leaves(pulled), strict=True
    ):
        pull = lr * (0.2 * before + 0.03 * np.sign(before)) if path.endswith(".w") else 0.0
        assert_allclose(other, one - pull, rtol=1e-12, atol=1e-14, err_msg=path)
    assert np.abs(pulled["linear1"]["w"] - free["linear1"]["w"]).max() > 0.01


def test_l2_is_sgds_weight_decay_twice() -> None:
    """Lecture 002: λ‖W‖² has the gradient 2λW; PyTorch's weight_decay adds λW."""
    net = MLP((6, 3), biases=None)
    x, y = X[:10], Y[:10]
    one = Task(net, cross_entropy, "classes", SGD(), l2=0.05)
    other = Task(net, cross_entropy, "classes", SGD(weight_decay=0.1))
    found = []
    for task in (one, other):
        params, memory, kept = begun(task)
        for t in range(5):
            step = task.step(params, memory, kept, nothing("float64"), x, y, float(t), 0.3)
            params, memory, kept, _ = step
        found.append(params["linear1"]["w"])
    assert_allclose(found[0], found[1], rtol=1e-12)


def test_a_step_leaves_what_it_was_given() -> None:
    task = task_of("adam", "before")
    begin = (*begun(task), nothing("float64"))
    before = [np.copy(leaf) for leaf in leaves(begin)]
    task.step(*begin, X[:12], Y[:12], 0.0, 0.1)
    for mine, was in zip(leaves(begin), before, strict=True):
        assert_array_equal(mine, was)


# -- C4: the lecture's algorithm -----------------------------------------------------------------


def written_cifar(folder: Path, random: np.random.Generator, count: int = 50) -> Path:
    """Two files in CIFAR-10's binary format, with patterns that can be told apart."""
    patterns = random.uniform(0, 255, size=(10, 3072))
    for number in (1, 2):
        labels = random.integers(0, 10, size=count)
        pixels = 0.5 * patterns[labels] + 0.5 * random.uniform(0, 255, size=(count, 3072))
        records = np.concatenate([labels[:, None], pixels], axis=1).astype(np.uint8)
        (folder / f"data_batch_{number}.bin").write_bytes(records.tobytes())
    return folder


def test_c4_softmax_regression_number_for_number(tmp_path: Path) -> None:
    """Lecture 000: per-sample accumulation, mean, update, on binary files of CIFAR-10's shape.

    Its weights are K × D, ours D × K, and its rows are drawn with np.random.permutation.
    """
    random = np.random.default_rng(1)
    data = read_dataset(str(written_cifar(tmp_path, random)))
    labels, images = data.y, data.scaled(0.0, 1.0).x.astype(float)
    assert (len(data), data.shape, images.max() <= 1.0) == (100, (3, 32, 32), True)
    batch, lr = 10, 0.01

    net = MLP((3072, 10), weights="normal(sigma=1e-3)", biases="normal(sigma=1e-3)")
    task = Task(net, cross_entropy, "classes", SGD())
    params, memory, kept = begun(task)
    w, b = params["linear1"]["w"].T.copy(), params["linear1"]["b"].copy()
    assert w.shape == (10, 3072)
    losses = []
    for t in range(200):
        ids = random.permutation(len(images))[:batch]
        # the slide
        loss = 0.0
        dw = np.zeros_like(w)
        db = np.zeros_like(b)
        for xn, yn in zip(images[ids], labels[ids], strict=True):
            sn = np.dot(w, xn) + b
            pn = np.exp(sn) / np.sum(np.exp(sn))
            loss += -np.log(pn[yn])
            dbn = pn.copy()
            dbn[yn] -= 1
            dw += np.dot(dbn.reshape(-1, 1), xn.reshape(1, -1))
            db += dbn
        loss /= batch
        dw /= batch
        db /= batch
        w = w - lr * dw
        b = b - lr * db
        # microgd
        step = task.step(
            params, memory, kept, nothing("float64"), images[ids], labels[ids], float(t), lr
        )
        params, memory, kept, sums = step
        assert float(sums["loss"]) / batch == pytest.approx(loss, rel=1e-10)
        losses.append(loss)
    assert_allclose(params["linear1"]["w"].T, w, rtol=1e-9, atol=1e-12)
    assert_allclose(params["linear1"]["b"], b, rtol=1e-9, atol=1e-12)
    assert losses[0] == pytest.approx(np.log(10.0), abs=0.05)
    assert losses[-1] < 0.3


def test_c4_on_the_command_line(tmp_path: Path) -> None:
    """A linear softmax begins at ln 10 there, too, on data scaled by its statistics."""
    written_cifar(tmp_path, np.random.default_rng(1))
    told = json.loads(
        said(
            *("train", "--data", str(tmp_path), "--hidden", "none", "--init", "normal(sigma=1e-3)"),
            *("--optimizer", "sgd", "--lr", "1e-9", "--epochs", "1", "--device", "interpreter"),
            *("--run", str(tmp_path / "run"), "--json"),
        )
    )
    assert told["history"][0]["loss"] == pytest.approx(np.log(10.0), abs=0.05)


def test_c3_counts_of_a_numeric_gradient() -> None:
    """Lecture 000: K·D + K further losses for one gradient of the same classifier."""
    assert MLP((3072, 10)).parameter_count() == 10 * 3072 + 10 == 30_730


EXAMPLES = Path(__file__).parent.parent / "examples"


def test_eleven_lines(capsys: pytest.CaptureFixture[str]) -> None:
    by_hand, by_microgd = runpy.run_path(str(EXAMPLES / "eleven_lines.py"))["main"](steps=1000)
    assert_allclose(by_microgd, by_hand, rtol=1e-9)
    assert np.abs(by_microgd[:, 0] - [0, 1, 1, 0]).max() < 0.1
    assert "largest difference" in capsys.readouterr().out


def test_digits_by_hand(capsys: pytest.CaptureFixture[str]) -> None:
    accuracy = runpy.run_path(str(EXAMPLES / "digits_by_hand.py"))["main"](device="interpreter")
    assert accuracy > 0.92
    assert "epoch 8" in capsys.readouterr().out


def test_gradients_are_taken_where_the_optimizer_looks() -> None:
    """Nesterov's look-ahead form wants them at θ + μv."""
    task = Task(MLP((6, 3)), cross_entropy, "classes", mg.optim.Nesterov(0.9, form="look-ahead"))
    params, memory, kept = begun(task)
    velocity = rebuilt(params, (np.zeros_like(leaf) for leaf in leaves(params)))
    for t, rows in enumerate(ROWS[:10]):
        ahead = rebuilt(
            params,
            (p + 0.9 * v for p, v in zip(leaves(params), leaves(velocity), strict=True)),
        )
        slopes = mg.grad(lambda p, r=rows: cross_entropy(task.net(p, X[r]), Y[r]))(ahead)
        moved = [0.9 * v - 0.05 * g for v, g in zip(leaves(velocity), leaves(slopes), strict=True)]
        wanted = [p + v for p, v in zip(leaves(params), moved, strict=True)]
        velocity = rebuilt(velocity, iter(moved))
        params, memory, kept, _ = task.step(
            params, memory, kept, nothing("float64"), X[rows], Y[rows], float(t), 0.05
        )
        for mine, exact in zip(leaves(params), wanted, strict=True):
            assert_allclose(mine, exact, rtol=1e-10, atol=1e-12)
