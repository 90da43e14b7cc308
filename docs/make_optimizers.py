"""Bring the pages of optimizers up to date, and draw: python docs/make_optimizers.py [FOLDER].

The prose is written by hand, in docs/optimizers/<name>.md. What would go stale stands between
`<!-- made: rule -->` and `<!-- end -->`, and is made here: formulas and options from the code, and
what came out of the races. A test compares. With a folder as argument, pictures are drawn there,
and pages stay as they are.
"""

from __future__ import annotations

import re
import sys
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

import microgd as mg
from microgd.lab import descend, function, race
from microgd.lab.descent import Descent
from microgd.lab.problem import from_text
from microgd.optim import SGD, Frozen, Group, Groups, read_optimizer
from microgd.optim.optimizer import Optimizer
from microgd.optim.variants import VARIANTS, variant
from microgd.options import split
from microgd.plots.contours import draw_contours
from microgd.plots.descent import draw_descent
from microgd.plots.loss import draw_loss

FOLDER = Path(__file__).parent / "optimizers"
PICTURES = Path(__file__).parent / "pictures" / "optimizers"

BLOCK = re.compile(r"^<!-- made: (\w+) -->\n.*?^<!-- end -->$", re.MULTILINE | re.DOTALL)

#: Whose variant it is, as the table says it.
WHO = {
    "torch": "PyTorch",
    "keras": "Keras",
    "classic": "the paper",
    **{deck: f"lecture {deck}" for deck in ("000", "002", "003", "004")},
}

#: What an optimizer that needs options is shown with.
SHOWN = {"lookahead": "lookahead(sgd)", "clipped": "clipped(sgd, norm=1.0)"}


@dataclass(frozen=True)
class Race:
    """A picture: who walks where, and what is drawn of it."""

    where: str
    optimizers: str
    steps: int
    start: str = ""
    draw: Any = draw_contours

    @property
    def command(self) -> str:
        """The same on the command line."""
        where = f'"{self.where}"' if "*" in self.where else self.where
        start = f" {self.start}" if self.start else ""
        return (
            f"microgd descend {where}{start} \\\n"
            f'  --optimizer "{self.optimizers}" \\\n'
            f"  --steps {self.steps} -o race.svg"
        )

    def run(self) -> list[Descent]:
        """The walks."""
        start = {k: float(v) for k, v in (part.split("=") for part in self.start.split())}
        expression = "*" in self.where
        problem = from_text(self.where, start) if expression else function(self.where, **start)
        return race(problem, split(self.optimizers), steps=self.steps)


class Freezing(Race):
    """Groups are for Python; on the command line, --wrt walks along some inputs only."""

    @property
    def command(self) -> str:
        """One of the two walks."""
        return (
            'microgd descend "0.5*x**2 + 10*y**2" x=-4 y=1 \\\n'
            f"  --wrt x --lr 0.09 --steps {self.steps} -o race.svg"
        )

    def run(self) -> list[Descent]:
        """With y, and with a y that is frozen."""
        frozen = Groups([Group("y", Frozen())], rest=SGD())
        return race(self.where, [SGD(), frozen], steps=self.steps, lr=0.09)


