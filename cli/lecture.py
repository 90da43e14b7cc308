"""`microgd lecture`: the lectures' worked examples, listed, shown, drawn, played and checked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from .choices import lang_option, output_option
from .failures import FAILED, BadInput

if TYPE_CHECKING:
    from microgd.teaching.lectures import Finding, Lecture

#: What can be made of a lecture's circuit, and by which command: its ending, if it makes a file.
MAKERS = {"draw": ".svg", "play": ".html", "slides": ".pdf", "step": "", "emit": ""}

_ID = re.compile(r"[A-Fa-f]\d{1,2}")


class Lectures(click.Group):
    """The group; the id of a lecture alone shows it: `microgd lecture A2`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if _ID.fullmatch(name):
            return super().resolve_command(ctx, ["show", *args])
        if name not in self.commands and not name.startswith("-") and not ctx.resilient_parsing:
            from difflib import get_close_matches

            near = get_close_matches(name, self.commands, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(
                f"There is no `microgd lecture {name}`.{hint} There are: "
                f"{', '.join(self.commands)}, and lectures from A1 to F8.",
                ctx,
            )
        return super().resolve_command(ctx, args)


@click.group("lecture", cls=Lectures, invoke_without_command=True)
@lang_option
@click.pass_context
def command(ctx: click.Context) -> None:
    """Show the lectures' worked examples, and check their numbers.

    A catalogue of 57 systems from five lecture decks on backpropagation and gradient descent, each
    with an explanation, a circuit or commands, and the numbers that the deck prints beside what
    comes out here. `check` computes all of them anew.

    \b
    Examples:
      microgd lecture
      microgd lecture show A2
      microgd lecture draw A2 --look lecture -o neuron.svg
      microgd lecture check A1 A2 B
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_, part=None, as_json=False)


@command.command("list")
@click.option("--part", metavar="LETTER", help="Only this part: A to F.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
@lang_option
def list_(part: str | None, as_json: bool) -> None:
    """List the lectures, by part.

    \b
    Examples:
      microgd lecture list
      microgd lecture list --part C --lang cs
    """
    from microgd.teaching.lectures import LECTURES, of_part

    from .lecture_page import show_list
    from .output import show_json

    rows = tuple(LECTURES.values()) if part is None else of_part(part)
    if as_json:
        show_json([row.to_dict() for row in rows])
    else:
        show_list(rows)


@command.command("show")
@click.argument("id", metavar="ID")
@output_option("Also draw its circuit: .svg, .png, .dot or .pdf. May be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
@lang_option
@click.pass_context
def show(ctx: click.Context, id: str, outputs: tuple[str, ...], as_json: bool) -> None:
    """Show a lecture: what it is about, its circuit told, the deck's numbers beside ours.

    \b
    Examples:
      microgd lecture show A1
      microgd lecture show C2 --lang ru
      microgd lecture show A2 -o neuron.svg
    """
    from microgd.teaching.lectures import check, lecture

    from .lecture_page import show_lecture
    from .output import show_json
    from .pictures import require_endings

    row = lecture(id)
    if outputs:
        require_endings(outputs)
        _require_circuit(row, "draw")
    findings = check(row)
    if as_json:
        show_json({**row.to_dict(), "findings": [finding.to_dict() for finding in findings]})
    else:
        show_lecture(row, findings)
    if outputs:
        options = [part for name in outputs for part in ("-o", name)]
        _run(ctx, "draw", [*row.words, *options])
    if not all(finding.ok for finding in findings):
        ctx.exit(FAILED)


@command.command("check")
@click.argument("ids", nargs=-1, metavar="[ID | PART]...")
@click.option("--slow", is_flag=True, help="Also what takes a minute: 60 000 iterations of A11.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
@lang_option
@click.pass_context
def check_(ctx: click.Context, ids: tuple[str, ...], slow: bool, as_json: bool) -> None:
    """Compute every number and rule of the lectures anew.

    Each printed number has to come out with the decimals that the deck gives it. Where the deck
    rounds or misprints, the right number has to come out, and the deck's by the way it came to it.
    The status is 1 if anything differs.

    \b
    Examples:
      microgd lecture check
      microgd lecture check A B8
      microgd lecture check C2 --json
    """
    from microgd.teaching.lectures import check

    from .lecture_page import show_checked, show_summary
    from .output import complain, show_json

    rows = _chosen(ids)
    found: list[Finding] = []
    for row in rows:
        findings = check(row, slow=slow)
        found += findings
        if not as_json:
            show_checked(row, findings)
    if as_json:
        show_json([finding.to_dict() for finding in found])
    else:
        show_summary(rows, found)
    if wrong := [finding for finding in found if not finding.ok]:
        complain("\n".join(["not everything came out as expected:", *map(str, wrong)]))
        ctx.exit(FAILED)


def _chosen(ids: tuple[str, ...]) -> list[Lecture]:
    """The lectures of these ids and parts, each once; all if there are none."""
    from microgd.teaching.lectures import LECTURES, lecture, of_part

    if not ids:
        return list(LECTURES.values())
    rows = [row for word in ids for row in (of_part(word) if len(word) == 1 else (lecture(word),))]
    return list({row.id: row for row in rows}.values())


def _maker(name: str) -> click.Command:
    """`microgd lecture NAME ID`: what `microgd NAME` makes of the lecture's circuit."""

    @click.argument("id", metavar="ID")
    @click.argument("rest", nargs=-1, type=click.UNPROCESSED, metavar=f"[OPTIONS OF {name}]")
    @lang_option
    @click.pass_context
    def make(ctx: click.Context, id: str, rest: tuple[str, ...]) -> None:
        from microgd.teaching.lectures import lecture

        row = lecture(id)
        _require_circuit(row, name)
        _run(ctx, name, [*_words(row, name, rest), *_file(row, name, rest), *rest])

    does = {"draw": "Draw", "play": "Make a page that plays", "slides": "Make slides of",
            "step": "Step through", "emit": "Emit as a program"}[name]  # fmt: skip
    make.__doc__ = f"""{does} a lecture's circuit, as `microgd {name}` does.

    It takes all options of `microgd {name}`: see `microgd {name} --help`.

    \b
    Examples:
      microgd lecture {name} A1
      microgd lecture {name} A2 --lang cs
    """
    extra = {"ignore_unknown_options": True, "allow_interspersed_args": True}
    return click.command(name, context_settings=extra)(make)


for _name in MAKERS:
    command.add_command(_maker(_name))


def _words(row: Lecture, name: str, rest: tuple[str, ...]) -> list[str]:
    """The arguments of the command that makes it: slides know lectures by themselves."""
    if name == "slides":
        return [row.id]
    titled = any(word.partition("=")[0] == "--title" for word in rest)
    return [*row.words, *(["--title", row.title] if name == "play" and not titled else [])]


def _file(row: Lecture, name: str, rest: tuple[str, ...]) -> list[str]:
    """Where to, if nothing is said of it: A2.svg."""
    said = any(word.startswith(("-o", "--output")) for word in rest)
    return ["-o", f"{row.id}{MAKERS[name]}"] if MAKERS[name] and not said else []


def _run(ctx: click.Context, name: str, words: list[str]) -> Any:
    """Another command, within this one."""
    from .main import cli

    other = cli.get_command(ctx, name)
    assert other is not None
    with other.make_context(name, words, parent=ctx.find_root()) as inner:
        return other.invoke(inner)


def _require_circuit(row: Lecture, name: str) -> None:
    if not row.words:
        instead = "".join(f"\n  {line}" for line in row.commands)
        raise BadInput(
            f"lecture {row.id} has no circuit for `{name}`."
            + (f" To see what it is about:{instead}" if instead else f" microgd lecture {row.id}")
        )
