"""Asking: which questions a step of the lesson gives, with their hints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from microgd.graph.values import Value, shape_of
from microgd.teaching.otherwise import whole_rule
from microgd.teaching.panel import Panel, panel_of
from microgd.teaching.quiz.answers import flat, tolerances
from microgd.teaching.quiz.mistakes import Mistake, Wrong, mistakes_of, that_is, wrongs_of
from microgd.teaching.quiz.question import Alternative, Question
from microgd.teaching.quiz.rounding import rounded_answers
from microgd.teaching.quiz.shapes import shape_wrongs
from microgd.trace.events import Event
from microgd.trace.lesson import Trace
from microgd.trace.numbers import WRITTEN_OUT, format_shape, format_value, is_number
from microgd.translation import N_, _, translated

#: What each pattern does with a gradient, in words.
RULES = {
    "distributes": N_("the upstream gradient goes on to each input as it is"),
    "swaps": N_("the upstream gradient is multiplied by the value of the other input"),
    "routes": N_("the whole gradient goes to the input that was chosen, the others get 0"),
    "masks": N_("the gradient passes where the gate is open, and is 0 where it is shut"),
    "scales": N_("the upstream gradient is multiplied by the local derivative"),
    "moves": N_("each gradient goes back to where its number came from"),
    "sums": N_("the gradients of all copies add up"),
    "blocks": N_("no gradient passes: the output does not change with the input"),
    "branches sum": N_("what comes back along all wires adds up"),
    "broadcast sums": N_("one number was used several times: the gradients of its copies add up"),
}

#: Patterns of what only a wrong sweep does, which nobody is asked for.
OF_BUGS = ("changes", "overwrites", "too late", "left over")

#: A question offers at most so many formulas or shapes.
MOST_CHOICES = 4


def asked(trace: Trace, event: Event, more: Iterable[Wrong] = ()) -> Iterator[Question]:
    """The questions of a step, the most telling one first."""
    if event.kind == "seed" or event.pattern in OF_BUGS:
        return
    size = 0 if event.value is None else np.size(event.value)
    small = 0 < size <= WRITTEN_OUT
    product = event.kind == "contribution" and trace.by_id[event.node].gate == "matmul"
    telling = (product and size > 1) or (event.kind != "forward" and not small)
    if telling and (chosen := _formula(trace, event)) is not None:
        yield chosen
    if small and event.value is not None:
        yield _numbers(trace, event, event.value, more)
    elif (shape := _shape(trace, event)) is not None:
        yield shape


def _numbers(trace: Trace, event: Event, value: Value, more: Iterable[Wrong]) -> Question:
    """What comes out, in numbers."""
    panel = panel_of(trace, event)
    remark = _("Right with the rounded numbers; unrounded it is {value}.").format(
        value=format_value(value, trace.digits)
    )
    alternatives = tuple(Alternative(v, remark) for v in rounded_answers(trace, event))
    return Question(
        event.step,
        "array" if shape_of(value) else "number",
        _("How much is {what}?").format(what=_asked_for(trace, event, panel)),
        value,
        trace.digits,
        tolerances(value, trace.digits),
        alternatives,
        _hints(trace, event, panel),
        trace.line(event),
        mistakes_of(trace, event, [a.value for a in alternatives], more),
    )


def _asked_for(trace: Trace, event: Event, panel: Panel) -> str:
    """The left side of the step's formula."""
    what = panel.left
    after = trace.events[event.step + 1 : event.step + 2]
    if after and after[0].kind == "broadcast" and after[0].wire == event.wire:
        return _("{gradient}, before its copies are summed").format(gradient=what)
    return what


# -- hints -----------------------------------------------------------------------------------------


def _hints(trace: Trace, event: Event, panel: Panel) -> tuple[str, ...]:
    """The rule, then its numbers, then all but the result."""
    words = RULES.get(event.pattern) if event.kind != "forward" else None
    first = ": ".join(x for x in (translated(words) if words else "", panel.symbols) if x)
    last = _copies(trace, event) if event.kind == "broadcast" else _open(panel)
    found = [first, _local(trace, event, panel), last]
    return tuple(h for n, h in enumerate(found) if h and h not in found[:n])


