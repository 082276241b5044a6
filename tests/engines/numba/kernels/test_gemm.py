"""Products and transposes of matrices equal NumPy's, whatever lies around the matrices."""

import numpy as np
import pytest
from kernel_wrappers import wrapper
from numpy.testing import assert_allclose, assert_array_equal

from sk_mnist._utils.memory import aligned
from sk_mnist.engines.numba.kernels.gemm import gemm, transpose

SIZES = [1, 5, 6, 10, 16, 31, 64, 77, 150]
PADDING = 3
BEHIND = 20  # rows, at least a SIMD vector long


@wrapper
def call_gemm(shape, a, a_strides, b, ldb, c, ldc):
    gemm(shape, a, a_strides, b, ldb, c, ldc)


@wrapper
def call_transpose(n_rows, n_columns, a, lda, b, ldb):
    transpose(n_rows, n_columns, a, lda, b, ldb)


def padded_matrix(shape, dtype, rng=None):
    """Return a matrix in a vector, and the vector: NaN between the rows and behind them."""
    n_rows, n_columns = shape
    vector = aligned(((n_rows + BEHIND) * (n_columns + PADDING),), np.dtype(dtype))
    vector[:] = np.nan
    matrix = vector.reshape(-1, n_columns + PADDING)[:n_rows, :n_columns]
    if rng is not None:
        matrix[...] = rng.standard_normal(shape)
    return matrix, vector


def assert_padding_is_unchanged(vector, matrix):
    assert np.isfinite(matrix).all()
    assert np.isfinite(vector).sum() == matrix.size


def product(a, b, dtype, *, transposed=False):
    """Multiply by the kernel; check that it writes nothing but the product."""
    m, k = a.shape
    n = b.shape[1]
    stored, a_vector = padded_matrix(a.T.shape if transposed else a.shape, dtype)
    stored[...] = a.T if transposed else a
    lda = stored.shape[1] + PADDING
    a_strides = (1, lda) if transposed else (lda, 1)
    stored, b_vector = padded_matrix(b.shape, dtype)
    stored[...] = b
    c, c_vector = padded_matrix((m, n), dtype)
    call_gemm((m, n, k), a_vector, a_strides, b_vector, n + PADDING, c_vector, n + PADDING)
    assert_padding_is_unchanged(c_vector, c)
    return c


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("transposed", [False, True], ids=["plain", "transposed"])
@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("m", SIZES)
def test_gemm_equals_numpy(m, n, transposed, dtype):
    rng = np.random.default_rng(0)
    for k in (1, 40):
        a, b = rng.standard_normal((m, k)), rng.standard_normal((k, n))
        found = product(a, b, dtype, transposed=transposed)
        rtol = 100 * np.finfo(dtype).eps
        assert_allclose(found, a @ b, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gemm_gives_an_element_the_same_bits_in_any_block_of_a_matrix(dtype):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((77, 50)), rng.standard_normal((50, 150))
    whole = product(a, b, dtype)
    for size in SIZES[:-2]:
        assert_array_equal(product(a[-size:], b, dtype), whole[-size:])
        assert_array_equal(product(a, b[:, -size:], dtype), whole[:, -size:])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gemm_sums_in_order(dtype):
    large = 4 / np.finfo(dtype).eps  # to which adding one makes no difference
    a = np.array([[large, 1.0, -large, 1.0]])
    for b in (np.ones((4, 1)), np.ones((4, 64))):
        assert_array_equal(product(a, b, dtype), np.ones((1, b.shape[1])))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n_columns", SIZES)
@pytest.mark.parametrize("n_rows", SIZES)
def test_transpose_equals_numpy_and_writes_nothing_else(n_rows, n_columns, dtype):
    a, a_vector = padded_matrix((n_rows, n_columns), dtype, np.random.default_rng(0))
    b, b_vector = padded_matrix((n_columns, n_rows), dtype)
    call_transpose(n_rows, n_columns, a_vector, n_columns + PADDING, b_vector, n_rows + PADDING)
    assert_array_equal(b, a.T)
    assert_padding_is_unchanged(b_vector, b)
