"""The circuit and lecture looks: every wire shows its value above and its gradient below.

Graphviz places labels of edges badly, so every wire is a small node of its own between two edges:
a table of three rows (value, bar, gradient) whose bar the edges meet.
"""

from __future__ import annotations

from graphviz import Digraph

from microgd.draw.labels import plain_label, ported, rows, sign_size
from microgd.draw.palette import Palette
from microgd.draw.style import Style
from microgd.draw.view import Item, Junction, Line, View, scope_id
from microgd.draw.wires import bar_width, wire_colour, wire_table


def to_dot(view: View, style: Style) -> Digraph:
    """The view as a Graphviz graph; same view, same bytes."""
    return _Writer(view, style).write()


def titles(view: View) -> dict[str, str]:
    """SVG id → what to show where the mouse rests on it."""
    found = {(i.id if i.kind == "box" else f"gate-{i.id}"): i.title for i in view.items}
    found |= {f"junction-{j.id}": j.title for j in view.junctions}
    found |= {f"wire-{line.id}": line.title for line in view.lines}
    return {key: title for key, title in found.items() if title}


class _Writer:
    def __init__(self, view: View, style: Style) -> None:
        self.view = view
        self.style = style
        self.palette = style.palette
        self.scopes = view.scopes
        self.bar = bar_width(view.lines, style)
        #: Leaves and outputs, which are drawn as the ends of their wires.
        self.ends = {i.id: i for i in view.items if i.kind not in ("gate", "box")}
        #: Gates drawn as a table, with a port for each input.
        self.ported: set[str] = set()

    def write(self) -> Digraph:
        palette, style = self.palette, self.style
        separation = style.size("sep") + (0.1 if style.badges else 0.0)
        graph: Digraph = Digraph("circuit")
        graph.attr(
            "graph",
            rankdir="LR",
            nodesep=f"{style.size('sep') - 0.06:g}",
            ranksep=f"{separation:g}",
            pad="0.15",
            outputorder="edgesfirst",
            bgcolor=palette.page or palette.background,
            fontname="Arial",
            fontsize="13",
        )
        number = f"{style.size('number'):g}"
        graph.attr("node", fontname="Arial", fontsize=number, fontcolor=palette.ink)
        graph.attr("edge", penwidth="2", arrowsize="0.7", color=palette.wire, weight="4")
        clusters = _Clusters(graph, palette)
        for item in self.view.items:
            self._item(clusters.graph(item.scope), item)
        for junction in self.view.junctions:
            self._junction(clusters.graph(junction.scope), junction)
        for line in self.view.lines:
            self._line(clusters, line)
        clusters.close()
        return graph

    # -- items -----------------------------------------------------------------------------------

    def _item(self, graph: Digraph, item: Item) -> None:
        if item.kind == "gate":
            self._gate(graph, item)
        elif item.kind == "box":
            self._box(graph, item)

    def _gate(self, graph: Digraph, item: Item) -> None:
        palette = self.palette
        badges = self.style.badges
        ink, fill = palette.badge(item.pattern) if badges else (palette.ink, palette.gate)
        ring = palette.active if item.active else palette.tie if item.tie else ink
        attributes = {"id": f"gate-{item.id}", "class": f"gate {item.pattern}", "fontcolor": ink}
        if item.ordered or not self.view.junctions:
            attributes["ordering"] = "in"
        size, round_ = sign_size(item.text, self.style.compact)
        tie = [(item.tie, 9.0, f'COLOR="{palette.tie}"')] if item.tie else []
        if badges or not round_:
            small = self.style.compact
            badge = [(item.text, 15.0 if small else 18.0, ""), (item.badge, 11.0 - small, "")]
            lines = badge if badges else []
            border = f'BORDER="{4 if item.active else 2}" COLOR="{ring}" BGCOLOR="{fill}"'
            shown = lines or [(item.text, size, "")]
            graph.node(
                item.id,
                label=ported(border, item.inputs, *shown, *tie, thick=item.active),
                shape="plain",
                _attributes=attributes,
            )
            self.ported.add(item.id)
            return
        graph.node(
            item.id,
            label=rows((item.text, max(size - 3, 8), ""), *tie) if tie else plain_label(item.text),
            shape="circle",
            fixedsize="true",
            width=f"{self.style.size('gate'):g}",
            style="filled",
            fillcolor=fill,
            color=ring,
            penwidth="3.5" if item.active else "2",
            fontsize=f"{size:g}",
            _attributes=attributes,
        )

    def _box(self, graph: Digraph, item: Item) -> None:
        small = f'COLOR="{self.palette.name}"'
        graph.node(
            item.id,
            label=rows((item.text, 16, ""), *((c, 11, small) for c in item.counts)),
            shape="box",
            style="rounded,filled",
            fillcolor=self.palette.gate,
            color=self.palette.active if item.active else self.palette.ink,
            peripheries="2",
            margin="0.12,0.06",
            id=item.id,
            _attributes={"class": "box"},
        )

    def _junction(self, graph: Digraph, junction: Junction) -> None:
        palette = self.palette
        if junction.sums and self.style.gradients:
            graph.node(
                junction.id,
                label="Σ",
                shape="circle",
                fixedsize="true",
                width="0.28",
                style="filled",
                fillcolor=palette.gate,
                color=palette.gradient,
                fontcolor=palette.gradient,
                fontsize="12",
                penwidth="3" if junction.active else "1.5",
                id=f"junction-{junction.id}",
                _attributes={"class": "junction sum"},
            )
            return
        graph.node(
            junction.id,
            label="",
            shape="circle",
            fixedsize="true",
            width="0.09",
            style="filled",
            color=palette.wire,
            fillcolor=palette.wire,
            id=f"junction-{junction.id}",
            _attributes={"class": "junction"},
        )

    # -- wires -----------------------------------------------------------------------------------

    def _line(self, clusters: _Clusters, line: Line) -> None:
        """A wire: a table between two edges; a leaf it starts from, or ends at, is part of it."""
        begin, end = self.ends.get(line.start), self.ends.get(line.end)
        inside = _common(self.scopes.get(line.start), self.scopes.get(line.end))
        graph = clusters.graph(begin.scope if begin else inside)
        node = f"wire-{line.id}"
        colour = wire_colour(line, self.palette)
        graph.node(
            node,
            label=wire_table(line, self.style, self.bar, begin, end),
            shape="plain",
            id=node,
            _attributes={"class": "wire"},
        )
        style = {"color": colour, "style": "dashed" if line.dashed else "solid"}
        if begin is None:
            graph.edge(
                line.start,
                f"{node}:l:w",
                arrowhead="none",
                id=f"{node}-in",
                _attributes={"class": "wire-in"},
                **style,
            )
        if end is None:
            port = f":i{line.port}:w" if line.end in self.ported else ""
            clusters.graph(inside).edge(
                f"{node}:l:e",
                f"{line.end}{port}",
                id=f"{node}-out",
                arrowhead="normal" if line.arrow else "none",
                _attributes={"class": "wire-out"},
                **style,
            )


