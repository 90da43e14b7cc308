"""What plots say: formulas as one writes them, names of axes, and what a run came to."""

from __future__ import annotations

import re

from microgd.lab.descent import Descent
from microgd.lab.problem import Problem
from microgd.plots.style import shown

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def pretty(text: str) -> str:
    """A formula with raised powers, lowered indices, centred dots, π and true minus signs.

    >>> pretty("100*(x2 - x1**2)**2 + log2(x1)"), pretty("2**-x**2**3"), pretty("cos(2*pi*x)")
    ('100·(x₂ − x₁²)² + log2(x₁)', '2**−x**2³', 'cos(2·π·x)')
    """
    text = re.sub(
        r"\b([A-Za-zα-ωΑ-Ω_]+)(\d+)\b(?!\s*\()", lambda m: m[1] + m[2].translate(_LOWERED), text
    )
    # A power with a power above it, or a decimal one, stays as it is written.
    text = re.sub(
        r"\s*\*\*\s*(-?\d+)(?![\w.]|\s*\*\*)", lambda m: m[1].translate(_RAISED), text.strip()
    )
    text = re.sub(r"\bpi\b", "π", re.sub(r"(?<!\*)\s*\*\s*(?!\*)", "·", text))
    text = re.sub(r"(?<![\deE])-|(?<=\d)-", "−", text)
    return "; ".join(line.strip() for line in text.splitlines() if line.strip())


def title_of(problem: Problem, limit: int = 60) -> str:
    """The formula if there is one that fits, else the problem's name."""
    if problem.text:
        formula = f"f = {pretty(problem.text)}"
        if len(formula) <= limit or problem.name in ("", problem.text):
            return shown(formula, limit)
    return shown(problem.name, limit)


def label_of(descent: Descent, place: int = 0) -> str:
    """Who walked."""
    return shown(descent.label, 40) or f"run {place + 1}"


def number(value: float) -> str:
    """A number in a picture: four digits, true minus.

    >>> number(-0.62996), number(1e-9), number(float("nan"))
    ('−0.63', '1e−09', 'NaN')
    """
    text = f"{value:.4g}".replace("-", "−")
    return {"nan": "NaN", "inf": "∞", "−inf": "−∞"}.get(text, text)
