"""Arranging: which items, lines and junctions a trace becomes, and which texts they carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath

import numpy as np

from microgd.draw.matrices import Note
from microgd.draw.progress import Progress
from microgd.draw.view import Item, Junction, Line, Options, View, box_id, pretty
from microgd.graph.values import Value
from microgd.trace.events import TraceNode, Wire
from microgd.trace.lesson import Trace
from microgd.trace.numbers import format_shape, format_value, norm, norm_words
from microgd.translation import _, ngettext, speaking, translated

#: So many wires of a node leave a picture one by one; more of them leave it as one.
MOST_STUBS = 2

#: Arrays of at most so many elements are written out on a wire.
ON_WIRE = 3


def view_of(
    trace: Trace,
    seen: Progress,
    options: Options,
    boxes: Mapping[str, str] | None = None,
    kept: frozenset[str] | None = None,
    notes: Mapping[str, Note] | None = None,
) -> View:
    """Lay out what is to be drawn.

    Arguments:
        boxes: node id → the scope it is collapsed into.
        kept: the ids of nodes to draw; wires that leave them end in an ellipsis. None: all.
        notes: wire id → what to write under it.
    """
    with speaking(trace.lang):
        return _Builder(trace, seen, options, dict(boxes or {}), kept, notes or {}).build()


class _Builder:
    def __init__(
        self,
        trace: Trace,
        seen: Progress,
        options: Options,
        boxes: dict[str, str],
        kept: frozenset[str] | None,
        notes: Mapping[str, Note],
    ) -> None:
        self.trace = trace.as_of(seen.told)
        self.changes = {e.node: (*e.parts, e.value) for e in trace.changes}
        self.seen = seen
        self.options = options
        self.boxes = boxes
        self.kept = kept
        self.notes = notes
        self.view = View()
        self.part_bundled: set[str] = set()
        self.sentences: dict[str, list[str]] = {}
        self.branches: dict[str, list[str]] = {}
        self.rules = {e.node: e.rule for e in trace.events if e.kind == "contribution"}
        self.broadcasts = {e.node for e in trace.events if e.kind == "broadcast"}
        for event in trace.events:
            key = event.wire or event.node
            self.sentences.setdefault(key, []).append(event.sentence)
            if event.kind == "branch":
                self.branches.setdefault(key, []).append(event.sentence)

    def build(self) -> View:
        outgoing: dict[str, list[Wire]] = {}
        for wire in self.trace.wires:
            if self._is_drawn(wire):
                outgoing.setdefault(wire.source, []).append(wire)
        bundles = self._bundles(outgoing)
        drawn_boxes: set[str] = set()
        for node in self.trace.nodes:
            box = self.boxes.get(node.id)
            if box is not None and box not in drawn_boxes:
                drawn_boxes.add(box)
                self.view.items.append(self._box(box))
            elif box is None and self._is_kept(node.id) and self._needs_item(node, outgoing):
                self.view.items.append(self._item(node))
        for node in self.trace.nodes:
            if outgoing.get(node.id) or node.id == self.trace.output:
                self._lines_from(node, outgoing.get(node.id, []))
        for bundle in bundles:
            self._bundle(bundle)
        # A gate's first input is drawn on top: Graphviz keeps the order in which wires arrive.
        arrival = {wire.id: number for number, wire in enumerate(self.trace.wires)}
        self.view.lines.sort(key=lambda line: arrival.get(line.id, -1))
        return self.view

    # -- what is drawn -------------------------------------------------------------------------

    def _is_kept(self, node: str) -> bool:
        return self.kept is None or node in self.kept

    def _is_drawn(self, wire: Wire) -> bool:
        target = self.trace.by_id[wire.target]
        if wire.position in target.folded:
            return False
        if not self._is_kept(wire.source) and not self._is_kept(wire.target):
            return False
        inside = self.boxes.get(wire.source)
        return inside is None or inside != self.boxes.get(wire.target)

    def _bundles(self, outgoing: dict[str, list[Wire]]) -> list[list[Wire]]:
        """The wires that lead from several nodes in one box to one other box: drawn as one wire."""
        between: dict[tuple[str, str], list[Wire]] = {}
        for wires in outgoing.values():
            for wire in wires:
                start, end = self.boxes.get(wire.source), self.boxes.get(wire.target)
                if start is not None and end is not None:
                    between.setdefault((start, end), []).append(wire)
        bundles = [b for b in between.values() if len({w.source for w in b}) > 1]
        bundled = {w.id for b in bundles for w in b}
        for source, wires in list(outgoing.items()):
            outgoing[source] = [w for w in wires if w.id not in bundled]
            if len(outgoing[source]) < len(wires):
                self.part_bundled.add(source)
        return bundles

    def _needs_item(self, node: TraceNode, outgoing: Mapping[str, Sequence[Wire]]) -> bool:
        return node.kind == "gate" or node.id in outgoing or node.id == self.trace.output

    def _item(self, node: TraceNode) -> Item:
        active = node.id == self.seen.node
        scope = node.scope
        if node.kind != "gate":
            text = self._leaf_text(node)
            return Item(node.id, node.kind, text, scope=scope, active=active, nodes=(node.id,))
        shown = self.options.names == "all" or (self.options.names == "given" and node.named)
        if node.id == self.trace.output:
            shown = False
        # The file's name without its folders: a picture is handed around.
        source = node.source
        title = f"{node.gate}: {'; '.join(self.sentences.get(node.id, []))}"
        if source:
            place = f"{PurePath(source.file).name}:{source.line}"
            title = _("{gate}, at {place}").format(gate=title, place=place)
        return Item(
            node.id,
            "gate",
            node.sign,
            name=self._gate_name(node) if shown else "",
            badge=self._badge(node),
            pattern=node.pattern,
            tie=_("tie") if node.tie else "",
            ordered=not node.commutative,
            inputs=len(node.wires) - len(node.folded),
            scope=scope,
            active=active,
            title=title,
            nodes=(node.id,),
        )

    def _badge(self, node: TraceNode) -> str:
        if node.id in self.broadcasts:
            return _("{badge}, sums batch").format(badge=translated(node.badge))
        if node.folded and node.pattern in ("distributes", "swaps"):
            flips = self.rules.get(node.id) == "−1"  # a constant minus this
            if node.pattern == "swaps":
                return _("scales")
            return _("flips") if flips else _("passes")
        if node.folded and node.pattern == "scales" and self.rules.get(node.id):
            return f"× {self.rules[node.id]}"  # of this power, say: × 2·x
        return translated(node.badge)

    def _leaf_text(self, node: TraceNode) -> str:
        if node.kind == "constant":
            return pretty(node.label) if node.shape == () else _("constant")
        if not node.named and self.options.names != "all":
            return ""
        # Inside a scope's frame the frame tells equal names apart.
        return pretty(node.name or node.label) if node.scope else pretty(node.label)

    def _box(self, scope: str) -> Item:
        inside = [n for n in self.trace.nodes if self.boxes.get(n.id) == scope]
        gates = sum(n.kind == "gate" for n in inside)
        numbers = sum(int(np.prod(n.shape)) for n in inside if n.kind == "input")
        counts = [ngettext("{n} gate", "{n} gates", gates).format(n=gates)]
        if numbers:
            told = ngettext("{n} parameter", "{n} parameters", numbers)
            counts.append(told.format(n=numbers))
        parent, name = scope.rpartition("/")[::2]
        active = any(n.id == self.seen.node for n in inside)
        return Item(
            box_id(scope),
            "box",
            pretty(name),
            scope=parent or None,
            counts=tuple(counts),
            active=active,
            title=_("scope {scope}, collapsed: expand it to see inside").format(scope=scope),
            nodes=tuple(n.id for n in inside),
        )

    # -- lines ---------------------------------------------------------------------------------

    def _lines_from(self, node: TraceNode, wires: Sequence[Wire]) -> None:
        groups = self._by_target(wires)
        start = self._place(node.id)
        is_output = node.id == self.trace.output
        if start is None:
            for number, (target, group) in enumerate(groups.items()):
                stub = f"{node.id}-before-{number}"
                self.view.items.append(Item(stub, "ellipsis", "…"))
                self._line(node, group, stub, target)
            return
        named = False
        if node.id in self.part_bundled:
            pass  # the box it leaves stands for its branch
        elif len(groups) + is_output > 1:
            junction = f"{node.id}-branch"
            sums = self.options.gradients and self.trace.has_gradients
            sums = sums and node.gradient is not None
            active = self.seen.wire is None and self.seen.node == node.id and self._sums_now(node)
            title = "; ".join(self.branches.get(node.id, []))
            scope = self._junction_scope(node)
            self.view.junctions.append(Junction(junction, sums, scope, active, title))
            self._total(node, start, junction, arrow=False)
            start = junction
        elif is_output and not groups:
            self._output(node, start)
            return
        else:
            named = True
        for target, group in groups.items():
            if named:
                self._total(node, start, target, group=group)
            else:
                self._line(node, group, start, target)
        if is_output:
            self._output(node, start)

    def _junction_scope(self, node: TraceNode) -> str | None:
        if node.id in self.boxes:
            return self.boxes[node.id].rpartition("/")[0] or None
        return node.scope if node.kind == "gate" else None

    def _sums_now(self, node: TraceNode) -> bool:
        return node.id in self.seen.totals

    def _by_target(self, wires: Sequence[Wire]) -> dict[str, list[Wire]]:
        """Wires by where they are drawn to; those into one collapsed box become one.

        So do many that leave the picture.
        """
        groups: dict[str, list[Wire]] = {}
        leaving = [wire for wire in wires if self._place(wire.target) is None]
        many = len(leaving) > MOST_STUBS
        for wire in wires:
            place = self._place(wire.target)
            if place is None:
                key = place = f"{leaving[0].id if many else wire.id}-after"
                if key not in groups:
                    text = f"… ×{len(leaving)}" if many else "…"
                    self.view.items.append(Item(place, "ellipsis", text))
            else:
                key = place if wire.target in self.boxes else f"{place}\n{wire.position}"
            groups.setdefault(key, []).append(wire)
        return groups

    def _place(self, node: str) -> str | None:
        if node in self.boxes:
            return box_id(self.boxes[node])
        return node if self._is_kept(node) else None

    def _total(
        self,
        node: TraceNode,
        start: str,
        target: str,
        *,
        group: Sequence[Wire] = (),
        arrow: bool = True,
    ) -> None:
        """The wire of a node before it branches (or if it does not): it carries the total."""
        end = target.partition("\n")[0]
        self.view.lines.append(
            Line(
                group[0].id if group else f"{node.id}.out",
                start,
                end,
                self._value(node),
                self._gradient(node, node.gradient),
                node.id in self.seen.values,
                node.id in self.seen.totals,
                loses=self._loses(group),
                arrow=arrow,
                port=self._port(group),
                active=any(w.id == self.seen.wire for w in group),
                name=self._wire_name(node),
                earlier=self._earlier(node),
                note=self._note(group),
                title=self._title(node, group),
                nodes=(node.id,),
                wires=tuple(w.id for w in group),
                whole=True,
            )
        )

    def _line(self, node: TraceNode, group: Sequence[Wire], start: str, target: str) -> None:
        """One of the wires after a branch: it carries its own contribution."""
        sent = [w.gradient for w in group if w.gradient is not None]
        total: Value | None = None
        for part in sent:
            total = part if total is None else total + part
        if total is None and node.gradient is not None:
            total = node.gradient * 0.0
        self.view.lines.append(
            Line(
                group[0].id,
                start,
                target.partition("\n")[0],
                self._value(node),
                self._gradient(node, total),
                node.id in self.seen.values,
                all(w.id in self.seen.along for w in group)
                or (not sent and node.id in self.seen.totals),
                loses=self._loses(group),
                port=self._port(group),
                active=any(w.id == self.seen.wire for w in group),
                earlier=self._earlier(node),
                note=self._note(group),
                title=self._title(node, group),
                nodes=(node.id,),
                wires=tuple(w.id for w in group),
            )
        )

    def _port(self, group: Sequence[Wire]) -> int:
        """At which of the gate's drawn inputs the wire arrives."""
        if not group:
            return 0
        wire = group[0]
        folded = self.trace.by_id[wire.target].folded
        return sum(p not in folded for p in range(wire.position))

    def _note(self, group: Sequence[Wire]) -> Note | None:
        return self.notes.get(group[0].id) if len(group) == 1 else None

    def _bundle(self, wires: Sequence[Wire]) -> None:
        """Several nodes' wires from box to box as one line: how many, and their gradients' norm."""
        sources = {w.source for w in wires}
        sent = [np.ravel(w.gradient) for w in wires if w.gradient is not None]
        below = ""
        if sent and self.options.gradients:
            below = norm_words(norm(np.concatenate(sent)), self.options.digits)
        count = len(sources)
        wires_told = ngettext("{n} wire", "{n} wires", count).format(n=count)
        title = ngettext("{n} value, used {times} times", "{n} values, used {times} times", count)
        self.view.lines.append(
            Line(
                wires[0].id,
                box_id(self.boxes[wires[0].source]),
                box_id(self.boxes[wires[0].target]),
                wires_told if self.options.values else "",
                below,
                all(s in self.seen.values for s in sources),
                all(w.id in self.seen.along for w in wires),
                active=any(w.id == self.seen.wire for w in wires),
                title=title.format(n=count, times=len(wires)),
                nodes=tuple(dict.fromkeys(w.source for w in wires)),
                wires=tuple(w.id for w in wires),
            )
        )

    def _output(self, node: TraceNode, start: str) -> None:
        end = f"{node.id}-output"
        self.view.items.append(Item(end, "output", pretty(node.label)))
        seed = next((e.value for e in self.trace.events if e.kind == "seed"), None)
        self.view.lines.append(
            Line(
                f"{node.id}.output",
                start,
                end,
                self._value(node),
                self._gradient(node, seed),
                node.id in self.seen.values,
                node.id in self.seen.totals,
                arrow=False,
                title="; ".join(self.sentences.get(node.id, [])),
                nodes=(node.id,),
                whole=True,
            )
        )

    # -- texts ---------------------------------------------------------------------------------

    def _wire_name(self, node: TraceNode) -> str:
        if node.kind != "gate" or node.id in self.boxes or node.id == self.trace.output:
            return ""
        shown = self.options.names == "all" or (self.options.names == "given" and node.named)
        return self._gate_name(node) if shown else ""

    def _gate_name(self, node: TraceNode) -> str:
        return pretty(node.name or node.label) if node.scope else pretty(node.label)

    def _title(self, node: TraceNode, group: Sequence[Wire]) -> str:
        told = [s for w in group for s in self.sentences.get(w.id, [])]
        return f"{node.label} = {format_value(node.value, self.options.digits)}" + "".join(
            f"; {s}" for s in told
        )

    def _value(self, node: TraceNode) -> str:
        return self._number(node, node.value)

    def _number(self, node: TraceNode, value: Value | None) -> str:
        if not self.options.values:
            return ""
        if value is None or np.size(value) > ON_WIRE:
            return format_shape(node.shape)
        return format_value(value, self.options.digits)

    def _earlier(self, node: TraceNode) -> tuple[str, ...]:
        """What else stands on the wire, at other steps: it needs room, too."""
        return tuple(self._number(node, value) for value in self.changes.get(node.id, ()))

    def _gradient(self, node: TraceNode, gradient: Value | None) -> str:
        if gradient is None or not (self.options.gradients and self.options.values):
            return ""
        if np.size(gradient) > ON_WIRE:
            return norm_words(norm(gradient), self.options.digits)
        return format_value(gradient, self.options.digits)

    def _loses(self, group: Sequence[Wire]) -> bool:
        """Whether a max or relu sends nothing back along this wire."""
        if not group or not self.trace.has_gradients or not self.options.gradients:
            return False
        for wire in group:
            gate = self.trace.by_id[wire.target]
            routes = gate.pattern in ("routes", "masks")
            if not routes or wire.gradient is None or np.any(wire.gradient):
                return False
        return True
