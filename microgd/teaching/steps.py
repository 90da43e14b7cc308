"""Steps: what is told of one step beside its circuit, and the tables up to it."""

from __future__ import annotations

from microgd.teaching.panel import Panel
from microgd.trace.events import Event
from microgd.trace.lesson import Trace
from microgd.trace.table import Table
from microgd.translation import _


def phase(event: Event) -> str:
    """Which of the passes a step belongs to: `forward` or `backward`."""
    return _("forward") if event.kind == "forward" else _("backward")


def progress_words(trace: Trace, event: Event) -> str:
    """Where in the lesson a step is: `step 4 of 6, backward`; counted from 0, as a trace counts.

    >>> import microgd as mg
    >>> told = mg.circuit("x * y", x=2, y=3).trace()
    >>> progress_words(told, told.events[-1])
    'step 3 of 3, backward'
    """
    said = _("step {step} of {last}, {phase}")
    return said.format(step=event.step, last=len(trace) - 1, phase=phase(event))


def formulas(panel: Panel) -> tuple[str, ...]:
    """The lines of a panel: in symbols, the rule, in numbers, in words; none says nothing new.

    >>> import microgd as mg
    >>> from microgd.teaching.panel import panels
    >>> told = panels(mg.circuit("x * y", x=2, y=3).trace())
    >>> formulas(told[0]), formulas(told[1])
    (('f = x · y', '2 · 3 = 6'), ('∂f/∂f = 1',))
    """
    lines = [panel.symbols, panel.rule, panel.numbers]
    together = " = ".join(line for line in (panel.symbols, panel.numbers) if line)
    told = panel.sentence.rpartition(": ")[2] if panel.kind == "seed" else panel.sentence
    if told not in (together, panel.symbols):
        lines.append(panel.sentence)
    return tuple(line for line in lines if line)


def tables_so_far(trace: Trace, step: int) -> tuple[Table, ...]:
    """What the steps 0 … `step` told: the values, then the rows of the backward table.

    >>> import microgd as mg
    >>> [len(t.rows) for t in tables_so_far(mg.circuit("x * y", x=2, y=3).trace(), 2)]
    [1, 2]
    """
    told = trace.events[: step + 1]
    values = tuple(
        (str(e.step), trace.by_id[e.node].sign, e.sentence) for e in told if e.kind == "forward"
    )
    made = [Table(_("forward"), (_("step") + ">", _("gate"), _("computed")), values)]
    rows = sum(e.kind == "seed" or e.target is not None for e in told)
    if rows:
        whole = trace.table()
        made.append(Table(whole.title, whole.columns, whole.rows[:rows]))
    return tuple(made)