#: The picture of each page.
RACES = {
    "sgd": Race("valley", "sgd(lr=0.02), sgd(lr=0.09), sgd(lr=0.101)", 25),
    "momentum": Race("valley", "sgd(lr=0.09), momentum(0.7, lr=0.05)", 30),
    "nesterov": Race("valley", "momentum(lr=0.02), nesterov(lr=0.02)", 40),
    "normalizedgradient": Race("saddle", "sgd(lr=0.05), normalizedgradient(lr=0.1)", 40),
    "rprop": Race("beale", "sgd(lr=0.005), rprop(lr=0.1)", 60),
    "adagrad": Race("saddle", "sgd(lr=0.05), adagrad(lr=0.3)", 60),
    "adadelta": Race(
        "valley", "adagrad(lr=0.1), adadelta, adadelta(eps=0.0001)", 200, draw=draw_descent
    ),
    "rmsprop": Race("rosenbrock", "adagrad(lr=0.01), rmsprop(lr=0.01)", 600, draw=draw_descent),
    "adam": Race("rosenbrock", "sgd(lr=0.001), rmsprop(lr=0.01), adam(lr=0.2)", 200),
    "adamw": Race(
        "10*(x - 1)**2 + 0.1*(y - 1)**2",
        "adam(lr=0.05), adam(lr=0.05, weight_decay=0.2), adamw(lr=0.05, weight_decay=0.2)",
        200,
        start="x=-2 y=-2",
    ),
    "amsgrad": Race(
        "amsgrad", "adam(betas=(0, 0.1)), amsgrad(betas=(0, 0.1))", 150, draw=draw_loss
    ),
    "adamax": Race(
        "beale",
        "adam(lr=0.1), adamax(lr=0.1), adamax(lr=0.1, betas=(0.9, 0.99))",
        150,
        draw=draw_descent,
    ),
    "nadam": Race("rosenbrock", "adam(lr=0.1), nadam(lr=0.1)", 200, draw=draw_descent),
    "adabelief": Race("bowl", "adam(lr=0.1), adabelief(lr=0.1)", 60),
    "lookahead": Race("valley", "sgd(lr=0.098), lookahead(sgd(lr=0.098))", 40),
    "clipped": Race("rosenbrock", "sgd(lr=0.01), clipped(sgd(lr=0.01), norm=5)", 100),
    "frozen": Freezing("valley", "", 30),
}

#: Options that change the formula, and whose convention each is.
FORMS: dict[str, list[tuple[str, str]]] = {
    "sgd": [
        ("momentum=0.9", "PyTorch, optax; {doc}`momentum`"),
        ("momentum=0.9, dampening=0.1", "PyTorch"),
        ("momentum=0.9, nesterov=True", "PyTorch, optax; {doc}`nesterov`"),
    ],
    "momentum": [
        ("form='pytorch'", "PyTorch, optax"),
        ("form='velocity'", "lectures 000 and 004; Keras"),
        ("form='displacement'", "lecture 002; v is its h"),
        ("form='rolling'", "lecture 003; μ is its −β"),
    ],
    "nesterov": [
        ("form='pytorch'", "PyTorch, optax"),
        ("form='shifted'", "lectures 000 and 004, second form; Keras"),
        ("form='look-ahead'", "lectures 000 and 004, first form; Sutskever et al., 2013"),
        ("form='displacement'", "lecture 002; v is its h"),
        ("form='rolling'", "lecture 003; μ is its −β"),
    ],
    "normalizedgradient": [
        ("eps=1e-6", "optax's `normalize_by_update_norm`"),
    ],
    "rprop": [
        ("variant='irprop-'", "PyTorch, optax; Igel and Hüsken"),
        ("variant='rprop-'", "lecture 003, with `zero_shrinks=True`; Riedmiller, 1994"),
        ("variant='rprop+'", "Riedmiller and Braun, 1993"),
        ("zero_shrinks=True", "lecture 003"),
    ],
    "adagrad": [
        ("eps_inside_root=True", "lecture 002, Keras, optax"),
        ("lr_decay=0.01", "PyTorch"),
    ],
    "adadelta": [],
    "rmsprop": [
        ("eps_inside_root=True", "lectures 002 and 004, Keras, optax"),
        ("centered=True", "Graves, 2013; PyTorch"),
        ("centered=True, eps_inside_root=True", "Keras, optax"),
        ("momentum=0.9", "PyTorch"),
        ("momentum=0.9, momentum_form='displacement'", "Keras, TensorFlow, optax"),
    ],
    "adam": [
        ("eps_inside_root=True", "lectures 002 and 004; optax's `eps_root`"),
        ("eps_before_correction=True", "Keras, TensorFlow; ε̂ in the paper"),
        ("bias_correction=False", "lectures 000 (first form), 003 and 004"),
        ("bias_correction='compounded'", "lecture 002, word for word: a misprint"),
        ("amsgrad=True", "{doc}`amsgrad`"),
        ("weight_decay=0.01, decoupled=True", "{doc}`adamw`"),
    ],
    "adamw": [
        ("weight_decay=0.0", "Adam"),
    ],
    "amsgrad": [
        ("amsgrad_of='v'", "PyTorch's code, Keras"),
        ("amsgrad_of='v̂'", "lecture 000, PyTorch's older documentation, optax"),
        ("bias_correction=False", "the paper"),
    ],
    "adamax": [
        ("eps_place='gradient'", "PyTorch, optax"),
        ("eps_place='denominator'", "Keras"),
    ],
    "nadam": [
        ("form='pytorch'", "PyTorch; Keras with `momentum_decay=1.0`"),
        ("form='simple'", "optax"),
    ],
    "adabelief": [
        ("eps_in_mean=True", "the paper, its authors' code, optax"),
        ("eps_in_mean=False", "ε in the root only, as in Adam"),
    ],
    "lookahead": [
        ("alpha='fitted'", "lecture 003"),
    ],
    "clipped": [
        ("norm=1.0", "PyTorch's `clip_grad_norm_`, Keras's `global_clipnorm`, optax"),
        ("norm=1.0, per='parameter'", "Keras's `clipnorm`"),
        ("norm=None, value=0.5", "PyTorch's `clip_grad_value_`, Keras's `clipvalue`"),
    ],
    "frozen": [],
}

