"""Inputs in CSR format are those of X, and train the network that dense inputs train."""

import tracemalloc
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from jobs import (
    EVERYTHING,
    SMALL,
    assert_all_close,
    assert_all_equal,
    initial_weights,
    make_job,
    run,
    trained_weights,
    weighted,
    with_inputs,
    with_zeros,
)
from numpy.testing import assert_array_equal
from scipy import sparse

from sk_mnist.data.input_scaling import InputScaling
from sk_mnist.engines.base import NetworkState
from sk_mnist.engines.numba import csr
from sk_mnist.engines.numba.csr import stays_sparse, to_csr
from sk_mnist.engines.numba.kernels.structs import TILE
from sk_mnist.engines.numba.machine_code.entry_points import copy_nonzero
from sk_mnist.engines.numba.trainer import NumbaTrainer
from sk_mnist.network.spec import NetworkSpec

pytestmark = pytest.mark.keras  # `jobs` imports TensorFlow

# Larger than tiles, row blocks, weight blocks and input ranges.
LARGE = NetworkSpec((301, 2 * TILE + 6, 140, 3), "relu", "softmax", "float64")


def loaded_rows(job):
    data = job.data
    return NumbaTrainer(job.task).load(data.X, data.labels, data.row_weight, data.scaling)


def kernel_weights(job):
    return trained_weights(job, "numba")


def test_csr_is_used_for_images_but_not_for_dense_inputs():
    assert len(loaded_rows(with_zeros(make_job(SMALL))).dense) == 0
    assert len(loaded_rows(make_job(SMALL)).dense) == 50


def test_csr_of_inputs_that_changed_since_they_were_counted_stays_within_its_room():
    X = np.array([[5, 6, 7, 0, 8], [0, 0, 9, 0, 0], [0, 1, 0, 2, 0]], "uint8")
    counts = np.array([2, 3, 2])
    starts = np.array([1, 3, 6])
    indices, values = np.full(9, 99, "uint16"), np.full(9, -1.0)
    copy_nonzero(X, starts, counts, np.full(5, 0.5), indices, values)
    assert_array_equal(indices, [99, 0, 1, 0, 1, 2, 1, 3, 99])
    assert_array_equal(values, [-1, 2.5, 3, 0, 0, 4.5, 0.5, 1, -1])


def test_csr_holds_scaled_nonzero_inputs():
    X = np.array([[0, 3, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 1, 2]], "uint8")
    scaling = InputScaling(np.zeros(1), np.array([2.0]))
    trainer = NumbaTrainer(make_job(SMALL).task)
    rows = trainer.load(X, np.zeros(3, int), np.ones(3), scaling)
    assert_array_equal(rows.indptr, [0, 1, 1, 3])
    assert_array_equal(rows.indices, [1, 3, 4])
    assert_array_equal(rows.values, [1.5, 0.5, 1.0])


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "float64"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_csr_is_the_same_for_any_dtype_and_memory_order(dtype, order):
    job = with_zeros(make_job(SMALL))
    X = (10 * job.data.X).astype("int8").clip(0)
    expected = kernel_weights(with_inputs(job, X.astype("float64")))
    assert_all_equal(kernel_weights(with_inputs(job, np.asarray(X, dtype, order=order))), expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_csr_trains_the_same_bits_as_dense_inputs(monkeypatch, dtype):
    job = with_zeros(weighted(make_job(replace(LARGE, dtype=dtype), n_rows=150, **EVERYTHING)))
    job = with_inputs(job, job.data.X.astype(dtype))
    found = kernel_weights(job)
    monkeypatch.setattr(csr, "MAX_DENSITY", 0)
    assert_all_equal(found, kernel_weights(job))


def test_csr_of_a_sparse_matrix_is_that_of_the_array():
    job = with_zeros(make_job(SMALL))
    matrix = sparse.csr_array(job.data.X)
    # The hardest valid matrix: unordered and duplicate columns, explicit zeros.
    matrix = sparse.csr_array(
        (
            np.concatenate([np.flip(matrix.data), np.zeros(50)]),
            np.concatenate([np.flip(matrix.indices), np.zeros(50, int)]),
            np.concatenate(
                [[0], np.cumsum(np.flip(np.diff(matrix.indptr)))[:-1], [matrix.nnz + 50]]
            ),
        ),
        shape=matrix.shape,
    )
    before = matrix.copy()
    dense = kernel_weights(with_inputs(job, matrix.toarray()))
    assert_all_close(kernel_weights(with_inputs(job, matrix)), dense)
    assert_array_equal(matrix.indices, before.indices)
    assert_array_equal(matrix.data, before.data)


def test_csr_is_sorted_even_if_the_matrix_claims_to_be_canonical():
    X = sparse.random_array((20, 30), density=0.2, rng=np.random.default_rng(0), format="csr")
    assert X.has_canonical_format  # cached from now on
    X.indices = 29 - X.indices
    indptr, indices, _ = to_csr(X, np.ones(30))
    for start, stop in pairwise(indptr):
        assert (np.diff(indices[start:stop].astype(int)) > 0).all()


def test_csr_of_a_sparse_matrix_is_never_made_dense():
    X = sparse.random_array((500, 10**6), density=1e-5, format="csr", rng=0, dtype="float32")
    scaling = InputScaling(np.zeros(1), np.ones(1))
    assert stays_sparse(X, scaling)
    trainer = NumbaTrainer(make_job(SMALL).task)
    tracemalloc.start()
    rows = trainer.load(X, np.zeros(500, int), np.ones(500), scaling)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(rows.values) == X.nnz
    assert peak < 500 * 10**6 / 4  # bytes; dense, even one byte each would be four times this


@pytest.mark.parametrize(("n_nonzero", "expected"), [(40, True), (41, False)])
def test_csr_is_used_up_to_a_density_of_two_fifths(n_nonzero, expected):
    X = np.zeros((2, 50))
    X.flat[:n_nonzero] = 1
    for given in (X, sparse.csr_array(X)):
        assert (to_csr(given, np.ones(50)) is not None) == expected
    assert stays_sparse(sparse.csr_array(X), InputScaling(np.zeros(1), np.ones(1))) == expected


@pytest.mark.slow
def test_csr_may_have_more_columns_than_uint16_counts():
    job = with_zeros(make_job(SMALL))
    job = replace(job, epochs=job.epochs[:1])
    X = np.zeros((50, 70_000))
    columns = [3, 65_535, 65_536, 66_000, 69_999]
    X[:, columns] = job.data.X
    wide = with_inputs(replace(job, spec=replace(SMALL, layer_sizes=(70_000, 6, 3))), X)
    start = initial_weights(job.spec)
    expected = run(job, "numba", NetworkState(start))[0].weights
    wide_coef = np.zeros((70_000, 6))
    wide_coef[columns] = start[0]
    found = run(wide, "numba", NetworkState([wide_coef, *start[1:]]))[0].weights
    assert_all_close([found[0][columns], *found[1:]], expected)
