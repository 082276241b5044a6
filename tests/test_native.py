"""The kernels take the steps of Adam that Keras takes, on dense rows and on rows without zeros.

`jobs` has the trainings, and the reference.
"""

import os
import signal
import sys
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from itertools import pairwise

import keras
import numpy as np
import pytest
from jobs import (
    BINARY,
    EVERYTHING,
    MULTILABEL,
    NO_SCALING,
    SMALL,
    SOFTMAX,
    assert_all_close,
    assert_all_equal,
    assert_are_those_of_the_reference,
    initial_weights,
    make_job,
    run_by,
    run_python,
    run_reference,
    weighted,
)
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sk_mnist import KerasMLPClassifier
from sk_mnist._utils.threads import team_size
from sk_mnist.data.input_scaling import InputScaling
from sk_mnist.engines.numba import csr as zeros
from sk_mnist.engines.numba import trainer as native
from sk_mnist.engines.numba.csr import takes_sparse, without_zeros
from sk_mnist.engines.numba.kernels.compile import entry_point
from sk_mnist.engines.numba.kernels.llvm_simd import TILE
from sk_mnist.network.forward import NEGATIVE_SLOPES
from sk_mnist.network.spec import NetworkSpec, turned
from sk_mnist.training.optimizers import AdamOptions, choose

# Larger than everything that is cut into pieces: tiles, blocks of rows, parts and panels of inputs.
LARGE = NetworkSpec((301, 2 * TILE + 6, 140, 3), "relu", "softmax", "float64")


def with_zeros(job, share=0.8):
    """Return a job with inputs of which a share is zero, so few that zeros are left out."""
    X = job.data.X.copy()
    X[np.random.default_rng(5).random(X.shape) < share] = 0
    return replace(job, data=replace(job.data, X=X))


def trainer_of(job, **options):
    return native.NativeTrainer(job.spec, job.batch_size, AdamOptions(**options))


def run_kernels(job, state=None):
    return run_by(job, trainer_of(job), state)


def weights_of(job):
    return run_kernels(job)[0][: len(initial_weights(job.spec))]


def relu(spec):
    return replace(spec, activation="relu")


@pytest.mark.parametrize("prepare", [lambda job: job, with_zeros], ids=["dense", "with zeros"])
@pytest.mark.parametrize(
    "spec", [SOFTMAX, BINARY, MULTILABEL], ids=["softmax", "binary", "multilabel"]
)
class TestSteps:
    def check(self, job, prepare):
        job = prepare(job)
        assert_are_those_of_the_reference(job, *run_kernels(job))

    def test_are_those_of_keras(self, spec, prepare):
        self.check(make_job(relu(spec)), prepare)

    def test_weigh_rows(self, spec, prepare):
        self.check(weighted(make_job(relu(spec))), prepare)

    def test_shrink_weights_by_alpha(self, spec, prepare):
        self.check(make_job(relu(spec), alpha=0.5), prepare)

    def test_smooth_labels(self, spec, prepare):
        self.check(make_job(relu(spec), label_smoothing=0.1), prepare)

    def test_drop_units_out(self, spec, prepare):
        self.check(make_job(relu(spec), dropout=0.4), prepare)

    def test_do_all_of_this_together(self, spec, prepare):
        self.check(weighted(make_job(relu(spec), dropout=0.4, **EVERYTHING)), prepare)


