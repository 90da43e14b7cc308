"""Matrix products for CPUs: one work-item, many vector registers.

A CPU multiplies and adds a vector of 16 floats per instruction (`fma`), but loads only one or two
vectors in that time. So every number loaded has to be used several times, from a register:

- **tile**: the work-item keeps the sums of, say, 6 rows × 64 columns in 24 registers. In each step
  of k it loads 64 numbers of the right matrix (4 vectors) and 6 of the left one, and does
  24 fmas with them. The sums touch no memory until k has run through.
- **which tile**: bigger is better until the 32 registers are full, but a tile should also divide
  the matrix. `choose_tiles` counts the cycles of every possible tile and takes the cheapest.
  Lengths are dealt out evenly: 65 rows become 5 tiles of 6 and 7 of 5, not 10 of 6 and one of 5.
- **panel**: a group works down a panel of columns, tile by tile. So this part of the right matrix
  stays in the cache, and each number of it is used by every tile.
- **packing**: where the rows of the right matrix lie a power of two apart, all of a panel's rows
  fall on few places of the cache and push each other out; and a transposed matrix has no vectors to
  load at all. Then the panel is first copied, in order, to local memory.
- **one column**: a product with a vector adds along k, 16 numbers at a time (`dot_body`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product as pairs

from microgd.opencl.matmul import (
    Body,
    Machine,
    Product,
    Split,
    Store,
    block,
    deal,
    matrix_number,
    pieces,
    power_of_two,
    start,
    times,
    transposed_store,
    unrolled,
    vector,
)

GROUP_CYCLES = 20_000
"""A group should have this much to do: starting one on another core costs about a tenth of it."""


@dataclass(frozen=True)
class Plan:
    """How a product is cut up: tiles of rows × vectors, and what a group does."""

    lanes: int  # numbers in a vector
    rows: Split
    vectors: Split  # of the columns, counted in vectors
    tiles: int  # how many a group computes, down its panel
    packed: bool


def body(product: Product, store: Store, machine: Machine) -> Body:
    """Write the kernel: see the head of this file."""
    if reads_better_transposed(product):
        return body(product.transposed, transposed_store(store, product), machine)
    if product.columns == 1 and product.left.column == product.right.row == 1:
        return dot_body(product, store, machine)
    return tiled_body(product, store, make_plan(product, machine))


def needs_copy(product: Product, local_memory: int) -> tuple[bool, bool]:
    """Whether left or right should first be copied into rows: if not one vector can be packed."""
    if reads_better_transposed(product):
        left, right = needs_copy(product.transposed, local_memory)
        return right, left
    limit = Machine(1, 16, local_memory).panel_limit(product, 64 // product.bytes)
    return False, is_strided(product) and limit == 0


def reads_better_transposed(product: Product) -> bool:
    """Whether the vectors should run along the rows of the result: few columns, many rows."""
    if product.rows == 1 and product.columns > 1:
        return product.right.row == 1 and product.right.column != 1
    return product.columns <= 4 < product.rows and product.left.row == 1


def make_plan(product: Product, machine: Machine) -> Plan:
    """Choose the tiles, and so many groups that every compute unit has work."""
    width = min(machine.lanes * 4 // product.bytes, power_of_two(product.columns))
    limit = machine.panel_limit(product, width)
    packed = limit > 0 and (is_strided(product) or is_crowded(product))
    if is_strided(product) and not packed:
        width = 1  # right, but slow: needs_copy says so
    registers = 30 if machine.lanes >= 16 else 14
    rows, vectors, cycles = choose_tiles(product, width, registers, limit if packed else 8)
    panels = vectors.count * product.batch
    groups = min(cycles * product.batch // GROUP_CYCLES, 4 * machine.units)
    tiles = -(-rows.count // max(1, -(-groups // panels)))
    return Plan(width, rows, vectors, tiles, packed)


def choose_tiles(
    product: Product, width: int, registers: int, limit: int
) -> tuple[Split, Split, int]:
    """The tiles that need the fewest cycles in all, among those that fit into the registers."""
    length = -(-product.columns // width)
    best = deal(product.rows, 1), deal(length, 1), 0
    for most_rows, most_vectors in pairs(range(1, 13), range(1, min(limit, 8) + 1)):
        if (most_rows + 1) * most_vectors > registers:
            continue
        rows, vectors = deal(product.rows, most_rows), deal(length, most_vectors)
        cycles = sum(
            rows_count * vectors_count * tile_cycles(rows_size, vectors_size, product.inner)
            for rows_count, rows_size in rows.kinds
            for vectors_count, vectors_size in vectors.kinds
        )
        cycles += cycles * (len(rows.kinds) + len(vectors.kinds)) // 50  # and are quickly built
        if not best[2] or cycles < best[2]:
            best = rows, vectors, cycles
    return best


def tile_cycles(rows: int, vectors: int, inner: int) -> int:
    """About how long a tile takes: one fma a cycle, but 8 at least have to be on their way."""
    sums = rows * vectors
    step = max(sums, 8) + 0.3 * (rows + vectors)
    return int(inner * step + 2 * sums + 20)


def is_strided(product: Product) -> bool:
    """Whether the right matrix has no vectors to load, because its rows are no rows in memory."""
    return product.right.column != 1 and product.columns > 1


def is_crowded(product: Product) -> bool:
    """Whether the rows of the right matrix compete for the same places of the cache."""
    row = product.right.row
    return row >= 1024 and row & (row - 1) == 0 and product.rows > 16


def tiled_body(product: Product, store: Store, plan: Plan) -> Body:
    """A group takes one panel of columns, and goes down it tile by tile."""
    vectors, lanes = plan.vectors, plan.lanes
    packed = product.inner * vectors.size * lanes if plan.packed else 0
    lines = [
        matrix_number(),
        "const size_t x = get_group_id(0);  // the panel of columns",
    ]
    if plan.packed:
        lines.append(f"__local {product.real} panel[{packed}];")
    before = 0
    for many, size in vectors.kinds:
        before += many
        j = times("x", size * lanes) + (f" + {vectors.large * lanes}" if before > many else "")
        over = product.columns % lanes if before == vectors.count else 0
        panel = [f"const size_t j = {j};", *panel_lines(product, store, plan, size, many, over)]
        if len(vectors.kinds) > 1:
            panel = block("else" if before > many else f"if (x < {many})", panel)
        lines += panel
    groups = (vectors.count, -(-plan.rows.count // plan.tiles), product.batch)
    return Body(tuple(lines), groups, (1, 1, 1), packed * product.bytes)


def panel_lines(
    product: Product, store: Store, plan: Plan, vectors: int, panels: int, over: int
) -> list[str]:
    """The tiles of one of so many panels; `over`: columns in the last vector of the last one."""
    lines = start("right", product.real, product.right, "j", product.right.column)
    if plan.packed:
        lines += pack_lines(product, plan, vectors)

    def tile(rows: int) -> list[str]:
        sums = sum_lines(product, plan, rows, vectors)
        return sums + store_lines(product, store, plan, rows, vectors, panels, over)

    return lines + row_loops(product, plan.rows, plan.tiles, tile)


def row_loops(
    product: Product, rows: Split, tiles: int, tile: Callable[[int], list[str]]
) -> list[str]:
    """Go through so many tiles: first those of the larger size, then those of a row less."""
    lines = [
        f"const size_t first = {times('get_group_id(1)', tiles)};  // the tiles of this group",
        f"const size_t last = min(first + {tiles}, (size_t){rows.count});",
    ]
    large, before = f"(size_t){rows.large}", 0
    for many, size in rows.kinds:
        begin = f"max(first, {large})" if before else "first"
        end = f"min(last, {large})" if before + many < rows.count else "last"
        i = times("t", size) + (f" + {before}" if before else "")
        left = start("left", product.real, product.left, "i", product.left.row)
        lines.append(f"// Tiles of {size} row{'s' * (size > 1)}.")
        head = f"for (size_t t = {begin}; t < {end}; t++)"
        lines += block(head, [f"const size_t i = {i};", *left, *tile(size)])
        before += many
    return lines


def pack_lines(product: Product, plan: Plan, vectors: int) -> list[str]:
    """Copy a panel of the right matrix, row after row, to local memory."""
    right, width, lanes = product.right, vectors * plan.lanes, plan.lanes
    if right.column == 1:
        load = f"vload{lanes}(v, right + {times('k', right.row)})"
        copy = [f"vstore{lanes}({load}, v, panel + k * {width});"]
        loop = block(f"for (size_t v = 0; v < {vectors}; v++)", copy)
        loop = block(f"for (size_t k = 0; k < {product.inner}; k++)", loop)
    else:
        number = f"right[{times('c', right.column)} + {times('k', right.row)}]"
        if product.columns % width:
            number = f"j + c < {product.columns} ? {number} : 0"
        copy = [f"panel[k * {width} + c] = {number};"]
        loop = block(f"for (size_t k = 0; k < {product.inner}; k++)", copy)
        loop = block(f"for (size_t c = 0; c < {width}; c++)", loop)
    return ["// Pack the panel: its rows, one after the other.", *loop]


def sum_lines(product: Product, plan: Plan, rows: int, vectors: int) -> list[str]:
    """The heart: the sums of a tile, in registers while k runs."""
    kind, lanes, left, right = (
        vector(product.real, plan.lanes),
        plan.lanes,
        product.left,
        product.right,
    )
    row = f"panel + k * {vectors * lanes}" if plan.packed else f"right + {times('k', right.row)}"
    load = [f"vload{lanes}({v}, {row})" for v in range(vectors)]
    if lanes == 1:
        load = [f"*({row} + {v * (1 if plan.packed else right.column)})" for v in range(vectors)]
    step = [f"const {kind} right{v} = {load[v]};" for v in range(vectors)]
    left_k = f"const {kind} left_k = left[{times('r', left.row)} + {times('k', left.column)}];"
    fmas = [f"acc[r][{v}] = fma(left_k, right{v}, acc[r][{v}]);" for v in range(vectors)]
    return [
        f"{kind} acc[{rows}][{vectors}];",
        *unrolled("r", rows, [f"acc[r][{v}] = 0;" for v in range(vectors)]),
        *block(
            f"for (size_t k = 0; k < {product.inner}; k++)",
            [*step, *unrolled("r", rows, [left_k, *fmas])],
        ),
    ]


def store_lines(
    product: Product, store: Store, plan: Plan, rows: int, vectors: int, panels: int, over: int
) -> list[str]:
    """Hand every sum of a tile to `store`; the last vector may have lanes that are no columns."""
    lanes, kind = plan.lanes, vector(product.real, plan.lanes)
    row, column = "const size_t row = i + r;", f"const size_t column = j + v * {lanes};"
    sums = [column, f"const {kind} sum = acc[r][v];", *store("row", "column", "sum", lanes)]
    whole = unrolled("r", rows, [row, *unrolled("v", vectors, sums)])
    if not over:
        return whole
    last = [f"const size_t v = {vectors - 1};", column]
    last += pieces(product.real, "acc[r][v]", over, store)
    part = unrolled("r", rows, [row, *unrolled("v", vectors - 1, sums), *block("", last)])
    if panels == 1:
        return part
    inside = f"if (j + {vectors * lanes} <= {product.columns})"
    return [*block(inside, whole), *block("else", part)]


def dot_body(product: Product, store: Store, machine: Machine) -> Body:
    """A matrix times a vector: each register adds up every 16th product of a row."""
    width = machine.lanes * 4 // product.bytes
    rows = deal(product.rows, 8)
    cycles = rows.count * (product.inner // width * 8 + product.inner % width * 8 + 60)
    groups = max(1, min(cycles * product.batch // GROUP_CYCLES, 4 * machine.units) // product.batch)
    tiles = -(-rows.count // groups)
    lines = [
        matrix_number(),
        *start("right", product.real, product.right, "0", 0),
        *row_loops(product, rows, tiles, lambda size: dot_lines(product, store, size, width)),
    ]
    return Body(tuple(lines), (1, -(-rows.count // tiles), product.batch), (1, 1, 1))


def dot_lines(product: Product, store: Store, rows: int, width: int) -> list[str]:
    """The sums of some rows: vectors along k, added up in a tree, then what k has left over."""
    real, inner, left = product.real, product.inner, times("r", product.left.row)
    whole = inner // width * width
    load = f"vload{width}(0, left + {left} + k)"
    tree = [f"{vector(real, width)} sum{width} = acc[r];"]
    half = width
    while half > 1:
        half //= 2
        tree.append(f"{vector(real, half)} sum{half} = sum{2 * half}.lo + sum{2 * half}.hi;")
    if whole < inner:
        rest = [f"sum1 = fma(left[{left} + k], right[k], sum1);"]
        tree += block(f"for (size_t k = {whole}; k < {inner}; k++)", rest)
    return [
        f"{vector(real, width)} acc[{rows}];",
        *unrolled("r", rows, ["acc[r] = 0;"]),
        *block(
            f"for (size_t k = 0; k < {whole}; k += {width})",
            [
                f"const {vector(real, width)} right_k = vload{width}(0, right + k);",
                *unrolled("r", rows, [f"acc[r] = fma({load}, right_k, acc[r]);"]),
            ],
        ),
        *unrolled("r", rows, ["const size_t row = i + r;", *tree, *store("row", "0", "sum1", 1)]),
    ]
