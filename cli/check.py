"""`microgd check`: analytic gradients against numeric ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .arguments import ProgramCommand, program_arguments, read_circuit
from .failures import FAILED, Failed
from .streams import say

if TYPE_CHECKING:
    from microgd.autodiff.check import Report

    from .lesson import Lesson


@click.command("check", cls=ProgramCommand)
@program_arguments
@click.option(
    "--h",
    "step",
    type=click.FloatRange(0, min_open=True),
    metavar="H",
    help="The step of the differences.  [default: the best of 1e-2 to 1e-7]",
)
@click.option("--seed", type=click.IntRange(0), metavar="N", default=0, help="Of random choices.")
@click.option("--sweep", is_flag=True, help="Also the error with every h.")
@click.option("--gates", is_flag=True, help="Check every gate at random inputs; takes no EXPR.")
@click.pass_context
def command(
    ctx: click.Context,
    words: tuple[str, ...],
    file: str | None,
    step: float | None,
    seed: int,
    sweep: bool,
    gates: bool,
) -> None:
    """Compare gradients with numeric ones: (f(x+h) - f(x-h)) / 2h.

    The exit status is 0 if they agree, 1 if not. At a kink of max or relu the numeric gradient is
    the mean of both sides; that is said, and is no failure.

    \b
    Examples:
      microgd check "(x + y) * z" x=-2 y=5 z=-4
      microgd check "sum(relu(W @ x))" W="[[1,-2],[3,4]]" x="[1,2]"
      microgd check "relu(x)" x=0
    """
    from microgd.autodiff.check import STEPS, check_gradients

    steps = STEPS if step is None else (step,)
    if gates:
        if words or file is not None:
            raise click.UsageError("--gates checks the table of gates; it takes no expression.")
        from .gate_check import check_gates

        ok = check_gates(steps, seed)
    else:
        circuit = read_circuit(words, file, numbers=True)
        lesson = _finite_lesson(circuit)
        report = check_gradients(circuit.output, steps=steps, seed=seed)
        _show(report, sweep)
        for node in () if report.kinks else lesson.trace.nodes:
            if node.tie:
                say(f"Note: {node.label}, {node.tie}")
        ok = report.ok
    if not ok:
        ctx.exit(FAILED)


def _finite_lesson(circuit: Any) -> Lesson:
    from .lesson import Lesson
    from .nonfinite import trouble

    from microgd.trace.build import trace  # isort: skip

    lesson = Lesson(circuit, circuit.output, trace(circuit))
    if (message := trouble(lesson)) is not None:
        raise Failed(f"{message}\nThere is nothing to compare here; choose other inputs.")
    return lesson


def _show(report: Report, sweep: bool) -> None:
    from microgd.trace.table import Table

    from .output import gap, show_table

    rows = tuple(
        (str(m), _digits(m.analytic), _digits(m.numeric), _error(m.error, m.analytic != m.numeric))
        for m in report.worst
    )
    columns = ("input", "analytic>", "numeric>", "relative error>")
    show_table(Table("", columns, rows), titled=False)
    if sweep:
        swept = tuple((_power(h), _error(e)) for h, e in report.sweep)
        show_table(Table("every h", ("h", "largest relative error>"), swept))
    gap()
    how = f"relative error {_power(report.error, 1)}" if report.error else "up to rounding"
    how += f", h = {_power(report.h)}"
    if report.directional:
        how += ", along one random direction"
    if report.kinks and report.ok:
        say(f"The gradients differ at a kink, where a convention decides ({how}).")
    elif report.ok:
        say(f"The gradients agree ({how}).")
    else:
        if report.verdict == "not comparable":
            say("The gradients cannot be compared: every difference leaves the function's domain.")
        else:
            say(f"The gradients differ, {report.verdict} ({how}).")
    for kink in report.kinks:
        say(f"Note: {kink.replace('at <expression>:1: ', 'in ')}")


def _error(error: float, rounded: bool = True) -> str:
    """A gap that rounding alone explains has no error."""
    return _power(error, 1) if error else "rounding" if rounded else "0"


def _digits(x: float) -> str:
    return f"{x:.10g}".replace("-", "−")


def _power(x: float, digits: int | None = None) -> str:
    """1e−5, or 8.3e−6 with one decimal; 0 is 0."""
    if not x or digits is None:
        return f"{x:g}".replace("e-0", "e-").replace("-", "−")
    if not 1e-2 < x < 1e4:
        mantissa, _, exponent = f"{x:.{digits}e}".partition("e")
        return f"{mantissa}e{int(exponent)}".replace("-", "−") if exponent else mantissa
    return f"{x:.3g}"