@pytest.mark.parametrize("prepare", [lambda job: job, with_zeros], ids=["dense", "with zeros"])
class TestNetworks:
    def check(self, spec, prepare, **options):
        job = prepare(weighted(make_job(spec, **EVERYTHING, **options)))
        assert_are_those_of_the_reference(job, *run_kernels(job))

    @pytest.mark.parametrize("activation", NEGATIVE_SLOPES)
    def test_of_each_activation_are_those_of_keras(self, activation, prepare):
        self.check(replace(SOFTMAX, activation=activation), prepare, dropout=0.4)

    @pytest.mark.parametrize("layer_sizes", [(5, 3), (5, 4, 4, 4, 3)], ids=["none", "three"])
    def test_of_other_numbers_of_hidden_layers_are_those_of_keras(self, layer_sizes, prepare):
        self.check(NetworkSpec(layer_sizes, "relu", "softmax", "float64"), prepare)

    @pytest.mark.parametrize("batch_size", [1, 64, 100, 1000])
    def test_that_are_trained_in_pieces_are_those_of_keras(self, batch_size, prepare):
        self.check(LARGE, prepare, n_rows=150, n_epochs=2, batch_size=batch_size, dropout=0.2)

    def test_of_float32_are_those_of_float64_up_to_rounding(self, prepare):
        wide = prepare(make_job(relu(SMALL), **EVERYTHING))
        data = replace(wide.data, X=wide.data.X.astype("float32"))
        found = weights_of(replace(wide, spec=replace(wide.spec, dtype="float32"), data=data))
        assert {weight.dtype.name for weight in found} == {"float32"}
        assert_all_close(found, weights_of(wide), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("options", [{}, {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}])
def test_options_of_adam_are_those_of_keras(options):
    instance = keras.optimizers.Adam(**options)
    job = make_job(relu(SMALL), optimizer=instance)
    trainer = native.NativeTrainer(job.spec, job.batch_size, choose(instance).adam)
    assert_are_those_of_the_reference(job, *run_by(job, trainer))


@pytest.mark.parametrize(
    "instance",
    [
        "adamw",
        keras.optimizers.SGD(),
        keras.optimizers.Adam(amsgrad=True),
        keras.optimizers.Adam(clipnorm=1.0),
        keras.optimizers.Adam(weight_decay=0.1),
        keras.optimizers.Adam(use_ema=True),
        type("Mine", (keras.optimizers.Adam,), {})(),
    ],
    ids=["adamw", "sgd", "amsgrad", "clipnorm", "weight decay", "averages", "subclass"],
)
def test_optimizers_that_do_more_than_adam_are_left_to_keras(instance):
    assert choose(instance).adam is None


class TestRowsWithoutZeros:
    def test_are_those_of_images_but_not_of_dense_inputs(self):
        sparse_rows, dense_rows = (
            trainer_of(job).load(job.data.X, job.data.labels, job.data.row_weight, job.data.scaling)
            for job in (with_zeros(make_job(relu(SMALL))), make_job(relu(SMALL)))
        )
        assert len(sparse_rows.dense) == 0
        assert len(dense_rows.dense) == 50

    def test_hold_what_is_not_zero_scaled(self):
        X = np.array([[0, 3, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 1, 2]], "uint8")
        scaling = InputScaling(np.zeros(1), np.array([2.0]))
        rows = trainer_of(make_job(relu(SMALL))).load(X, np.zeros(3, int), np.ones(3), scaling)
        assert_array_equal(rows.starts, [0, 1, 1, 3])
        assert_array_equal(rows.columns, [1, 3, 4])
        assert_array_equal(rows.values, [1.5, 0.5, 1.0])

    @pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "float64"])
    @pytest.mark.parametrize("order", ["C", "F"])
    def test_are_the_same_of_any_array(self, dtype, order):
        job = with_zeros(make_job(relu(SMALL)))
        X = (10 * job.data.X).astype("int8").clip(0)
        expected = weights_of(replace(job, data=replace(job.data, X=X.astype("float64"))))
        X = np.asarray(X, dtype, order=order)
        assert_all_equal(weights_of(replace(job, data=replace(job.data, X=X))), expected)

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_train_the_network_that_dense_rows_do_bit_for_bit(self, monkeypatch, dtype):
        job = with_zeros(weighted(make_job(replace(LARGE, dtype=dtype), n_rows=150, **EVERYTHING)))
        job = replace(job, data=replace(job.data, X=job.data.X.astype(dtype)))
        found = weights_of(job)
        monkeypatch.setattr(zeros, "_MOST_NONZERO", 0)
        assert_all_equal(found, weights_of(job))

    def test_of_sparse_matrices_are_those_of_arrays(self):
        job = with_zeros(make_job(relu(SMALL)))
        matrix = sparse.csr_array(job.data.X)
        # As they need not be: columns in any order, some more than once, zeros among them.
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
        dense = replace(job, data=replace(job.data, X=matrix.toarray()))
        given = replace(job, data=replace(job.data, X=matrix))
        before = matrix.copy()
        assert_all_close(weights_of(given), weights_of(dense))
        assert_array_equal(matrix.indices, before.indices)
        assert_array_equal(matrix.data, before.data)

    def test_of_a_sparse_matrix_are_in_order_whatever_it_says_of_itself(self):
        X = sparse.random_array((20, 30), density=0.2, rng=np.random.default_rng(0), format="csr")
        assert X.has_canonical_format  # and it believes so from now on
        X.indices = 29 - X.indices
        starts, columns, _ = without_zeros(X, np.ones(30))
        for start, stop in pairwise(starts):
            assert (np.diff(columns[start:stop].astype(int)) > 0).all()

    def test_of_sparse_matrices_are_never_made_dense(self):
        X = sparse.random_array((500, 10**6), density=1e-5, format="csr", rng=0, dtype="float32")
        scaling = InputScaling(np.zeros(1), np.ones(1))
        assert takes_sparse(X, scaling)
        tracemalloc.start()
        rows = trainer_of(make_job(SMALL)).load(X, np.zeros(500, int), np.ones(500), scaling)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(rows.values) == X.nnz
        assert peak < 500 * 10**6 / 4  # bytes; dense, even one byte each would be four times this

    @pytest.mark.parametrize(("n_nonzero", "expected"), [(40, True), (41, False)])
    def test_are_kept_where_at_most_two_fifths_are_not_zero(self, n_nonzero, expected):
        X = np.zeros((2, 50))
        X.flat[:n_nonzero] = 1
        for given in (X, sparse.csr_array(X)):
            assert (without_zeros(given, np.ones(50)) is not None) == expected
        assert takes_sparse(sparse.csr_array(X), InputScaling(np.zeros(1), np.ones(1))) == expected

    def test_may_have_more_columns_than_16_bits_count(self):
        job = with_zeros(make_job(relu(SMALL)))
        X = np.zeros((50, 70_000))
        places = [3, 65_535, 65_536, 66_000, 69_999]
        X[:, places] = job.data.X
        spec = replace(relu(SMALL), layer_sizes=(70_000, 6, 3))
        wide = replace(job, spec=spec, data=replace(job.data, X=X), epochs=job.epochs[:1])
        narrow = replace(job, spec=relu(SMALL), epochs=job.epochs[:1])
        start = initial_weights(narrow.spec)
        state = [*start, *trainer_of(narrow).initial_optimizer_state]
        expected = run_kernels(narrow, state)[0][:4]
        spread = np.zeros((70_000, 6))
        spread[places] = start[0]
        state = [spread, *start[1:], *trainer_of(wide).initial_optimizer_state]
        found = run_kernels(wide, state)[0][:4]
        assert_all_close([found[0][places], *found[1:]], expected)


