"""What `microgd optimizer` prints: the list, the page of one optimizer, comparisons, findings."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from microgd.lab.mine import Finding
from microgd.lab.side_by_side import Comparison
from microgd.lab.xray import XRay
from microgd.lab.xray_table import shown, table, to_csv, to_dict, turned
from microgd.optim import OPTIMIZERS, SGD
from microgd.optim.optimizer import Optimizer
from microgd.optim.variants import SOURCES, innermost, variants_of
from microgd.trace.table import Table, aligned

from .output import gap, heading, show_table
from .streams import fitted, say, width


def list_all(as_json: bool) -> None:
    """All optimizers: the name, the formula in one line, the source."""
    rules = {name: _usual(name, kind) for name, kind in OPTIMIZERS.items()}
    if as_json:
        from .output import show_json as say_json

        say_json([
            {"name": name, "formula": list(rule.formula()), "source": rule.source,
             "variants": list(variants_of(rule))}
            for name, rule in rules.items()
        ])  # fmt: skip
        return
    heading("optimizers: θ the parameter, g its gradient, γ the learning rate, t = 1, 2, …")
    for name, rule in rules.items():
        say()
        say(name if rule.text == name else f"{name}, as in {rule.text}")
        _indented("; ".join(rule.formula()))
        if rule.source:
            _indented(rule.source)
    gap()
    _indented("microgd optimizer adam shows its numbers, step by step.", 0)


def _usual(name: str, kind: Any) -> Any:
    if issubclass(kind, Optimizer):
        return kind()
    return kind(SGD(), norm=1.0) if name == "clipped" else kind(SGD())


def show(xrayed: XRay, digits: int | None, *, usual: bool, rated: bool) -> None:
    """The formula, the options, the table, and how to read it."""
    rule = xrayed.rule
    heading(rule.text)
    for line in rule.formula():
        say(fitted(f"  {line}"))
    say()
    _indented(f"options: {', '.join(_options(rule))}", 0)
    if rule.source:
        _indented(f"source: {rule.source}", 0)
    if known := variants_of(rule):
        _indented(f"--compare: {', '.join(known)}", 0)
    whole = table(xrayed, digits)
    if _fits(whole):
        show_table(whole)
    else:
        downwards = [turned(xrayed, name, digits) for name in xrayed.names]
        for one in downwards if all(map(_fits, downwards)) else [whole]:
            show_table(one)
    say()
    for note in _notes(xrayed, usual, rated):
        _indented(note, 0)


def _options(rule: Any) -> list[str]:
    found = []
    for field in sorted(fields(rule), key=lambda field: bool(field.kw_only)):  # its own come first
        value = getattr(rule, field.name)
        if field.default is MISSING:
            found.append(f"{field.name}={value.text if hasattr(value, 'text') else value!r}")
        elif field.name != "lr":
            found.append(f"{field.name}={value!r}")
    return [*found, f"lr={rule.rate!r}"]


def _notes(xrayed: XRay, usual: bool, rated: bool) -> list[str]:
    notes = []
    theta = xrayed.names[0] if len(xrayed.names) == 1 else "θ"
    if usual:
        notes.append(
            f"Nothing was given to walk down, so it is {xrayed.problem} from "
            f"{theta} = {shown(xrayed.rows[0].before)}, the first example of lecture 000."
        )
    gamma = xrayed.rows[0].lr
    if not rated and gamma != xrayed.rule.rate:
        notes.append(
            f"γ is {shown(gamma)}, which suits small examples; --lr changes it. "
            f"The optimizer's own, for nets, is {shown(xrayed.rule.rate)}."
        )
    row = next((row for row in xrayed.rows if row.rate is not None), None)
    text = f"Δ is what is taken off {theta}."
    if row is not None:
        text += (
            f" Δ/g is the learning rate that {row.name} really got: {shown(row.rate)} at "
            f"t={row.t}, where γ is {shown(row.lr)}."
        )
    notes.append(text)
    if any(row.g == 0 for row in xrayed.rows):
        notes.append("Where g is 0 there is no Δ/g: –.")
    if xrayed.looks_ahead:
        notes.append(f"The gradient is taken at another point than {theta}: at.")
    return notes


def show_comparison(compared: Comparison, digits: int | None) -> None:
    """The conventions, the table, and where they part."""
    base = compared.xrays[0].rule
    for label, one in zip(compared.labels, compared.xrays, strict=True):
        known = variants_of(base).get(label)
        gap()
        note = f"; {known.note}" if known and known.note else ""
        source = f": {one.rule.text}, {SOURCES[label]}{note}" if known else ""
        _indented(f"{label}{source}", 0)
        for line in one.rule.formula():
            say(fitted(f"  {line}"))
    whole = compared.table(digits)
    if _fits(whole):
        show_table(whole)
    else:
        heading(whole.title)
        for record in compared.xrays[0].records:
            for name in compared.xrays[0].names:
                show_table(compared.at_step(record.t, name, digits))
        for note in whole.notes:
            say(f"  {note}")
    say()
    for sentence in compared.sentences:
        _indented(sentence, 0)


def show_finding(found: Finding, as_json: bool) -> None:
    """The verdict on somebody's own table."""
    if as_json:
        from .output import show_json as say_json

        say_json(found.to_dict())
        return
    for sentence in found.sentences:
        _indented(sentence, 0)


def show_json(xrayed: XRay, compared: Comparison | None) -> None:
    """The X-ray, or all of the compared ones."""
    from .output import show_json as say_json

    if compared is not None:
        say_json(compared.to_dict())
        return
    inner = innermost(xrayed.rule)
    say_json({**to_dict(xrayed), "variants": list(variants_of(inner))})


def csv_of(xrayed: XRay, compared: Comparison | None) -> str:
    """The numbers as CSV; the compared ones one under the other."""
    if compared is None:
        return to_csv(xrayed)
    return to_csv(*compared.xrays, labels=compared.labels)


def _fits(one: Table) -> bool:
    return max(map(len, aligned(one.columns, one.rows))) <= width()


def _indented(text: str, indent: int = 2) -> None:
    from textwrap import wrap

    begin = " " * indent
    lines = wrap(
        fitted(text), min(width(), 80), initial_indent=begin, subsequent_indent=begin + "  "
    )
    for line in lines:
        say(line)
