"""Matrix products for GPUs: a group of work-items shares what it loads.

A GPU runs thousands of work-items at once, but each number from global memory costs hundreds of
cycles. So a number loaded has to serve many of them:

- **tile**: a group computes a tile of the result, 64 rows × 64 columns. It goes along k in steps of
  16. In each step it copies 64×16 numbers of the left matrix and 16×64 of the right one to local
  memory, which is as fast as a cache and seen by the whole group. Each number copied is used by 16
  work-items, 4 times by each: 64 uses for one slow load.
- **4×4 sums per item**: 16×16 items share the tile, and each keeps 4×4 sums in registers. It reads
  4 + 4 numbers from local memory for 16 fmas; with one sum per item it would be 2 for one.
- **coalescing**: neighbouring items load neighbouring addresses. Whether these lie along the rows
  of the matrix or along k depends on its strides, so the tile is dealt out accordingly.
- **banks**: local memory serves 32 numbers at once if they lie in different banks. Rows of a
  tile are therefore a little longer than needed, so that a column is spread over the banks.
- **barriers**: all items wait for each other twice per step: before a tile is read, all of it must
  be there; before it is overwritten, all must have read it. So no item ever leaves early: those
  beyond the edge load zeros and store nothing.
- **small products** get smaller tiles: 16 groups of 16×16 keep a GPU busier than one of 64×64.
"""

from __future__ import annotations

from dataclasses import dataclass

from microgd.opencl.matmul import (
    Body,
    Operand,
    Product,
    Store,
    block,
    matrix_number,
    power_of_two,
    start,
    times,
    unrolled,
    vector,
)

DEPTH = 16
"""How far along k a tile reaches, if it is not a very wide one."""

ITEMS = 256
"""Work-items of a group: every GPU allows so many."""


@dataclass(frozen=True)
class Plan:
    """A group of items (down, across), each with some rows and columns of sums; and how deep."""

    down: int
    across: int
    rows: int
    columns: int
    depth: int

    @property
    def items(self) -> int:
        """Work-items of a group."""
        return self.down * self.across


@dataclass(frozen=True)
class Shared:
    """A tile in local memory: `depth` rows, each of `length` numbers along one edge of the result.

    The items read `per_item` numbers of a row at once, as a vector.
    """

    name: str
    operand: Operand
    edge: str  # the first row (or column) of the tile, and how many the matrix has
    size: int
    length: int
    per_item: int
    along_edge: int  # strides of the matrix
    along_k: int