#: Who walks in the comparison of which.md, where, and with which learning rates.
COMPARED = (
    *("sgd", "momentum", "nesterov", "rprop", "normalizedgradient"),
    *("adagrad", "rmsprop", "adam", "adamw"),
)
PLACES = ("valley", "saddle", "rosenbrock", "beale")
RATES = tuple(float(f"{a}e{b}") for b in (-3, -2, -1, 0) for a in (1, 2, 5))[:-1]
LIMIT, NEAR = 500, 0.01


def rule(name: str) -> Any:
    """An optimizer as its page shows it."""
    return read_optimizer(SHOWN.get(name, name))


def formula(name: str) -> str:
    """The rule, and what it remembers."""
    one = rule(name)
    lines = ["```text", *one.formula(), "```"]
    slots = one.slots() if isinstance(one, Optimizer) else {}
    if slots:
        kept = ", ".join(f"`{slot}` ({what})" for slot, what in slots.items())
        lines += ["", f"It remembers, for each parameter: {kept}."]
    if one.source:
        lines += ["", f"Source: {one.source}."]
    return "\n".join(lines)


def options(name: str) -> str:
    """Every option of its own, with its default, as the docstring explains it."""
    kind = type(rule(name))
    said = arguments(kind)
    rows = ["| option | default | what it is |", "|---|---|---|"]
    common = {one.name for one in fields(Optimizer)} if issubclass(kind, Optimizer) else set()
    for one in fields(kind):
        default = "" if one.default is MISSING else f"`{one.default!r}`"
        inherited = Optimizer.__dataclass_fields__.get(one.name)
        if one.name in common and inherited is not None and inherited.default == one.default:
            continue
        rows.append(f"| `{one.name}` | {default} | {cell(said[one.name])} |")
    if len(rows) == 2:
        return "No options of its own."
    if common:
        rows += ["", "And those that all optimizers have: {ref}`weight_decay, decoupled, penalty, "
                 "maximize, lr <common-options>`."]  # fmt: skip
    if FORMS[name]:
        rows += ["", "| with | the formula | whose |", "|---|---|---|"]
        for given, whose in FORMS[name]:
            rows.append(f"| `{given}` | {different(name, given)} | {whose} |")
    return "\n".join(rows)


def different(name: str, given: str) -> str:
    """The lines of a formula that options change, as code."""
    made = with_options(name, given).formula()
    usual = rule(name).formula()
    new = [line for line in made if line not in usual]
    gone = [line for line in usual if line not in made]
    if not new and gone:
        return f"without `{gone[0]}`"
    if not new:
        return "as above"
    return code(new)


def with_options(name: str, given: str) -> Any:
    """The page's optimizer with these options."""
    if name in SHOWN:
        return read_optimizer(f"{name}(sgd, {given})")
    return read_optimizer(f"{name}({given})")


