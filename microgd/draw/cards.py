"""The cards look: micrograd's name | data | grad boxes, with a small circle for each operation."""

from __future__ import annotations

from graphviz import Digraph

from microgd.draw.labels import plain_label, text_of
from microgd.draw.palette import Palette
from microgd.draw.progress import Progress
from microgd.draw.view import Options, pretty
from microgd.trace.events import TraceNode
from microgd.trace.lesson import Trace
from microgd.trace.numbers import format_shape, format_value, norm, norm_words
from microgd.translation import _

_WRITTEN = 3


def to_dot(trace: Trace, seen: Progress, options: Options, palette: Palette) -> Digraph:
    """The trace as cards. Constants that a sign carries are left out."""
    trace = trace.as_of(seen.told)
    graph: Digraph = Digraph("cards")
    graph.attr(
        "graph",
        rankdir="LR",
        nodesep="0.15",
        ranksep="0.3",
        pad="0.15",
        bgcolor=palette.page or palette.background,
    )
    graph.attr("node", fontname="Arial", fontsize="13", fontcolor=palette.ink)
    graph.attr("edge", penwidth="1.5", arrowsize="0.6", color=palette.wire)
    folded = {(n.id, p) for n in trace.nodes for p in n.folded}
    used = {w.source for w in trace.wires if (w.target, w.position) not in folded}
    for node in trace.nodes:
        if node.kind == "gate" or node.id in used or node.id == trace.output:
            _card(graph, node, seen, options, palette)
    for node in trace.nodes:
        if node.kind != "gate":
            continue
        gate = f"{node.id}-gate"
        active = node.id == seen.node
        graph.node(
            gate,
            label=plain_label(node.sign),
            shape="ellipse",
            width="0.4",
            height="0.35",
            margin="0.05,0.02",
            color=palette.active if active else palette.wire,
            penwidth="3" if active else "1.2",
            id=f"gate-{node.id}",
            _attributes={"class": f"gate {node.pattern}"},
        )
        graph.edge(gate, node.id, id=f"out-{node.id}")
        for position, wire in enumerate(node.wires):
            if position not in node.folded:
                source = next(w.source for w in trace.wires if w.id == wire)
                colour = palette.active if wire == seen.wire else palette.wire
                graph.edge(source, gate, id=f"wire-{wire}", color=colour)
    return graph


def _card(
    graph: Digraph, node: TraceNode, seen: Progress, options: Options, palette: Palette
) -> None:
    cells = []
    if options.names == "all" or (options.names == "given" and node.named):
        cells.append((pretty(node.label), palette.ink))
    shown = palette.value if node.id in seen.values else palette.hidden
    cells.append((f"data {_value(node, options)}", shown))
    if options.gradients and node.kind != "constant":
        gradient = _gradient(node, options)
        shown = palette.gradient if node.id in seen.totals else palette.hidden
        if node.gradient is None:
            gradient, shown = _("not computed"), palette.name
        cells.append((f"grad {gradient}", shown))
    row = "".join(
        f'<TD HEIGHT="24"><FONT COLOR="{colour}"> {text_of(text)} </FONT></TD>'
        for text, colour in cells
    )
    graph.node(
        node.id,
        label=(
            f'<<TABLE BORDER="0" CELLBORDER="1" CELLSPACING="0" CELLPADDING="4" '
            f'COLOR="{palette.wire}"><TR>{row}</TR></TABLE>>'
        ),
        shape="plain",
        id=f"card-{node.id}",
        _attributes={"class": "card"},
    )


def _value(node: TraceNode, options: Options) -> str:
    if node.value is None or _size(node.shape) > _WRITTEN:
        return format_shape(node.shape)
    return format_value(node.value, options.digits)


def _gradient(node: TraceNode, options: Options) -> str:
    if node.gradient is None:
        return ""
    if _size(node.shape) > _WRITTEN:
        return norm_words(norm(node.gradient), options.digits)
    return format_value(node.gradient, options.digits)


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for n in shape:
        size *= n
    return size
