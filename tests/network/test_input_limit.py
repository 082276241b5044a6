"""The smooth limit of inputs."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sk_mnist.network.input_limit import LIMIT, InputLimit

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2500, 4)) * [1, 10, 1e-30, 1e30]
X[RNG.random(X.shape) < 0.3] = 0
OFFSET = np.array([0.5, 0.0, 2e-30, 0.0])
SCALE = np.array([1.0, 5.0, 1e-30, 1e30])
PLAIN = LIMIT * np.tanh((X - OFFSET) / (LIMIT * SCALE))
limit = InputLimit(OFFSET, SCALE)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-6), ("float64", 1e-14)])
def test_limit_is_three_times_the_tanh_of_a_third(dtype, tolerance):
    found = limit(X.astype(dtype), dtype)
    assert found.dtype == dtype
    assert_allclose(found, PLAIN, atol=LIMIT * tolerance)


def test_limit_is_nearly_linear_for_typical_values():
    z = np.linspace(-1, 1, 9)[:, None]
    assert_allclose(InputLimit(np.zeros(1), np.ones(1))(z, "float64"), z, rtol=0.04)


@pytest.mark.parametrize("value", [1e30, -1e30, np.finfo("float32").max])
def test_limit_holds_for_the_largest_values(value):
    found = InputLimit(np.array([-value]), np.array([1e-20]))(np.full((1, 1), value), "float32")
    assert_array_equal(found, [[LIMIT * np.sign(value)]])


def test_limit_leaves_its_argument_alone():
    given = X.copy()
    limit(given, "float64")
    assert_array_equal(given, X)


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csr_matrix, sparse.csc_array])
def test_limit_keeps_the_zeros_of_sparse_data(container):
    given = container(X)
    found = limit(given, "float64")
    assert found.nnz == given.nnz
    assert_allclose(found.toarray() + limit.at_zero("float64"), PLAIN, atol=1e-14)
    assert_array_equal(given.toarray(), X)


def test_limit_at_zero_is_what_zeros_become():
    assert_array_equal(limit.at_zero("float64"), limit(np.zeros((1, 4)), "float64")[0])


@pytest.mark.parametrize("n_rows", [0, 1, 1023, 1024, 1025, 2500])
def test_limit_of_any_number_of_rows_is_that_of_each_row(n_rows):
    rows = X[:n_rows]
    expected = [limit(row[None], "float32")[0] for row in rows]
    assert_array_equal(limit(rows, "float32"), np.reshape(expected, (n_rows, 4)))


def test_limit_converts_bytes():
    pixels = np.arange(256, dtype=np.uint8)[:, None]
    found = InputLimit(np.zeros(1), np.full(1, 50.0))(pixels, "float32")
    assert_allclose(found[:, 0], LIMIT * np.tanh(np.arange(256) / 150), rtol=1e-6)