@pytest.mark.parametrize("prepare", [lambda job: job, with_zeros], ids=["dense", "with zeros"])
@pytest.mark.parametrize(
    "spec", [SOFTMAX, BINARY, MULTILABEL, LARGE], ids=["softmax", "binary", "multilabel", "large"]
)
class TestEvaluation:
    def evaluate(self, job, rows, row_weight):
        trainer = trainer_of(job)
        data = trainer.load(job.data.X, job.data.labels, job.data.row_weight, job.data.scaling)
        weights = turned(initial_weights(job.spec))
        sums = np.array(trainer.evaluate(weights, data, rows, row_weight))
        assert_allclose(sums[2], row_weight.sum())
        return sums[:2] / sums[2]

    def check(self, job):
        """Compare with one step that learns nothing, on rows and weights of its own."""
        rng = np.random.default_rng(3)
        rows = rng.permutation(300)[:270]
        row_weight = rng.uniform(0.1, 3, 300)
        one_step = replace(job, epochs=(rows,), batch_size=300, learning_rate=0.0)
        data = replace(job.data, row_weight=row_weight)
        _, [expected] = run_reference(replace(one_step, data=data))
        assert_allclose(self.evaluate(job, rows, row_weight[rows]), expected, rtol=1e-10)

    def test_measures_the_network_by_some_rows(self, spec, prepare):
        self.check(prepare(weighted(make_job(relu(spec), n_rows=300))))

    def test_scales_inputs(self, spec, prepare):
        job = prepare(make_job(relu(spec), n_rows=300))
        scaling = InputScaling(np.zeros(1), np.full(1, 4.0))
        self.check(replace(job, data=replace(job.data, scaling=scaling)))


