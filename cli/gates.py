"""`microgd gates`: the table of gates, or one row of it in full."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from .gate_page import family_of, show_gate, signature
from .streams import say

if TYPE_CHECKING:
    from microgd.graph.gate import Gate

#: The families that a newcomer meets first; the table has them in the order of its imports.
_FIRST = ("arithmetic", "exponential", "powers", "activation", "selection", "reduction", "linear")

#: Columns below which the list leaves out the signs.
_NARROW = 110


@click.command("gates")
@click.argument("name", required=False)
@click.option("--family", metavar="NAME", help="Only the gates of one kind, such as activation.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
@click.option("--markdown", is_flag=True, help="Print a Markdown table.")
def command(name: str | None, family: str | None, as_json: bool, markdown: bool) -> None:
    """List the gates, or explain one.

    NAME is a gate's name or its sign. For each gate: what it computes, its local derivative, and
    what it does to a gradient.

    \b
    Examples:
      microgd gates
      microgd gates sigmoid
      microgd gates --family activation --markdown
    """
    if as_json and markdown:
        raise click.UsageError("--json and --markdown: choose one.")
    if name is not None and family is not None:
        raise click.UsageError("Give a gate's name or --family, not both.")
    families = _families(family) if name is None else {"": [_named(name)]}
    if as_json:
        from .output import show_json

        rows = [row_of(gate) for gates in families.values() for gate in gates]
        show_json(rows if name is None else rows[0])
    elif markdown:
        _show_markdown(gate for gates in families.values() for gate in gates)
    elif name is not None:
        show_gate(families[""][0])
    else:
        for kind, gates in families.items():
            _show_family(kind, gates)


def _families(wanted: str | None) -> dict[str, list[Gate]]:
    """The gates by family: all, or the one that is wanted."""
    from microgd.gates.table import FAMILIES, did_you_mean

    order = sorted(FAMILIES, key=lambda f: _FIRST.index(f) if f in _FIRST else len(_FIRST))
    if wanted is not None and wanted not in FAMILIES:
        raise click.BadParameter(
            f"there is no family {wanted!r}.{did_you_mean(wanted, order)} There are: "
            f"{', '.join(order)}.",
            param_hint="'--family'",
        )
    return {f: list(FAMILIES[f].values()) for f in order if wanted in (None, f) and FAMILIES[f]}


def _named(name: str) -> Gate:
    """The gate of a name, another name of the language, or an operator."""
    from microgd.gates.table import TABLE, find
    from microgd.language.functions import gate_named, operators

    signs = {gate.sign: gate for gate in reversed(TABLE.values())}
    return gate_named(name) or operators().get(name) or signs.get(name) or find(name)


def row_of(gate: Gate) -> dict[str, Any]:
    """A row of the table as plain data. A parameter that must be given has no default."""
    return {
        "name": gate.name,
        "family": family_of(gate),
        "sign": gate.sign,
        "signature": signature(gate),
        "inputs": list(gate.inputs),
        "parameters": {n: None if d is ... else d for n, d in gate.params.items()},
        "required": [n for n, d in gate.params.items() if d is ...],
        "operator": gate.infix,
        "formula": gate.formula,
        "local": list(gate.local),
        "pattern": gate.pattern,
        "opens": gate.expansion is not None,
        "doc": gate.doc,
        "example": gate.example,
    }


def _show_family(family: str, gates: list[Gate]) -> None:
    from microgd.trace.table import Table

    from .output import show_table
    from .streams import width

    wide = width() >= _NARROW
    rows = []
    for gate in gates:
        local = ", ".join(gate.local)
        does = gate.pattern + (", opens" if gate.expansion is not None else "")
        rows.append((gate.name, *([gate.sign] if wide else []), gate.formula, local, does))
    columns = ("gate", *(["sign"] if wide else []), "computes", "local derivative", "gradient")
    show_table(Table(family, columns, tuple(rows)))


def _show_markdown(gates: Iterable[Gate]) -> None:
    from .streams import fitted

    say("| gate | sign | computes | local derivative | gradient | opens |")
    say("|---|---|---|---|---|---|")
    for gate in gates:
        opens = "yes" if gate.expansion is not None else ""
        cells = (
            f"`{signature(gate)}`",
            gate.sign,
            gate.formula,
            ", ".join(gate.local),
            gate.pattern,
            opens,
        )
        safe = (c.replace("|", "\\|").replace("*xs", "\\*xs") if i else c.replace("|", "\\|")
                for i, c in enumerate(cells))  # fmt: skip
        say(fitted(f"| {' | '.join(safe)} |"))
