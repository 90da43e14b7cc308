"""Otherwise: what a local derivative is where its condition does not hold, told with it."""

from __future__ import annotations

import re

import numpy as np

from microgd.gates.table import TABLE
from microgd.trace.events import Event
from microgd.trace.lesson import Trace
from microgd.translation import _

#: A rule of the table of gates that is 0 where it does not hold.
_CONDITION = re.compile("1 (if|where|inside)")


def whole_rule(trace: Trace, event: Event) -> str:
    """The rule of a contribution; one with a condition says what it is otherwise, too.

    >>> import microgd as mg
    >>> told = mg.circuit("relu(x)", x=-1).trace()
    >>> told.events[-1].rule, whole_rule(told, told.events[-1])
    ('1 if x > 0', '1 if x > 0, else 0')
    """
    row = TABLE.get(trace.by_id[event.node].gate)
    if row is None or event.position is None or event.local is None or not event.rule:
        return event.rule
    rules = row.local or ("",)
    if not _CONDITION.match(rules[min(event.position, len(rules) - 1)]):
        return event.rule
    local = np.asarray(event.local)
    if ((local > 0) & (local < 1)).any():
        return _("{rule}, shared at ties, else 0").format(rule=event.rule)
    return _("{rule}, else 0").format(rule=event.rule)