class TestState:
    def test_continues_from_call_to_call_as_if_there_had_been_no_break(self):
        job = with_zeros(make_job(relu(SMALL)))
        trainer = trainer_of(job)
        data = trainer.load(job.data.X, job.data.labels, job.data.row_weight, NO_SCALING)
        rates = np.linspace(0.01, 0.02, 4)
        options = {"seed": 7, "alpha": 0.1, "dropout": 0.2, "label_smoothing": 0.1}

        def run(state, rows, first_step):
            order = job.epochs[0][rows]
            return trainer.run(state, data, order, rates, first_step=first_step, **options)[0]

        start = [*turned(initial_weights(SMALL)), *trainer.initial_optimizer_state]
        with_a_break = run(run(start, slice(0, 32), 0), slice(32, 50), 2)
        assert_all_equal(with_a_break, run(start, slice(0, 50), 0))

    def test_has_the_shapes_that_keras_has(self):
        job = with_zeros(make_job(relu(SMALL)))
        state, _ = run_kernels(job)
        optimizer = keras.optimizers.Adam()
        optimizer.build([keras.Variable(weight) for weight in state[:4]])
        assert [v.shape for v in optimizer.variables] == [(*v.shape[::-1],) for v in state[4:]]
        assert int(state[4]) == 12

    def test_that_is_handed_in_is_left_alone(self):
        job = make_job(relu(SMALL))
        state = [*initial_weights(SMALL), *trainer_of(job).initial_optimizer_state]
        before = [np.array(variable) for variable in state]
        run_kernels(job, state)
        assert_all_equal(state, before)

    def test_has_no_numbers_next_to_zero(self):
        """A gradient that is zero for long lets Adam's averages fade, not linger."""
        job = make_job(replace(relu(SMALL), dtype="float32"), n_epochs=1)
        data = replace(job.data, X=job.data.X.astype("float32"))
        state, _ = run_kernels(replace(job, data=data))
        data.X[:, 0] = 0
        order = np.tile(job.epochs[0], 100)
        state, _ = run_kernels(replace(job, data=data, epochs=(order,) * 3), state)
        averages = np.concatenate([np.ravel(array) for array in state[6:]])
        assert (averages == 0).any()
        assert not np.any((averages != 0) & (np.abs(averages) < np.finfo("float32").tiny))


HASH_OF_A_NETWORK = """
import hashlib
import numpy as np
from sk_mnist import KerasMLPClassifier
rng = np.random.default_rng(0)
X, y = rng.random((640, 784)).astype({dtype!r}), rng.integers(10, size=640)
X[rng.random(X.shape) < {share}] = 0
clf = KerasMLPClassifier({hidden}, epochs=2, random_state=0, dropout=0.1, alpha=0.01).fit(X, y)
print(hashlib.sha256(b"".join(map(np.ndarray.tobytes, clf.coefs_ + clf.intercepts_))).hexdigest())
"""


