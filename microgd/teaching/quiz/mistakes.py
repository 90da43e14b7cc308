"""Known mistakes: what a wrong answer would be if it came about in one of the usual ways.

Every mistake is computed from the trace, with the numbers of the step, never guessed. Where two
mistakes give the same number, the likelier one is named first: "…, or if …".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from microgd.graph.values import Value
from microgd.teaching.quiz.answers import fits, flat, tolerances
from microgd.teaching.quiz.rounding import as_seen
from microgd.trace.events import Event
from microgd.trace.lesson import Trace
from microgd.trace.numbers import WRITTEN_OUT
from microgd.translation import _

#: How many mistakes with one and the same number are named.
MOST_NAMED = 2


class Wrong(NamedTuple):
    """One way to go wrong at a step.

    Attributes:
        name: of the mistake: `branches-not-summed`.
        text: half a sentence, after "that is what you get if": "the branches are not summed".
        value: what comes out.
        symbols: the same as a formula, where a question offers formulas to choose from.
        sure: whether it says all there is to say, so that no "or if" follows.
    """

    name: str
    text: str
    value: Value
    symbols: str = ""
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Mistake:
    """What a known mistake would give at some step.

    Attributes:
        name: of the mistake: `branches-not-summed`.
        value: what comes out with it.
        sentence: what to tell whoever made it: "that is what you get if …".
        others: the names of less likely mistakes that give the same.
    """

    name: str
    value: Value
    sentence: str
    others: tuple[str, ...] = ()


def wrongs_of(trace: Trace, event: Event) -> Iterator[Wrong]:
    """The ways to go wrong at a step, likelier ones first, right numbers among them, too."""
    from microgd.teaching.quiz.wrong_backward import backward_wrongs
    from microgd.teaching.quiz.wrong_forward import forward_wrongs

    if event.value is None:
        return
    with np.errstate(all="ignore"):
        if event.kind == "forward":
            yield from forward_wrongs(trace, event)
        elif event.kind != "seed":
            yield from backward_wrongs(trace, event)


def mistakes_of(
    trace: Trace, event: Event, right: Sequence[Value] = (), more: Iterable[Wrong] = ()
) -> tuple[Mistake, ...]:
    """The known mistakes of a step that give something else than the right answer.

    Arguments:
        right: further values that count as right.
        more: further mistakes, likelier than those known of every circuit.

    >>> import microgd as mg
    >>> told = mg.circuit("x*x + x", x=3).trace()
    >>> [(m.value, m.sentence) for m in mistakes_of(told, told.events[-1])][:1]
    [(1.0, 'that is what you get if the branches are not summed')]
    """
    if event.value is None:
        return ()
    rights = [event.value, *right]
    wrongs = [*more, *wrongs_of(trace, event)]
    if (seen := as_seen(event, trace.digits)) is not None:
        wrongs += wrongs_of(trace, seen)  # made by somebody who works on with rounded numbers
    return grouped(wrongs, rights, trace.digits)


def grouped(wrongs: Iterable[Wrong], rights: Sequence[Value], digits: int) -> tuple[Mistake, ...]:
    """Mistakes with the same number as one; those that happen to be right are left out."""
    known = [(flat(r), tolerances(r, digits)) for r in rights]
    groups: list[tuple[list[float], tuple[float, ...], list[Wrong]]] = []
    for wrong in wrongs:
        if not 0 < np.size(wrong.value) <= 2 * WRITTEN_OUT:
            continue
        numbers = flat(wrong.value)
        if any(fits(numbers, *k) for k in known):
            continue
        for values, within, members in groups:
            if fits(numbers, values, within):
                members.append(wrong)
                break
        else:
            groups.append((numbers, tolerances(wrong.value, digits), [wrong]))
    return tuple(_mistake(members) for _, _, members in groups)


def _mistake(members: Sequence[Wrong]) -> Mistake:
    first = members[0]
    texts = list(dict.fromkeys(m.text for m in members))[: 1 if first.sure else MOST_NAMED]
    names = dict.fromkeys(m.name for m in members)
    return Mistake(first.name, first.value, that_is(*texts), tuple(names)[1:])


def that_is(*texts: str) -> str:
    """What to say of one or two mistakes that make one number."""
    if len(texts) == 1:
        return _("that is what you get if {mistake}").format(mistake=texts[0])
    return _("that is what you get if {mistake}, or if {other}").format(
        mistake=texts[0], other=texts[1]
    )
