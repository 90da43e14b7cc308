"""Frames: the pictures of one circuit at all of its steps, as one picture that changes colours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TOKEN = re.compile(r"<[^>]*>|[^<]+")
_ATTRIBUTE = re.compile(r'([\w:-]+)="([^"]*)"')
_VIEW_BOX = re.compile(r'viewBox="([^"]*)"')
_SIZE = re.compile(r'<svg width="\d+" height="\d+"')
_REFERENCE = re.compile(r'(\bid="|href="#|url\(#)')
#: What of a picture may change from step to step, and what it is where it is not given.
_PAINT = {"fill": "black", "stroke": "none", "fill-opacity": "1", "stroke-opacity": "1",
          "stroke-width": "1", "opacity": "1", "stroke-dasharray": "none",
          "stroke-linecap": "square"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Frames:
    """One picture and what it looks like at each step.

    Attributes:
        picture: the SVG; what changes is given by CSS variables: `fill:var(--c3)`.
        steps: at each step the variables and their values, as CSS.
    """

    picture: str
    steps: tuple[str, ...]


def size_of(svg: str) -> tuple[float, float]:
    """Width and height of a picture, in points."""
    match = _VIEW_BOX.search(svg)
    width, height = (float(x) for x in match[1].split()[2:]) if match else (100.0, 100.0)
    return width, height


def same_size(svgs: Sequence[str]) -> tuple[str, ...]:
    """Pictures that differ by a point because of a thicker border, in the frame of the largest."""
    if not svgs:
        return ()
    largest = max(svgs, key=lambda svg: size_of(svg)[::-1])
    box, size = _VIEW_BOX.search(largest), _SIZE.search(largest)
    if box is None or size is None:
        return tuple(svgs)
    return tuple(_SIZE.sub(size[0], _VIEW_BOX.sub(box[0], svg, count=1), count=1) for svg in svgs)


def with_prefix(svg: str, prefix: str) -> str:
    """A picture whose ids begin with the prefix, so that several can share a page."""
    return _REFERENCE.sub(lambda use: use[1] + prefix, svg)


def frames_of(svgs: Sequence[str]) -> Frames | None:
    """The pictures of a circuit's steps as one; None if they differ in more than their paint."""
    columns = list(zip(*(_TOKEN.findall(svg) for svg in svgs), strict=False))
    if len({len(_TOKEN.findall(svg)) for svg in svgs}) != 1:
        return None
    variables: dict[tuple[str, ...], str] = {}
    parts = []
    for tokens in columns:
        if len(set(tokens)) == 1:
            parts.append(tokens[0])
        elif all(t.startswith("<") for t in tokens):
            parts.append(_painted(tokens, variables))
        else:
            return None
    steps = tuple(
        ";".join(f"{name}:{values[step]}" for values, name in variables.items())
        for step in range(len(svgs))
    )
    return Frames("".join(parts), steps)


def _painted(tokens: Sequence[str], variables: dict[tuple[str, ...], str]) -> str:
    """A tag whose paint changes, with variables in the place of what does."""
    versions = [dict(_ATTRIBUTE.findall(t)) for t in tokens]
    tag = tokens[0]
    style = []
    for name, otherwise in _PAINT.items():
        values = tuple(v.get(name, otherwise) for v in versions)
        if len(set(values)) > 1:
            variable = variables.setdefault(values, f"--c{len(variables)}")
            style.append(f"{name}:var({variable})")
            tag = re.sub(rf' {name}="[^"]*"', "", tag)
    if not style:
        return tag
    end = "/>" if tag.endswith("/>") else ">"
    return f'{tag.removesuffix(end)} style="{";".join(style)}"{end}'