def arguments(kind: type) -> dict[str, str]:
    """Option → what the docstrings of a class and its ancestors say of it."""
    found: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        section = re.search(r"^    Arguments:\n(.*?)^\s*$", one.__doc__ or "", re.M | re.S)
        if section is None:
            continue
        entries = re.split(r"^ {8}(?=\w[\w, ]*: )", section[1], flags=re.MULTILINE)[1:]
        for entry in entries:
            names, text = " ".join(entry.split()).split(": ", 1)
            found.update(dict.fromkeys(names.split(", "), text))
    return found


def cell(text: str) -> str:
    """A text in a table; of a list of forms, which have a table of their own, the first words."""
    if text.startswith(("which formula", "what happens where the sign")):
        text = text.split(". ")[0] + ", as below."
    return text.replace("|", "\\|")


def raced(name: str) -> str:
    """The picture, where everyone came to, and the command."""
    one = RACES[name]
    walks = one.run()
    problem = walks[0].problem
    lowest = min((problem.value(m) for m in problem.minima), default=0.0)
    what = "f − f*" if lowest else "f"
    rows = [f"| who | {what} after {one.steps} steps | at |", "|---|---|---|"]
    for walk in walks:
        if walk.diverged is not None:
            rows.append(f"| {walk.label} | diverged at step {walk.diverged} | |")
            continue
        places = zip(problem.names, np.round(walk.last.point, 3) + 0.0, strict=True)
        at = ", ".join(f"{name} = {x:.3f}" for name, x in places).replace("= -", "= −")
        rows.append(f"| {walk.label} | {plain(walk.last.value - lowest)} | {at} |")
    shown = f'"{SHOWN[name]}"' if name in SHOWN else name
    xray = f"Every number of its first steps: `microgd optimizer {shown}`"
    rows += ["", "```sh", one.command, "```", "", f"{xray}; see {{doc}}`../commands/optimizer`."]
    return "\n".join(rows)


def plain(value: float) -> str:
    """A number in a table, to two digits; below 1e-12 it is rounding."""
    if abs(value) < 1e-12:
        return "0"
    text = f"{value:.2g}"
    if "e" in text:
        digits, power = text.split("e")
        raised = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"{digits} · 10{raised}".replace("-", "−")
    return text.replace("-", "−")


def comparison(name: str) -> str:
    """Steps until f − f* stays below 1 % of what it was, at the best rate; and how many work."""
    rows = [
        "| | " + " | ".join(PLACES) + " | rates that work |",
        "|---|" + "---|" * (len(PLACES) + 1),
    ]
    for who in COMPARED:
        cells, works = [], 0
        for where in PLACES:
            needed = {rate: steps_needed(who, where, rate) for rate in RATES}
            found = {rate: n for rate, n in needed.items() if n is not None}
            works += len(found)
            best = min(found, key=lambda rate: found[rate], default=None)
            cells.append("–" if best is None else f"{found[best]} (γ {best:g})")
        total = len(RATES) * len(PLACES)
        rows.append(f"| {who} | " + " | ".join(cells) + f" | {works} of {total} |")
    return "\n".join(rows)


def steps_needed(who: str, where: str, rate: float) -> int | None:
    """How many steps it takes until f − f* stays below 1 % of what it was; None if it does not."""
    problem = function(where)
    lowest = min(problem.value(m) for m in problem.minima)
    walk = descend(problem, who, lr=rate, steps=LIMIT)
    far = np.flatnonzero(~(walk.values - lowest < NEAR * (walk.values[0] - lowest)))
    return int(far[-1]) + 1 if walk.diverged is None and far[-1] < LIMIT else None


def noisy(name: str) -> str:
    """The mean of f over the last 100 of 300 steps with noisy gradients, at the best rate."""
    rows = ["| | f | at |", "|---|---|---|"]
    for who in COMPARED:
        found = {rate: settled(who, rate) for rate in RATES}
        best = min(found, key=lambda rate: found[rate])
        rows.append(f"| {who} | {plain(found[best])} | γ {best:g} |")
    return "\n".join(rows)


def settled(who: str, rate: float) -> float:
    """The mean of f, of three walks in the valley, where they have settled."""
    walks = [descend("valley", who, lr=rate, steps=300, noise=5.0, seed=s) for s in range(3)]
    if any(walk.diverged is not None for walk in walks):
        return float("inf")
    return float(np.mean([walk.values[-100:].mean() for walk in walks]))


