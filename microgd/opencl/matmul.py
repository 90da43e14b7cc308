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

Family = Literal["cpu", "gpu"]

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


def matmul_body(
    product: Product, store: Store, family: str, units: int, *, lanes: int = 16
) -> Body:
    """Write the body of a kernel that computes a product.

    `units` is how many compute units the device has; `lanes` how many floats a vector register of a
    CPU holds (the device's native_vector_width_float).
    """
    from microgd.opencl import matmul_cpu, matmul_gpu

    if family == "gpu":
        return matmul_gpu.body(product, store, units)
    return matmul_cpu.body(product, store, units, lanes)


def needs_copy(product: Product, family: str) -> tuple[bool, bool]:
    """Whether left or right should first be copied into rows, so that this family reads it well."""
    from microgd.opencl import matmul_cpu

    return (False, False) if family == "gpu" else matmul_cpu.needs_copy(product)


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
    """A loop that the compiler writes out: only then an array can live in registers."""
    return ["#pragma unroll", *block(f"for (int {name} = 0; {name} < {count}; {name}++)", lines)]
