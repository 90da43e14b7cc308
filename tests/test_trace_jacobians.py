"""Local Jacobians: sizes, structures and counts, against matrices built from the gates' rules."""

from __future__ import annotations

import re
import time
from typing import Any

import numpy as np
import pytest
from gate_cases import CASES, cases, gate

import microgd as mg
from microgd.errors import DataError, GateError
from microgd.trace.jacobians import LocalJacobian, jacobian_table, jacobians, local_jacobian
from microgd.trace.structure import structure_of

#: Gates whose derivative is nowhere 0 at the points tried, so that the count must be exact.
ALWAYS_NONZERO = {
    *("add", "sub", "neg", "mul", "div", "recip", "identity", "exp", "log", "sigmoid", "tanh"),
    *("softplus", "sqrt", "sum", "mean", "max", "min", "logsumexp", "matmul", "reshape"),
    *("transpose", "broadcast_to", "sum_to", "concatenate", "stack", "index", "place", "take"),
    *("scatter_add", "leaky_relu", "elu"),
}


def node_of(name: str, shapes: Any, params: dict[str, Any]) -> mg.Tensor:
    points = CASES[name].points(shapes, seed=1)
    node = gate(name)(*(mg.Tensor(p) for p in points), **params)
    assert isinstance(node, mg.Tensor)
    return node


def by_unit_vectors(node: mg.Tensor, position: int) -> Any:
    """The matrix row by row, from vector-Jacobian products of the public interface."""
    fresh = [mg.Tensor(i.value) for i in node.inputs]
    again = node.gate(*fresh, **(node.params or {}))
    rows = []
    for unit in np.eye(again.size):
        fresh[position].grad = None
        again.backward(unit.reshape(again.shape))
        rows.append(np.ravel(fresh[position].grad))
    return np.array(rows).reshape(again.size, fresh[position].size)


def fits(words: str, matrix: Any) -> bool:
    """Whether the words describe the places of the matrix that are not 0."""
    rows, columns = matrix.shape
    places = matrix != 0
    in_rows, in_columns = places.sum(axis=1), places.sum(axis=0)
    diagonal = rows == columns and not places[~np.eye(rows, dtype=bool)].any()
    if found := re.fullmatch(r"block diagonal(.*): (\d+) blocks of (\d+) × (\d+)", words):
        once_sorted, (count, high, wide) = found[1], map(int, found.groups()[1:])
        blocks = np.kron(np.eye(count), np.ones((high, wide))).astype(bool)
        if not once_sorted:
            return not (places & ~blocks).any()
        patterns = {tuple(r) for r in places}
        return len(patterns) == count and all(sum(p) == wide for p in patterns)
    if found := re.fullmatch(r"(\d+) blocks of (\d+) × (\d+), repeated by broadcasting", words):
        count, high, wide = map(int, found.groups())
        return rows == count * high and bool((in_rows == wide).all())
    if found := re.fullmatch(r"(?:a row of|one) 1/(\d+)(?: in each column)?", words):
        return bool((in_columns == 1).all()) and np.allclose(matrix[places], 1 / int(found[1]))
    if found := re.fullmatch(r"(\d+) entr\w+ in each row, one for each hinge", words):
        return bool((in_rows <= int(found[1])).all())
    ones = bool((matrix[places] == 1).all())
    return {
        "all zeros": not places.any(),
        "empty": matrix.size == 0,
        "dense": True,
        "one number": matrix.shape == (1, 1),
        "one number, 0": matrix.shape == (1, 1) and not places.any(),
        "diagonal": diagonal,
        "diagonal of ones": diagonal and ones and bool(np.diag(places).all()),
        "diagonal of −1": bool((matrix == -np.eye(rows, columns)).all()),
        "diagonal, repeated by broadcasting": bool((in_rows <= 1).all()),
        "one row": rows == 1,
        "a row of ones": rows == 1 and ones and bool(places.all()),
        "one entry in each column": bool((in_columns <= 1).all()),
        "one 1 in each row": ones and bool((in_rows == 1).all()),
        "one 1 in each column": ones and bool((in_columns == 1).all()),
        "one 1 in each row and each column": ones and diagonal_after_sorting(places),
    }[words]


def diagonal_after_sorting(places: Any) -> bool:
    return bool((places.sum(axis=0) == 1).all() and (places.sum(axis=1) == 1).all())


@pytest.mark.parametrize(("name", "shapes", "params"), cases())
def test_structure_fits_the_matrix(name: str, shapes: Any, params: dict[str, Any]) -> None:
    node = node_of(name, shapes, params)
    for position in range(len(node.inputs)):
        found = local_jacobian(node, position, most_built=10**6)
        matrix = found.matrix
        assert matrix is not None
        assert (
            (found.rows, found.columns) == matrix.shape == (node.size, node.inputs[position].size)
        )
        assert fits(found.structure, matrix), (found.structure, matrix)
        assert found.nonzeros is not None
        count = np.count_nonzero(matrix)
        assert count == found.nonzeros if name in ALWAYS_NONZERO else count <= found.nonzeros
        np.testing.assert_allclose(matrix, by_unit_vectors(node, position), rtol=1e-12, atol=0)


def test_softmax_is_a_block_for_each_row_or_column() -> None:
    x = mg.Tensor(np.arange(6.0).reshape(2, 3))
    rows, columns = local_jacobian(mg.softmax(x)), local_jacobian(mg.softmax(x, axis=0))
    assert rows.structure == "block diagonal: 2 blocks of 3 × 3"
    assert columns.structure == "block diagonal once sorted: 3 blocks of 2 × 2"
    for found, count in ((rows, 18), (columns, 12)):
        assert found.matrix is not None
        assert np.count_nonzero(found.matrix) == found.nonzeros == count