def variants(name: str) -> str:
    """How others write each optimizer, and the options that make it theirs."""
    parts = []
    for kind, known in VARIANTS.items():
        usual = read_optimizer(kind)
        parts += [f"### {type(usual).__name__}", "", "Here: " + code(usual.formula()), ""]
        parts += ["| whose | in microgd | what differs | note |", "|---|---|---|---|"]
        for who, one in known.items():
            made = variant(usual, who)
            new = [line for line in made.formula() if line not in usual.formula()]
            shown = made.text.replace("|", "\\|")
            parts.append(f"| {WHO.get(who, who)} | `{shown}` | {code(new)} | {one.note} |")
        parts.append("")
    return "\n".join(parts).rstrip()


def code(lines: Any) -> str:
    """Lines of a formula in a table or a sentence."""
    return "<br>".join(f"`{line.replace('|', chr(92) + '|')}`" for line in lines)


MAKERS = {
    "formula": formula,
    "options": options,
    "raced": raced,
    "comparison": comparison,
    "noisy": noisy,
    "variants": variants,
}


def page(name: str, text: str) -> str:
    """A page with its blocks brought up to date."""

    def made(found: re.Match[str]) -> str:
        return f"<!-- made: {found[1]} -->\n{MAKERS[found[1]](name)}\n<!-- end -->"

    return BLOCK.sub(made, text)


def thin(svg: str, tolerance: float = 0.25) -> str:
    """Lines with fewer points, none of which moves by more than a quarter of a point; and of
    markers that lie over each other, one.
    """
    place = re.compile(r"[ML] ?(-?[\d.]+) (-?[\d.]+)\s*")

    def thinned(found: re.Match[str]) -> str:
        parts = re.split(r"(?=M)", found[1])
        return f'd="{"".join(map(line, parts))}"'

    def line(text: str) -> str:
        closed = "z" if text.rstrip().endswith("z") else ""
        points = np.array([[float(x), float(y)] for x, y in place.findall(text)])
        if len(points) < 3 or place.sub("", text).strip() not in ("", "z"):
            return text
        kept = simplified(points, tolerance)
        return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in kept) + closed + " "

    svg = re.sub(r'(?<= )d="(M[^"]*)"', thinned, svg)
    kept: list[str] = []
    last: tuple[str, float, float] | None = None
    for text in svg.splitlines(keepends=True):
        marker = re.search(r'<use xlink:href="(#m\w+)" x="(-?[\d.]+)" y="(-?[\d.]+)"', text)
        if marker is not None:
            name, x, y = marker[1], float(marker[2]), float(marker[3])
            if last is not None and last[0] == name and np.hypot(x - last[1], y - last[2]) < 1.5:
                continue
            last = name, x, y
        kept.append(text)
    return "".join(kept)


def simplified(points: np.ndarray, tolerance: float) -> np.ndarray:
    """Ramer, Douglas and Peucker: the points that others cannot stand in for."""
    keep = np.zeros(len(points), bool)
    keep[[0, -1]] = True
    todo = [(0, len(points) - 1)]
    while todo:
        first, last = todo.pop()
        if last - first < 2:
            continue
        along = points[last] - points[first]
        away = points[first + 1 : last] - points[first]
        length = np.hypot(*along)
        if length < 1e-9:
            distance = np.hypot(*away.T)
        else:
            distance = np.abs(along[0] * away[:, 1] - along[1] * away[:, 0]) / length
        furthest = int(distance.argmax())
        if distance[furthest] > tolerance:
            middle = first + 1 + furthest
            keep[middle] = True
            todo += [(first, middle), (middle, last)]
    return points[keep]


def draw(folder: Path) -> None:
    """Write every picture into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, one in RACES.items():
        svg = one.draw(one.run()).svg
        (folder / f"{name}.svg").write_text(thin(svg), encoding="utf-8")


def main() -> None:
    """Bring all pages up to date, and draw all pictures."""
    for path in sorted(FOLDER.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        path.write_text(page(path.stem, text), encoding="utf-8")
    draw(PICTURES)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        draw(Path(sys.argv[1]))
    else:
        main()
    assert set(FORMS) == set(RACES) == set(mg.optim.OPTIMIZERS)
