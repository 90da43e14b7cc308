"""Write docs/lectures.md, the lectures' catalogue, from the catalogue: docs/make_lectures.py."""

from pathlib import Path

from microgd.teaching.lectures import DECKS, LECTURES, Lecture, of_part, part_titles

PAGE = Path(__file__).parent / "lectures.md"

HEAD = """# The lectures

<!-- Written by docs/make_lectures.py; a test keeps it in step with the code. -->

{count} systems from five lecture decks on backpropagation and gradient descent, each as something
to run: a circuit with its lesson, a walk downhill, an optimizer, a schedule, a rule for nets. The
explanations are ours; the formulas and the numbers are the decks'. Every one of the {numbers}
printed numbers is computed anew, and has to come out with the decimals that the slide gives it;
every one of the {claims} rules is computed in two ways, by microgd and by the deck's formula
written out in NumPy. `microgd lecture check` does that in a few seconds, and is a test of this
project.

```sh
microgd lecture                         # this list
microgd lecture A2                      # one of them, with the deck's numbers
microgd lecture draw A2 -o neuron.svg   # also play, slides, step, emit
microgd lecture check C2                # compute its numbers anew
```

[`microgd lecture`](commands/lecture.md) has the rest; [the lecture circuits](lecture-circuits.md)
shows what the commands of part A print; [conventions](optimizers/conventions.md) sets the
optimizers of the decks beside those of libraries.

## The decks

| deck | title | by, or course | language |
|---|---|---|---|
{decks}

Their texts were read without their pictures. Numbers that stood in a picture only (A1, A2, B3)
are those of the well-known example, from the same circuit.
"""

DIFFER = """\
What a deck rounds on the way, misprints, or writes otherwise than it computes. What can be computed
of it is part of the check: our number has to come out, and the deck's own by the way it came to it,
as far as that is known.
"""

LANGUAGES = {"cs": "Czech", "ro": "Romanian", "ru": "Russian"}

TAIL = """## In Python

```pycon
>>> import microgd as mg
>>> a2 = mg.lecture("A2")
>>> a2.title, a2.decks
('A neuron with a sigmoid, gate by gate', ('001',))
>>> a2.trace().sentences[-1]
'× swaps: 2.00 · 0.20 = 0.39 (before rounding: 2 · 0.1966 = 0.3932)'
>>> from microgd.teaching.lectures import check
>>> all(finding.ok for finding in check(a2))
True

```

`.circuit()` and `.trace()` are None where there is no circuit; `.numbers`, `.claims`, `.text` and
`.notes` are the rest, in the language that is spoken (`mg.speaking("cs")`).
`microgd.teaching.lectures` has `LECTURES`, all by id, and `check(lecture)`.

A new row goes into `microgd/teaching/lectures/part_a.py` to `part_f.py`; list, page, check and
tests read it from there.
"""


def page() -> str:
    """The whole page."""
    rows = LECTURES.values()
    head = HEAD.format(
        count=len(LECTURES),
        numbers=sum(len(row.numbers) for row in rows),
        claims=sum(len(row.claims) for row in rows),
        decks="\n".join(
            f"| {d.id} | {d.title} | {d.origin} | {LANGUAGES[d.language]} |" for d in DECKS.values()
        ),
    )
    parts = [head]
    for letter, title in part_titles().items():
        parts.append(f"\n## {letter}. {title}\n")
        parts.append("| | system | deck | to run it | numbers | rules |")
        parts.append("|---|---|---|---|---|---|")
        parts += [line(row) for row in of_part(letter)]
    parts.append("\n## Where the slides differ\n")
    parts.append(DIFFER)
    for row in rows:
        if row.notes:
            parts += [
                f"**{row.id}, {row.title}.** {' '.join(map(escaped, row.notes))}\n",
                *differing(row),
            ]
    return "\n".join(parts).rstrip("\n") + "\n" + TAIL


def line(row: Lecture) -> str:
    """One lecture as a row of its part's table."""
    ways = [*filter(None, (row.command,)), *row.commands]
    run = ways[0 if row.part in "AB" or not row.commands else len(ways) - len(row.commands)]
    cells = (
        row.id,
        row.title,
        " ".join(row.decks),
        f"`{run}`",
        len(row.numbers) or "",
        len(row.claims) or "",
    )
    return f"| {' | '.join(escaped(str(cell)) for cell in cells)} |"


def differing(row: Lecture) -> list[str]:
    """The numbers that a deck prints otherwise."""
    found = [n for n in row.numbers if n.ours]
    if not found:
        return []
    lines = [f"| {escaped(n.title)} | {n.printed} | {n.ours} |" for n in found]
    return ["| | the deck | right |", "|---|---|---|", *lines, ""]


def escaped(text: str) -> str:
    """Text in a cell of a table."""
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
