"""The circuit and lecture looks: every wire shows its value above and its gradient below.

Graphviz places labels of edges badly, so every wire is a small node of its own between two edges:
a table of three rows (value, bar, gradient) whose bar the edges meet.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from graphviz import Digraph

from microgd.draw.engines.measuring import text_width
from microgd.draw.labels import TABLE, plain_label, rows, sign_size, text_of
from microgd.draw.matrices import Note
from microgd.draw.palette import Palette
from microgd.draw.view import Item, Junction, Line, View, scope_id

#: Sizes in points, from the ordinary to the compact rendering.
_ORDINARY = {"number": 15, "leaf": 22, "gate": 0.52, "row": 20, "bar": 46, "name": 15, "sep": 0.28}
_COMPACT = {"number": 12, "leaf": 17, "gate": 0.42, "row": 15, "bar": 34, "name": 12, "sep": 0.2}


@dataclass(frozen=True, slots=True)
class Style:
    """How the wire looks are set."""

    palette: Palette
    badges: bool = False
    compact: bool = False
    gradients: bool = True

    def size(self, what: str) -> float:
        """A size by its name."""
        return (_COMPACT if self.compact else _ORDINARY)[what]


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
        self.bar = self._bar_width()

    def write(self) -> Digraph:
        palette, style = self.palette, self.style
        separation = style.size("sep")
        graph: Digraph = Digraph("circuit")
        graph.attr(
            "graph",
            rankdir="LR",
            nodesep=f"{separation - 0.06:g}",
            ranksep=f"{separation:g}",
            pad="0.15",
            outputorder="edgesfirst",
            bgcolor=palette.background,
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
            inside = _common(self.scopes.get(line.start), self.scopes.get(line.end))
            self._line(clusters.graph(inside), line)
        clusters.close()
        return graph

    def _bar_width(self) -> int:
        """One width for all bars: mixed widths leave gaps between bar and edge."""
        size = self.style.size("number")
        widest = self.style.size("bar")
        for line in self.view.lines:
            name = text_width(line.name + " ", size, "Times italic") if line.name else 0.0
            above = text_width(line.above, size, "Arial") + name
            widest = max(widest, above, text_width(line.below, size, "Arial"))
        return math.ceil(widest) + 2

    # -- items -----------------------------------------------------------------------------------

    def _item(self, graph: Digraph, item: Item) -> None:
        if item.kind == "gate":
            self._gate(graph, item)
        elif item.kind == "box":
            self._box(graph, item)
        else:
            plain = item.kind in ("constant", "ellipsis")
            colour = self.palette.name if plain else self.palette.ink
            if item.active:
                colour = self.palette.active
            text = text_of(item.text)
            graph.node(
                item.id,
                label=f"<{text}>" if plain else f"<<I>{text}</I>>",
                shape="none",
                margin="0.06,0",
                width="0",
                height="0",
                fontname="Times",
                fontsize=f"{self.style.size('leaf') - 4 * plain:g}",
                fontcolor=colour,
                id=f"leaf-{item.id}",
                _attributes={"class": f"leaf {item.kind}"},
            )

    def _gate(self, graph: Digraph, item: Item) -> None:
        palette = self.palette
        ink, fill = (
            palette.badge(item.pattern) if self.style.badges else (palette.ink, palette.gate)
        )
        ring = palette.active if item.active else palette.tie if item.tie else ink
        attributes = {
            "penwidth": "3.5" if item.active else "2",
            "color": ring,
            "fontcolor": ink,
            "fillcolor": fill,
            "id": f"gate-{item.id}",
            "class": f"gate {item.pattern}",
        }
        if item.ordered or not self.view.junctions:
            attributes["ordering"] = "in"
        if self.style.badges:
            graph.node(
                item.id,
                label=self._badge_label(item),
                shape="box",
                style="rounded,filled",
                margin="0.1,0.04",
                height="0.5",
                width="0.6",
                _attributes=attributes,
            )
            return
        size, round_ = sign_size(item.text, self.style.compact)
        if item.tie:
            tie = f'COLOR="{palette.tie}"'
            label = rows((item.text, max(size - 3, 8), ""), ("tie", 9, tie))
        else:
            label = plain_label(item.text)
        diameter = f"{self.style.size('gate'):g}"
        shape = (
            {"shape": "circle", "fixedsize": "true", "width": diameter}
            if round_
            else {"shape": "box", "height": diameter, "width": "0.3", "margin": "0.09,0.02"}
        )
        graph.node(
            item.id,
            label=label,
            style="filled" if round_ else "rounded,filled",
            fontsize=f"{size:g}",
            _attributes=attributes,
            **shape,
        )

    def _badge_label(self, item: Item) -> str:
        tie = [("tie", 10, f'COLOR="{self.palette.tie}"')] if item.tie else []
        return rows((item.text, 18, ""), (item.badge, 11, ""), *tie)

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

    def _line(self, graph: Digraph, line: Line) -> None:
        palette = self.palette
        node = f"wire-{line.id}"
        colour = palette.active if line.active else palette.faint if line.dashed else palette.wire
        graph.node(
            node,
            label=self._wire_table(line, colour),
            shape="plain",
            id=node,
            _attributes={"class": "wire"},
        )
        style = {"color": colour, "style": "dashed" if line.dashed else "solid"}
        graph.edge(
            line.start,
            f"{node}:l:w",
            arrowhead="none",
            id=f"{node}-in",
            _attributes={"class": "wire-in"},
            **style,
        )
        graph.edge(
            f"{node}:l:e",
            line.end,
            id=f"{node}-out",
            arrowhead="normal" if line.arrow else "none",
            _attributes={"class": "wire-out"},
            **style,
        )

    def _wire_table(self, line: Line, colour: str) -> str:
        palette, row = self.palette, self.style.size("row")
        above = palette.value if line.shows_above else palette.hidden
        below = palette.gradient if line.shows_below else palette.hidden
        name = ""
        if line.name:
            size = self.style.size("name")
            grey = palette.name if line.shows_above else palette.hidden
            name = (
                f'<FONT FACE="Times" POINT-SIZE="{size:g}" COLOR="{grey}">'
                f"<I>{text_of(line.name)}</I> </FONT>"
            )
        cell = f'WIDTH="{self.bar}" HEIGHT="{row:g}"'
        bottom = ""
        if self.style.gradients:
            text = f'<FONT COLOR="{below}">{text_of(line.below)}</FONT>' if line.below else ""
            bottom = f"<TR><TD {cell}>{text}</TD></TR>"
        else:
            bottom = f"<TR><TD {cell}></TD></TR>"
        if line.note:
            bottom += (
                f"<TR><TD>{self._note(line.note, line.shows_below or not line.below)}</TD></TR>"
            )
        value = f'<FONT COLOR="{above}">{text_of(line.above)}</FONT>' if line.above else ""
        return (
            f"<{TABLE}<TR><TD {cell}>{name}{value}</TD></TR>"
            f'<TR><TD PORT="l" WIDTH="{self.bar}" HEIGHT="2" BGCOLOR="{colour}"></TD></TR>'
            f"{bottom}</TABLE>>"
        )

    def _note(self, note: Note, shown: bool) -> str:
        """A local Jacobian: its matrix in small cells, or a line about it."""
        ink = self.palette.local if shown else self.palette.hidden
        size = max(self.style.size("number") - 4, 8)
        font = f'<FONT COLOR="{ink}" POINT-SIZE="{size:g}">'
        if not note.matrix:
            return f"{font}{text_of(note.text)}</FONT>"
        rows = "".join(
            "<TR>" + "".join(f"<TD>{font}{text_of(x)}</FONT></TD>" for x in row) + "</TR>"
            for row in note.matrix
        )
        return (
            '<TABLE BORDER="0" CELLBORDER="1" CELLSPACING="0" CELLPADDING="2" '
            f'COLOR="{ink}">{rows}</TABLE>'
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
