"""`microgd train`: train a net on a device, see it learn, stop it and go on."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from .choices import output_option
from .failures import INTERRUPTED
from .numbers import loss_text
from .plotted import require_endings
from .streams import say
from .train_options import config_from_options, given_options, new_folder, training_options

if TYPE_CHECKING:
    from microgd.training import Trainer

#: What a run that goes on may be told anew; the rest would make another run of it.
CHANGEABLE = ("epochs", "patience", "device")


@click.command("train")
@training_options
@click.option("--run", "folder", metavar="FOLDER", help="Where the run is kept.  [runs/DATA-N]")
@click.option("--resume", metavar="FOLDER", help="Go on with this run, as if it had never stopped.")
@click.option(
    "--checkpoint-every",
    type=click.IntRange(1),
    metavar="STEPS",
    help="Checkpoints within an epoch, too.",
)
@output_option("Draw loss, accuracy and learning rate: .svg, .png or .pdf.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON at the end, and nothing else.")
@click.option("--quiet", is_flag=True, help="Print how it ended, and nothing else.")
def command(**options: Any) -> None:
    """Train a net, and see it learn.

    Every epoch ends with a checkpoint: a run that was stopped, in whatever way, goes on from there
    and ends with the same numbers.

    \b
    Examples:
      microgd train --data digits
      microgd train --data moons --hidden 16,16 --epochs 60 -o history.svg
      microgd train --data xor --hidden 8 --lr 0.05 --epochs 100 --quiet
    """
    require_endings(options["outputs"])
    run = _resumed(options) if options["resume"] is not None else _begun(options)
    _introduce(run, options)
    before = run.step
    stopped = _train(run, options)
    _conclude(run, options, stopped, idle=run.step == before)
    if stopped:
        click.get_current_context().exit(INTERRUPTED)


def _begun(options: dict[str, Any]) -> Trainer:
    from microgd.training import Trainer
    from microgd.training.folder import claim

    run = Trainer(config_from_options(options))
    run.folder = new_folder(options["folder"], run.config.data)  # once all is known to fit
    claim(run.folder)
    return run


def _resumed(options: dict[str, Any]) -> Trainer:
    from microgd.training import Trainer

    if options["folder"] is not None or options["config"] is not None:
        raise click.UsageError("--resume goes on with a run as it is; leave --run and --config.")
    changes = given_options(options)
    for name in changes:
        if name not in CHANGEABLE:
            flag = "--" + name.replace("_", "-")
            raise click.UsageError(
                f"{flag} would make another run of it; only "
                f"{', '.join('--' + n for n in CHANGEABLE)} may change on --resume."
            )
    return Trainer.resume(options["resume"], **changes)


def _introduce(run: Trainer, options: dict[str, Any]) -> None:
    if options["as_json"] or options["quiet"]:
        return
    train, held = run.parts.train, run.parts.held_out
    held_out = f", {len(held)} held out" if held is not None else ", none held out"
    say(f"data: {train.name}, {len(train)} examples to train on{held_out}")
    net = run.parts.net
    sizes = getattr(net, "sizes", ())
    count = f"{net.parameter_count():,}".replace(",", " ")
    say(f"net: {'-'.join(map(str, sizes))} {run.config.activation}, {count} parameters")
    say(f"optimizer: {run.config.optimizer}, batches of {min(run.config.batch, len(train))}")
    say(f"device: {run.device.label}")
    say(f"memory: {run.memory}")
    say(f"run: {run.folder}" + (f", from epoch {run.epoch}" if run.step else ""))
    for remark in _remarks(run):
        say(f"note: {remark}")
    say()


def _remarks(run: Trainer) -> list[str]:
    """What may not be meant: a schedule of another length, targets of a size nets are slow at."""
    found = []
    config = run.config
    made = getattr(run.parts.rate, "steps", None)
    per = config.schedule_per
    length = config.epochs * (run.steps_per_epoch if per == "step" else 1)
    if isinstance(made, int) and made != length:
        kind = type(run.parts.rate).__name__.lower()
        found.append(
            f"the schedule is made for {made} {per}s, and this run has {length}: {kind}(…, "
            f"steps={length}) fits"
        )
    if run.parts.task.kind == "numbers":
        size = float(abs(run.parts.train.y).max())
        if not 0.01 <= size <= 100:
            found.append(
                f"the targets are as large as {size:.3g}; nets learn numbers around 1 best, so "
                "scale that column"
            )
    return found


def _train(run: Trainer, options: dict[str, Any]) -> bool:
    """Train to the end; whether it was interrupted."""
    from .train_progress import Interrupt, Quiet, progress

    shown = Quiet() if options["as_json"] or options["quiet"] else progress(run)
    with shown, Interrupt() as interrupt:

        def after_step(run: Trainer) -> None:
            shown.step(run)
            if interrupt.asked:
                raise _Stop

        try:
            epochs = run.epochs(after_step=after_step, checkpoint_every=options["checkpoint_every"])
            for row in epochs:
                shown.epoch(run, row)
        except _Stop:
            run.save()
            return True
    return False


class _Stop(Exception):
    """Ctrl-C, seen between two steps."""


def _conclude(run: Trainer, options: dict[str, Any], stopped: bool, idle: bool) -> None:
    saved = []
    if options["outputs"] and run.history:
        from microgd.plots.history import draw_history

        sizes = "-".join(map(str, getattr(run.parts.net, "sizes", ())))
        title = f"{run.parts.train.name}: {sizes} {run.config.activation}, {run.config.optimizer}"
        plot = draw_history(run.history, title=title)
        saved = [plot.save(name) for name in options["outputs"]]
    if options["as_json"]:
        from microgd.training.history import to_dicts

        from .output import show_json

        show_json(
            {
                "run": str(run.folder),
                "device": run.device.label,
                "ended": run.ended,
                "config": run.config.to_dict(),
                "history": to_dicts(run.history),
            }
        )
    else:
        if not options["quiet"]:
            say()
        if stopped:
            folder = shlex.quote(str(run.folder))
            say(f"stopped at step {run.step}; to go on: microgd train --resume {folder}")
        elif run.history:
            if idle:
                more = "--epochs" if run.epoch >= run.config.epochs else "--patience"
                say(f"nothing was left to do; a larger {more} trains on")
            say(_result(run))
    for path in saved:
        say(f"saved {path}", err=options["as_json"])


def _result(run: Trainer) -> str:
    last = run.history[-1]
    why = run.ended or ""
    early = "" if why.startswith("after") else "early, as "
    text = f"ended {early}{why}: loss {loss_text(last.loss)}"
    if last.accuracy is not None:
        text += f", accuracy {last.accuracy:.2%}"
    if last.held_out_loss is not None:
        text += f"; held out: loss {loss_text(last.held_out_loss)}"
        if last.held_out_accuracy is not None:
            text += f", accuracy {last.held_out_accuracy:.2%}"
        best = run.best_row
        if best is not None and best is not last and best.held_out_loss is not None:
            text += f" (best {loss_text(best.held_out_loss)} in epoch {best.epoch})"
    return f"{text}\nthe run is in {run.folder}"