def _local(trace: Trace, event: Event, panel: Panel) -> str:
    """The local derivative in numbers, or what stands in its place."""
    if event.kind == "branch":
        few = event.parts if len(event.parts) <= WRITTEN_OUT else ()
        parts = ", ".join(format_value(p, trace.digits) for p in few)
        return _("the parts are {parts}").format(parts=parts) if parts else ""
    if event.kind == "broadcast":
        copies = format_value(event.parts[0], trace.digits)
        return _("the gradients of the copies are {parts}").format(parts=copies)
    if event.kind == "forward":
        return ""
    if event.local is None:
        return _("the upstream gradient is {value}").format(value=panel.upstream)
    plain = not event.rule or is_number(event.rule)
    rule = whole_rule(trace, event)
    equals = " =" if rule == event.rule else ":"  # else 0: 0
    if not panel.rule:
        value = panel.local if plain else f"{rule}{equals} {panel.local}"
        return _("the local derivative is {value}").format(value=value)
    return panel.rule if plain else f"{panel.rule}{equals} {panel.local}"


def _open(panel: Panel) -> str:
    """The product, or the sum, without its result."""
    head, equals, _result = panel.numbers.rpartition(" = ")
    return f"{head} = ?" if equals else ""


def _copies(trace: Trace, event: Event) -> str:
    """The sum over the copies of one number."""
    if trace.by_id[event.target or event.node].shape or np.size(event.parts[0]) > WRITTEN_OUT:
        return ""
    first, *rest = (format_value(x, trace.digits) for x in flat(event.parts[0]))
    return first + "".join(f" + ({x})" if x[0] == "−" else f" + {x}" for x in rest) + " = ?"


# -- choices ---------------------------------------------------------------------------------------


def _formula(trace: Trace, event: Event) -> Question | None:
    """Which formula gives the gradient: the right one among those that mistakes give."""
    from microgd.teaching.quiz.formulas import right_formula

    panel = panel_of(trace, event)
    right = right_formula(trace, event)
    if not right:
        return None
    wrongs = [
        w
        for w in wrongs_of(trace, event)
        if w.symbols and w.symbols != right and not _same(w.value, event.value)
    ]
    prompt = _("Which formula gives {what}?").format(what=_asked_for(trace, event, panel))
    return _choice(trace, event, prompt, right, wrongs, _shapes(trace, event))


def _shapes(trace: Trace, event: Event) -> tuple[str, ...]:
    """Hints towards a formula, which must not say it: the rule in words, and the shapes."""
    words = RULES.get(event.pattern)
    node = trace.by_id[event.node]
    known = [*trace.inputs_of(node), node] if event.target else [node]
    shapes = ", ".join(f"{n.label}: {format_shape(n.shape)}" for n in known)
    said = _("a gradient has the shape of what it belongs to; the shapes are {shapes}")
    return tuple(x for x in (translated(words) if words else "", said.format(shapes=shapes)) if x)


def _shape(trace: Trace, event: Event) -> Question | None:
    """Which shape the result has."""
    about = trace.by_id[event.node if event.target is None else event.target]
    shape = shape_of(event.value) if event.value is not None else about.shape
    if not shape:
        return None
    panel = panel_of(trace, event)
    prompt = _("Which shape has {what}?").format(what=_asked_for(trace, event, panel))
    right = format_shape(shape)
    wrongs = [w for w in shape_wrongs(trace, event, shape) if w.symbols != right]
    return _choice(trace, event, prompt, right, wrongs, (panel.symbols,))


def _choice(
    trace: Trace,
    event: Event,
    prompt: str,
    right: str,
    wrongs: list[Wrong],
    hints: tuple[str, ...],
) -> Question | None:
    """A choice; the texts stand in alphabetical order, so that their place tells nothing."""
    first = {w.symbols: w for w in reversed(wrongs)}
    others = list(dict.fromkeys(w.symbols for w in wrongs))[: MOST_CHOICES - 1]
    if not others:
        return None
    choices = tuple(sorted([right, *others]))
    answer = choices.index(right) + 1.0
    mistakes = tuple(
        Mistake(first[text].name, choices.index(text) + 1.0, that_is(first[text].text))
        for text in others
    )
    solution = trace.line(event)
    return Question(
        event.step, "choice", prompt, answer, 0, (0.0,), (), hints, solution, mistakes, choices
    )


def _same(a: Value, b: Value | None) -> bool:
    """Whether a wrong formula happens to give the right numbers here."""
    return b is not None and shape_of(a) == shape_of(b) and bool(np.allclose(a, b, equal_nan=True))
