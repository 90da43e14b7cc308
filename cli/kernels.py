"""`microgd kernels`: the OpenCL kernels of a calculation, beside the interpreter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .arguments import ProgramCommand, program_arguments, read_circuit
from .choices import Choice, device_option
from .failures import FAILED
from .streams import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from microgd.opencl.compare import Comparison, Difference
    from microgd.opencl.program import Program
    from microgd.trace.table import Table

#: Of more gates than this, a table shows those that differ most.
MOST_ROWS = 100


@click.command("kernels", cls=ProgramCommand)
@program_arguments
@device_option
@click.option(
    "--grad/--no-grad", default=True, help="Compute the gradients, too.  [default: --grad]"
)
@click.option(
    "--dtype",
    type=Choice(("float32", "float64")),
    default="float32",
    show_default=True,
    help="The precision of all arrays.",
)
@click.option("--explain", is_flag=True, help="Every pass of the compiler, not only the last.")
@click.option("--source", is_flag=True, help="Print the OpenCL C, and nothing else.")
@click.option("--draw", "outputs", multiple=True, metavar="FILE", help="Draw what was fused.")
@click.option("--profile", is_flag=True, help="Add the time of each kernel.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> None:
    """Show the OpenCL kernels of a calculation, and run them beside the interpreter.

    Prints which gates were fused into which kernel, the OpenCL C that was generated, and every
    number that differs from the interpreter's, gate by gate. Inputs with a shape alone, as in
    x:64x784, get random numbers, always the same ones. The exit status is 1 if a difference is
    larger than rounding explains.

    \b
    Examples:
      microgd kernels "mean(relu(x @ w + b)**2)" x:64x784 w:784x10 b:10
      microgd kernels "sigmoid(w*x + b)" w=2 x=-1 b=1 --device cpu --explain
      microgd kernels "softmax(x)" x:8x5 --no-grad --draw kernels.svg
      microgd kernels "sum(exp(x))" x:1000x100 --profile
    """
    from .devices import chosen
    from .kernel_program import function_of, require_reasonable, values_of
    from .output import gap

    _require_consistent(options)
    circuit = read_circuit(options["words"], options["file"])
    quiet = options["as_json"] or options["source"]
    if not quiet:
        gap()
    device = chosen(options["device"], err=quiet)
    values, random = values_of(circuit, options["dtype"])
    from microgd.opencl.program import Program

    program = Program(function_of(circuit, options["dtype"], options["grad"]), device)
    if not quiet:
        _say_inputs(options, random, circuit.output.shape)
    program.prepare(*values)
    if options["source"]:
        say(program.source.rstrip("\n") or "// no kernels")
        return
    require_reasonable(program.executable.captured.graph.order)
    comparison = program.compare(*values)
    profile = program.profile(*values) if options["profile"] and program.kernels else None
    if options["as_json"]:
        _show_json(program, comparison, profile, options, random)
    else:
        _show(program, comparison, profile, options, lines="\n" in circuit.text.strip())
    _draw(program, options, quiet)
    if not comparison.ok:
        from .output import complain

        complain(_verdict(comparison))
        ctx.exit(FAILED)


def _require_consistent(options: dict[str, Any]) -> None:
    from .pictures import require_endings

    ways = [f"--{n.removeprefix('as_')}" for n in ("explain", "source", "as_json") if options[n]]
    if len(ways) > 1:
        raise click.UsageError(f"{' and '.join(ways)} are different outputs; choose one.")
    if options["source"] and (options["profile"] or options["outputs"]):
        other = "--profile" if options["profile"] else "--draw"
        raise click.UsageError(f"--source prints the OpenCL C and nothing else; leave out {other}.")
    if "-" in options["outputs"]:
        raise click.UsageError("--draw - has nowhere to go: name a file, such as kernels.svg.")
    require_endings(options["outputs"], "--draw")


def _say_inputs(options: dict[str, Any], random: list[str], shape: tuple[int, ...]) -> None:
    say(f"arrays: {options['dtype']}")
    if random:
        say(f"random numbers between −1 and 1, the same each time: {', '.join(random)}")
    if options["grad"] and shape:
        say("gradients: of the sum of all elements, for the result is not one number")


def _show(
    program: Program, comparison: Comparison, profile: Any, options: dict[str, Any], *, lines: bool
) -> None:
    from .output import gap, heading, show_table

    if options["explain"]:
        gap()
        say(program.explain().rstrip("\n"))
    elif program.kernels:
        from microgd.opencl.explain import fused_text

        count = len(program.kernels)
        heading(f"fused: {count} kernel{'s' * (count > 1)}")
        say(fused_text(passes_of(program)))
    if not program.kernels:
        _show_interpreted(program, comparison)
        return
    heading("OpenCL C")
    say(program.source.rstrip("\n"))
    show_table(_nodes_table(comparison.nodes, lines))
    show_table(comparison.results_table())
    if comparison.ok:
        say()
        say(_verdict(comparison))
    if profile is not None:
        show_table(profile.table())


def _show_interpreted(program: Program, comparison: Comparison) -> None:
    """Without kernels there is nothing to compare, only the interpreter's values."""
    from microgd.trace.table import Table

    from .output import gap, show_table

    gap()
    if program.device.kind == "interpreter":
        say("There are no kernels: the interpreter computes gate by gate, with NumPy.")
        say("`microgd devices` says how to get an OpenCL device.")
    else:
        say("There are no kernels: nothing is left to compute.")
    if comparison.nodes:
        table = _nodes_table(comparison.nodes, lines=False)
        rows = tuple(cells[:4] for cells in table.rows)
        show_table(Table("values, the largest of each array", table.columns[:4], rows, table.notes))