class TestThreads:
    @pytest.mark.parametrize("share", [0.0, 0.8], ids="{} zeros".format)
    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    @pytest.mark.parametrize("hidden", [(128, 64), (300, 77), (512, 512)], ids=str)
    def test_any_number_of_them_trains_the_same_network(self, hidden, dtype, share):
        code = HASH_OF_A_NETWORK.format(hidden=hidden, dtype=dtype, share=share)
        assert len({run_python(code, OMP_NUM_THREADS=n) for n in ("1", "2", "3")}) == 1

    @pytest.mark.parametrize("n_threads", [2, 3, 7, 40])
    @pytest.mark.parametrize("prepare", [lambda job: job, with_zeros], ids=["dense", "with zeros"])
    def test_more_of_them_than_processors_or_tasks_train_the_same_network(
        self, monkeypatch, n_threads, prepare
    ):
        job = prepare(weighted(make_job(LARGE, n_rows=150, batch_size=100, dropout=0.2)))

        def found_by(n):
            monkeypatch.setattr(native, "team_size", lambda: nullcontext(n))
            state, metrics = run_kernels(job)
            return [*state, metrics]

        assert_all_equal(found_by(n_threads), found_by(1))

    def test_that_train_at_once_get_what_they_get_one_after_the_other(self):
        jobs = [with_zeros(weighted(make_job(LARGE, dropout=0.4, seed=i))) for i in range(4)]
        with ThreadPoolExecutor(4) as pool:
            at_once = list(pool.map(weights_of, jobs))
        for job, found in zip(jobs, at_once, strict=True):
            assert_all_equal(found, weights_of(job))

    def test_are_shared_by_the_trainings_of_a_process(self):
        with team_size() as alone, team_size() as shared:
            assert shared == max(1, alone // 2)
        with team_size() as again:
            assert again == alone


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_an_interrupt_stops_a_long_epoch_at_once():
    rng = np.random.default_rng(0)
    X = rng.random((2_000, 784), dtype="float32")
    job = make_job(NetworkSpec((784, 512, 10), "relu", "softmax", "float32"), n_rows=2_000)
    job = replace(job, data=replace(job.data, X=X))
    run_kernels(job)  # compiles, which takes seconds, too
    job = replace(job, epochs=(np.tile(job.epochs[0], 1_000),))  # minutes
    n_threads = threading.active_count()
    timer = threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_kernels(job)
    timer.join()
    assert time.monotonic() - start < 10
    assert threading.active_count() == n_threads


def test_training_and_predicting_import_neither_keras_nor_tensorflow():
    code = """
import sys
import numpy as np
from sk_mnist import KerasMLPClassifier
X = np.eye(20, dtype="float32")
clf = KerasMLPClassifier(4, epochs=2, early_stopping=True, dropout=0.1).fit(X, np.arange(20) % 2)
clf.predict_proba(X)
print(sorted(sys.modules.keys() & {"keras", "tensorflow", "jax"}))
"""
    assert run_python(code).strip() == "[]"


def test_where_compiled_code_cannot_be_kept_it_is_compiled_all_the_same():
    namespace = {}
    exec("def double(x):\n    return 2 * x", namespace)  # of no file, beside which it could lie
    assert entry_point(namespace["double"])(4) == 8


def test_metrics_are_those_of_the_network_at_each_batch():
    job = weighted(make_job(relu(SOFTMAX), n_epochs=1, batch_size=50, learning_rate=0.0))
    weights, metrics = run_kernels(job)
    clf = KerasMLPClassifier()
    clf.coefs_, clf.intercepts_ = weights[0:6:2], weights[1:6:2]
    hidden = job.data.X
    for coef, intercept in zip(clf.coefs_[:-1], clf.intercepts_[:-1], strict=True):
        hidden = np.maximum(hidden @ coef + intercept, 0)
    logits = hidden @ weights[4] + weights[5]
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    share = job.data.row_weight / job.data.row_weight.sum()
    labels = job.data.labels
    loss = -(share * log_p[np.arange(50), labels]).sum()
    assert_allclose(metrics[0], [loss, share[logits.argmax(axis=1) == labels].sum()], rtol=1e-10)