def test_every_differentiable_gate_of_the_table_has_a_structure() -> None:
    for name, case in CASES.items():
        shapes, params = case.draws[0]
        node = node_of(name, shapes, params)
        for position in range(len(node.inputs)):
            assert structure_of(node, position).words != "unknown", name


def test_lecture_sizes_are_answered_at_once() -> None:
    start = time.perf_counter()
    one = local_jacobian(mg.relu(mg.placeholder(4096)))
    batch = local_jacobian(mg.relu(mg.Tensor(np.ones((100, 4096)))))
    assert time.perf_counter() - start < 1
    assert one.sentence == (
        "4096 × 4096, only the diagonal is nonzero (4096 of 16 777 216), never built: "
        "the gradient is multiplied element by element"
    )
    assert batch.matrix is None
    assert batch.sentence.startswith(
        "409 600 × 409 600, only the diagonal is nonzero (409 600 of 167 772 160 000), never built"
    )


def test_scalars_are_one_number() -> None:
    x, y = mg.Tensor(3.0, name="x"), mg.Tensor(-4.0, name="y")
    found = local_jacobian(x * y, 0)
    assert found.matrix is not None
    assert found.matrix.tolist() == [[-4.0]]
    assert (found.label, found.input, found.sentence) == ("f: ×", "x", "1 × 1, one number: −4")
    assert local_jacobian(mg.placeholder() * y).sentence == "1 × 1, one number"
    assert local_jacobian(x > y).structure == "one number, 0"


def test_infinite_derivatives_stay_on_the_diagonal() -> None:
    found = local_jacobian(mg.log(mg.Tensor([0.0, 1.0])))
    assert found.matrix is not None
    assert found.matrix.tolist() == [[np.inf, 0.0], [0.0, 1.0]]


def test_ties_of_a_reduction_are_counted() -> None:
    found = local_jacobian(mg.max(mg.Tensor([[1.0, 1.0], [0.0, 5.0]]), axis=1))
    assert (found.structure, found.nonzeros) == ("one 1 in each row, shared at ties", 3)
    assert found.matrix is not None
    assert found.matrix.tolist() == [[0.5, 0.5, 0, 0], [0, 0, 0, 1]]
    unknown = local_jacobian(mg.max(mg.placeholder((2, 2)), axis=1))
    assert unknown.nonzeros is None
    assert unknown.sentence.startswith("2 × 4, one 1 in each row, never built")


def test_large_matrices_are_left_out_and_small_ones_read_only() -> None:
    x = mg.Tensor(np.arange(64.0))
    found = local_jacobian(x * x)
    assert found.matrix is not None
    assert found.matrix.shape == (64, 64)
    with pytest.raises(ValueError, match="read-only"):
        found.matrix[0, 0] = 1.0
    assert local_jacobian(mg.Tensor(np.arange(65.0)) * 2.0).matrix is None
    assert local_jacobian(x * x, most_built=0).matrix is None


def test_float32_matrices_stay_float32() -> None:
    found = local_jacobian(mg.sum(mg.Tensor(np.ones(3, np.float32))))
    assert found.matrix is not None
    assert found.matrix.dtype == np.float32


def test_chain_of_jacobians_is_the_gradient() -> None:
    rng = np.random.default_rng(0)
    X, W = mg.Tensor(rng.normal(size=(4, 3)), "X"), mg.Tensor(rng.normal(size=(3, 2)), "W")
    f = mg.mean(mg.sigmoid(X @ W))
    f.backward()
    left, right, squash, mean = jacobians(f)
    assert [j.gate for j in (left, right, squash, mean)] == ["matmul", "matmul", "sigmoid", "mean"]
    matrices = [j.matrix for j in (mean, squash, right)]
    product = np.linalg.multi_dot([m for m in matrices if m is not None])
    np.testing.assert_allclose(product.reshape(3, 2), W.grad)


def test_table() -> None:
    W, x = mg.placeholder((10, 3072), "W"), mg.placeholder((3072, 100), "x")
    table = jacobian_table(mg.mean(mg.relu(W @ x)))
    assert table.rows[0] == (
        *("q: @", "W", "1000 × 30 720"),
        *("block diagonal: 10 blocks of 100 × 3072", "3 072 000"),
    )
    assert table.rows[2] == ("p: relu", "q", "1000 × 1000", "diagonal", "1000")
    assert table.rows[3] == ("f: mean", "p", "1 × 1000", "a row of 1/1000", "1000")
    assert max(map(len, str(table).splitlines())) <= 100


def test_constants_are_left_out() -> None:
    assert [j.input for j in jacobians(2 * mg.Tensor(1.0, name="x") + 3)] == ["x", "q"]


def test_a_gate_of_ones_own_has_an_unknown_structure() -> None:
    reverse = mg.Gate(
        "backwards",
        ("x",),
        lambda x: x[::-1],
        (lambda g, out, x: mg.index(g, slice(None, None, -1)),),
        shape=lambda x: x,
    )
    found = local_jacobian(reverse(mg.Tensor([1.0, 2.0, 3.0])))
    assert isinstance(found, LocalJacobian)
    assert (found.structure, found.nonzeros) == ("unknown", None)
    assert found.sentence == (
        "3 × 3, of a structure that the gate does not tell, never built: "
        "the gate's backward rule multiplies by it"
    )
    assert found.matrix is not None
    assert found.matrix.tolist() == np.eye(3)[::-1].tolist()


def test_refusals() -> None:
    x = mg.Tensor(1.0, name="x")
    with pytest.raises(DataError, match="'x' is a leaf"):
        local_jacobian(x)
    with pytest.raises(GateError, match="there is no input 2"):
        local_jacobian(x * x, 2)
    with pytest.raises(DataError, match="needs a Tensor"):
        jacobians(3.0)
