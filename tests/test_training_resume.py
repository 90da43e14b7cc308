"""A run that was stopped goes on, and ends with the bytes of one that was not."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cli_runner import refused, said, start
from training_cases import FILES, LOG, files, quick_disk, resumed, small, stopped, trained

import microgd as mg
from microgd.training import Trainer, checkpoint
from microgd_cli.train_progress import Interrupt

__all__ = ["quick_disk"]

#: What a run may have: each of these keeps something that has to be there again.
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "dropout": {"dropout": 0.3},
    "norm before": {"norm": "before"},
    "norm after": {"norm": "after", "dropout": 0.2, "activation": "prelu"},
    "random slopes": {"activation": "rrelu"},
    "plateau": {"schedule": "reduceonplateau(lr=0.5, patience=0)", "schedule_per": "epoch"},
    "schedule per epoch": {"schedule": "step(lr=0.1, size=2)", "schedule_per": "epoch"},
    "schedule per step": {"schedule": "cosine(lr=0.1, steps=9)"},
    "patience": {"patience": 1, "lr": 30.0, "optimizer": "sgd", "epochs": 9},
    "lookahead": {"optimizer": "lookahead(adam, k=2)"},
    "clipped": {"optimizer": "clipped(sgd(momentum=0.9), norm=0.1)"},
    "frozen": {"frozen": ("linear1.*",), "l1": 0.01, "l2": 0.01},
    "several steps a call": {"steps_per_call": 2},
    "numbers": {"data": "line(count=60)"},
    "images": {
        "data": "digits",
        "batch": 700,
        "hidden": (4,),
        "epochs": 2,
        "shift": 1,
        "noise": 0.1,
        "flip": True,
    },
}
EVERYTHING: dict[str, Any] = {
    "dropout": 0.3,
    "norm": "before",
    "activation": "rrelu",
    "noise": 0.1,
    "patience": 5,
    "optimizer": "lookahead(clipped(adam, norm=0.5), k=2)",
    "frozen": ("linear2.b",),
    "schedule": "reduceonplateau(lr=0.5, patience=0)",
    "schedule_per": "epoch",
}


def require_every_stop(config: Any, folder: Path, stops: list[int] | None = None) -> Trainer:
    """Stop after every step, saved there or left at the latest checkpoint; all end alike."""
    whole = trained(config, folder / "whole")
    want = files(folder / "whole")
    assert set(want) == set(FILES)
    for step in stops or range(1, whole.step + 1):
        for save in (True, False):
            place = folder / f"{step}{save}"
            stopped(config, place, step, save=save, checkpoint_every=None if save else 1)
            again = resumed(place)
            assert files(place) == want, (step, save)
            assert again.ended == whole.ended
    return whole


@pytest.mark.usefixtures("quick_disk")
@pytest.mark.parametrize("kind", KINDS)
def test_any_stop(kind: str, tmp_path: Path) -> None:
    require_every_stop(small(**KINDS[kind]), tmp_path, stops=[2, 3])


@pytest.mark.slow
@pytest.mark.usefixtures("quick_disk")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_stop(kind: str, dtype: str, tmp_path: Path) -> None:
    run = require_every_stop(small(dtype=dtype, **KINDS[kind]), tmp_path)
    assert ("has not fallen" in (run.ended or "")) == (kind == "patience")


@pytest.mark.usefixtures("quick_disk")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_stop_of_a_run_with_everything(dtype: str, tmp_path: Path) -> None:
    require_every_stop(small(dtype=dtype, **EVERYTHING), tmp_path)


@pytest.mark.usefixtures("quick_disk")
def test_a_stop_on_a_device(opencl_device: Any, tmp_path: Path) -> None:
    device = "{}:{}".format(*opencl_device.index)
    require_every_stop(small(device=device, **EVERYTHING), tmp_path, stops=[2])


@pytest.mark.slow
@pytest.mark.usefixtures("quick_disk")
@pytest.mark.parametrize("kind", KINDS)
def test_every_stop_on_a_device(opencl_device: Any, kind: str, tmp_path: Path) -> None:
    device = "{}:{}".format(*opencl_device.index)
    require_every_stop(small(device=device, **KINDS[kind]), tmp_path)


@pytest.mark.usefixtures("quick_disk")
def test_checkpoints_within_an_epoch_change_nothing(tmp_path: Path) -> None:
    found = []
    for every in (None, 1, 2, 5, 100):
        trained(small(dropout=0.2), tmp_path / str(every), checkpoint_every=every)
        found.append(files(tmp_path / str(every)))
    assert all(one == found[0] for one in found)


def test_the_history_of_a_run_that_was_killed_beside_its_checkpoint(tmp_path: Path) -> None:
    """Between the writing of the last checkpoint and that of the history."""
    trained(small(), tmp_path)
    want = files(tmp_path)
    (tmp_path / "history.csv").write_text("of an epoch before")
    (tmp_path / "config.toml").unlink()
    (tmp_path / ".microgd-0123456789abcdef.part").write_bytes(b"half a checkp")
    resumed(tmp_path)
    assert files(tmp_path) == want


# -- going on with a run that has ended ------------------------------------------------------------

XOR = ["--data", "xor", "--hidden", "4", "--device", "interpreter"]


def test_a_finished_run_stays_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    said("train", *XOR, "--epochs", "3", "--run", str(folder))
    before = files(folder)
    times = [(folder / name).stat().st_mtime_ns for name in FILES]
    text = said("train", "--resume", str(folder))
    assert "from epoch 3" in text
    assert "nothing was left to do; a larger --epochs trains on" in text
    assert "ended after 3 epochs: loss" in text
    assert files(folder) == before
    assert times == [(folder / name).stat().st_mtime_ns for name in FILES]


def test_more_epochs_are_those_of_a_longer_run(tmp_path: Path) -> None:
    short, long = tmp_path / "short", tmp_path / "long"
    said("train", *XOR, "--epochs", "3", "--run", str(short))
    said("train", "--resume", str(short), "--epochs", "7", "--quiet")
    said("train", *XOR, "--epochs", "7", "--run", str(long))
    assert files(short) == files(long)
    assert "epochs = 7" in (short / "config.toml").read_text()


def test_fewer_epochs_than_it_has_had(tmp_path: Path) -> None:
    folder = str(tmp_path / "run")
    said("train", *XOR, "--epochs", "3", "--run", folder)
    before = files(Path(folder))
    text = refused(2, "train", "--resume", folder, "--epochs", "2")
    assert "epochs must be at least what the run has had: 3 epochs" in text
    stopped(small(), tmp_path / "part", 4, save=True)
    with pytest.raises(mg.ArgumentError, match="1 epoch and a part of another"):
        Trainer.resume(tmp_path / "part", epochs=1)
    assert files(Path(folder)) == before


def test_early_stopping_stays(tmp_path: Path) -> None:
    config = small(**KINDS["patience"])
    run = trained(config, tmp_path)
    assert run.ended is not None
    assert run.ended.startswith("the held-out loss has not fallen for 1 epoch,")
    assert run.epoch < config.epochs
    text = said("train", "--resume", str(tmp_path), "--epochs", "20")
    assert "a larger --patience trains on" in text
    assert "ended early, as the held-out loss has not fallen for 1 epoch," in text
    said("train", "--resume", str(tmp_path), "--patience", "9", "--quiet")
    assert Trainer.resume(tmp_path).epoch > run.epoch


@pytest.mark.parametrize(
    "more",
    [
        ["--lr", "0.1"],
        ["--hidden", "5"],
        ["--seed", "0"],
        ["--data", "xor"],
        ["--raw"],
        ["--frozen", "linear1.*"],
        ["--run", "elsewhere"],
        ["--config", "other.toml"],
    ],
)
def test_what_would_be_another_run(more: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "run"
    said("train", *XOR, "--epochs", "2", "--run", str(folder))
    before = files(folder)
    text = refused(2, "train", "--resume", str(folder), *more)
    assert "would make another run" in text or "leave --run and --config" in text
    assert files(folder) == before


def test_nothing_to_go_on_with(tmp_path: Path) -> None:
    text = refused(2, "train", "--resume", str(tmp_path / "no"))
    assert f"there is no checkpoint {tmp_path / 'no' / 'last.safetensors'}" in text


def test_data_that_has_changed_since(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("a,b,kind\n" + "".join(f"{n},{n % 7},{'xy'[n % 2]}\n" for n in range(20)))
    options = ["--hidden", "3", "--epochs", "2", "--device", "interpreter", "--quiet"]
    folder = str(tmp_path / "run")
    said("train", "--data", str(table), *options, "--run", folder)
    before = files(tmp_path / "run")
    table.write_text(table.read_text().replace("3,3,y", "3,4,y"))
    text = refused(2, "train", "--resume", folder, "--epochs", "4")
    assert "is not the data that the run" in text
    assert files(tmp_path / "run") == before


# -- Ctrl-C ----------------------------------------------------------------------------------------

LONG = ["--data", "blobs(count=200)", "--hidden", "16", "--batch", "8", "--dropout", "0.2"]
LONG += ["--norm", "before", "--device", "interpreter", "--epochs", "12"]


def interruptible() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def begun(*arguments: str) -> subprocess.Popen[bytes]:
    return start("train", *arguments, preexec_fn=interruptible)


def wait_for(path: Path) -> None:
    for _ in range(3000):
        if path.exists():
            return
        time.sleep(0.01)
    raise TimeoutError(path)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    said("train", *LONG, "--run", str(folder), "--quiet")
    return files(folder)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_saves_and_says_how_to_go_on(tmp_path: Path, undisturbed: Any) -> None:
    folder = tmp_path / "a run"
    process = begun(*LONG, "--run", str(folder))
    wait_for(folder / "best.safetensors")
    process.send_signal(signal.SIGINT)
    output, complaints = process.communicate(timeout=60)
    assert (process.returncode, complaints) == (130, b"")
    step = checkpoint.load(folder / "last.safetensors")[1]["step"]
    told = output.decode().splitlines()[-1]
    assert told == f"stopped at step {step}; to go on: microgd train --resume '{folder}'"
    said("train", "--resume", str(folder), "--quiet")
    assert files(folder) == undisturbed


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_second_ctrl_c_ends_at_once(tmp_path: Path) -> None:
    program = (
        "import time; from microgd.training import Trainer; from microgd_cli.main import main\n"
        "Trainer._one_step = lambda *_: [time.sleep(0.01) for _ in range(3000)]; main()"
    )
    command = [sys.executable, "-c", program, "train", *LONG, "--run", str(tmp_path)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, preexec_fn=interruptible)
    wait_for(tmp_path / "config.toml")
    time.sleep(0.3)  # in the first step, which takes half a minute
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=10)
    assert (process.returncode, complaints.strip()) == (130, b"")
    assert checkpoint.load(tmp_path / "last.safetensors")[1]["step"] == 0


def test_interrupt_in_this_process() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with Interrupt() as interrupt:
            signal.raise_signal(signal.SIGINT)
            assert interrupt.asked
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # as nohup starts programs
        with Interrupt() as interrupt:
            signal.raise_signal(signal.SIGINT)
            assert not interrupt.asked
    finally:
        signal.signal(signal.SIGINT, before)


# -- killed ----------------------------------------------------------------------------------------


def kill_often(folder: Path, options: list[str], delays: Iterator[float], kills: int) -> Any:
    """Kill a run after each delay and go on with it; one that has ended is followed by another.

    Returns:
        What they leave, which is the same for all of them.
    """
    want: list[dict[str, bytes]] = []
    number = done = 0
    while done < kills or not want:
        place = folder / str(number)
        on = (place / "last.safetensors").exists()
        how = ["--resume", str(place)] if on else [*options, "--run", str(place)]
        process = begun(*how, "--checkpoint-every", "1", "--quiet")
        try:
            timeout = next(delays) if done < kills else 120
            _, complaints = process.communicate(timeout=timeout)
            assert (process.returncode, complaints.decode()) == (0, "")
            want.append(files(place))
            number += 1
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            done += 1
    assert all(one == want[0] for one in want)
    return want[0]


def test_killed_a_few_times(tmp_path: Path, undisturbed: Any) -> None:
    draw = random.Random(7)
    delays = iter([draw.uniform(0.5, 1.2) for _ in range(99)])
    assert kill_often(tmp_path, LONG, delays, kills=3) == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize("device", ["interpreter", "auto"])
def test_killed_at_fifty_moments(device: str, tmp_path: Path) -> None:
    """From the start of the program on: importing, compiling, training, writing, resuming."""
    options = [*LONG, "--device", device]
    began = time.perf_counter()
    process = begun(*options, "--run", str(tmp_path / "whole"), "--checkpoint-every", "1")
    process.communicate(timeout=120)
    longest = time.perf_counter() - began
    draw = random.Random(11)
    delays = iter(lambda: draw.uniform(0.0, longest) * draw.choice((0.4, 0.8)), None)
    assert kill_often(tmp_path, options, delays, kills=50) == files(tmp_path / "whole")


def test_the_log_tells_what_happened(tmp_path: Path) -> None:
    """With times; it is the one file of a run in which two equal runs differ."""
    config = small(epochs=2)
    stopped(config, tmp_path, 4, save=True)
    resumed(tmp_path)
    lines = (tmp_path / LOG).read_text().splitlines()
    told = [line.partition(" ")[2] for line in lines]
    assert told[0].startswith("begun on NumPy interpreter, microgd ")
    assert told[1].startswith("epoch 1, step 3: loss ")
    assert told[2].startswith("gone on at step 4 on ")
    assert told[3].startswith("epoch 2, step 6: loss ")
    assert told[4] == "ended after 2 epochs"
    assert all(datetime.fromisoformat(line.partition(" ")[0]).tzinfo for line in lines)
