"""The options of a training run, as flags: one for each field of its configuration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .choices import Choice

if TYPE_CHECKING:
    from microgd.training import Config

F = TypeVar("F", bound=Callable[..., Any])

#: Flag, its type, and its help; the names are those of `microgd.training.Config`. A test compares.
FLAGS: tuple[tuple[str, Any, str], ...] = (
    ("--data", str, "A data set by name, or a file or folder.  [digits]"),
    ("--hidden", str, "Sizes of the hidden layers, as in 128,64; none for a linear model.  [128]"),
    ("--activation", str, "The nonlinearity: relu, tanh, sigmoid, elu and others.  [relu]"),
    ("--norm", Choice(("before", "after")), "Batch normalisation before or after it."),
    ("--dropout", float, "The probability of dropping a hidden value.  [0]"),
    ("--init", str, "How weights begin, as in xaviernormal or normal(sigma=0.01).  [henormal]"),
    ("--loss", str, "crossentropy, svm, binarycrossentropy, squared ...  [by the data]"),
    ("--l2", float, "How much the squares of the weights are penalised.  [0]"),
    ("--l1", float, "How much their absolute values are penalised.  [0]"),
    ("--optimizer", str, "With its options, as in Python.  [adamw(lr=0.003, weight_decay=0.1)]"),
    ("--lr", float, "The learning rate.  [the optimizer's]"),
    ("--schedule", str, "A learning rate that changes, as in cosine(lr=0.01, steps=700)."),
    ("--schedule-per", Choice(("step", "epoch")), "What the schedule counts.  [step]"),
    ("--batch", int, "Examples in a minibatch.  [64]"),
    ("--epochs", int, "How many times through the data.  [30]"),
    ("--held-out", float, "The share, or number, of examples not trained on.  [a fifth]"),
    ("--standardise/--raw", bool, "Scale columns by the training data's statistics.  [yes]"),
    ("--patience", int, "Stop when the held-out loss has not fallen for so many epochs."),
    ("--shift", int, "Move images at random by up to so many pixels.  [0]"),
    ("--noise", float, "Add normal noise of this deviation to inputs.  [0]"),
    ("--flip/--no-flip", bool, "Mirror images at random.  [no]"),
    ("--frozen", str, 'Parameters that stay as they are, as in "linear1.*".'),
    ("--steps-per-call", int, "Steps that one program takes, for very small nets.  [1]"),
    ("--seed", int, "Of all randomness.  [0]"),
    ("--dtype", Choice(("float32", "float64")), "Precision.  [float32]"),
    ("--device", str, "auto, gpu, cpu, interpreter, or PLATFORM:DEVICE.  [auto]"),
)


def training_options(function: F) -> F:
    """All of them, and --config."""
    for flag, kind, help in reversed(FLAGS):
        names = flag.split("/")
        boolean = kind is bool
        function = click.option(
            flag,
            type=None if boolean else kind,
            default=None,
            help=help,
            metavar=None if boolean or isinstance(kind, Choice) else _metavar(names[0], kind),
        )(function)
    return click.option(
        "--config", metavar="FILE", help="A TOML file with these options; flags come on top."
    )(function)


def _metavar(flag: str, kind: Any) -> str:
    return {int: "N", float: "X"}.get(kind, flag.removeprefix("--").upper())


def given_options(options: dict[str, Any]) -> dict[str, Any]:
    """The options of the configuration that were given as flags, as its fields."""
    names = {flag.split("/")[0].removeprefix("--").replace("-", "_") for flag, _, _ in FLAGS}
    given = {name: options[name] for name in names if options.get(name) is not None}
    if "hidden" in given:
        given["hidden"] = _sizes(given["hidden"])
    if "frozen" in given:
        given["frozen"] = tuple(part.strip() for part in given["frozen"].split(","))
    return given


def config_from_options(options: dict[str, Any]) -> Config:
    """The configuration that the file and the flags make."""
    from microgd.training.config import config_from, read_toml

    base: dict[str, Any] = {}
    if options.get("config") is not None:
        base = read_toml(options["config"])
        config_from(base, options["config"])  # so that a complaint names the file
    flags = given_options(options)
    if "lr" in flags and "schedule" not in flags:
        base.pop("schedule", None)
    if "schedule" in flags and "lr" not in flags:
        base.pop("lr", None)
    return config_from({**base, **flags})


def _sizes(text: str) -> tuple[int, ...]:
    if text.strip().lower() in ("none", "0", ""):
        return ()
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is no list of whole numbers; write 128,64, or none",
            param_hint="'--hidden'",
        ) from None


def new_folder(wanted: str | None, data: str) -> Path:
    """The folder of a new run: the one that was asked for, or the next runs/NAME-N, made now.

    Raises:
        OutputError: it cannot be made.
    """
    from microgd.errors import OutputError

    if wanted is not None:
        if not wanted.strip():
            raise click.UsageError("--run names a folder, and its name is empty.")
        return Path(wanted)
    named = data.partition("(")[0] if data.endswith(")") else Path(data).name
    name = "".join(c if c.isalnum() else "-" for c in named[:40]).strip("-") or "run"
    number = 1
    while True:
        folder = Path("runs") / f"{name}-{number}"
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:  # another run's, which may have begun just now
            number += 1
        except OSError as error:
            raise OutputError(f"cannot make the folder {folder}: {error.strerror}") from error
