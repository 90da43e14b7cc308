"""Configurations: flags, TOML, and what makes no sense."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_runner import refused, run, said

import microgd as mg
from microgd.training import Config, config_from, read_config
from microgd_cli.train_options import FLAGS, config_from_options

#: A value for every option that is not its default.
OTHERS: dict[str, Any] = {
    "data": 'my "data", ünïcode \\ \t ☃.csv',
    "hidden": (3, 2),
    "activation": "tanh",
    "norm": "after",
    "dropout": 0.25,
    "init": "normal(sigma=0.01)",
    "loss": "svm",
    "l2": 1e-05,
    "l1": 1e22,
    "optimizer": "sgd(momentum=0.9)",
    "lr": 1 / 3,
    "schedule": None,
    "schedule_per": "epoch",
    "batch": 7,
    "epochs": 3,
    "held_out": 10.0,
    "standardise": False,
    "patience": 4,
    "shift": 1,
    "noise": 0.5,
    "flip": True,
    "frozen": ("linear1.*", "*.b"),
    "steps_per_call": 3,
    "seed": 2**64 - 1,
    "dtype": "float64",
    "device": "interpreter",
}


def test_every_field_has_a_flag_and_every_flag_a_field() -> None:
    names = [flag.split("/")[0].removeprefix("--").replace("-", "_") for flag, _, _ in FLAGS]
    assert sorted(names) == sorted(field.name for field in fields(Config))
    assert set(OTHERS) == set(names)


def test_every_default_is_told_rightly() -> None:
    for flag, _, help in FLAGS:
        name = flag.split("/")[0].removeprefix("--").replace("-", "_")
        default = getattr(Config(), name)
        shown = help.rpartition("[")[2].rstrip("]") if help.endswith("]") else None
        if isinstance(default, tuple):
            default = ",".join(map(str, default)) or None
        if default is None:
            assert shown is None or not shown.isdigit()
        elif isinstance(default, bool):
            assert shown == ("yes" if default else "no")
        else:
            assert shown == (f"{default:g}" if isinstance(default, float) else str(default)), flag


def test_every_flag_sets_its_field() -> None:
    for field in fields(Config):
        value = OTHERS[field.name]
        if value is None:
            continue
        text = ",".join(map(str, value)) if isinstance(value, tuple) else value
        given = config_from_options({field.name: text})
        assert getattr(given, field.name) == value
        assert given == Config(**{field.name: value})


@pytest.mark.parametrize("name", OTHERS)
def test_toml_there_and_back(name: str, tmp_path: Path) -> None:
    for config in (Config(), Config(**{name: OTHERS[name]}), Config(**OTHERS)):
        path = tmp_path / "c.toml"
        path.write_text(config.to_toml(), encoding="utf-8")
        assert read_config(path) == config
        assert tomllib.loads(config.to_toml()).keys() <= OTHERS.keys()
    assert config_from(config.to_dict()) == config


@pytest.mark.parametrize("data", ["\x7f", "\0\1\x1f", "a\nb\r\n", "\u2028 😀", "'''", '"""', "#"])
def test_toml_of_any_text(data: str, tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_bytes(Config(data=data).to_toml().encode())
    assert read_config(path).data == data


def test_flags_come_on_top_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('hidden = [3]\nlr = 0.5\nbatch = 9\nflip = true\nfrozen = ["linear1.*"]')
    found = config_from_options({"config": str(path), "batch": 11, "flip": False})
    assert (found.hidden, found.lr, found.batch, found.flip) == ((3,), 0.5, 11, False)
    found = config_from_options({"config": str(path), "schedule": "cosine(lr=1, steps=5)"})
    assert (found.lr, found.schedule) == (None, "cosine(lr=1, steps=5)")
    path.write_text('schedule = "cosine(lr=1, steps=5)"')
    assert config_from_options({"config": str(path), "lr": 0.1}).schedule is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hiden = [3]", "there is no option 'hiden'. Did you mean 'hidden'?"),
        ("[training]\nbatch = 3", "there is no option 'training'"),
        ("hidden = 3", "hidden is a list of whole numbers, got 3"),
        ('hidden = ["a"]', "hidden must be a list of whole numbers of at least 1"),
        ("hidden = [0]", "hidden must be a list of whole numbers of at least 1"),
        ("hidden = [true]", "hidden must be a list of whole numbers of at least 1"),
        ("frozen = [1]", "frozen must be a list of patterns"),
        ('frozen = [""]', "frozen must be a list of patterns"),
        ('frozen = "linear1.*"', "frozen is a list of texts"),
        ('lr = "fast"', "lr is a number, got 'fast'"),
        ("lr = 0", "lr must be a number above 0"),
        ("lr = nan", "lr must be a finite number"),
        ("lr = inf", "lr must be a finite number"),
        ("epochs = true", "epochs is a whole number, got True"),
        ("epochs = 1.5", "epochs is a whole number, got 1.5"),
        ("epochs = 0", "epochs must be a whole number of at least 1"),
        ("flip = 1", "flip is true or false, got 1"),
        ("seed = -1", "seed must be a whole number of at least 0"),
        ("seed = 18446744073709551616", "seed must be a whole number below 2⁶⁴"),
        ("dropout = 1.0", "dropout must be a number from 0 up to 1"),
        ("held_out = -1", "held_out must be 0 or a number above it"),
        ("patience = 0", "patience must be a whole number of at least 1"),
        ('norm = "beside"', "norm must be one of None, 'before', 'after'"),
        ('dtype = "float16"', "dtype must be one of 'float32', 'float64'"),
        ('lr = 1\nschedule = "constant(lr=1)"', "give a learning rate or a schedule, not both"),
        ("batch = = 3", "is no TOML file"),
        ("batch = 3\nbatch = 4", "is no TOML file"),
    ],
)
def test_files_that_make_no_sense(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(text)
    complaint = refused(2, "train", "--config", str(path))
    assert f"{path}" in complaint
    assert message in complaint
    with pytest.raises(mg.ArgumentError):
        read_config(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert "cannot read no.toml" in refused(2, "train", "--config", "no.toml")
    assert "cannot read" in refused(2, "train", "--config", str(tmp_path))
    (tmp_path / "c.toml").write_bytes(b"\xff\xfe")
    assert "is no TOML file" in refused(2, "train", "--config", str(tmp_path / "c.toml"))


def test_text_that_no_file_could_keep() -> None:
    with pytest.raises(mg.ArgumentError, match="no text that a file could keep"):
        Config(data="\udcff.csv")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--hidden", "3,x"], "'3,x' is no list of whole numbers; write 128,64, or none"),
        (["--hidden", "-3"], "hidden must be a list of whole numbers"),
        (["--lr", "fast"], "'fast' is not a valid float"),
        (["--norm", "befor"], "Did you mean 'before'?"),
        (["--activation", "rleu"], "Did you mean 'relu'?"),
        (["--init", "foo"], "there is no initialisation 'foo'"),
        (["--loss", "foo"], "there is no loss 'foo'"),
        (["--optimizer", "adan"], "Did you mean 'adam"),
        (["--optimizer", "adam(lr=-1)"], "lr must be 0 or a number above it"),
        (["--schedule", "cosin"], "Did you mean 'cosine'?"),
        (["--data", "moon"], "there is no data set 'moon'"),
        (["--data", "no.csv"], "cannot read no.csv"),
        (["--loss", "crossentropy", "--data", "line"], "has numbers as targets"),
        (["--loss", "binarycrossentropy"], "is for two classes, and digits has 10"),
        (["--loss", "squared"], "use crossentropy or svm"),
        (["--frozen", "linear9.*"], "no parameter belongs to the group 'linear9.*'"),
        (["--held-out", "1.5"], "a share between 0 and 1"),
        (["--held-out", "9999"], "would leave nothing to train on"),
        (["--shift", "9"], "shift (--shift) is at most the size of an image, 8 × 8"),
        (["--shift", "1", "--data", "moons"], "are for images"),
        (["--flip", "--data", "moons"], "are for images"),
        (["--norm", "before", "--batch", "1"], "--batch 2"),
        (["--norm", "before", "--batch", "1437"], "leave one alone: use batch 1436"),
        (["-o", "x.txt"], "does not end in .svg, .png or .pdf"),
        (["--checkpoint-every", "0"], "not in the range"),
    ],
)
def test_flags_that_make_no_sense(
    options: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    complaint = refused(2, "train", "--device", "interpreter", *options)
    assert message in complaint
    assert not list(tmp_path.iterdir())  # and nothing was begun


def test_a_picture_that_could_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said before the training, not after it."""
    monkeypatch.chdir(tmp_path)
    result = run("train", "--data", "xor", "-o", "no/such/x.svg")
    assert result.exit_code in (1, 2)
    assert "there is no directory no/such" in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("count", range(3, 14))
def test_no_batch_of_one_is_ever_left(count: int) -> None:
    common: dict[str, Any] = {"norm": "before", "held_out": 0, "device": "interpreter"}
    for batch in range(1, 16):
        config = Config(data=f"blobs(count={count})", hidden=(2,), batch=batch, **common)
        if count % batch != 1 and batch > 1:
            mg.training.Trainer(config)
            continue
        with pytest.raises(mg.ArgumentError, match=r"use batch \d+ \(--batch") as caught:
            mg.training.Trainer(config)
        better = int(str(caught.value).rpartition("--batch ")[2].split(")")[0])
        mg.training.Trainer(config.changed(batch=better))


def test_a_summary_of_options() -> None:
    text = said("summary", "--data", "digits", "--hidden", "16,8", "--norm", "after")
    assert "Linear(64 → 16)" in text
    assert text.count("batchnorm(") == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"config": "moons"}, "config is a Config"),
        ({"data": (np.zeros((2, 1)), [0, 1])}, "data is a Dataset, .* got tuple"),
        ({"net": mg.nn.Linear(2, 2)}, "net is a Sequential, .* got Linear"),
    ],
)
def test_a_trainer_refuses_what_is_of_another_kind(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(mg.ArgumentError, match=said):
        mg.training.Trainer(**{"config": mg.training.Config(data="moons"), **arguments})