class _Clusters:
    """The graph and its nested clusters, one for each scope."""

    def __init__(self, graph: Digraph, palette: Palette) -> None:
        self.root = graph
        self.palette = palette
        self.open: dict[str, Digraph] = {}

    def graph(self, scope: str | None) -> Digraph:
        """The cluster of a scope, made when first asked for (and its parents with it)."""
        if not scope:
            return self.root
        if scope not in self.open:
            parent, _, name = scope.rpartition("/")
            self.graph(parent or None)
            cluster = Digraph(f"cluster_{scope_id(scope)}")
            cluster.attr(
                "graph",
                label=plain_label(name),
                labeljust="l",
                style="rounded",
                color=self.palette.scope,
                fontcolor=self.palette.name,
                penwidth="1.2",
                margin="10",
                id=f"scope-{scope_id(scope)}",
                _attributes={"class": "scope"},
            )
            self.open[scope] = cluster
        return self.open[scope]

    def close(self) -> None:
        """Put every cluster into its parent, innermost first."""
        for scope in sorted(self.open, key=lambda s: -s.count("/")):
            parent = scope.rpartition("/")[0]
            (self.open[parent] if parent else self.root).subgraph(self.open[scope])


def _common(a: str | None, b: str | None) -> str | None:
    """The innermost scope that holds both."""
    if not a or not b:
        return None
    shared = []
    for x, y in zip(a.split("/"), b.split("/"), strict=False):
        if x != y:
            break
        shared.append(x)
    return "/".join(shared) or None
