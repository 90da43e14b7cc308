"""Growing: a random circuit of a level, as a program with values for its names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from microgd.teaching.worksheet.dice import Dice
from microgd.teaching.worksheet.levels import Level

NAMES = ("x", "y", "z", "w", "v")
#: Shapes of the names in the templates; of all others [2].
_MATRICES = frozenset("ABCW")
_CALLS = frozenset({"max", "min", "relu", "exp", "sigmoid"})
#: How tightly each form binds, loosest first, as in the language itself.
_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(1, 6)
_BINDING = {
    "+": _SUM, "-": _SUM, "*": _PRODUCT, "recip": _PRODUCT, "neg": _SIGN, "square": _POWER,
}  # fmt: skip
#: Gates of one input that are no calls, and how tightly their operand has to bind.
_SIGNS = {"neg": ("-{}", _SIGN), "recip": ("1 / {}", _SIGN), "square": ("{}**2", _ATOM)}
_COMMUTATIVE = frozenset({"+", "*", "max", "min"})


@dataclass(frozen=True, slots=True)
class Grown:
    """A program and the values of its names, not looked at yet.

    Attributes:
        form: the program without its numbers and names, the same for circuits that differ only
            in the order of inputs that may change places.
        depth: the most gates on a way from an input to the output.
        gates: the words or signs of its gates.
        idle: whether a gate in it has nothing to do: x − x, 2 + 3, ReLU of a ReLU.
    """

    program: str
    values: dict[str, Any]
    form: str
    depth: int
    gates: tuple[str, ...]
    idle: bool = False


@dataclass(frozen=True, slots=True)
class _Part:
    text: str
    form: str
    gate: str = ""
    depth: int = 0
    constant: bool = False
    idle: bool = False

    def held(self, binding: int) -> str:
        """The text as an operand: in brackets if it binds more loosely than its place asks for."""
        own = _ATOM if self.text.isalnum() else _BINDING.get(self.gate, _ATOM)
        return self.text if own >= binding else f"({self.text})"


def grow(level: Level, dice: Dice) -> Grown:
    """A circuit of this level.

    >>> from microgd.teaching.worksheet.levels import level_of
    >>> grow(level_of(1), Dice("7")) == grow(level_of(1), Dice("7"))
    True
    """
    if level.templates:
        return _from_template(level, dice)
    names, leaves = _leaves(level, dice)
    parts = list(leaves)
    unaries = dice.between(*level.unaries)
    gates: list[str] = []
    statements: list[str] = []
    shared = level.branches != "never" and dice.chance(0.4)
    while len(parts) > 1 or unaries:
        if unaries and (len(parts) == 1 or dice.chance(0.4)):
            unaries -= 1
            made = _unary(level, dice, parts)
        else:
            made = _binary(level, dice, parts)
        gates.append(made.gate)
        if shared and len(parts) >= 2 and not statements:
            statements.append(f"q = {made.text}")  # an inner result is used twice
            made = _Part("q", made.form, made.gate, made.depth + 1, idle=made.idle)
            parts.append(made)
        parts.append(made)
    left = list(level.numbers)
    values = {name: dice.take(left) for name in names}  # all different
    program = "; ".join([*statements, f"f = {parts[0].text}"])
    form = parts[0].form + ("/q" if statements else "")
    return Grown(program, values, form, parts[0].depth, tuple(gates), parts[0].idle)


def _leaves(level: Level, dice: Dice) -> tuple[list[str], list[_Part]]:
    """The inputs by name, and every use of one."""
    count = dice.between(*level.leaves)
    twice = 0
    if level.branches == "always" or (level.branches == "maybe" and dice.chance(0.5)):
        twice = 1 + (count > 4 and dice.chance(0.5))
    constants = int(dice.chance(level.constant))
    names = list(NAMES[: max(count - twice - constants, 1)])
    leaves = [_Part(name, "a") for name in names]
    again = list(names)
    for letter in "bc"[:twice]:
        name = dice.take(again) if again else names[0]
        place = names.index(name)
        leaves[place] = _Part(name, letter)
        leaves.append(_Part(name, letter))
    leaves += [_Part(str(dice.between(2, 5)), "k", constant=True) for _ in range(constants)]
    return names, leaves


def _unary(level: Level, dice: Dice, parts: list[_Part]) -> _Part:
    gate = dice.choice(level.unary)
    inside = dice.take(parts)
    text = f"{gate}({inside.text})"
    if gate not in _CALLS:
        form, binding = _SIGNS[gate]
        text = form.format(inside.held(binding))
    idle = inside.idle or inside.constant or inside.gate == gate
    form = f"{gate}({inside.form})"
    return _Part(text, form, gate, inside.depth + 1, idle=idle)


def _binary(level: Level, dice: Dice, parts: list[_Part]) -> _Part:
    gate = dice.choice(level.binary)
    left, right = dice.take(parts), dice.take(parts)
    text = f"{gate}({left.text}, {right.text})"
    if gate in "+-*":
        binding = _BINDING[gate]  # from the left: x − y − z is (x − y) − z
        text = f"{left.held(binding)} {gate} {right.held(binding + 1)}"
    forms = [left.form, right.form]
    if gate in _COMMUTATIVE:
        forms.sort()
    idle = left.idle or right.idle or (left.constant and right.constant)
    idle = idle or (left.text == right.text and gate != "*")  # x · x is worth thinking about
    depth = max(left.depth, right.depth) + 1
    return _Part(text, f"{gate}({','.join(forms)})", gate, depth, idle=idle)


def _from_template(level: Level, dice: Dice) -> Grown:
    program = dice.choice(level.templates)
    letters = dict.fromkeys(c for c in program if c in "WABCxyb")
    values: dict[str, Any] = {}
    for name in letters:
        if name in _MATRICES:
            values[name] = [[dice.choice(level.numbers) for _ in "12"] for _ in "12"]
        else:
            values[name] = [dice.choice(level.numbers) for _ in "12"]
    return Grown(f"f = {program}", values, program, 1, ())
