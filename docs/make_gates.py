"""Write docs/gates.md, the table of gates, from the table itself: python docs/make_gates.py."""

from pathlib import Path

from microgd.gates.table import FAMILIES
from microgd.graph.gate import Gate

PAGE = Path(__file__).parent / "gates.md"

HEAD = """# The table of gates

<!-- Written by docs/make_gates.py; a test keeps it in step with the code. -->

A gate is one row: what it computes, its local derivative for each input, and what it therefore
does to a gradient that flows back through it. Every gate is a function of `mg` and of the language
of expressions. A gate that *opens* is composite: `draw(f, expand="sigmoid")` and `--expand sigmoid`
show the gates it is made of, with the same gradients; where a tie or an overflow makes them differ,
the row says so.

| word | the gradient |
|---|---|
| distributes | goes to all inputs unchanged (or negated, or in equal parts) |
| swaps | is multiplied by the *other* input |
| routes | goes to the input that was chosen |
| masks | goes through where the gate is open |
| scales | is multiplied by the local derivative |
| moves | goes back the way the values came |
| sums | of all copies is added up |
| blocks | stops: the gate is flat |
"""

SECTIONS = {
    "arithmetic": "Arithmetic",
    "powers": "Powers",
    "exponential": "Exponentials and logarithms",
    "activation": "Activations",
    "selection": "Choosing and comparing",
    "reduction": "Reductions over axes",
    "linear": "Linear algebra",
    "movement": "Moving elements",
    "indexing": "Indexing",
    "random": "Randomness",
}


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for family, title in SECTIONS.items():
        parts.append(f"\n## {title}\n")
        parts.append("| gate | computes | local derivative | gradient | what to know |")
        parts.append("|---|---|---|---|---|")
        parts += [row(gate) for gate in FAMILIES[family].values()]
    return "\n".join(parts) + "\n"


def row(gate: Gate) -> str:
    """One gate as a row of the table."""
    opens = " *Opens.*" if gate.expansion is not None else ""
    cells = [
        f"`{gate.signature}`",
        gate.formula,
        ", ".join(gate.local),
        gate.pattern,
        " ".join(gate.doc.split()) + opens,
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
