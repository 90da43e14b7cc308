"""Kernels: which gates of a compiled program went into which kernel, as a picture.

A coloured frame is a kernel; a wire between frames is a buffer in the device's memory, with what
it holds above it and its bytes below. Wires within a frame are registers: they cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from graphviz import Digraph

from microgd.draw.collapse import COMPACT
from microgd.draw.drawing import Drawing
from microgd.draw.engines.measuring import text_width
from microgd.draw.labels import TABLE, plain_label, sign_size, text_of
from microgd.draw.palette import Palette, palette_named
from microgd.draw.parts import Part, literal_in, part_of, result_name, wrapped
from microgd.draw.style import Style
from microgd.draw.view import pretty
from microgd.draw.wires import even
from microgd.errors import DrawingError
from microgd.graph.node import Node
from microgd.graph.row import CONSTANT
from microgd.graph.shapes import element_count
from microgd.trace.labels import folded_constants, sign_of
from microgd.trace.numbers import format_shape

if TYPE_CHECKING:
    from microgd.opencl.passes import Passes

#: Up to so many gates are drawn one by one; of more, each kernel is a box that lists them.
SINGLE = 80
#: Up to so many are set large.
LARGE = 16


def draw_kernels(
    program: Any,
    *,
    palette: str = "default",
    gates: bool | None = None,
    transparent: bool = False,
    force: bool = False,
    engine: str | None = None,
    timeout: float = 30.0,
) -> Drawing:
    """Draw a compiled program.

    Arguments:
        program: a `Program` that was called or prepared, or the `Passes` of one.
        palette: "default", "colour-blind", "mono" or "dark".
        gates: whether each gate is drawn, or each kernel is a box that lists its gates; None
            draws up to 80 gates.
        force: draw more than 150 kernels. engine, timeout: as for `draw`.

    Raises:
        DrawingError: there are no kernels, or too many.
    """
    executable = getattr(program, "executable", None)
    passes = program if executable is None else getattr(executable, "passes", None)
    if passes is None or not passes.kernels:
        raise DrawingError(
            "there are no kernels to draw: the program runs in the interpreter, or computes "
            "nothing; mg.draw shows the gates of a Tensor"
        )
    colours = palette_named(palette)
    if transparent:
        colours = replace(colours, page="transparent")
    parts = [part_of(kernel, passes) for kernel in passes.kernels]
    count = sum(len(part.gates) for part in parts)
    if gates is None:
        gates = count <= SINGLE
    drawn = count if gates else len(parts)
    if drawn > COMPACT and not force:
        raise DrawingError(
            f"{drawn} {'gates' if gates else 'kernels'} are too many for one picture: "
            f"{'gates=False draws a box for each kernel' if gates else 'force=True draws them'}"
        )
    style = Style(colours, compact=drawn > LARGE)
    writer = _Writer(passes, parts, style, gates)
    graph = writer.write()
    return Drawing(graph, engine, timeout, writer.titles)


class _Writer:
    def __init__(self, passes: Passes, parts: list[Part], style: Style, gates: bool) -> None:
        from microgd.opencl.explain import names_of

        self.passes = passes
        self.parts = parts
        self.style = style
        self.palette: Palette = style.palette
        self.gates = gates
        self.names = names_of(passes)
        self.numbers = {n: i for i, n in enumerate(passes.plan.fused.graph.order)}
        self.titles: dict[str, str] = {}
        #: Buffer → the gates, or boxes, that make it and that read it, each once.
        self.makers: dict[Node, str] = {}
        self.readers: dict[Node, dict[str, None]] = {}

    def write(self) -> Digraph:
        palette = self.palette
        graph: Digraph = Digraph("kernels")
        separation = self.style.size("sep")
        graph.attr(
            "graph",
            rankdir="LR",
            nodesep=f"{separation - 0.03:g}",
            ranksep=f"{separation + 0.06:g}",
            pad="0.15",
            bgcolor=palette.page or palette.background,
            fontname="Arial",
            fontsize="13",
        )
        size = f"{self.style.size('number'):g}"
        graph.attr("node", fontname="Arial", fontsize=size, fontcolor=palette.ink)
        graph.attr("edge", penwidth="1.5", arrowsize="0.6", color=palette.wire)
        for number, part in enumerate(self.parts):
            ink, fill = self._colours(number)
            if self.gates and part.kernel.group.kind != "table":
                self._cluster(graph, part, ink, fill)
            else:
                self._box(graph, part, ink, fill)
        for node in {**self.makers, **self.readers}:
            if node in self.makers:
                self._buffer(graph, node, self.readers.get(node, {}))
                continue
            # An input is drawn for each kernel that reads it: long wires would cross the picture.
            kernels: dict[str, dict[str, None]] = {}
            for reader in self.readers[node]:
                kernels.setdefault(reader.split("-")[0], {})[reader] = None
            for kernel, readers in kernels.items():
                self._buffer(graph, node, readers, kernel)
        return graph

    def _colours(self, number: int) -> tuple[str, str]:
        p = self.palette
        return (p.distributes, p.swaps, p.routes, p.scales, p.blocks)[number % 5]

    # -- kernels ---------------------------------------------------------------------

    def _cluster(self, graph: Digraph, part: Part, ink: str, fill: str) -> None:
        """The kernel as a frame around its gates."""
        with graph.subgraph(name=f"cluster_{part.short}") as cluster:
            cluster.attr(
                "graph",
                label=plain_label(f"{part.short}: {part.size}"),
                labeljust="l",
                style="rounded,filled",
                color=ink,
                fillcolor=fill,
                fontcolor=ink,
                penwidth="1.5",
                margin="10",
                id=f"kernel-{part.short}",
            )
            self.titles[f"kernel-{part.short}"] = part.kernel.name
            for node in part.gates:
                self._gate(cluster, part, node, ink)
            edges = []
            here = set(part.gates)
            for node in part.gates:
                name = self._id(part, node)
                folded = folded_constants(node)
                for position, source in enumerate(node.inputs):
                    source = part.seen(source)
                    if position in folded:
                        continue
                    if source in here:
                        edges.append((self._id(part, source), name))
                    elif (text := literal_in(source, part)) is not None:
                        small = f"{name}-c{position}"
                        cluster.node(
                            small,
                            label=plain_label(text),
                            shape="plain",
                            fontcolor=self.palette.name,
                        )
                        edges.append((small, name))
                    else:
                        self.readers.setdefault(source, {})[name] = None
            for start, end in edges:
                cluster.edge(start, end)
        for node in part.kernel.group.outputs:
            self.makers[node] = self._id(part, part.seen(node))

    def _gate(self, cluster: Digraph, part: Part, node: Node, ink: str) -> None:
        from microgd.opencl.graph import called, type_text

        sign = sign_of(node)
        size, round_ = sign_size(sign, self.style.compact)
        name = self._id(part, node)
        shape = {"shape": "circle", "fixedsize": "true", "width": f"{self.style.size('gate'):g}"}
        if not round_:
            shape = {"shape": "box", "margin": "0.06,0.03", "height": "0.3", "width": "0.3"}
        attributes = {"class": "gate"}
        if not node.gate.commutative and len(node.inputs) > 1:
            attributes["ordering"] = "in"
        cluster.node(
            name,
            label=plain_label(sign),
            style="filled" if round_ else "rounded,filled",
            fillcolor=self.palette.gate,
            color=ink,
            penwidth="2",
            fontsize=f"{size:g}",
            id=f"gate-{name}",
            _attributes=attributes,
            **shape,
        )
        place = f", line {node.source.line}: {node.source.text}" if node.source else ""
        made = f"{self.names.get(node, '?')} = {called(node, self.names)} : {type_text(node)}"
        self.titles[f"gate-{name}"] = made + place

    def _box(self, graph: Digraph, part: Part, ink: str, fill: str) -> None:
        """The kernel as a box that lists its gates."""
        size = self.style.size("number")
        lines = wrapped([n.gate.name for n in part.gates])
        cells = [(part.short, size + 1, ink, True), (part.size, size - 2, ink, False)]
        cells += [(line, size - 2, self.palette.ink, False) for line in lines]
        wide = even(max(text_width(text, points, "Arial") for text, points, _, _ in cells) + 8)
        rows = "".join(
            f'<TR><TD ALIGN="LEFT" WIDTH="{wide}"><FONT POINT-SIZE="{points:g}" COLOR="{colour}">'
            f"{'<B>' if bold else ''}{text_of(text)}{'</B>' if bold else ''}</FONT></TD></TR>"
            for text, points, colour, bold in cells
        )
        graph.node(
            part.short,
            label=f'<<TABLE BORDER="2" COLOR="{ink}" BGCOLOR="{fill}" STYLE="ROUNDED" '
            f'CELLBORDER="0" CELLSPACING="0" CELLPADDING="4">{rows}</TABLE>>',
            shape="plain",
            id=f"kernel-{part.short}",
        )
        self.titles[f"kernel-{part.short}"] = part.kernel.name
        for node in part.read:
            if literal_in(node, part) is None:
                self.readers.setdefault(node, {})[part.short] = None
        for node in part.kernel.group.outputs:
            self.makers[node] = part.short

    def _id(self, part: Part, node: Node) -> str:
        return f"{part.short}-{self.numbers.get(node, 'x')}"

    # -- buffers ---------------------------------------------------------------------

    def _buffer(self, graph: Digraph, node: Node, readers: Iterable[str], kernel: str = "") -> None:
        """A wire between kernels: what it holds above the bar, its bytes below."""
        palette = self.palette
        number = self.numbers.get(node, len(self.numbers))
        name = f"buffer-{number}-{kernel}" if kernel else f"buffer-{number}"
        made = self.makers.get(node)
        over = self.passes.plan.shared.get(node)
        result = node in set(self.passes.plan.fused.graph.outputs)
        left = right = ""
        if made is None:
            left = "constant" if node.gate is CONSTANT else node.name or "input"
        elif result:
            right = result_name(node, over)
        below = f"{element_count(node.shape) * node.dtype.itemsize:,} B"
        if over is not None:
            below += ", in place"
        by_value = any(node in part.kernel.by_value for part in self.parts)
        above = "number" if by_value else f"{format_shape(node.shape)} {node.dtype}"
        if node.name and not (left or right):
            above = f"{pretty(node.name)}  {above}"
        colour = palette.value if made is None or result else palette.wire
        graph.node(
            name,
            label=self._bar(left, above, "" if by_value else below, right, colour),
            shape="plain",
            id=name,
            _attributes={"class": "buffer"},
        )
        bold = {"color": colour, "penwidth": "2.5"}
        if made is not None:
            graph.edge(made, f"{name}:l:w", arrowhead="none", weight="3", **bold)
        for reader in readers:
            graph.edge(f"{name}:l:e", reader, weight="2", **bold)

    def _bar(self, left: str, above: str, below: str, right: str, colour: str) -> str:
        """The label of a buffer, as `wire_table` sets a wire."""
        style = self.style
        size = style.size("number") - 3
        row = even(size + 4)
        wide = even(max(text_width(above, size, "Arial"), text_width(below, size, "Arial")) + 6)
        cell = f'WIDTH="{wide}" HEIGHT="{row}"'
        font = f'<FONT POINT-SIZE="{size:g}" COLOR="{self.palette.name}">'
        ends = [self._end(text) for text in (left, right)]
        under = f"{font}{text_of(below)}</FONT>" if below else ""
        return (
            f"<{TABLE}<TR>{ends[0]}<TD {cell}>{font}{text_of(above)}</FONT></TD>{ends[1]}</TR>"
            f'<TR><TD PORT="l" WIDTH="{wide}" HEIGHT="4" BGCOLOR="{colour}"></TD></TR>'
            f"<TR><TD {cell}>{under}</TD></TR></TABLE>>"
        )

    def _end(self, text: str) -> str:
        if not text:
            return ""
        size = self.style.size("leaf") - 3
        shown = pretty(text)
        width = even(text_width(shown, size, "Times italic") + 8)
        return (
            f'<TD ROWSPAN="3" WIDTH="{width}"><FONT FACE="Times" POINT-SIZE="{size:g}" '
            f'COLOR="{self.palette.ink}"><I>{text_of(shown)}</I></FONT></TD>'
        )
