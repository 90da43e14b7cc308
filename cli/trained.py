"""A trained net to look into: a run's, or one that is trained for the purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .choices import Choice
from .failures import BadInput
from .streams import say
from .train_options import config_from_options, given_options, training_options

if TYPE_CHECKING:
    from microgd.data import Dataset
    from microgd.training import Config, Model, Trainer

F = TypeVar("F", bound=Callable[..., Any])

#: What may be said of a run that is there already: where its data is now, and what computes.
ALLOWED = ("data", "device")


@dataclass(frozen=True)
class Trained:
    """A net, and the data that it was trained on and that was held out, unscaled."""

    model: Model
    data: Dataset
    train: Dataset
    held_out: Dataset | None


def trained_options(function: F) -> F:
    """[RUN], which of its checkpoints, and in its place the options of training."""
    function = training_options(function)
    function = click.option(
        "--checkpoint",
        type=Choice(("best", "last")),
        help="Which of the run's.  [best, where there is one]",
    )(function)
    return click.argument("folder", required=False, metavar="[RUN]")(function)


def require_one(options: dict[str, Any]) -> None:
    """Refuse neither a run nor anything to train, or both."""
    given = given_options(options)
    if options["folder"] is None:
        if options["checkpoint"] is not None:
            raise click.UsageError("--checkpoint chooses of a run; name its folder.")
        if not given and options["config"] is None:
            raise click.UsageError(
                "There is no net. Name the folder of a run, or say what to train: --data moons"
            )
        return
    wrong = [name for name in given if name not in ALLOWED]
    if options["config"] is not None:
        wrong.append("config")
    if wrong:
        flag = "--" + wrong[0].replace("_", "-")
        raise click.UsageError(f"{options['folder']} has been trained already; leave {flag} out.")


def trained(options: dict[str, Any], *, quiet: bool) -> Trained:
    """The run's net, or a new one."""
    from microgd.training import load_model, model_of
    from microgd.training.setup import split

    if options["folder"] is not None:
        model = load_model(options["folder"], options["checkpoint"])
        data = data_of_run(model, options)
    else:
        config = config_from_options(options)
        data = data_of(config, options)
        run = new_run(config, data, quiet=quiet)
        for _ in run.epochs():
            pass
        model = model_of(run)
    train, held_out = split(model.config, data)
    return Trained(model, data, train, held_out)


def data_of(config: Config, options: dict[str, Any]) -> Dataset:
    """The data of a run, which may have moved since."""
    from microgd.data import read_dataset

    return read_dataset(config.data if options["data"] is None else options["data"])


def data_of_run(model: Model, options: dict[str, Any]) -> Dataset:
    """The data that a run was trained on: else no one knows what it held out."""
    from microgd.training.setup import data_sum

    data = data_of(model.config, options)
    if model.data_sum not in (None, data_sum(data)):
        raise BadInput(
            f"{data.name} is not the data that {options['folder']} was trained on; --data says "
            "where that is now"
        )
    return data


def new_run(config: Config, data: Dataset, *, quiet: bool) -> Trainer:
    """A run that is kept nowhere."""
    from microgd.training import Trainer

    run = Trainer(config, data)
    if not quiet:
        count = f"{len(run.parts.train)} examples of {run.parts.train.name}"
        say(f"training {name_of(run)} on {count}, {config.epochs} epochs, on {run.device.label}")
        say()
    return run


def name_of(run: Trainer) -> str:
    """The net in short: its sizes and its nonlinearity."""
    return f"{'-'.join(map(str, getattr(run.parts.net, 'sizes', ())))} {run.config.activation}"
