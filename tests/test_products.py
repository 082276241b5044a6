"""Products of dense matrices by kernels are those of NumPy, whatever surrounds the matrices."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sk_mnist.engines.numba.kernels.compile import entry_point
from sk_mnist.engines.numba.kernels.gemm import multiply, transpose
from sk_mnist.engines.numba.kernels.structs import aligned

SIZES = [1, 5, 6, 10, 16, 31, 64, 77, 150]
GAP = 3
BEHIND = 20  # rows, at least a vector long


@entry_point
def multiplied(shape, left, steps, right, pitch, total, total_pitch):
    multiply(shape, left, steps, right, pitch, total, total_pitch)


@entry_point
def transposed(n_rows, n_columns, matrix, pitch, target, target_pitch):
    transpose(n_rows, n_columns, matrix, pitch, target, target_pitch)


def matrix_with_gaps(shape, dtype, rng=None):
    """Return a matrix in a vector, and the vector: no numbers between the rows, nor behind them."""
    n_rows, n_columns = shape
    vector = aligned(((n_rows + BEHIND) * (n_columns + GAP),), np.dtype(dtype))
    vector[:] = np.nan
    matrix = vector.reshape(-1, n_columns + GAP)[:n_rows, :n_columns]
    if rng is not None:
        matrix[...] = rng.standard_normal(shape)
    return matrix, vector


def assert_has_no_more_numbers(vector, matrix):
    assert np.isfinite(matrix).all()
    assert np.isfinite(vector).sum() == matrix.size


def product(left, right, dtype, *, turned=False):
    """Multiply by the kernel; check that it writes nothing but the product."""
    n_rows, length = left.shape
    n_columns = right.shape[1]
    stored, left_vector = matrix_with_gaps(left.T.shape if turned else left.shape, dtype)
    stored[...] = left.T if turned else left
    row_step = stored.shape[1] + GAP
    steps = (1, row_step) if turned else (row_step, 1)
    stored, right_vector = matrix_with_gaps(right.shape, dtype)
    stored[...] = right
    total, vector = matrix_with_gaps((n_rows, n_columns), dtype)
    shape = (n_rows, n_columns, length)
    multiplied(shape, left_vector, steps, right_vector, n_columns + GAP, vector, n_columns + GAP)
    assert_has_no_more_numbers(vector, total)
    return total


@pytest.mark.parametrize("dtype", ["float32", "float64"])
class TestMultiply:
    @pytest.mark.parametrize("turned", [False, True], ids=["as it is", "turned"])
    @pytest.mark.parametrize("n_columns", SIZES)
    @pytest.mark.parametrize("n_rows", SIZES)
    def test_gives_the_product(self, n_rows, n_columns, turned, dtype):
        rng = np.random.default_rng(0)
        for length in (1, 40):
            left, right = (
                rng.standard_normal((n_rows, length)),
                rng.standard_normal((length, n_columns)),
            )
            found = product(left, right, dtype, turned=turned)
            rtol = 100 * np.finfo(dtype).eps
            assert_allclose(found, left @ right, rtol=rtol, atol=rtol)

    def test_gives_each_number_the_same_bits_in_any_part_of_a_matrix(self, dtype):
        rng = np.random.default_rng(0)
        left, right = rng.standard_normal((77, 50)), rng.standard_normal((50, 150))
        whole = product(left, right, dtype)
        for size in SIZES[:-2]:
            assert_array_equal(product(left[-size:], right, dtype), whole[-size:])
            assert_array_equal(product(left, right[:, -size:], dtype), whole[:, -size:])

    def test_adds_up_in_order(self, dtype):
        large = 4 / np.finfo(dtype).eps  # beside which one is lost
        left = np.array([[large, 1.0, -large, 1.0]])
        for right in (np.ones((4, 1)), np.ones((4, 64))):
            assert_array_equal(product(left, right, dtype), np.ones((1, right.shape[1])))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n_columns", SIZES)
@pytest.mark.parametrize("n_rows", SIZES)
def test_transpose_turns_a_matrix_and_writes_nothing_else(n_rows, n_columns, dtype):
    matrix, vector = matrix_with_gaps((n_rows, n_columns), dtype, np.random.default_rng(0))
    found, target = matrix_with_gaps((n_columns, n_rows), dtype)
    transposed(n_rows, n_columns, vector, n_columns + GAP, target, n_rows + GAP)
    assert_array_equal(found, matrix.T)
    assert_has_no_more_numbers(target, found)
