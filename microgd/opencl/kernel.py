"""Kernel: a group written down in OpenCL C."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from microgd.gates.linear import matmul
from microgd.graph.node import Node
from microgd.opencl.graph import called, type_text
from microgd.opencl.group import Group, inside
from microgd.opencl.index import Variable
from microgd.opencl.layout import COPY, operand_nodes, product_of
from microgd.opencl.loops import Nest
from microgd.opencl.loops_cpu import CpuWriter
from microgd.opencl.loops_gpu import GpuWriter
from microgd.opencl.matmul import Body, matmul_body
from microgd.opencl.recipe import Recipe
from microgd.opencl.statements import Lanes, statement
from microgd.opencl.target import Target
from microgd.opencl.views import VIEWS


@dataclass(frozen=True, eq=False)
class Kernel:
    """One kernel of a program.

    Attributes:
        name: the function's name in the source.
        source: its OpenCL C.
        arguments: the nodes whose buffers, or whose numbers, it is given, in order.
        by_value: those of them that are passed as numbers, and their C types.
        group: the gates it computes.
        twin: the name of an earlier kernel of the program with the same statements, which is built
            and run in its place.
        parameters, lines, comments: what its source is made of.
    """

    name: str
    source: str
    arguments: tuple[Node, ...]
    by_value: Mapping[Node, str]
    group: Group
    groups: tuple[int, int, int]
    local: tuple[int, int, int]
    twin: str = ""
    parameters: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()

    @property
    def function(self) -> str:
        """The name of the function that is run."""
        return self.twin or self.name

    @property
    def statements(self) -> str:
        """Its source without its name and its comments, by which twins are found."""
        lines = self.source.replace(f"void {self.name}(", "void (").split("\n")
        return "\n".join(line for line in lines if not line.startswith("//"))

    @property
    def items(self) -> tuple[int, int, int]:
        """Work-items along x, y, z."""
        x, y, z = (g * n for g, n in zip(self.groups, self.local, strict=True))
        return x, y, z


def write(
    group: Group,
    number: int,
    target: Target,
    names: Mapping[Node, str],
    stored: Collection[Node],
    by_value: Collection[Node],
    shared: Mapping[Node, Node],
) -> Kernel:
    """The kernel of one group."""
    recipe = Recipe(group, stored, by_value, shared, target.double)
    if group.kind == "matmul":
        body = _matmul(recipe, target)
    elif target.family == "cpu":
        body = CpuWriter(recipe).body(target.units)
    else:
        body = GpuWriter(recipe).body(target.units)
    computed = inside(group, set(stored))[0]
    name = kernel_name(computed, number)
    written = {shared.get(n, n) for n in group.outputs}
    arguments, texts, by_value_types = [], [], {}
    for node, pointer in recipe.pointers.items():
        const = "" if node in written else "const "
        kind = recipe.real(node)
        texts.append(f"__global {const}{kind} *restrict {pointer}")
        arguments.append(node)
    for node, scalar in recipe.scalars.items():
        texts.append(f"const {recipe.real(node)} {scalar}")
        arguments.append(node)
        by_value_types[node] = recipe.real(node)
    size = ", ".join(map(str, body.local))
    notes = comments(computed, names)
    source = "\n".join(
        [
            *notes,
            f"__kernel __attribute__((reqd_work_group_size({size})))",
            f"void {name}({', '.join(texts)})",
            "{",
            *body.lines,
            "}",
        ]
    )
    return Kernel(
        name,
        source,
        tuple(arguments),
        by_value_types,
        group,
        body.groups,
        body.local,
        "",
        tuple(texts),
        body.lines,
        tuple(notes),
    )


def twinned(kernels: Sequence[Kernel]) -> tuple[Kernel, ...]:
    """The kernels, those with the same statements as an earlier one marked as its twins."""
    first: dict[str, str] = {}
    found = []
    for kernel in kernels:
        name = first.setdefault(kernel.statements, kernel.name)
        found.append(kernel if name == kernel.name else replace(kernel, twin=name))
    return tuple(found)


def kernel_name(computed: Iterable[Node], number: int) -> str:
    """`k3_matmul_add_relu`: without views, and without copies unless there is nothing else."""
    gates = dict.fromkeys(n.gate for n in computed if n.gate not in VIEWS)
    named = [gate.name for gate in gates if gate is not COPY] or ["copy"]
    text = f"k{number}"
    for gate in named:
        if len(text) > 40:
            return f"{text}_etc"
        text += f"_{gate}" if gate.isascii() else ""
    return text


def comments(nodes: Iterable[Node], names: Mapping[Node, str]) -> list[str]:
    """A comment line for each gate: what it computes, and the line that recorded it."""
    lines = []
    for node in nodes:
        place = f", line {node.source.line}: {node.source.text}" if node.source else ""
        made = called(node, names)
        line = f"// {names.get(node, 'result')} = {made} : {type_text(node)}{place}"
        lines.append(" ".join(line.split()).replace("\\", "/"))
    return lines


def _matmul(recipe: Recipe, target: Target) -> Body:
    group = recipe.group
    node = next(n for n in group.at if n.gate is matmul)
    for operand in operand_nodes(node):
        recipe._pointer(operand)
    product = product_of(node, recipe.pointers)
    nest = Nest.plain(recipe)
    rows, columns = group.loops[-2:]
    given = next(s for s in recipe.steps if s.kind == "given")
    uniform = [s for s in recipe.steps if not s.variables and s.kind not in ("store", "given")]
    rest = [s for s in recipe.steps if s not in set(uniform) and s is not given]

    def store(i: str, j: str, value: str, width: int) -> list[str]:
        lanes = Lanes(columns, width, nest.final)
        kind = lanes.type(given)
        lines = [f"const size_t {rows.name} = {i};", f"const size_t {columns.name} = {j};"]
        lines.append(f"const {kind} {given.name} = {value};")
        lines += [statement(s, lanes) for s in rest]
        return ["{", *(f"    {line}" for line in lines), "}"]

    body = matmul_body(
        product,
        store,
        target.family,
        target.units,
        lanes=target.lanes,
        local_memory=target.local_memory,
    )
    head = [statement(s, Lanes()) for s in uniform]
    batch = batch_lines(group.loops[:-2])
    marked = [*body.lines]
    if batch:
        at = next(n for n, line in enumerate(marked) if " b = " in line)
        space = marked[at][: len(marked[at]) - len(marked[at].lstrip())]
        marked[at + 1 : at + 1] = [space + line for line in batch]
    return Body(tuple("    " + line for line in [*head, *marked]), body.groups, body.local)


def batch_lines(loops: tuple[Variable, ...]) -> list[str]:
    """The batch's loop variables, worked out of the number `b`."""
    lines = []
    stride = 1
    for loop in reversed(loops):
        lines.append(f"const size_t {loop.name} = b / {stride} % {loop.size};")
        stride *= loop.size
    return lines[::-1]
