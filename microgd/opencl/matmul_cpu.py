"""Matrix products for CPUs: one work-item, many vector registers.

A CPU multiplies and adds a vector of 16 floats per instruction (`fma`), but loads only one or two
vectors in that time. So every number loaded has to be used several times, from a register:

- **tile**: the work-item keeps the sums of, say, 6 rows × 64 columns in 24 registers. In each step
  of k it loads 64 numbers of the right matrix (4 vectors) and 6 of the left one, and does
  24 fmas with them. The sums touch no memory until k has run through.
- **which tile**: bigger is better until the 32 registers are full, but a tile should also divide
  the matrix. `choose_tiles` counts the cycles of every possible tile and takes the cheapest.
  Rows are dealt out evenly: 64 rows become 9 tiles of 6 and 2 of 5, not 10 of 6 and one of 4.
- **panel**: a group works down a panel of columns, tile by tile. So this part of the right matrix
  stays in the cache, and each number of it is used by every tile.
- **packing**: where the rows of the right matrix lie a power of two apart, all of a panel's rows
  fall on few places of the cache and push each other out; and a transposed matrix has no vectors to
  load at all. Then the panel is first copied, in order, to local memory.
- **one column**: a product with a vector adds along k, 16 numbers at a time (`dot_body`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product as pairs
from typing import Literal

from microgd.opencl.matmul import (
    Body,
    Operand,
    Product,
    Store,
    block,
    matrix_number,
    power_of_two,
    times,
    unrolled,
    vector,
)

PANEL_BYTES = 256 * 1024
"""A packed panel may be this large: so much a group may have, and a level 2 cache holds it."""

GROUP_CYCLES = 20_000
"""A group should have this much to do: starting one on another core costs about a tenth of it."""


@dataclass(frozen=True)
class Split:
    """A length dealt out evenly: `large` parts of `size`, then parts of size - 1."""

    count: int
    size: int
    large: int

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """(how many, of which size), the empty kinds left out."""
        kinds = [(self.large, self.size), (self.count - self.large, self.size - 1)]
        return [(many, size) for many, size in kinds if many]


def deal(length: int, most: int) -> Split:
    """Deal a length out to as few parts as possible, of at most `most`, as equal as possible.

    >>> deal(64, 6)
    Split(count=11, size=6, large=9)
    """
    count = -(-length // most)
    size = -(-length // count)
    return Split(count, size, length - count * (size - 1))


@dataclass(frozen=True)
class Plan:
    """How a product is cut up: tiles of rows × vectors, and what a group does."""

    lanes: int  # numbers in a vector
    rows: Split
    vectors: Split  # of the columns, counted in vectors
    tiles: int  # a group goes down its panel for so many tiles
    packed: bool


def body(product: Product, store: Store, units: int, lanes: int = 16) -> Body:
    """Write the kernel: see the head of this file."""
    if reads_better_transposed(product):
        return body(product.transposed, transposed_store(store, product), units, lanes)
    if product.columns == 1 and product.left.column == product.right.row == 1:
        return dot_body(product, store, units, lanes)
    plan = make_plan(product, units, lanes)
    return tiled_body(product, store, plan)


def needs_copy(product: Product) -> tuple[bool, bool]:
    """Whether left or right should first be copied into rows by another kernel."""
    if reads_better_transposed(product):
        left, right = needs_copy(product.transposed)
        return right, left
    return False, is_strided(product) and panel_limit(product, 16 * 4 // size_of(product)) == 0


def reads_better_transposed(product: Product) -> bool:
    """Whether the vectors should run along the rows of the result: few columns, many rows."""
    if product.rows == 1 and product.columns > 1:
        return product.right.row == 1 and product.right.column != 1
    return product.columns <= 4 < product.rows and product.left.row == 1


def transposed_store(store: Store, product: Product) -> Store:
    """The store of a transposed product: its columns are rows of the result, stored one by one."""

    def put(row: str, column: str, value: str, width: int) -> list[str]:
        lines = []
        for lane in range(width):
            name = "one" if width > 1 else value
            part = [f"const {product.real} one = {value}.s{lane:x};"] if width > 1 else []
            lines += block("", part + store(f"({column} + {lane})", row, name, 1))
        return lines

    return put


# The plan --------------------------------------------------------------------------------------


def make_plan(product: Product, units: int, lanes: int) -> Plan:
    """Choose the tiles, and so many groups that every compute unit has work."""
    width = min(lanes * 4 // size_of(product), power_of_two(product.columns))
    limit = panel_limit(product, width)
    packed = limit > 0 and (is_strided(product) or is_crowded(product))
    if is_strided(product) and not packed:
        width = 1  # right, but slow: needs_copy says so
    registers = 30 if lanes >= 16 else 14
    rows, vectors, cycles = choose_tiles(product, width, registers, limit if packed else 8)
    panels = vectors.count * product.batch
    groups = min(cycles * product.batch // GROUP_CYCLES, 4 * units)
    tiles = -(-rows.count // max(1, -(-groups // panels)))
    return Plan(width, rows, vectors, tiles, packed)


def choose_tiles(
    product: Product, width: int, registers: int, limit: int
) -> tuple[Split, Split, int]:
    """The tiles that need the fewest cycles in all, among those that fit into the registers."""
    length = -(-product.columns // width)
    best = None
    for most_rows, most_vectors in pairs(range(1, 13), range(1, min(limit, 8) + 1)):
        if (most_rows + 1) * most_vectors > registers:
            continue
        rows, vectors = deal(product.rows, most_rows), deal(length, most_vectors)
        cycles = sum(
            many_rows * many_vectors * tile_cycles(size_rows, size_vectors, product.inner)
            for many_rows, size_rows in rows.sizes
            for many_vectors, size_vectors in vectors.sizes
        )
        if best is None or cycles < best[2]:
            best = rows, vectors, cycles
    assert best is not None
    return best


def tile_cycles(rows: int, vectors: int, inner: int) -> int:
    """About how long a tile takes: one fma a cycle, but 8 at least have to be on their way."""
    sums = rows * vectors
    step = max(sums, 8) + 0.3 * (rows + vectors)
    return int(inner * step + 2 * sums + 20)


def panel_limit(product: Product, width: int) -> int:
    """How many vectors wide a packed panel may be."""
    return PANEL_BYTES // (product.inner * width * size_of(product))


def is_strided(product: Product) -> bool:
    """Whether the right matrix has no vectors to load, because its rows are no rows in memory."""
    return product.right.column != 1 and product.columns > 1


def is_crowded(product: Product) -> bool:
    """Whether the rows of the right matrix compete for the same places of the cache."""
    row = product.right.row
    return row >= 1024 and row & (row - 1) == 0 and product.rows > 16


def size_of(product: Product) -> int:
    """Bytes of a number."""
    return 8 if product.real == "double" else 4


# The text --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tile:
    """A kind of tile: its size, and whether its last vector reaches over the last column."""

    rows: int
    vectors: int
    at_the_edge: Literal["", "sometimes", "always"]


def tiled_body(product: Product, store: Store, plan: Plan) -> Body:
    """A group takes one panel of columns, and goes down it tile by tile."""
    rows, vectors, lanes = plan.rows, plan.vectors, plan.lanes
    floats = product.inner * vectors.size * lanes if plan.packed else 0
    lines = [
        matrix_number(),
        "const size_t x = get_group_id(0);  // the panel of columns",
        f"const size_t first = get_group_id(1) * {plan.tiles};  // the tiles of this group",
        f"const size_t last = min(first + {plan.tiles}, (size_t){rows.count});",
    ]
    if plan.packed:
        lines.append(f"__local {product.real} panel[{floats}];")
    if vectors.large == vectors.count:
        lines.append(f"const size_t j = {times('x', vectors.size * lanes)};")
        lines += panel_lines(product, store, plan, vectors.size, vectors.count)
    else:
        for head, size, many, before in (
            (f"if (x < {vectors.large})", vectors.size, vectors.large, 0),
            ("else", vectors.size - 1, vectors.count - vectors.large, vectors.large),
        ):
            j = f"const size_t j = {times('x', size * lanes)} + {before * lanes};"
            panel = panel_lines(product, store, plan, size, many if before else 0)
            lines += block(head, [j, *panel])
    groups = (vectors.count, -(-rows.count // plan.tiles), product.batch)
    return Body(tuple(lines), groups, (1, 1, 1), floats * size_of(product))


def panel_lines(
    product: Product, store: Store, plan: Plan, vectors: int, to_the_edge: int
) -> list[str]:
    """All tiles of the group in a panel of so many vectors.

    `to_the_edge`: how many panels are of this kind, the last of all among them, or none.
    """
    rows, real = plan.rows, product.real
    edge: Literal["", "sometimes", "always"] = "sometimes" if to_the_edge > 1 else "always"
    if not to_the_edge:
        edge = ""
    where = address(product.right, "j", product.right.column)
    if plan.packed:
        lines = [f"__global const {real} *restrict source = {where};"]
        lines += pack_lines(product, plan, vectors)
        lines.append(f"__local const {real} *right = panel;")
    else:
        lines = [f"__global const {real} *restrict right = {where};"]

    def tile_lines(size: int) -> list[str]:
        tile = Tile(size, vectors, edge)
        sums = sum_lines(product, plan, tile)
        return [
            f"// A tile of {size} x {vectors * plan.lanes}.",
            *sums,
            *store_lines(product, store, plan, tile),
        ]

    return lines + row_loops(product, rows, tile_lines)


def row_loops(product: Product, rows: Split, tile: Callable[[int], list[str]]) -> list[str]:
    """Go through the tiles first … last: those of the larger size, then those of a row less."""
    where = address(product.left, "i", product.left.row)
    pointer = f"__global const {product.real} *restrict left = {where};"
    large = f"(size_t){rows.large}"
    if rows.large == rows.count:
        loops = [("first", "last", f"t * {rows.size}", rows.size)]
    else:
        loops = [
            ("first", f"min(last, {large})", f"t * {rows.size}", rows.size),
            (f"max(first, {large})", "last", f"t * {rows.size - 1} + {large}", rows.size - 1),
        ]
    lines = []
    for begin, end, i, size in loops:
        head = f"for (size_t t = {begin}; t < {end}; t++)"
        lines += block(head, [f"const size_t i = {i};", pointer, *tile(size)])
    return lines


def address(operand: Operand, index: str, stride: int) -> str:
    """Where row (or column) `index` of a matrix begins."""
    return f"{operand.pointer} + ({operand.base}) + {times(index, stride)}"


def pack_lines(product: Product, plan: Plan, vectors: int) -> list[str]:
    """Copy a panel of the right matrix, row after row, to local memory."""
    right, width = product.right, vectors * plan.lanes
    lines = ["// Pack this panel of the right matrix."]
    if right.column == 1:
        copy = vload(plan.lanes, "v", f"source + {times('k', right.row)}")
        inner = [f"vstore{plan.lanes}({copy}, v, panel + k * {width});"]
        loop = block(f"for (int v = 0; v < {vectors}; v++)", inner)
        return lines + block(f"for (size_t k = 0; k < {product.inner}; k++)", loop)
    inside = "" if product.columns % width == 0 else f"j + c < {product.columns} ? "
    number = f"source[{times('c', right.column)} + {times('k', right.row)}]"
    inner = [f"panel[k * {width} + c] = {inside}{number}{' : 0' if inside else ''};"]
    loop = block(f"for (size_t k = 0; k < {product.inner}; k++)", inner)
    return lines + block(f"for (size_t c = 0; c < {width}; c++)", loop)


def sum_lines(product: Product, plan: Plan, tile: Tile) -> list[str]:
    """The heart: the sums of a tile, in registers while k runs."""
    rows, vectors = tile.rows, tile.vectors
    kind = vector(product.real, plan.lanes)
    left = product.left
    step = vectors * plan.lanes if plan.packed else product.right.row
    load = vload(plan.lanes, "v", f"right + {times('k', step)}")
    if is_strided(product) and not plan.packed:
        load = f"right[{times('k', step)} + {times('v', product.right.column)}]"
    each_row = [
        f"const {kind} left_k = left[{times('r', left.row)} + {times('k', left.column)}];",
        *unrolled("v", vectors, ["acc[r][v] = fma(left_k, right_k[v], acc[r][v]);"]),
    ]
    return [
        f"{kind} acc[{rows}][{vectors}];",
        *unrolled("r", rows, unrolled("v", vectors, ["acc[r][v] = 0;"])),
        "#pragma unroll 4",
        *block(
            f"for (size_t k = 0; k < {product.inner}; k++)",
            [
                f"{kind} right_k[{vectors}];",
                *unrolled("v", vectors, [f"right_k[v] = {load};"]),
                *unrolled("r", rows, each_row),
            ],
        ),
    ]


def store_lines(product: Product, store: Store, plan: Plan, tile: Tile) -> list[str]:
    """Hand every sum of a tile to `store`; the last vector may have lanes that are no columns."""
    lanes, rest = plan.lanes, product.columns % plan.lanes
    column = f"const size_t column = j + v * {lanes};"
    kind = vector(product.real, lanes)
    whole = [f"const {kind} sum = acc[r][v];", *store("row", "column", "sum", lanes)]
    if not (rest and tile.at_the_edge):
        lines = unrolled("v", tile.vectors, [column, *whole])
    else:
        parts = [line for part in pieces(product.real, rest) for line in part_lines(store, *part)]
        if tile.at_the_edge == "sometimes":
            whole_here = block(f"if (column + {lanes} <= {product.columns})", whole)
            parts = [*whole_here, *block("else", parts)]
        lines = unrolled("v", tile.vectors - 1, [column, *whole])
        lines += block("", [f"const int v = {tile.vectors - 1};", column, *parts])
    return unrolled("r", tile.rows, ["const size_t row = i + r;", *lines])


def part_lines(store: Store, kind: str, offset: int, width: int) -> list[str]:
    """Store some lanes of the last vector."""
    names = "".join(f"{lane:x}" for lane in range(offset, offset + width))
    part = [f"const {kind} sum = acc[r][v].s{names};"]
    return block("", part + store("row", f"(column + {offset})", "sum", width))


def pieces(real: str, count: int) -> Iterator[tuple[str, int, int]]:
    """Cut so many lanes into vectors that OpenCL has: (type, first lane, width)."""
    offset = 0
    for width in (8, 4, 2, 1):
        if count & width:
            yield vector(real, width), offset, width
            offset += width


def vload(lanes: int, index: str, pointer: str) -> str:
    """Read the vector of that number."""
    return f"({pointer})[{index}]" if lanes == 1 else f"vload{lanes}({index}, {pointer})"


def dot_body(product: Product, store: Store, units: int, lanes: int) -> Body:
    """A matrix times a vector: each register adds up every 16th product of a row."""
    width = lanes * 4 // size_of(product)
    rows = deal(product.rows, 8)
    cycles = rows.count * (product.inner // width * 8 + product.inner % width * 8 + 60)
    groups = max(1, min(cycles * product.batch // GROUP_CYCLES, 4 * units) // product.batch)
    tiles = -(-rows.count // groups)
    right = f"{product.right.pointer} + ({product.right.base})"
    lines = [
        matrix_number(),
        f"const size_t first = get_group_id(1) * {tiles};  // the tiles of this group",
        f"const size_t last = min(first + {tiles}, (size_t){rows.count});",
        f"__global const {product.real} *restrict right = {right};",
    ]
    lines += row_loops(product, rows, lambda size: dot_lines(product, store, size, width))
    return Body(tuple(lines), (1, -(-rows.count // tiles), product.batch), (1, 1, 1))


def dot_lines(product: Product, store: Store, rows: int, width: int) -> list[str]:
    """The sums of some rows: vectors along k, added up in a tree, then what k has left over."""
    kind, real, inner = vector(product.real, width), product.real, product.inner
    whole = inner // width * width
    left = times("r", product.left.row)
    finish = [f"{kind} sum{width} = acc[r];"]
    half = width
    while half > 1:
        half //= 2
        name = "sum" if half == 1 else f"sum{half}"
        finish.append(f"{vector(real, half)} {name} = sum{2 * half}.lo + sum{2 * half}.hi;")
    if whole < inner:
        finish += block(
            f"for (size_t k = {whole}; k < {inner}; k++)",
            [f"sum = fma(left[{left} + k], right[k], sum);"],
        )
    return [
        f"{kind} acc[{rows}];",
        *unrolled("r", rows, ["acc[r] = 0;"]),
        *block(
            f"for (size_t k = 0; k < {whole}; k += {width})",
            [
                f"const {kind} right_k = vload{width}(0, right + k);",
                *unrolled(
                    "r",
                    rows,
                    [f"acc[r] = fma(vload{width}(0, left + {left} + k), right_k, acc[r]);"],
                ),
            ],
        ),
        *unrolled("r", rows, ["const size_t row = i + r;", *finish, *store("row", "0", "sum", 1)]),
    ]
