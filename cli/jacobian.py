"""`microgd jacobian`: the whole matrix of first derivatives, where it is small enough to see."""

from __future__ import annotations

import click

from .arguments import ProgramCommand, chosen_inputs, program_arguments
from .failures import FAILED, BadInput
from .lesson import read_lesson


@click.command("jacobian", cls=ProgramCommand)
@program_arguments
@click.option("--wrt", metavar="NAMES", help="The inputs to differentiate by, as in x,y.  [all]")
@click.option("--digits", type=click.IntRange(0, 17), metavar="N", help="Decimals.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
@click.pass_context
def command(
    ctx: click.Context,
    words: tuple[str, ...],
    file: str | None,
    wrt: str | None,
    digits: int | None,
    as_json: bool,
) -> None:
    """Print the matrix of all first derivatives.

    A row for each element of the result, a column for each element of the inputs. For the local
    Jacobians of the gates inside, see `microgd trace --jacobian`.

    \b
    Examples:
      microgd jacobian "relu(x)" x="[1, -2, 3]"
      microgd jacobian "W @ x + b" W="[[1,2],[3,4]]" x="[1,-1]" b="[0,0]" --wrt x
    """
    from .matrix import element_names, jacobian_of, require_small, show_matrix

    lesson = read_lesson(words, file, numbers=True)
    inputs = chosen_inputs(lesson.circuit, wrt)
    if not inputs:
        raise BadInput("there is no input to differentiate by")
    label = lesson.trace.by_id[lesson.trace.output].label
    rows = lesson.output.size
    columns = sum(t.size for t in inputs.values())
    name = f"∂{label}/∂{next(iter(inputs)) if len(inputs) == 1 else '(' + ', '.join(inputs) + ')'}"
    require_small(rows, columns, name)
    matrix = jacobian_of(lesson.output, inputs)
    if as_json:
        from .numbers import for_json
        from .output import show_json

        show_json({"shape": [rows, columns], "jacobian": for_json(matrix)})
    else:
        row_names = element_names(label, lesson.output.shape)
        column_names = [n for k, t in inputs.items() for n in element_names(k, t.shape)]
        show_matrix(f"{name}: {rows} × {columns}", matrix, row_names, column_names, digits)

    from .nonfinite import trouble
    from .output import complain

    if (message := trouble(lesson)) is not None:
        complain(message)
        ctx.exit(FAILED)
