"""Runs when things go wrong: disks, files, numbers, devices. Nothing that was there is lost."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_runner import names_in, refused, run, said
from numpy.testing import assert_array_equal
from training_cases import files, quick_disk, resumed, small, stopped, trained

import microgd as mg
from microgd.autodiff.tree import leaves
from microgd.data import Dataset
from microgd.errors import CheckpointError, TrainingError
from microgd.training import Trainer, checkpoint, load_model
from microgd.training.memory import Memory
from microgd.training.trainer import LAST

__all__ = ["quick_disk"]

pytestmark = pytest.mark.usefixtures("quick_disk")


def device_name(device: Any) -> str:
    return "{}:{}".format(*device.index)


# -- disks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "after"), [*((errno.ENOSPC, n) for n in range(6)), (errno.EROFS, 1), (errno.EIO, 4)]
)
def test_a_disk_that_fails(
    code: int, after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At any of the files that are written: what is there is whole, and the run goes on later."""
    folder = tmp_path / "run"
    trained(small(), tmp_path / "whole")
    stopped(small(), folder, 4, save=True)
    written = 0

    def fail(_: int) -> None:
        nonlocal written
        written += 1
        if written > after:
            raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(mg.OutputError, match="cannot write"):
            resumed(folder)  # the rest of the run writes six files
    load_model(folder, "last")
    load_model(folder, "best")
    resumed(folder)
    assert files(folder) == files(tmp_path / "whole")


