"""`microgd grad`: the value and the gradients as plain numbers, for people and programs."""

from __future__ import annotations

from typing import Any

import click

from .arguments import ProgramCommand, chosen_inputs, program_arguments
from .failures import FAILED, BadInput
from .lesson import Lesson, read_lesson
from .streams import say


@click.command("grad", cls=ProgramCommand)
@program_arguments
@click.option("--wrt", metavar="NAMES", help="The inputs to differentiate by, as in x,y.  [all]")
@click.option("--second", is_flag=True, help="The second derivatives, too (the Hessian).")
@click.option(
    "--numeric",
    type=click.FloatRange(min=0, min_open=True),
    metavar="H",
    help="Beside them the numeric ones, (f(x+H) - f(x)) / H.",
)
@click.option("--digits", type=click.IntRange(0, 17), metavar="N", help="Decimals.  [all]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
@click.pass_context
def command(
    ctx: click.Context,
    words: tuple[str, ...],
    file: str | None,
    wrt: str | None,
    second: bool,
    numeric: float | None,
    digits: int | None,
    as_json: bool,
) -> None:
    """Print the value and the gradients, as plain numbers.

    \b
    Examples:
      microgd grad "(x + y) * z" x=-2 y=5 z=-4
      microgd grad "sum((W @ x)**2)" W="[[1,2],[3,4]]" x="[1,-1]" --wrt W --json
      microgd grad "x**3 * y" x=2 y=5 --second
      microgd grad "x**2" x=3 --numeric 0.001
    """
    lesson = read_lesson(words, file, numbers=True)
    output = lesson.output
    if output.shape != ():
        from microgd.trace.numbers import format_shape

        raise BadInput(
            f"the result has shape {format_shape(output.shape)}, and a gradient is of one number: "
            "reduce it with sum(…) or mean(…), or see `microgd jacobian`"
        )
    inputs = chosen_inputs(lesson.circuit, wrt)
    gradients = _gradients(lesson, inputs)
    hessian, names = _hessian(lesson, inputs) if second else (None, [])
    nudged = _numeric(lesson, inputs, numeric) if numeric else {}
    label = lesson.trace.by_id[lesson.trace.output].label
    if as_json:
        _show_json(lesson, gradients, nudged, hessian, names)
    else:
        import numpy as np

        from .numbers import plain_value

        say(f"{label} = {plain_value(output.value, digits)}")
        for name, gradient in gradients.items():
            beside = ""
            if numeric:
                rounded = np.round(nudged[name], 6 if digits is None else digits)
                beside = f"   numeric: {plain_value(rounded)}"
            say(f"∂{label}/∂{name} = {plain_value(gradient, digits)}{beside}")
        if numeric:
            count = sum(t.size for t in inputs.values()) + 1
            say(f"one backward sweep; numeric: h = {numeric:g}, {count} evaluations of {label}")
        if hessian is not None:
            from .matrix import show_matrix
            from .output import gap

            gap()
            show_matrix(f"second derivatives of {label}", hessian, names, names, digits)
    _end(ctx, lesson)


def _gradients(lesson: Lesson, inputs: dict[str, Any]) -> dict[str, Any]:
    from microgd.interpreter.reverse import gradients_of

    return dict(zip(inputs, gradients_of(lesson.output, list(inputs.values()), 1.0), strict=True))


def _numeric(lesson: Lesson, inputs: dict[str, Any], h: float) -> dict[str, Any]:
    from microgd.autodiff.numeric import numeric_gradient
    from microgd.interpreter.replay import replay

    def again(*values: Any) -> Any:
        return replay([lesson.output], dict(zip(inputs.values(), values, strict=True)))[0]

    found = numeric_gradient(again, *(t.value for t in inputs.values()), h=h)
    return dict(zip(inputs, found, strict=True))


def _hessian(lesson: Lesson, inputs: dict[str, Any]) -> tuple[Any, list[str]]:
    from .matrix import element_names, hessian_of, require_small

    if not inputs:
        raise BadInput("there is no input to differentiate by")
    size = sum(t.size for t in inputs.values())
    require_small(size, size, "the matrix of second derivatives")
    names = [n for name, t in inputs.items() for n in element_names(name, t.shape)]
    return hessian_of(lesson.output, inputs), names


def _show_json(
    lesson: Lesson,
    gradients: dict[str, Any],
    nudged: dict[str, Any],
    hessian: Any,
    names: list[str],
) -> None:
    from .numbers import for_json
    from .output import show_json

    data: dict[str, Any] = {
        "value": for_json(lesson.output.value),
        "gradients": {name: for_json(g) for name, g in gradients.items()},
    }
    if nudged:
        data["numeric"] = {name: for_json(g) for name, g in nudged.items()}
    if hessian is not None:
        data["second"] = {"names": names, "matrix": for_json(hessian)}
    show_json(data)


def _end(ctx: click.Context, lesson: Lesson) -> None:
    from .nonfinite import trouble
    from .output import complain

    if (message := trouble(lesson)) is not None:
        complain(message)
        ctx.exit(FAILED)
