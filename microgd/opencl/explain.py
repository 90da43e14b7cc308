"""Explain: what each pass of the compiler made, as text.

`Program.explain()` has it of a program that was compiled for a device; `preview` shows it where
there is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from math import prod
from typing import Any

from microgd.autodiff.tree import leaves
from microgd.gates.linear import matmul
from microgd.graph.node import Node
from microgd.graph.row import CONSTANT
from microgd.graph.shapes import element_count
from microgd.opencl.capture import Spec, capture
from microgd.opencl.graph import Graph, called, constant_text, numbered, type_text
from microgd.opencl.group import Group, inside
from microgd.opencl.kernel import Kernel
from microgd.opencl.layout import inner_loop
from microgd.opencl.passes import Passes, passes, prepare
from microgd.opencl.plan import PADDING
from microgd.opencl.target import Target

#: A listing of more lines than this is cut; so many lines are shown at its end.
LONGEST, END = 200, 20
#: Numbers of the caller's that are named one by one.
MOST = 8
#: Characters in a line, where a line can be broken.
WIDTH = 96


def executable_text(executable: Any) -> str:
    """The passes of something compiled, and where it was built."""
    device = executable.device
    if not executable.kernels:
        graph: Graph = executable.captured.graph
        why = (
            "which runs gate by gate: no kernels" if device.kind == "interpreter" else "no kernels"
        )
        return f"device: {device.label}, {why}\n\nrecorded: {_counted(graph)}\n{graph.text()}\n"
    head = f"device: {device.label}, {_many(device.units, 'compute unit')}"
    origin = "taken from the cache on disk" if executable.cached else "built by the device's driver"
    foot = f"built\n{origin}, in {executable.build_seconds:.3f} s"
    return f"{head}\n\n{explained(executable.passes)}\n{foot}\n"


def explained(made: Passes) -> str:
    """All passes: what was recorded, what became of it, which kernels it is, and where it lies."""
    return "\n\n".join(f"{title}\n{text}" for title, text in sections(made).items()) + "\n"


def sections(made: Passes) -> dict[str, str]:
    """The same by titles, in order."""
    before, lowered, simple, laid = made.captured, made.lowered, made.simplified, made.laid_out
    found = {
        f"recorded: {_counted(before)}": _cut(before.text()),
        f"lowered to gates that have OpenCL C: {_counted(lowered)}": _changed(
            before, lowered, _opened(before, lowered)
        ),
        f"simplified: {_counted(simple)}": _changed(lowered, simple, _gone(lowered, simple)),
        f"split and laid out: {_counted(laid)}": _changed(simple, laid, _added(simple, laid)),
    }
    found[f"fused: {_many(len(made.kernels), 'kernel')}"] = fused_text(made)
    found[f"started: {_many(len(made.launches), 'launch')}"] = launches_text(made)
    found["buffers"] = buffers_text(made)
    return found


def preview(
    fn: Any, *args: Any, family: str = "cpu", units: int = 8, donate: Iterable[int] = ()
) -> Passes:
    """What the compiler makes of a function, for a device that need not be there.

    Arguments:
        fn: as for `compile`. args: arrays or placeholders, for their shapes.
        family: "cpu" or "gpu". units: cores or multiprocessors of that device.
        donate: positions of arguments that are given away.

    >>> import microgd as mg
    >>> made = preview(lambda x: (x * 2.0 + 1.0).relu(), mg.placeholder((3,), "x", "float32"))
    >>> print(fused_text(made))
    k0_mul_add_relu: for i0 < 3
        read    x float32[3]
        %2 = mul(x, 2.0) : float32[3]
        %4 = add(%2, 1.0) : float32[3]
        %5 = relu(%4) : float32[3]
        write   %5 float32[3]
    """
    found = leaves(list(args))
    specs = [Spec(x.shape, x.dtype) for x in found]
    captured = capture(fn, args, {}, specs)
    flags = [n in set(donate) for n, arg in enumerate(args) for _ in leaves(arg)]
    inputs = captured.graph.inputs
    given = [node for node, yes in zip(inputs, flags, strict=False) if yes]
    scalars = [node for node in inputs if node.shape == ()]
    return passes(prepare(captured.graph), Target(family, units), given, scalars)


# -- graphs ----------------------------------------------------------------------


def _counted(graph: Graph) -> str:
    return _many(sum(bool(n.inputs) for n in graph.order), "gate")


def _many(count: int, thing: str) -> str:
    if count != 1:
        thing = (
            f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}{'e' * thing.endswith('ch')}s"
        )
    return f"{count} {thing}"


def _changed(before: Graph, after: Graph, what: str) -> str:
    """What a pass did, and the graph after it, if it did anything."""
    if all(a is b for a, b in zip(before.outputs, after.outputs, strict=True)):
        return "nothing to do"
    return f"{what}\n{_cut(after.text(sources=False))}"


def _cut(text: str) -> str:
    lines = text.split("\n")
    if len(lines) <= LONGEST:
        return text
    left_out = f"… {len(lines) - LONGEST:,} more …"
    return "\n".join([*lines[: LONGEST - END], left_out, *lines[-END:]])


def _names(graph: Graph) -> Counter[str]:
    return Counter(n.gate.name for n in graph.order if n.inputs)


def _opened(before: Graph, after: Graph) -> str:
    gone = _names(before) - _names(after)
    return _sentence("written in simpler gates", gone)


def _gone(before: Graph, after: Graph) -> str:
    gone = _names(before) - _names(after)
    return _sentence("gone, known or computed once", gone)


def _added(before: Graph, after: Graph) -> str:
    new = _names(after) - _names(before)
    kinds = {"copy": "copied into an array of its own first", "partial": "reduced in two steps"}
    return _sentence("added", Counter({kinds.get(n, n): c for n, c in new.items()}))


def _sentence(what: str, counts: Mapping[str, int]) -> str:
    parts = [f"{name} ({count} times)" if count > 1 else name for name, count in counts.items()]
    return f"{what}: {', '.join(parts)}" if parts else "only renumbered"


# -- kernels ---------------------------------------------------------------------


def fused_text(made: Passes) -> str:
    """Each kernel: its loops, what it reads, what it computes, and what it leaves in buffers."""
    texts = [kernel_text(kernel, made) for kernel in made.kernels]
    return "\n".join(texts) if texts else "no kernel: there is nothing to compute"


def kernel_text(kernel: Kernel, made: Passes) -> str:
    """One kernel."""
    names = names_of(made)
    if kernel.group.kind == "table":
        gates = _many(len(kernel.group.at), "gate")
        return f"{kernel.name}: {gates} as rows of a table, which it reads run by run"
    computed, read = computed_and_read(kernel, made)
    over = {n: made.plan.shared[n] for n in kernel.group.outputs if n in made.plan.shared}
    lines = [f"{kernel.name}: {loops_text(kernel.group)}"]
    lines += _listed("read    ", [f"{_name(n, names)} {type_text(n)}" for n in read])
    lines += [f"    {names[n]} = {called(n, names)} : {type_text(n)}" for n in computed]
    lines += _listed(
        "write   ",
        [
            f"{names[n]} {type_text(n)}" + (f" over {names[over[n]]}" if n in over else "")
            for n in kernel.group.outputs
        ],
    )
    return "\n".join(lines)


def computed_and_read(kernel: Kernel, made: Passes) -> tuple[list[Node], list[Node]]:
    """The gates of a kernel, and what it reads; constants that are literals are not read."""
    computed, read = inside(kernel.group, made.plan.stored)
    given = set(kernel.arguments)
    return computed, [n for n in read if n.gate is not CONSTANT or n in given]


def names_of(made: Passes) -> dict[Node, str]:
    """The names of all nodes in the kernels, copies that fusing added among them."""
    names = dict(made.names) or numbered(made.laid_out.order)
    for number, node in enumerate(made.plan.fused.graph.outputs):
        names.setdefault(node, f"{node.name or 'result'}%{number}")
    return names


def _name(node: Node, names: Mapping[Node, str]) -> str:
    if node.gate is CONSTANT:
        return constant_text(node)
    return names.get(node) or node.name or "?"


def _listed(head: str, parts: list[str]) -> list[str]:
    """`read    x float32[3], y float32[3]`, in as many lines as it takes."""
    lines: list[str] = []
    line = ""
    for part in parts:
        if line and len(head) + len(line) + len(part) > WIDTH:
            lines.append(f"    {head}{line},")
            line, head = "", " " * len(head)
        line = f"{line}, {part}" if line else part
    return [*lines, f"    {head}{line}"] if line else lines


def loops_text(group: Group) -> str:
    """`for i0 < 64, i1 < 128: products summed over k < 784`"""
    turns = ", ".join(f"{v.name} < {v.size}" for v in group.outer)
    text = f"for {turns}" if turns else "once"
    if group.kind == "matmul":
        k = inner_loop(next(n for n in group.at if n.gate is matmul))
        return f"{text}: products summed over {k.name} < {k.size}"
    if group.kind == "rows":
        over = ", ".join(f"{v.name} < {v.size}" for v in group.loops if v in group.reduced)
        return f"{text}: reduced over {over}"
    return text


def launches_text(made: Passes) -> str:
    """What is started at once, with how many work-groups of how many work-items."""
    lines = []
    for launch in made.launches:
        names = " + ".join(_short(kernel.name) for kernel in launch.kernels)
        groups, items = prod(launch.groups), prod(launch.local)
        lines.append(f"{names}: {_many(groups, 'work-group')} of {_many(items, 'work-item')}")
    twins = [k for k in made.kernels if k.twin]
    lines += [f"{_short(k.name)} is built once with {_short(k.twin)}: the same C" for k in twins]
    return "\n".join(lines) if lines else "nothing"


def _short(name: str) -> str:
    return name.split("_")[0]


# -- buffers ---------------------------------------------------------------------


def buffers_text(made: Passes) -> str:
    """Where everything lies: inputs, what is updated in place, results, temporaries in turns."""
    plan = made.plan
    names = names_of(made)
    graph = plan.fused.graph
    first, last = lifetimes(made)
    taken = {given: node for node, given in plan.shared.items()}
    by_value = {node for kernel in made.kernels for node in kernel.by_value}
    table = any(kernel.group.kind == "table" for kernel in made.kernels)
    lines, numbers = [], []
    for node in graph.inputs:
        if node not in last and node not in taken:
            continue
        name = _name(node, names)
        if node in by_value or table:
            numbers.append(name)
            continue
        over = f", written over by {names[taken[node]]}, in place" if node in taken else ""
        lines.append(f"input   {name}: {_bytes(node)}{over}")
    if numbers:
        more = [f"… {len(numbers) - MOST} more"] if len(numbers) > MOST else []
        lines += _listed("handed over with each launch: ", [*numbers[:MOST], *more])
    lines += [
        f"result  {names[node]}: {_bytes(node)}, written by {first[node]}"
        for node in dict.fromkeys(graph.outputs)
        if node in first and node not in plan.shared
    ]
    for slot, size in enumerate(plan.slots):
        turns = [
            f"{names[n]} ({first[n]} → {last.get(n, first[n])})"
            for n, place in plan.places.items()
            if place == slot
        ]
        lines += _listed(f"slot {slot}: {size - PADDING:,} bytes for ", [", then ".join(turns)])
    together = sum(size_of for size_of in map(_size, plan.places))
    if plan.slots:
        kept = sum(s - PADDING for s in plan.slots)
        lines.append(
            f"{_many(len(plan.places), 'temporary')} of "
            f"{together:,} bytes in {_many(len(plan.slots), 'slot')} of {kept:,} bytes"
        )
    return "\n".join(line.strip() for line in lines) if lines else "none"


def lifetimes(made: Passes) -> tuple[dict[Node, str], dict[Node, str]]:
    """Node → the kernel that writes it, and the last one that reads it: `k3`."""
    first: dict[Node, str] = {}
    last: dict[Node, str] = {}
    for kernel in made.kernels:
        short = _short(kernel.name)
        last |= dict.fromkeys(inside(kernel.group, made.plan.stored)[1], short)
        first |= dict.fromkeys(kernel.group.outputs, short)
    return first, last


def _size(node: Node) -> int:
    return element_count(node.shape) * node.dtype.itemsize


def _bytes(node: Node) -> str:
    return f"{type_text(node)}, {_size(node):,} bytes"