def _nodes_table(nodes: Sequence[Difference], lines: bool) -> Table:
    """Every gate, with its line in the program; of very many, those that differ most."""
    from dataclasses import replace

    from microgd.opencl.compare import table_of

    shown = list(nodes)
    if len(nodes) > MOST_ROWS:
        worst = sorted(nodes, key=lambda d: (d.ok, -d.ulp))[:MOST_ROWS]
        kept = set(map(id, worst))
        shown = [d for d in nodes if id(d) in kept]
    table = table_of("gate by gate, beside the interpreter", shown)
    if lines:
        rows = zip(table.rows, shown, strict=True)
        numbered = tuple((str(d.line or ""), *cells) for cells, d in rows)
        table = replace(table, columns=("line>", *table.columns), rows=numbered)
    if len(shown) < len(nodes):
        left = f"{len(nodes) - len(shown):,} more gates differ by no more ulp; --json has them all"
        table = replace(table, notes=(left,))
    return table


def _verdict(comparison: Comparison) -> str:
    wrong = comparison.wrong
    if wrong is not None:
        place = f" at {list(wrong.place)}" if wrong.shape else ""
        return (
            f"{wrong.name}, made by gate {wrong.gate!r}, is off by {wrong.difference:.2g}{place}: "
            f"rounding explains {wrong.allowed:.1g}"
        )
    largest = max((*comparison.nodes, *comparison.results), key=lambda d: d.difference)
    if not largest.difference:
        return "Every number is the interpreter's, to the last bit."
    return (
        f"The largest difference, {largest.difference:.1e}, is at {largest.name}; rounding "
        f"explains up to {largest.allowed:.1e} there. No number differs by more than rounding."
    )


def _show_json(
    program: Program,
    comparison: Comparison,
    profile: Any,
    options: dict[str, Any],
    random: list[str],
) -> None:
    from .output import show_json

    data: dict[str, Any] = {
        "device": program.device.label,
        "dtype": options["dtype"],
        "random": random,
        "kernels": [_kernel(kernel, program) for kernel in program.kernels],
        "source": program.source,
        "nodes": [d.to_dict() for d in comparison.nodes],
        "results": [d.to_dict() for d in comparison.results],
        "ok": comparison.ok,
    }
    if options["profile"]:
        data["profile"] = None if profile is None else profile.to_dict()
    show_json(data)


def passes_of(program: Program) -> Any:
    """What the compiler's passes made; the interpreter has none."""
    return getattr(program.executable, "passes", None)


def _kernel(kernel: Any, program: Program) -> dict[str, Any]:
    from microgd.opencl.explain import computed_and_read, names_of

    passes = passes_of(program)
    names = names_of(passes)
    computed, read = computed_and_read(kernel, passes)
    return {
        "name": kernel.name,
        "work_groups": list(kernel.groups),
        "work_items": list(kernel.items),
        "gates": [{"name": names.get(n, "?"), "gate": n.gate.name} for n in computed],
        "reads": [names[n] for n in read if n in names],
        "writes": [names.get(n, "?") for n in kernel.group.outputs],
        "source": kernel.source,
    }


def _draw(program: Program, options: dict[str, Any], quiet: bool) -> None:
    if not options["outputs"]:
        return
    from .pictures import save

    drawing = program.draw()
    if not quiet:
        say()
    for name in options["outputs"]:
        say(f"saved {save(drawing, Path(name), None)}", err=quiet)
