"""The sheet: exercises and their answers, to print. `mg.worksheet(seed=7).save("sheet.pdf")`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from shlex import quote
from typing import Literal

from microgd.draw.drawing import draw
from microgd.draw.palette import Palette, palette_named
from microgd.errors import ArgumentError, DrawingError
from microgd.files import write_whole
from microgd.teaching.worksheet.exercise import Exercise, exercises
from microgd.teaching.worksheet.levels import Level, level_of, require_whole
from microgd.teaching.worksheet.slip import Slip, slips_of
from microgd.trace.lesson import Trace
from microgd.translation import language, speaking

#: More exercises are several sheets.
MOST = 60
PAPERS = ("a4", "letter")
#: A sheet with the answers at its end, without them, and the answers alone.
KEYS = ("end", "none", "only")

Key = Literal["end", "none", "only"]


@dataclass(frozen=True, eq=False, repr=False)
class Worksheet:
    """Exercises and their answers.

    Attributes:
        exercises: the circuits, in their order.
        title: over the first page; empty for the title of the level.
        table: whether there is a table to fill in under each circuit, a row for each step.
        slips: where the circuits are filled in with a mistake in each: what it is.
    """

    seed: int
    level: Level
    exercises: tuple[Exercise, ...]
    title: str = ""
    table: bool = False
    paper: str = "a4"
    palette: str = "mono"
    lang: str = "en"
    engine: str | None = None
    timeout: float = 30.0
    slips: tuple[Slip, ...] = ()

    def __len__(self) -> int:
        return len(self.exercises)

    def __repr__(self) -> str:
        return f"<worksheet of {len(self)} exercises, level {self.level.number}, seed {self.seed}>"

    @property
    def colours(self) -> Palette:
        """The palette itself."""
        return palette_named(self.palette)

    @property
    def command(self) -> str:
        """The command that makes this sheet again."""
        parts = [f"--seed {self.seed} --level {self.level.number} --count {len(self)}"]
        parts += ["--mistakes"] if self.slips else []
        parts += ["--table"] if self.table else []
        parts += [f"--title {quote(self.title)}"] if self.title else []
        parts += [f"--paper {self.paper}"] if self.paper != PAPERS[0] else []
        parts += [f"--palette {self.palette}"] if self.palette != "mono" else []
        parts += [f"--lang {self.lang}"] if self.lang != "en" else []
        return f"microgd worksheet {' '.join(parts)}"

    @cached_property
    def blanks(self) -> tuple[str, ...]:
        """The circuits to fill in, as SVG; or those with a mistake to find."""
        if self.slips:
            return tuple(self._draw(slip.trace) for slip in self.slips)
        return tuple(self._draw(exercise.trace, "empty") for exercise in self.exercises)

    @cached_property
    def filled(self) -> tuple[str, ...]:
        """The same circuits with the answers in their boxes."""
        return tuple(self._draw(exercise.trace, "filled") for exercise in self.exercises)

    def _draw(self, trace: Trace, blanks: str = "") -> str:
        with speaking(self.lang):
            drawing = draw(
                trace,
                palette=self.palette,
                blanks=blanks,
                names="all",  # the steps of the answers speak of them
                compact=False,
                engine=self.engine,
                timeout=self.timeout,
            )
            return drawing.svg if blanks else replace(drawing, titles={}).svg

    def typst(self, key: Key = "end") -> str:
        """The sheet as typst source that needs no other file."""
        from microgd.teaching.worksheet.sheet_typst import source

        with speaking(self.lang):
            return source(self, key)

    def pdf(self, key: Key = "end") -> bytes:
        """The sheet as a PDF.

        Raises:
            MissingExtraError: typst is not installed.
        """
        from microgd.teaching.typesetting import pdf_of, require_typst

        require_typst("a worksheet")
        return pdf_of(self.typst(key), "a worksheet")

    def html(self, key: Key = "end") -> str:
        """The sheet as one page that needs no other file."""
        from microgd.teaching.worksheet.sheet_html import page

        with speaking(self.lang):
            return page(self, key)

    def save(self, path: str | Path, key: Key = "end") -> Path:
        """Write the sheet as .pdf, .html or .typ; return the path.

        Arguments:
            key: "end" puts the answers on pages of their own at the end, "none" leaves them out,
                "only" writes nothing but the answers.

        Raises:
            DrawingError: another ending, no engine. MissingExtraError: a PDF, without typst.
            OutputError: the file cannot be written.
        """
        path = Path(path)
        if key not in KEYS:
            raise ArgumentError(f"key is {', '.join(map(repr, KEYS))}; got {key!r}")
        match path.suffix.lower():
            case ".pdf":
                return write_whole(path, self.pdf(key))
            case ".html":
                return write_whole(path, self.html(key))
            case ".typ":
                return write_whole(path, self.typst(key))
        raise DrawingError(f"{str(path)!r} does not end in .pdf, .html or .typ")

    def _repr_html_(self) -> str:
        from html import escape

        framed = escape(self.html())
        return f'<iframe srcdoc="{framed}" style="width:100%;height:40em"></iframe>'


def worksheet(
    seed: int = 0,
    level: int = 1,
    count: int = 8,
    *,
    title: str = "",
    table: bool = False,
    mistakes: bool = False,
    paper: str = "a4",
    palette: str = "mono",
    engine: str | None = None,
    timeout: float = 30.0,
) -> Worksheet:
    """Random circuits with small numbers to work out by hand, and their answers.

    Arguments:
        seed: a whole number; the same one makes the same exercises everywhere.
        level: 1 two gates, 2 three or four with − and a change of sign, 3 branches, 4 max, min and
            ReLU, 5 curved gates, 6 matrices and vectors.
        count: how many.
        title: over the first page.
        table: adds a table to fill in to each circuit: local derivative, upstream, product.
        mistakes: the circuits are filled in already, and one step in each is wrong: which one?
        paper: "a4" or "letter".
        palette: as for `mg.draw`; "mono" is for black and white.

    Raises:
        ArgumentError: an unknown level or paper, a count below 1 or above 60, or mistakes in
            matrices or with a table to fill in.

    >>> import microgd as mg
    >>> sheet = mg.worksheet(seed=7, level=2, count=8)
    >>> sheet
    <worksheet of 8 exercises, level 2, seed 7>
    >>> sheet.exercises[1].answers
    {'x': -3.0, 'y': -3.0, 'z': -3.0, 'w': 5.0, 'v': 3.0}
    """
    wanted = level_of(level)
    require_whole("seed", seed, 0)
    require_whole("count", count, 1, MOST)
    if paper not in PAPERS:
        raise ArgumentError(f"paper is {' or '.join(map(repr, PAPERS))}, got {paper!r}")
    palette_named(palette)
    if mistakes and wanted.templates:
        raise ArgumentError(f"mistakes are in circuits of numbers: levels 1 to 5, got {level}")
    if mistakes and table:
        raise ArgumentError("mistakes are found in circuits that are filled in: without a table")
    found = exercises(seed, level, count)
    return Worksheet(
        seed,
        wanted,
        found,
        " ".join(title.split()),
        table,
        paper,
        palette,
        language(),
        engine,
        timeout,
        slips_of(found, seed, level) if mistakes else (),
    )
