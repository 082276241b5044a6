"""Data reach the device whole or in parts, and the network does not notice."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sk_mnist.data.input_scaling import InputScaling
from sk_mnist.engines import chunks as feeding
from sk_mnist.engines.chunks import TrainingData, feed
from sk_mnist.engines.xla import trainer as engine
from sk_mnist.network.spec import NetworkSpec, turned
from sk_mnist.training.optimizers import choose

N_ROWS, N_FEATURES, BATCH_SIZE = 150, 6, 16
SPEC = NetworkSpec((N_FEATURES, 7, 5, 3), "tanh", "softmax", "float64")
ORDER = np.random.default_rng(0).permutation(N_ROWS)
# Four times the bytes of a part: parts of 32 rows, so that the last of 150 rows has 22.
STREAMING = 4 * 2 * BATCH_SIZE * N_FEATURES * 8


def make_data(container=np.asarray):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(N_ROWS, N_FEATURES))
    X[X < 0] = 0
    labels = rng.integers(0, 3, N_ROWS).astype("int32")
    weight = rng.uniform(0.1, 3, N_ROWS)
    scaling = InputScaling(np.full(N_FEATURES, 0.3), np.full(N_FEATURES, 2.0))
    return TrainingData(container(X), labels, weight, scaling, np.arange(N_ROWS))


def program_of(data, batch_size=BATCH_SIZE, *, use_dropout=True):
    return engine.program_for(SPEC, data, batch_size, choose("adam"), use_dropout=use_dropout)


def feed_of(data, batch_size=BATCH_SIZE):
    trainer = engine.Trainer(program_of(data, batch_size))
    return feed(data, trainer.load, trainer.batch_size)


def train_epoch(data, dropout=0.3):
    """Train one epoch; return the weights, and the sums of loss, hits and row weights."""
    key = program_of(data, use_dropout=dropout > 0)
    rates = np.linspace(0.02, 0.01, -(-N_ROWS // BATCH_SIZE))
    totals = np.zeros(3)
    with engine.pool.trainer(key) as trainer:
        weights = SPEC.initial_weights(np.random.RandomState(0))
        state = [*turned(weights), *trainer.initial_optimizer_state]
        for part in feed(data, trainer.load, BATCH_SIZE)(ORDER):
            state, sums = trainer.run(
                state,
                part.data,
                part.order,
                rates,
                first_step=part.first_step,
                seed=5,
                alpha=0.1,
                dropout=dropout,
                label_smoothing=0.1,
            )
            totals += sums
    return turned(state[: len(weights)]), totals


@pytest.fixture
def little_memory(monkeypatch):
    """Let sparse data be large already when their dense form has a few kilobytes."""
    monkeypatch.setattr(feeding, "DENSE_BYTES", STREAMING)


def all_parts(data):
    return list(feed_of(data)(ORDER))


class TestAtOnce:
    @pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, sparse.csr_matrix])
    def test_an_epoch_is_one_part_in_the_given_order(self, container):
        (part,) = all_parts(make_data(container))
        assert_array_equal(part.order, ORDER)
        assert part.first_step == 0

    def test_data_are_brought_to_the_device_once(self):
        parts = feed_of(make_data())
        first, second = next(parts(ORDER)), next(parts(ORDER[::-1]))
        assert first.data[0] is second.data[0]

    @pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
    def test_data_stay_in_their_number_type(self, dtype):
        data = make_data()
        (part,) = all_parts(replace(data, X=data.X.astype(dtype)))
        assert part.data[0].dtype.name == dtype

    def test_padding_weighs_nothing(self):
        (part,) = all_parts(make_data())
        weights = part.data[2].numpy()
        assert len(weights) > N_ROWS
        assert_array_equal(weights[:N_ROWS], make_data().row_weight)
        assert_array_equal(weights[N_ROWS:], 0)

    def test_dense_data_are_never_streamed(self, little_memory):
        assert len(all_parts(make_data())) == 1


@pytest.mark.usefixtures("little_memory")
class TestInParts:
    def test_the_parts_are_the_rows_in_the_given_order(self):
        data = make_data(sparse.csr_array)
        parts = all_parts(data)
        assert [len(part.order) for part in parts] == [32, 32, 32, 32, 22]
        X = np.concatenate([part.data[0].numpy()[part.order] for part in parts])
        labels = np.concatenate([part.data[1].numpy()[part.order] for part in parts])
        weights = np.concatenate([part.data[2].numpy()[part.order] for part in parts])
        assert_array_equal(X, make_data().X[ORDER])
        assert_array_equal(labels, data.labels[ORDER])
        assert_array_equal(weights, data.row_weight[ORDER])

    def test_steps_are_numbered_through_the_parts(self):
        parts = all_parts(make_data(sparse.csr_array))
        assert [part.first_step for part in parts] == [0, 2, 4, 6, 8]

    def test_the_parts_share_a_program_and_a_quarter_of_the_memory(self):
        parts = all_parts(make_data(sparse.csr_array))
        shapes = {part.data[0].shape for part in parts}
        assert len(shapes) == 1
        assert np.prod(shapes.pop()) * 8 <= STREAMING / 4

    def test_a_batch_larger_than_a_part_makes_parts_of_one_batch(self):
        data = make_data(sparse.csr_array)
        key, parts = program_of(data, 100), feed_of(data, 100)
        assert key.batch_size == key.n_rows == 100
        assert [len(part.order) for part in parts(ORDER)] == [100, 50]

    def test_rows_that_are_not_in_the_order_stay_away(self):
        data = make_data(sparse.csr_array)
        parts = feed_of(data)(ORDER[:50])
        assert [len(part.order) for part in parts] == [32, 18]


def test_sparse_data_give_the_network_of_dense_data():
    dense, dense_sums = train_epoch(make_data())
    found, sums = train_epoch(make_data(sparse.csr_array))
    for weight, expected in zip(found, dense, strict=True):
        assert_array_equal(weight, expected)
    assert_array_equal(sums, dense_sums)


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_streamed_data_give_the_network_of_whole_data(dropout, monkeypatch):
    whole, whole_sums = train_epoch(make_data(sparse.csr_array), dropout)
    monkeypatch.setattr(feeding, "DENSE_BYTES", STREAMING)
    assert len(all_parts(make_data(sparse.csr_array))) == 5
    streamed, streamed_sums = train_epoch(make_data(sparse.csr_array), dropout)
    for found, expected in zip(streamed, whole, strict=True):
        assert_allclose(found, expected, rtol=1e-12, atol=1e-13)
    assert_allclose(streamed_sums, whole_sums, rtol=1e-12)


@pytest.mark.parametrize(("n_rows", "expected"), [(10, 64), (100, 100), (1000, 100)])
def test_batches_are_no_larger_than_the_padded_data(n_rows, expected):
    data = make_data()
    X = np.zeros((n_rows, N_FEATURES))
    data = replace(data, X=X, labels=np.zeros(n_rows, "int32"), row_weight=np.ones(n_rows))
    assert program_of(data, 100).batch_size == expected
