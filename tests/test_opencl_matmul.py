"""Matrix products in OpenCL C: both families against NumPy, at every edge of every tile."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

from microgd.opencl.matmul import Body, Machine, Operand, Product, deal, matmul_body, needs_copy

EDGES = [1, 2, 3, 5, 6, 7, 8, 9, 10, 15, 16, 17, 31, 33, 47, 48, 49, 63, 64, 65, 95, 96, 97, 130]
PADDING = 128  # bytes after a buffer's last element that a kernel may read, and never use
LAYOUTS = ["rows", "columns", "wide rows", "wide columns", "scattered"]


@dataclass(frozen=True)
class Case:
    rows: int
    columns: int
    inner: int
    left: str = "rows"
    right: str = "rows"
    batch: int = 1
    shared: bool = False  # all products of the batch have the same right matrix
    special: bool = False  # NaN and infinities among the numbers


def strides(layout: str, rows: int, columns: int) -> tuple[int, int]:
    """How far apart rows and columns lie, in elements."""
    return {
        "rows": (columns, 1),
        "columns": (1, rows),
        "wide rows": (columns + 5, 1),
        "wide columns": (1, rows + 3),
        "scattered": (2 * columns + 1, 2),
        "power of two": (1024, 1),
        "power of two columns": (1, 1024),
    }[layout]


class Matrices:
    """A batch of matrices in a buffer of NaNs: a kernel that reads beside them shows it."""

    def __init__(
        self, numbers: np.random.Generator, pointer: str, layout: str, shape: Any, case: Case
    ):
        batch, rows, columns = shape
        row, column = strides(layout, rows, columns)
        extent = (rows - 1) * row + (columns - 1) * column + 1
        offset, each = 3, extent + 2
        self.buffer = np.full(offset + (batch - 1) * each + extent, np.nan)
        view = as_strided(self.buffer[offset:], shape, [8 * each, 8 * row, 8 * column])
        view[...] = numbers.standard_normal(shape)
        if case.special:
            for value in (np.nan, np.inf, -np.inf, 0.0):
                view[tuple(numbers.integers(0, shape))] = value
        self.view = view
        base = f"{offset} + b * {each}" if batch > 1 else f"{offset}"
        self.operand = Operand(pointer, base, row, column)


class Trial:
    """A case with its numbers, its kernel, and what NumPy says."""

    def __init__(self, case: Case, number: int, real: str, family: str, units: int, lanes: int):
        numbers = np.random.default_rng(number)
        self.case, self.name = case, f"product{number}"
        self.dtype = np.dtype(np.float32 if real == "float" else np.float64)
        shape = (case.batch, case.rows, case.inner)
        self.left = Matrices(numbers, "a0", case.left, shape, case)
        shape = (1 if case.shared else case.batch, case.inner, case.columns)
        self.right = Matrices(numbers, "a1", case.right, shape, case)
        sizes = (case.batch, case.rows, case.columns, case.inner)
        self.product = Product(real, *sizes, self.left.operand, self.right.operand)
        self.body = matmul_body(self.product, self.store, family, units, lanes=lanes)

    def store(self, i: str, j: str, value: str, width: int) -> list[str]:
        """Store the sums, and count the visits in place."""
        assert width in (1, 2, 4, 8, 16)
        place = f"(b * {self.case.rows} + {i}) * {self.case.columns} + {j}"
        if width == 1:
            return [f"out[{place}] = {value};", f"visits[{place}] += 1;"]
        add = f"vload{width}(0, visits + {place}) + 1"
        return [
            f"vstore{width}({value}, 0, out + {place});",
            f"vstore{width}({add}, 0, visits + {place});",
        ]

    @property
    def source(self) -> str:
        real = self.product.real
        inputs = f"__global const {real} *restrict a0, __global const {real} *restrict a1"
        outputs = f"__global {real} *restrict out, __global {real} *restrict visits"
        return "\n".join(
            [
                f"__kernel __attribute__((reqd_work_group_size{self.body.local}))",
                f"void {self.name}({inputs}, {outputs})",
                "{",
                *[f"    {line}" for line in self.body.lines],
                "}",
            ]
        )

    def run(self, device: Any, program: Any) -> tuple[np.ndarray, np.ndarray]:
        """The results and the visits, each with the padding behind it."""
        import pyopencl as cl

        def upload(values: np.ndarray) -> Any:
            tail = np.full(PADDING // self.dtype.itemsize, np.nan)
            padded = np.concatenate([values.ravel(), tail]).astype(self.dtype)
            flags = cl.mem_flags.READ_WRITE | cl.mem_flags.COPY_HOST_PTR
            return cl.Buffer(device.context, flags, hostbuf=padded)

        shape = (self.case.batch, self.case.rows, self.case.columns)
        buffers = [upload(self.left.buffer), upload(self.right.buffer)]
        buffers += [upload(np.full(shape, 77.0)), upload(np.zeros(shape))]
        size = tuple(g * n for g, n in zip(self.body.groups, self.body.local, strict=True))
        kernel = cl.Kernel(program, self.name)
        kernel(device.queue, size, self.body.local, *buffers)
        results = []
        for buffer in buffers[2:]:
            result = np.empty(buffer.size // self.dtype.itemsize, self.dtype)
            cl.enqueue_copy(device.queue, result, buffer)
            results.append(result)
        return results[0], results[1]

    def check(self, device: Any, program: Any) -> None:
        """Compare with NumPy in double precision.

        A sum of K products, each rounded at most once by its fma, in whatever order, is off by at
        most about K·eps of the sum of the products' magnitudes; and both inputs were rounded.
        """
        out, visits = self.run(device, program)
        count = self.case.batch * self.case.rows * self.case.columns
        assert np.isnan(out[count:]).all(), f"{self.case}: written after the end"
        assert np.isnan(visits[count:]).all(), f"{self.case}: visited after the end"
        assert (visits[:count] == 1).all(), f"{self.case}: {np.unique(visits[:count])} visits"
        left, right = (m.view.astype(self.dtype).astype(float) for m in (self.left, self.right))
        with np.errstate(invalid="ignore"):
            expected = left @ right
            limit = (self.case.inner + 2) * np.finfo(self.dtype).eps * (abs(left) @ abs(right))
        found = out[:count].reshape(expected.shape).astype(float)
        finite = np.isfinite(expected)
        # NaN and the infinities spread as NumPy's do.
        np.testing.assert_array_equal(found[~finite], expected[~finite], str(self.case))
        assert np.isfinite(found[finite]).all(), f"{self.case}: garbage among the results"
        excess = abs(found[finite] - expected[finite]) - limit[finite]
        assert not (excess > 0).any(), f"{self.case}: off by {excess.max()} more"
        again, _ = self.run(device, program)
        assert again.tobytes() == out.tobytes(), f"{self.case}: other bits the second time"


def edge_cases(seed: int) -> list[Case]:
    """Every edge as number of rows, of columns and along k; every pair of layouts; batches."""
    chance = random.Random(seed)
    sizes = [chance.sample(EDGES, len(EDGES)) for _ in range(3)]
    layouts = [(left, right) for left in LAYOUTS for right in LAYOUTS]
    chance.shuffle(layouts)
    cases = []
    for number, (rows, columns, inner) in enumerate(zip(*sizes, strict=True)):
        batch = 3 if number % 3 == 0 else 1
        case = Case(rows, columns, inner, *layouts[number], batch, shared=number % 6 == 0)
        cases.append(replace(case, special=number % 4 == 1))
    return cases


#: Vectors, outer products, and right matrices so large that they are packed, or cannot be.
SPECIAL_CASES = [
    Case(1, 130, 65, "rows", "columns"),
    Case(1, 200, 33, "rows", "rows", special=True),
    Case(130, 1, 65, "rows", "rows", special=True),
    Case(130, 1, 65, "columns", "columns"),
    Case(99, 3, 40, "columns", "rows", batch=2),
    Case(65, 33, 1, "scattered", "columns"),
    Case(1, 1, 1),
    Case(1, 1, 257, "rows", "columns"),
    Case(40, 50, 34, "power of two", "power of two", special=True),
    Case(21, 70, 30, "power of two columns", "power of two columns"),
    Case(18, 17, 4100, "rows", "columns"),
]


def all_pass(device: Any, cases: list[Case], real: str, family: str, **kw: int) -> None:
    """Build the kernels of all cases as one program, and check each."""
    import pyopencl as cl

    if real == "double" and not device.float64:
        pytest.skip("no double precision")
    settings = {"units": device.units, "lanes": 16, **kw}
    trials = [Trial(case, n, real, family, **settings) for n, case in enumerate(cases)]
    source = "\n\n".join(trial.source for trial in trials)
    program = cl.Program(device.context, source).build(["-cl-std=CL1.2"])
    for trial in trials:
        trial.check(device, program)


@pytest.mark.parametrize("real", ["float", "double"])
@pytest.mark.parametrize("family", ["cpu", "gpu"])
@pytest.mark.filterwarnings("ignore::pyopencl.CompilerWarning")
def test_every_edge_of_every_tile(opencl_device: Any, family: str, real: str) -> None:
    cases = edge_cases(1 if family == "cpu" else 2) + SPECIAL_CASES
    all_pass(opencl_device, cases if real == "float" else cases[1::3], real, family)


@pytest.mark.parametrize("lanes", [4, 8])
@pytest.mark.filterwarnings("ignore::pyopencl.CompilerWarning")
def test_shorter_vectors(opencl_device: Any, lanes: int) -> None:
    all_pass(opencl_device, edge_cases(lanes)[:9], "float", "cpu", lanes=lanes)


@pytest.mark.filterwarnings("ignore::pyopencl.CompilerWarning")
def test_many_small_tiles_for_many_units(opencl_device: Any) -> None:
    for family in ("cpu", "gpu"):
        all_pass(opencl_device, edge_cases(3)[:9], "float", family, units=132)


def product(rows: int, columns: int, inner: int, right: str = "rows", real: str = "float") -> Any:
    places = [
        Operand("a0", "0", *strides("rows", rows, inner)),
        Operand("a1", "0", *strides(right, inner, columns)),
    ]
    return Product(real, 1, rows, columns, inner, *places)


def body_of(case: Product, family: str, units: int = 2) -> Body:
    return matmul_body(case, lambda i, j, value, width: [f"use({value});"], family, units)


def test_a_length_is_dealt_out_evenly() -> None:
    for length in range(1, 200):
        for most in range(1, 14):
            split = deal(length, most)
            assert sum(many * size for many, size in split.kinds) == length
            assert split.size <= most
            assert split.count == -(-length // most)


def test_a_gpu_group_is_small_enough_for_every_gpu() -> None:
    for real in ("float", "double"):
        for rows in (1, 3, 20, 64, 1000):
            for columns in (1, 3, 20, 64, 1000):
                body = body_of(product(rows, columns, 70, real=real), "gpu")
                assert np.prod(body.local) <= 256
                assert body.local_bytes <= 32 * 1024


def test_small_products_still_fill_a_gpu() -> None:
    assert np.prod(body_of(product(1024, 1024, 64), "gpu", units=100).groups) == 256
    assert np.prod(body_of(product(256, 256, 64), "gpu", units=100).groups) == 256


def test_large_products_have_work_for_every_core_and_small_ones_are_not_split() -> None:
    assert np.prod(body_of(product(1024, 128, 1024), "cpu", units=16).groups) >= 16
    assert np.prod(body_of(product(8, 16, 16), "cpu", units=16).groups) == 1


def test_a_transposed_matrix_is_packed_unless_it_is_too_large() -> None:
    small, large = product(64, 128, 10, "columns"), product(64, 128, 5000, "columns")
    assert needs_copy(small, "cpu") == (False, False)
    assert needs_copy(large, "cpu") == (False, True)
    assert needs_copy(large, "gpu") == (False, False)
    assert needs_copy(small, "cpu", local_memory=0) == (False, True)
    assert body_of(small, "cpu").local_bytes > 0
    assert body_of(large, "cpu").local_bytes == 0
    assert body_of(small, "cpu").local_bytes <= Machine(2, 16, 256 * 1024).local_memory


def test_packing_reads_no_column_beyond_the_last() -> None:
    lines = "\n".join(body_of(product(64, 50, 20, "columns"), "cpu").lines)
    assert "j + c < 50 ? right[c * 20 + k] : 0" in lines