def test_a_full_disk_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "run"
    stopped(small(), folder, 4, save=True)
    before = files(folder)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "fsync", full)
    assert "the disk is full; free some space" in refused(1, "train", "--resume", str(folder))
    assert files(folder) == before


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "run"
    stopped(small(), folder, 4, save=True)
    before = files(folder)
    folder.chmod(0o500)

    def refuse(path: Any, *_: Any) -> int:  # for root may write anywhere
        raise PermissionError(errno.EACCES, "permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        text = refused(1, "train", "--resume", str(folder))
    folder.chmod(0o700)
    assert "permission denied" in text
    assert files(folder) == before


@pytest.mark.parametrize("place", ["a file", "a file/below"])
def test_a_folder_that_cannot_be_made(place: str, tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("mine")
    text = refused(1, "train", "--data", "xor", "--run", str(tmp_path / place))
    assert "cannot make the folder" in text
    assert (tmp_path / "a file").read_text() == "mine"


# -- what is in the folder already -----------------------------------------------------------------


def test_another_run_is_not_written_over(tmp_path: Path) -> None:
    stopped(small(), tmp_path, 4, save=True)
    before = files(tmp_path)
    for options in ([], ["--seed", "3"]):
        text = refused(2, "train", "--data", "xor", "--run", str(tmp_path), *options)
        assert "has a run in it already" in text
    assert files(tmp_path) == before


@pytest.mark.parametrize("name", ["config.toml", "history.csv", "best.safetensors"])
def test_files_of_ones_own_are_not_written_over(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("mine")
    text = refused(2, "train", "--data", "xor", "--run", str(tmp_path))
    assert f"{name} is there already, and a run would write over it" in text
    assert (tmp_path / name).read_text() == "mine"
    assert names_in(tmp_path) == [name]


def test_a_foreign_last_checkpoint_is_not_written_over(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"w": np.zeros(3, np.float32)}, tmp_path / LAST)
    before = files(tmp_path)
    text = refused(2, "train", "--data", "xor", "--run", str(tmp_path))
    assert "no checkpoint of microgd" in text
    assert files(tmp_path) == before


def test_other_files_stay(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    said("train", "--data", "xor", "--run", str(tmp_path), "--epochs", "1", "--quiet")
    assert (tmp_path / "notes.txt").read_text() == "mine"


# -- checkpoints that are damaged ------------------------------------------------------------------

TREES = {"params": {"w": np.arange(6, dtype=np.float32).reshape(2, 3)}, "n": np.float64(3.0)}
FACTS = {"step": 7, "loss": float("inf"), "name": "é", "rows": [{"lr": 0.1}, None]}


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return checkpoint.save(tmp_path / "one.safetensors", TREES, FACTS)


def test_a_checkpoint_is_read_as_it_was_written(whole: Path) -> None:
    arrays, facts = checkpoint.load(whole)
    assert facts == FACTS
    assert set(arrays) == {"params.w", "n"}
    assert_array_equal(arrays["params.w"], TREES["params"]["w"], strict=True)
    assert (arrays["n"].shape, arrays["n"].dtype, float(arrays["n"])) == ((), np.float64, 3.0)
    again = checkpoint.save(whole.with_name("two"), TREES, FACTS)
    assert again.read_bytes() == whole.read_bytes()


def test_a_checkpoint_that_is_cut_short(whole: Path) -> None:
    data = whole.read_bytes()
    for length in range(len(data)):
        whole.write_bytes(data[:length])
        with pytest.raises(CheckpointError, match=r"one\.safetensors"):
            checkpoint.load(whole)
    whole.write_bytes(data + b"\0")
    with pytest.raises(CheckpointError):
        checkpoint.load(whole)


def test_any_flipped_bit_is_noticed(whole: Path) -> None:
    data = whole.read_bytes()
    unnoticed = []
    for place in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            whole.write_bytes(bytes(changed))
            try:
                arrays, facts = checkpoint.load(whole)
            except CheckpointError:
                continue
            assert facts == FACTS
            assert_array_equal(arrays["params.w"], TREES["params"]["w"], strict=True)
            unnoticed.append(data[place - 5 : place + 1])
    assert unnoticed == [rb"\\u00e"]  # \u00E9 is the same letter


def test_the_array_that_is_damaged_is_named(tmp_path: Path) -> None:
    trained(small(), tmp_path)
    path = tmp_path / LAST
    arrays, _ = checkpoint.load(path)
    data = bytearray(path.read_bytes())
    place = data.index(arrays["params.linear2.w"].tobytes())
    data[place + 5] ^= 1
    path.write_bytes(bytes(data))
    text = refused(2, "train", "--resume", str(tmp_path))
    assert f"{path} is damaged: the array params.linear2.w is not the one that was written" in text
    assert "params.linear2.w" in refused(2, "evaluate", str(tmp_path), "--checkpoint", "last")
    assert path.read_bytes() == bytes(data)
    said("evaluate", str(tmp_path))  # the best one is whole


def test_what_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="there is no checkpoint"):
        checkpoint.load(tmp_path / "none")
    with pytest.raises(CheckpointError, match="cannot read"):
        checkpoint.load(tmp_path)
    (tmp_path / "text").write_text("This is no checkpoint, but a text of some length.")
    with pytest.raises(CheckpointError, match="no whole checkpoint"):
        checkpoint.load(tmp_path / "text")


def rewritten(path: Path, **changes: Any) -> None:
    """Another checkpoint in its place, whole, with other facts; None takes one away."""
    arrays, facts = checkpoint.load(path)
    checkpoint.save(path, arrays, {**facts, **changes})


def test_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "FORMAT", 2)
        trained(small(), tmp_path)
    text = refused(2, "train", "--resume", str(tmp_path))
    assert "has format 2; this version of microgd reads format 1" in text


def test_a_checkpoint_of_another_net_or_optimizer(tmp_path: Path) -> None:
    trained(small(), tmp_path)
    before = files(tmp_path)
    with pytest.raises(CheckpointError, match=r"params.linear1.w has shape \(2, 5\)"):
        Trainer.resume(tmp_path, hidden=(6,))
    with pytest.raises(CheckpointError, match=r"another net or optimizer: it lacks params.lin"):
        Trainer.resume(tmp_path, hidden=(5, 5))
    with pytest.raises(CheckpointError, match=r"another net or optimizer: it has optimizer\.m"):
        Trainer.resume(tmp_path, optimizer="sgd")
    assert files(tmp_path) == before


def test_a_configuration_of_a_later_version(tmp_path: Path) -> None:
    trained(small(), tmp_path)
    _, facts = checkpoint.load(tmp_path / LAST)
    rewritten(tmp_path / LAST, config={**facts["config"], "warmth": 3})
    assert "there is no option 'warmth'" in refused(2, "train", "--resume", str(tmp_path))


# -- numbers ---------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered")
@pytest.mark.parametrize("every", [None, 1])
def test_a_loss_that_is_nan(every: int | None, tmp_path: Path) -> None:
    config = small(data="line(count=60)", lr=1e6, optimizer="sgd", epochs=50)
    run = Trainer(config, folder=tmp_path)
    with pytest.raises(TrainingError, match=r"epoch \d+.*learning rate 1e\+06 may be too large"):
        for _ in run.epochs(checkpoint_every=every):
            pass
    arrays, facts = checkpoint.load(tmp_path / LAST)
    assert all(np.isfinite(a).all() for name, a in arrays.items() if name.startswith("params"))
    assert all(np.isfinite(row["loss"]) for row in facts["history"])
    Trainer.resume(tmp_path)
    files(tmp_path)


@pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered")
def test_a_loss_that_is_nan_on_the_command_line(tmp_path: Path) -> None:
    options = ["--data", "line", "--lr", "1e6", "--optimizer", "sgd", "--device", "interpreter"]
    text = refused(1, "train", *options, "--run", str(tmp_path))
    assert "after epoch 1, step 2: the learning rate 1e+06 may be too large" in text
    assert f"{tmp_path / LAST} is from before" in text
    load_model(tmp_path)


def test_nan_is_never_saved(tmp_path: Path) -> None:
    run = trained(small(), tmp_path)
    before = files(tmp_path)
    params = run.numbers(run.params)
    params["linear1"]["w"][0, 0] = np.inf
    run.params = run._there(params)
    with pytest.raises(TrainingError, match=r"linear1\.w has numbers that are not finite after"):
        run.save()
    assert files(tmp_path) == before


def test_labels_out_of_range() -> None:
    with pytest.raises(mg.MicrogdError, match="3"):
        Dataset("bad", np.zeros((3, 2)), [0, 3, 1], ("a", "b", "c"))
    with pytest.raises(mg.ArgumentError, match=r"x\[1, 0\] is nan"):
        Dataset("bad", [[0.0], [np.nan]], [0, 1], ("a", "b"))


# -- devices ---------------------------------------------------------------------------------------


def test_a_device_that_is_lost(
    opencl_device: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever launch fails: an error of ours, the last checkpoint whole, and the run goes on."""
    import pyopencl as cl

    config = small(device=device_name(opencl_device))
    trained(config, tmp_path / "whole")
    real = cl.enqueue_nd_range_kernel
    for number in (0, 11):
        folder = tmp_path / str(number)
        stopped(config, folder, 4, save=True)
        launched = 0

        def lose(*arguments: Any, number: int = number) -> Any:
            nonlocal launched
            launched += 1
            if launched > number:
                raise cl.LogicError("clEnqueueNDRangeKernel failed: DEVICE_NOT_AVAILABLE")
            return real(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(cl, "enqueue_nd_range_kernel", lose)
            text = refused(1, "train", "--resume", str(folder))
        assert "DEVICE_NOT_AVAILABLE" in text
        assert "may have been lost" in text
        resumed(folder)
        assert files(folder) == files(tmp_path / "whole")


@pytest.mark.parametrize("what", ["enqueue_copy", "CommandQueue.flush"])
def test_a_device_that_is_lost_while_reading(
    what: str, opencl_device: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyopencl as cl

    stopped(small(device=device_name(opencl_device)), tmp_path, 4, save=True)
    before = files(tmp_path)

    def lose(*_: Any, **__: Any) -> Any:
        raise cl.RuntimeError("OUT_OF_RESOURCES")

    owner, _, name = what.rpartition(".")
    monkeypatch.setattr(getattr(cl, owner) if owner else cl, name, lose)
    assert "OUT_OF_RESOURCES" in refused(1, "train", "--resume", str(tmp_path))
    assert files(tmp_path) == before


def test_float64_where_there_is_none(
    opencl_device: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = replace(opencl_device, float64=False)
    monkeypatch.setattr("microgd.opencl.program.choose", lambda _: narrow)
    text = refused(1, "train", "--data", "xor", "--dtype", "float64", "--run", str(tmp_path / "x"))
    assert "has no float64: use dtype float32 (--dtype float32)" in text
    assert not (tmp_path / "x").exists()


# -- memory ----------------------------------------------------------------------------------------


def taken(run: Trainer) -> tuple[int, int, int]:
    """What arrays of a run take in fact: parameters, states, data."""
    resident = run.feed.resident
    data = resident or run.feed.sent(np.arange(run.config.batch), 0, 0)
    trees = (run.params, (run.optimizer_state, run.kept), data)
    found = [sum(leaf.nbytes for leaf in leaves(tree)) for tree in trees]
    return found[0], found[1], found[2]


@pytest.mark.parametrize("data", ["blobs(count=60)", "line(count=60)", "digits"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("noise", [0.0, 0.1])
@pytest.mark.parametrize("loss", [None, "binarycrossentropy"])
def test_the_plan_is_what_the_arrays_take(
    data: str, dtype: str, noise: float, loss: str | None
) -> None:
    if loss is not None:
        data = "moons(count=60)"
    run = Trainer(small(data=data, dtype=dtype, norm="before", noise=noise, epochs=1, loss=loss))
    plan = run.memory
    for _ in run.epochs():
        break
    assert (plan.parameters, plan.states, plan.data) == taken(run)
    assert plan.total == sum(taken(run))
    assert plan.sent == bool(noise)
    assert not plan.streams
    assert ("a minibatch at a time" in str(plan)) == plan.sent


@pytest.mark.parametrize(("small_in", "size"), [("memory", 1500), ("largest_buffer", 500)])
def test_data_that_has_no_room_is_streamed(
    small_in: str, size: int, opencl_device: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the same numbers, bit for bit."""
    config = small(device=device_name(opencl_device))
    trained(config, tmp_path / "resident")
    tiny = replace(opencl_device, **{small_in: size})
    monkeypatch.setattr("microgd.opencl.program.choose", lambda _: tiny)
    run = trained(config, tmp_path / "streamed")
    assert run.memory.streams
    assert run.feed.resident is None
    assert run.memory.data == taken(run)[2]
    assert files(tmp_path / "streamed") == files(tmp_path / "resident")


def test_sizes_for_people() -> None:
    plan = Memory(3 << 20, 800, 5 << 10, False, False, 2 << 30)
    assert str(plan) == (
        "3.0 MiB on the device: parameters 3.0 MiB, states 800 B, data 5.0 KiB (all of it), "
        "of 2.0 GiB"
    )


def test_a_bug_is_no_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped(small(), tmp_path, 4, save=True)
    before = files(tmp_path)

    def fail(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(Trainer, "_one_step", fail)
    result = run("train", "--resume", str(tmp_path))
    assert result.exit_code == 1
    assert "not enough memory" in result.stderr
    assert files(tmp_path) == before
