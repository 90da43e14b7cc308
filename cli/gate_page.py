"""One gate in full: what it computes, its derivative, what it opens into, an example."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .output import say_wrapped
from .streams import fitted, say

if TYPE_CHECKING:
    from microgd.graph.gate import Gate

#: What a pattern means for the upstream gradient.
PATTERNS = {
    "distributes": "sends the gradient on to every input",
    "swaps": "gives each input the gradient times the other input",
    "routes": "sends the gradient to the input that was chosen",
    "masks": "lets the gradient through on one side, and stops or shrinks it on the other",
    "scales": "multiplies the gradient by the local derivative",
    "moves": "puts the gradient back where its elements came from",
    "sums": "adds up what the copies receive",
    "blocks": "lets no gradient through",
}


def family_of(gate: Gate) -> str:
    """Which kind of gate it is."""
    from microgd.gates.table import FAMILIES

    return next((family for family, rows in FAMILIES.items() if gate.name in rows), "")


def signature(gate: Gate) -> str:
    """How the gate is called, with `…` for a parameter that must be given."""
    return gate.signature.replace("=Ellipsis", "=…")


def show_gate(gate: Gate) -> None:
    """Print the whole row of a gate."""
    say(f"{signature(gate)}    {family_of(gate)}")
    say()
    say_wrapped(gate.doc.replace("`", "").replace("*", ""))
    say()
    facts = [("sign", gate.sign), ("computes", gate.formula)]
    if gate.infix:
        facts.append(("operator", gate.infix if len(gate.inputs) == 2 else f"{gate.infix}x"))
    inputs = ["xᵢ"] if gate.variadic else gate.inputs
    facts += [(f"∂/∂{n}", rule) for n, rule in zip(inputs, gate.local, strict=False)]
    if isinstance(gate.opencl, str):
        facts.append(("OpenCL", in_c(gate.opencl)))
    facts.append(("gradient", f"{gate.pattern}: {PATTERNS.get(gate.pattern, '')}".rstrip(": ")))
    longest = max(len(fitted(name)) for name, _ in facts)
    for name, fact in facts:
        say(f"  {fitted(name):<{longest}}  {fact}")
    program = expansion(gate)
    if program is not None:
        say("\nopens into")
        for line in program.rstrip("\n").split("\n"):
            say(f"  {line}")
    if gate.example:
        say("\nin Python")
        say("  >>> import microgd as mg")
        for line in gate.example.strip("\n").split("\n"):
            say(f"  {line}")


def in_c(template: str) -> str:
    """A gate's OpenCL C as one reads it: without the braces and the types of its numbers."""
    return re.sub(r"\{(\w+)\}", r"\1", re.sub(r"\(\{R\}\)\(([^()]*)\)", r"\1", template))


def expansion(gate: Gate) -> str | None:
    """What a composite gate opens into, as a program of its inputs' names."""
    if gate.expansion is None:
        return None
    from microgd.errors import MicrogdError
    from microgd.graph.rewrite import expand
    from microgd.language.printer import to_program
    from microgd.tensor import placeholder

    names = [n for n in gate.inputs if not gate.variadic] or ["x1", "x2"]
    required = [n for n, default in gate.params.items() if default is ...]
    shapes: tuple[tuple[int, ...], ...] = ((), (3,), (2, 3))
    for shape in shapes:
        inputs: list[Any] = [placeholder(shape, n) for n in names]
        try:
            node = gate(*inputs, **dict.fromkeys(required, 0))
            opened: Any = expand([node], [gate.name], deep=False)[0]
            return to_program(opened)
        except MicrogdError:
            continue
    return None
