"""Data reach an engine at once or in chunks, and the network is the same."""

from dataclasses import replace

import numpy as np
import pytest
from jobs import ENGINES, make_job, run_by
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sk_mnist.data.input_scaling import InputScaling
from sk_mnist.data.training_data import TrainingData
from sk_mnist.engines import data_loading
from sk_mnist.engines.data_loading import chunks_of
from sk_mnist.network.spec import NetworkSpec

N_ROWS, N_FEATURES, BATCH_SIZE = 150, 6, 16
SPEC = NetworkSpec((N_FEATURES, 7, 5, 3), "relu", "softmax", "float64")
ORDER = np.random.default_rng(0).permutation(N_ROWS)
# Four times the bytes of a chunk: chunks of 32 rows, so that the last of 150 rows has 22.
LARGE_BYTES = 4 * 2 * BATCH_SIZE * N_FEATURES * 8

pytestmark = [pytest.mark.keras, pytest.mark.slow]


def make_data(container=np.asarray):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(N_ROWS, N_FEATURES))
    X[X < 0] = 0
    labels = rng.integers(0, 3, N_ROWS).astype("int32")
    weight = rng.uniform(0.1, 3, N_ROWS)
    scaling = InputScaling(np.full(N_FEATURES, 0.3), np.full(N_FEATURES, 2.0))
    return TrainingData(container(X), labels, weight, scaling, np.arange(N_ROWS))


def load(X, labels, row_weight, scaling):
    """Return what an engine is asked to load."""
    return X, labels, row_weight


def chunks_in_order(data, batch_size=BATCH_SIZE, order=ORDER, **options):
    return list(chunks_of(data, load, batch_size, **options)(order))


def train_one_epoch(data, engine, dropout=0.3):
    job = make_job(SPEC, n_rows=N_ROWS, n_epochs=1, dropout=dropout, alpha=0.1, label_smoothing=0.1)
    job = replace(job, data=data, epochs=(ORDER,))
    with ENGINES[engine](job.task) as trainer:
        state, metrics = run_by(job, trainer)
    return state.weights, metrics


@pytest.fixture
def little_memory(monkeypatch):
    """Let sparse data count as large when their dense form has a few kilobytes."""
    monkeypatch.setattr(data_loading, "DENSE_BYTES", LARGE_BYTES)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, sparse.csr_matrix])
def test_small_data_are_one_chunk_in_the_given_order(container):
    (chunk,) = chunks_in_order(make_data(container))
    assert_array_equal(chunk.order, ORDER)
    assert chunk.first_step == 0


def test_small_data_are_loaded_once():
    calls = []
    chunks = chunks_of(make_data(), lambda *data: calls.append(data), BATCH_SIZE)
    list(chunks(ORDER)), list(chunks(ORDER[::-1]))
    assert len(calls) == 1


def test_dense_data_are_never_chunked(little_memory):
    assert len(chunks_in_order(make_data())) == 1


def test_sparse_data_that_stay_sparse_are_never_chunked(little_memory):
    assert len(chunks_in_order(make_data(sparse.csr_array), stays_sparse=True)) == 1


def test_chunks_hold_the_rows_in_the_given_order(little_memory):
    data = make_data(sparse.csr_array)
    chunks = chunks_in_order(data)
    assert [len(chunk.order) for chunk in chunks] == [32, 32, 32, 32, 22]
    loaded = [[array[chunk.order] for array in chunk.data] for chunk in chunks]
    X, labels, weight = zip(*loaded, strict=True)
    assert_array_equal(sparse.vstack(X).toarray(), make_data().X[ORDER])
    assert_array_equal(np.concatenate(labels), data.labels[ORDER])
    assert_array_equal(np.concatenate(weight), data.row_weight[ORDER])


def test_steps_are_numbered_through_the_chunks(little_memory):
    chunks = chunks_in_order(make_data(sparse.csr_array))
    assert [chunk.first_step for chunk in chunks] == [0, 2, 4, 6, 8]


def test_chunks_take_a_quarter_of_the_memory(little_memory):
    for chunk in chunks_in_order(make_data(sparse.csr_array)):
        assert np.prod(chunk.data[0].shape) * 8 <= LARGE_BYTES / 4


def test_a_batch_larger_than_a_chunk_makes_chunks_of_one_batch(little_memory):
    chunks = chunks_in_order(make_data(sparse.csr_array), batch_size=100)
    assert [len(chunk.order) for chunk in chunks] == [100, 50]


def test_rows_that_are_not_in_the_order_are_not_loaded(little_memory):
    chunks = chunks_in_order(make_data(sparse.csr_array), order=ORDER[:50])
    assert [chunk.data[0].shape[0] for chunk in chunks] == [32, 18]


@pytest.mark.parametrize("engine", ENGINES)
def test_sparse_data_train_the_same_bits_as_dense_data(engine):
    dense, dense_metrics = train_one_epoch(make_data(), engine)
    found, metrics = train_one_epoch(make_data(sparse.csr_array), engine)
    for weight, expected in zip(found, dense, strict=True):
        assert_array_equal(weight, expected)
    assert_array_equal(metrics, dense_metrics)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_chunked_data_train_the_network_of_whole_data(engine, dropout, monkeypatch):
    whole, whole_metrics = train_one_epoch(make_data(sparse.csr_array), engine, dropout)
    monkeypatch.setattr(data_loading, "DENSE_BYTES", LARGE_BYTES)
    assert len(chunks_in_order(make_data(sparse.csr_array))) == 5
    chunked, metrics = train_one_epoch(make_data(sparse.csr_array), engine, dropout)
    for found, expected in zip(chunked, whole, strict=True):
        assert_allclose(found, expected, rtol=1e-12, atol=1e-13)
    assert_allclose(metrics, whole_metrics, rtol=1e-12)
