"""Layout: a product of matrices reads its inputs in even steps, forwards or transposed.

What lies otherwise (picked rows, joined pieces, a matrix that a kernel of this family reads badly)
is copied first, by a kernel of its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from microgd.gates.indexing import take
from microgd.gates.linear import matmul
from microgd.graph.node import Node
from microgd.graph.record import record
from microgd.graph.rewrite import again, rebuild
from microgd.graph.row import CONSTANT, GateRow
from microgd.graph.shapes import element_count
from microgd.graph.values import FLOAT32
from microgd.opencl.graph import Graph
from microgd.opencl.group import fit, loops_over
from microgd.opencl.index import Index, Variable, address
from microgd.opencl.matmul import Operand, Product, needs_copy
from microgd.opencl.target import Target
from microgd.opencl.views import PIECES, Place, broadcast, is_movement, through

#: The compiler's own: its input, laid out without gaps.
COPY = GateRow(
    "copy", ("x",), np.array, formula="x, laid out", sign="copy", opencl="{x}", whole=True
)


def lay_out(graph: Graph, target: Target) -> Graph:
    """The graph with copies where products of matrices need them."""
    copies_of: dict[Node, Node] = {}

    def rewrite(node: Node, inputs: tuple[Any, ...]) -> Node | None:
        if node.gate is not matmul or not element_count(node.shape):
            return None
        same = [in_dtype(i, node.dtype) for i in inputs]
        left, right = (
            i if reading(i, _turn(node, n)) else copy_of(i)
            for n, i in enumerate(evened(i, copies_of) for i in same)
        )
        made: Node = record(matmul, (left, right))
        memory = target.local_memory
        copies = needs_copy(product_of(made, {}), target.family, local_memory=memory)
        if any(copies):
            left, right = (
                copy_of(i) if c else i for i, c in zip((left, right), copies, strict=True)
            )
            made = record(matmul, (left, right))
        made._code, made._offset = node._code, node._offset
        return made

    new = rebuild(graph.outputs, rewrite=rewrite)
    results = {o: new[o] for o in graph.outputs}
    # A view that is wanted is laid out, too; by whoever computes what it is a view of.
    laid = {o: copy_of(n) if is_movement(n) else n for o, n in results.items()}
    return graph.with_outputs(laid[o] for o in graph.outputs)


def in_dtype(node: Any, dtype: Any) -> Any:
    """The node in the precision of the product it goes into."""
    return node if node.dtype == dtype else node * np.ones(1, dtype)


def evened(node: Node, copies_of: dict[Node, Node]) -> Node:
    """The node, with what is picked or pieced together below its views copied, once for all."""
    views = []
    base = node
    while is_movement(base) and base.gate is not take and base.gate not in PIECES:
        views.append(base)
        base = base.inputs[0]
    if not is_movement(base):
        return node
    made = copies_of.get(base)
    if made is None:
        made = copies_of[base] = copy_of(base)
    for view in reversed(views):
        made = again(view, (made,))
    return made


def copy_of(node: Node) -> Any:
    """The node's numbers in a buffer of their own."""
    if node.gate is COPY:
        return node
    made: Node = record(COPY, (node,))
    made._code, made._offset, made.scope = node._code, node._offset, node.scope
    made.name = node.name
    return made


def inner_loop(node: Node) -> Variable:
    """The loop along which a product sums."""
    return Variable("k", node.inputs[0].shape[-1])


def _turn(node: Node, number: int) -> Place:
    """The place in a product's left (0) or right (1) input that one turn of its loops reads."""
    loops = loops_over(node.shape)
    at = fit(node.shape, loops) or ()
    k = Index.of(inner_loop(node))
    shape = node.inputs[number].shape
    batch = broadcast(shape[:-2], at[:-2])
    return (*batch, at[-2], k) if number == 0 else (*batch, k, at[-1])


def reading(node: Node, at: Place) -> tuple[Node, Index] | None:
    """The node in a buffer that lies behind views, and where in it `at` is; None if uneven."""
    while is_movement(node):
        if node.gate is take or node.gate in PIECES:
            return None
        node, at = node.inputs[0], through(node, at)
    if element_count(node.shape) <= 1 or (node.gate is CONSTANT and node.dtype.kind == "i"):
        return None
    index = address(at, node.shape)
    return None if index.tangled else (node, index)


def product_of(node: Node, pointers: dict[Node, str]) -> Product:
    """A product for the writers of kernels; `pointers` are the names of its inputs' arguments."""
    loops = loops_over(node.shape)
    rows, columns = loops[-2:]
    k = inner_loop(node)
    operands = []
    for number, (first, second) in enumerate([(rows, k), (k, columns)]):
        found = reading(node.inputs[number], _turn(node, number))
        assert found is not None
        source, index = found
        rest = Index(index.const, tuple(t for t in index.terms if t[0] not in (rows, columns, k)))
        operands.append(
            Operand(
                pointers.get(source, "x"), rest.text(), index.factor(first), index.factor(second)
            )
        )
    batch = 1
    for loop in loops[:-2]:
        batch *= loop.size
    real = "float" if node.dtype == FLOAT32 else "double"
    return Product(real, batch, rows.size, columns.size, k.size, *operands)  # type: ignore[arg-type]


def operand_nodes(node: Node) -> list[Node]:
    """The two nodes whose buffers a product reads."""
    found = [reading(i, _turn(node, n)) for n, i in enumerate(node.inputs)]
    return [f[0] for f in found if f is not None]