def body(product: Product, store: Store, units: int) -> Body:
    """Write the kernel: see the head of this file."""
    plan = make_plan(product, units)
    high, wide = plan.down * plan.rows, plan.across * plan.columns
    left, right = product.left, product.right
    tiles = [
        Shared("left", left, "top", product.rows, high, plan.rows, left.row, left.column),
        Shared(
            "right", right, "first", product.columns, wide, plan.columns, right.column, right.row
        ),
    ]
    declared = [line for tile in tiles for line in declare(product, tile, plan)]
    kind = vector(product.real, plan.columns)
    steps = [
        *[line for tile in tiles for line in load_lines(product, tile, plan)],
        "barrier(CLK_LOCAL_MEM_FENCE);",
        *sum_lines(product, plan),
        "barrier(CLK_LOCAL_MEM_FENCE);",
    ]
    lines = [
        matrix_number(),
        "const size_t x = get_local_id(0), y = get_local_id(1);",
        f"const size_t item = y * {plan.across} + x;",
        f"const size_t top = get_group_id(1) * {high}, first = get_group_id(0) * {wide};",
        *declared,
        f"// {plan.rows} x {plan.columns} sums of this item.",
        f"{kind} acc[{plan.rows}];",
        *unrolled("r", plan.rows, ["acc[r] = 0;"]),
        *block(f"for (size_t k0 = 0; k0 < {product.inner}; k0 += {plan.depth})", steps),
        *store_lines(product, store, plan),
    ]
    local_bytes = sum(row_length(tile) for tile in tiles) * plan.depth * product.bytes
    groups = (-(-product.columns // wide), -(-product.rows // high), product.batch)
    return Body(tuple(lines), groups, (plan.across, plan.down, 1), local_bytes)


def make_plan(product: Product, units: int) -> Plan:
    """The largest tiles that still give every compute unit two groups; else the smallest."""
    down, across = min(16, power_of_two(product.rows)), min(16, power_of_two(product.columns))
    if down < 16:
        across = min(ITEMS // down, 64, power_of_two(product.columns))
    elif across < 16:
        down = min(ITEMS // across, 64, power_of_two(product.rows))
    plan = Plan(down, across, 1, 1, min(DEPTH, power_of_two(product.inner)))
    for each in (4, 2):
        rows, columns = (
            min(each, power_of_two(-(-length // items)))
            for length, items in ((product.rows, down), (product.columns, across))
        )
        groups = -(-product.rows // (down * rows)) * -(-product.columns // (across * columns))
        if groups * product.batch >= 2 * units:
            # A single row of 256 columns would need more local memory than a square.
            depth = plan.depth // 2 if down * rows + across * columns > 128 else plan.depth
            return Plan(down, across, rows, columns, max(1, depth))
    return plan


def row_length(tile: Shared) -> int:
    """Numbers in a row of a tile in local memory, with the padding against bank conflicts."""
    return tile.length + tile.per_item


def declare(product: Product, tile: Shared, plan: Plan) -> list[str]:
    """The tile, as vectors (one read serves an item), and the same memory as single numbers."""
    name, real, kind = tile.name, product.real, vector(product.real, tile.per_item)
    vectors = row_length(tile) // tile.per_item
    return [
        *start(name, real, tile.operand, "0", 0),
        f"__local {kind} {name}_tile[{plan.depth}][{vectors}];",
        f"__local {real} *{name}_numbers = (__local {real} *){name}_tile;",
    ]


def load_lines(product: Product, tile: Shared, plan: Plan) -> list[str]:
    """Copy a tile to local memory: neighbouring items, neighbouring addresses; zeros outside."""
    count = tile.length * plan.depth
    k, e = f"n / {tile.length}", f"n % {tile.length}"
    if tile.along_k == 1 and tile.along_edge != 1:
        k, e = f"n % {plan.depth}", f"n / {plan.depth}"
    guards = []
    if tile.size % tile.length:
        guards.append(f"{tile.edge} + e < {tile.size}")
    if product.inner % plan.depth:
        guards.append(f"k0 + k < {product.inner}")
    place = [
        times(f"({tile.edge} + e)", tile.along_edge),
        times("(k0 + k)", tile.along_k),
    ]
    number = f"{tile.name}[{' + '.join(place)}]"
    if guards:
        number = f"{' && '.join(guards)} ? {number} : 0"
    copy = [
        f"const size_t k = {k}, e = {e};",
        f"{tile.name}_numbers[k * {row_length(tile)} + e] = {number};",
    ]
    return block(f"for (size_t n = item; n < {count}; n += {plan.items})", copy)


def sum_lines(product: Product, plan: Plan) -> list[str]:
    """Add up what the two tiles hold."""
    left, right = vector(product.real, plan.rows), vector(product.real, plan.columns)
    parts = [f"left_k.s{r}" for r in range(plan.rows)] if plan.rows > 1 else ["left_k"]
    step = [
        f"const {left} left_k = left_tile[k][y];",
        f"const {right} right_k = right_tile[k][x];",
        *[f"acc[{r}] = fma(({right})({one}), right_k, acc[{r}]);" for r, one in enumerate(parts)],
    ]
    return unrolled("k", plan.depth, step)


def store_lines(product: Product, store: Store, plan: Plan) -> list[str]:
    """Hand the sums to `store`: whole vectors inside, single numbers at the edge."""
    width, kind = plan.columns, vector(product.real, plan.columns)
    whole = store("row", "column", "sum", width)
    lines = block(f"if (column + {width} <= {product.columns})", whole)
    if product.columns % width:
        singles = []
        for lane in range(width - 1):
            single = [f"const {product.real} one = sum.s{lane};"]
            single += store("row", f"(column + {lane})", "one", 1)
            singles += block(f"if (column + {lane} < {product.columns})", single)
        lines += block("else", singles)
    lines = [
        f"const size_t row = top + y * {plan.rows} + r;",
        f"const size_t column = first + {times('x', width)};",
        f"const {kind} sum = acc[r];",
        *block(f"if (row < {product.rows})", lines),
    ]
    return unrolled("r", plan.rows, lines)
