"""Matrix products as OpenCL C: what a product is, and which family of kernels writes its text.

A product is `out[i, j] = Σ_k left[i, k] · right[k, j]`, and there are two good ways to compute it:

- `cpu`: one work-item computes a whole tile of the result in vector registers (`matmul_cpu`);
- `gpu`: a group of 256 work-items shares tiles of both inputs in local memory (`matmul_gpu`).

Both only *read* the inputs. What becomes of a finished sum is the business of the caller, whose
`store` writes the lines that add a bias, apply an activation, update a parameter in place, …
It sees every element of the result exactly once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

LOCAL_MEMORY = 256 * 1024
"""Bytes that a CPU's work-group shares, in the runtimes of Intel and PoCL (or more)."""

Store = Callable[[str, str, str, int], list[str]]
"""`store(i, j, value, width)`: the C lines that use up `width` finished sums of row i.

`value` is a variable of type real (width 1) or real2, real4, real8, real16: the sums of the columns
j … j+width-1.
"""


@dataclass(frozen=True)
class Operand:
    """Where a matrix lies: element (i, k) is `pointer[base + i·row + k·column]`."""

    pointer: str  # the name of a kernel argument, `__global const real *restrict`
    base: str  # a C expression (size_t), which may use the number of the matrix, `b`
    row: int
    column: int

    @property
    def transposed(self) -> Operand:
        """The same numbers, read as the transposed matrix."""
        return Operand(self.pointer, self.base, self.column, self.row)


@dataclass(frozen=True)
class Product:
    """A batch of products, rows×inner by inner×columns; all sizes are constants of the kernel."""

    real: Literal["float", "double"]
    batch: int
    rows: int
    columns: int
    inner: int
    left: Operand
    right: Operand

    @property
    def bytes(self) -> int:
        """Bytes of a number."""
        return 8 if self.real == "double" else 4

    @property
    def transposed(self) -> Product:
        """The product whose result is the transposed result: (A·B)ᵀ = Bᵀ·Aᵀ."""
        return Product(
            self.real,
            self.batch,
            self.columns,
            self.rows,
            self.inner,
            self.right.transposed,
            self.left.transposed,
        )


@dataclass(frozen=True)
class Body:
    """The statements of a kernel, and how many work-items have to run them."""

    lines: tuple[str, ...]
    groups: tuple[int, int, int]  # work-groups along x, y, z; z is the batch
    local: tuple[int, int, int]  # work-items of a group
    local_bytes: int = 0  # __local memory that a group needs


@dataclass(frozen=True)
class Machine:
    """What a plan has to know about the device."""

    units: int
    lanes: int  # floats in a vector register
    local_memory: int

    def panel_limit(self, product: Product, width: int) -> int:
        """How many vectors of so many numbers wide a packed panel may be."""
        memory = min(self.local_memory, LOCAL_MEMORY)  # more would not stay in the cache
        return memory // (product.inner * width * product.bytes)


def matmul_body(
    product: Product,
    store: Store,
    family: str,
    units: int,
    *,
    lanes: int = 16,
    local_memory: int = LOCAL_MEMORY,
) -> Body:
    """Write the body of a kernel that computes a product.

    Arguments:
        store: writes what becomes of the sums.
        family: "cpu" or "gpu".
        units: compute units of the device.
        lanes: floats in a native vector of the device (CPUs only).
        local_memory: bytes that a work-group shares.
    """
    from microgd.opencl import matmul_cpu, matmul_gpu

    if family == "gpu":
        return matmul_gpu.body(product, store, units)
    return matmul_cpu.body(product, store, Machine(units, lanes, local_memory))


def needs_copy(
    product: Product, family: str, *, local_memory: int = LOCAL_MEMORY
) -> tuple[bool, bool]:
    """Whether left or right should first be copied into rows, so that this family reads it well.

    Without the copy the product is still right, only slow.
    """
    from microgd.opencl import matmul_cpu

    return (False, False) if family == "gpu" else matmul_cpu.needs_copy(product, local_memory)


def matrix_number() -> str:
    """The line that defines `b`."""
    return "const size_t b = get_group_id(2);"


def times(name: str, stride: int) -> str:
    """`name * stride` as C, without the multiplication by one.

    >>> times("k", 784), times("k", 1), times("k", 0)
    ('k * 784', 'k', '0')
    """
    return {0: "0", 1: name}.get(stride, f"{name} * {stride}")


def indent(lines: list[str]) -> list[str]:
    """The lines, one level deeper."""
    return [f"    {line}" if line else line for line in lines]


def block(head: str, lines: list[str]) -> list[str]:
    """`head { lines }`."""
    return [f"{head} {{".lstrip(), *indent(lines), "}"]


def power_of_two(length: int) -> int:
    """The smallest power of two that is not less."""
    return 1 << (length - 1).bit_length()


def vector(real: str, width: int) -> str:
    """The name of a vector type."""
    return real if width == 1 else f"{real}{width}"


def unrolled(name: str, count: int, lines: list[str]) -> list[str]:
    """A loop that the compiler writes out: only then can an array live in registers."""
    if count == 0:
        return []
    if count == 1:
        return block("", [f"const size_t {name} = 0;", *lines])
    head = f"for (size_t {name} = 0; {name} < {count}; {name}++)"
    return ["#pragma unroll", *block(head, lines)]


def start(name: str, real: str, matrix: Operand, index: str, stride: int) -> list[str]:
    """The line that defines a pointer to row (or column) `index` of a matrix."""
    parts = [f"({matrix.base})"] * (matrix.base != "0") + [times(index, stride)] * (stride != 0)
    where = " + ".join([matrix.pointer, *parts])
    return [f"__global const {real} *restrict {name} = {where};"]


def pieces(real: str, value: str, count: int, store: Store) -> list[str]:
    """Store only the first lanes of a vector: in vectors of 8, 4, 2 and 1, as far as they go."""
    lines = []
    offset = 0
    for width in (8, 4, 2, 1):
        if count & width:
            lanes = "".join(f"{lane:x}" for lane in range(offset, offset + width))
            piece = [f"const {vector(real, width)} piece = {value}.s{lanes};"]
            lines += block("", piece + store("row", f"(column + {offset})", "piece", width))
            offset += width
    return lines


def transposed_store(store: Store, product: Product) -> Store:
    """The store of a transposed product: its columns are rows of the result, stored one by one."""

    def put(row: str, column: str, value: str, width: int) -> list[str]:
        if width == 1:
            return store(column, row, value, 1)
        lines = []
        for lane in range(width):
            one = f"const {product.real} one = {value}.s{lane:x};"
            lines += block("", [one, *store(f"({column} + {lane})", row, "one", 1)])
        return lines

    return put


@dataclass(frozen=True)
class Split:
    """A length dealt out evenly: `large` parts of `size`, then parts of size - 1."""

    count: int
    size: int
    large: int

    @property
    def kinds(self) -> list[tuple[int, int]]:
        """(how many, of which size), without the empty kind."""
        kinds = [(self.large, self.size), (self.count - self.large, self.size - 1)]
        return [(many, size) for many, size in kinds if many]


def deal(length: int, most: int) -> Split:
    """Deal a length out to as few parts as possible, of at most `most`, as equal as possible.

    >>> deal(65, 6)
    Split(count=11, size=6, large=10)
    """
    count = -(-length // most)
    size = -(-length // count)
    return Split(count, size, length - count * (size - 1))
