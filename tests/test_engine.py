"""The compiled loop takes the steps that Keras takes, whatever is padded, pooled or streamed.

`jobs` has the trainings, and the reference.
"""

import os
import re
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import cycle

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jobs import (
    BINARY,
    EVERYTHING,
    KERAS_OPTIMIZERS,
    MULTILABEL,
    SMALL,
    SOFTMAX,
    assert_all_close,
    assert_all_equal,
    assert_are_those_of_the_reference,
    initial_weights,
    make_job,
    run_by,
    run_python,
    weighted,
)
from numpy.testing import assert_array_equal

from sk_mnist.data.input_scaling import InputScaling
from sk_mnist.engines.xla import trainer as engine
from sk_mnist.network.forward import ACTIVATIONS
from sk_mnist.network.spec import OPTIMIZERS, NetworkSpec
from sk_mnist.training.optimizers import choose


def program_of(job):
    choice = choose(job.optimizer)
    return engine.program_for(
        job.spec, job.data, job.batch_size, choice, use_dropout=job.dropout > 0
    )


def run_engine(job, trainer=None, state=None):
    """Run a job by the engine; return the state and each epoch's mean loss and accuracy."""
    if trainer is None:
        with engine.pool.trainer(program_of(job)) as pooled:
            return run_by(job, pooled, state)
    return run_by(job, trainer, state)


def engine_weights(job, **options):
    state, _ = run_engine(job, **options)
    return state[: len(initial_weights(job.spec))]


def assert_steps_are_those_of_the_reference(job):
    assert_are_those_of_the_reference(job, *run_engine(job))


@pytest.mark.parametrize(
    "spec", [SOFTMAX, BINARY, MULTILABEL], ids=["softmax", "binary", "multilabel"]
)
class TestGradientSteps:
    def test_are_those_of_keras(self, spec):
        assert_steps_are_those_of_the_reference(make_job(spec))

    def test_weigh_rows(self, spec):
        assert_steps_are_those_of_the_reference(weighted(make_job(spec)))

    def test_shrink_weights_by_alpha(self, spec):
        assert_steps_are_those_of_the_reference(make_job(spec, alpha=0.5))

    def test_smooth_labels(self, spec):
        assert_steps_are_those_of_the_reference(make_job(spec, label_smoothing=0.1))

    def test_drop_units_out(self, spec):
        assert_steps_are_those_of_the_reference(make_job(spec, dropout=0.4))

    def test_do_all_of_this_together(self, spec):
        assert_steps_are_those_of_the_reference(weighted(make_job(spec, dropout=0.4, **EVERYTHING)))


class TestOptimizers:
    def test_all_have_a_reference(self):
        assert set(KERAS_OPTIMIZERS) == set(OPTIMIZERS)

    # Each activation takes its turn, so that one program serves for both.
    @pytest.mark.parametrize(
        ("optimizer", "activation"), list(zip(OPTIMIZERS, cycle(ACTIVATIONS), strict=False))
    )
    def test_and_activations_are_those_of_keras(self, optimizer, activation):
        spec = replace(SMALL, activation=activation)
        job = make_job(spec, optimizer=optimizer, **EVERYTHING)
        assert_steps_are_those_of_the_reference(weighted(job))

    @pytest.mark.parametrize(
        "instance",
        [
            keras.optimizers.Adam(beta_1=0.7, amsgrad=True),
            keras.optimizers.SGD(momentum=0.5),
            keras.optimizers.AdamW(weight_decay=0.1, clipnorm=0.05),
            keras.optimizers.RMSprop(centered=True, global_clipnorm=0.1),
            keras.optimizers.Adam(clipvalue=0.01, loss_scale_factor=8.0),
            keras.optimizers.Adam(gradient_accumulation_steps=3),
            keras.optimizers.Adam(use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=4),
            keras.optimizers.Adafactor(),
        ],
        ids=lambda optimizer: type(optimizer).__name__,
    )
    def test_given_as_instances_are_those_of_keras(self, instance):
        assert_steps_are_those_of_the_reference(
            weighted(make_job(SMALL, optimizer=instance, **EVERYTHING))
        )


@pytest.mark.parametrize("layer_sizes", [(5, 3), (5, 4, 4, 4, 3)], ids=["none", "three"])
def test_steps_with_other_numbers_of_hidden_layers_are_those_of_keras(layer_sizes):
    spec = NetworkSpec(layer_sizes, "tanh", "softmax", "float64")
    assert_steps_are_those_of_the_reference(weighted(make_job(spec, **EVERYTHING)))


def test_steps_of_adam_are_those_of_numpy():
    """Logistic regression with the gradient and Adam's formulas written out."""
    spec = NetworkSpec((5, 3), "tanh", "softmax", "float64")
    job = weighted(make_job(spec, alpha=0.5))
    coef, intercept = initial_weights(spec)
    parameters, n_steps = np.vstack([coef, intercept]), 0
    mean, mean_square = np.zeros_like(parameters), np.zeros_like(parameters)
    # Keras corrects the bias for decay rates that it has rounded.
    decay, decay_of_square = float(np.float32(0.9)), float(np.float32(0.999))
    for order, rates in zip(job.epochs, job.learning_rates, strict=True):
        for i, rate in enumerate(rates.astype("float32").astype("float64")):
            rows = order[16 * i : 16 * (i + 1)]
            share = job.data.row_weight[rows] / job.data.row_weight[rows].sum()
            inputs = np.column_stack([job.data.X[rows], np.ones(len(rows))])
            exponentials = np.exp(inputs @ parameters)
            errors = exponentials / exponentials.sum(axis=1, keepdims=True)
            errors -= np.eye(3)[job.data.labels[rows]]
            gradient = inputs.T @ (share[:, None] * errors)
            gradient[:-1] += 0.5 * parameters[:-1] / job.data.row_weight[rows].sum()
            n_steps += 1
            mean += (1 - 0.9) * (gradient - mean)
            mean_square += (1 - 0.999) * (gradient**2 - mean_square)
            rate *= np.sqrt(1 - decay_of_square**n_steps) / (1 - decay**n_steps)
            parameters -= rate * mean / (np.sqrt(mean_square) + 1e-7)
    assert_all_close(engine_weights(job), [parameters[:-1], parameters[-1]])


def test_float32_steps_are_those_of_float64_up_to_rounding():
    wide = make_job(SMALL, **EVERYTHING)
    narrow_data = replace(wide.data, X=wide.data.X.astype("float32"))
    narrow = replace(wide, spec=replace(SMALL, dtype="float32"), data=narrow_data)
    found = engine_weights(narrow)
    assert {weight.dtype.name for weight in found} == {"float32"}
    assert_all_close(found, engine_weights(wide), rtol=1e-4, atol=1e-5)


def test_inputs_are_scaled_on_their_way_into_the_network():
    job = make_job(SMALL)
    scaling = InputScaling(np.array([3.0, 1, 0, 100, -2]), np.array([2.0, 1, 5, 50, 0.1]))
    as_given = replace(job.data, X=job.data.X * scaling.scale + scaling.offset, scaling=scaling)
    assert_all_close(engine_weights(replace(job, data=as_given)), engine_weights(job))


def test_integer_inputs_count_as_floats():
    job = make_job(SMALL)
    integers = np.random.default_rng(3).integers(0, 255, job.data.X.shape)
    scaling = InputScaling(np.zeros(1), np.array([100.0]))
    floats = replace(job.data, X=integers.astype("float64"), scaling=scaling)
    bytes_ = replace(floats, X=integers.astype("uint8"))
    assert_all_equal(
        engine_weights(replace(job, data=bytes_)), engine_weights(replace(job, data=floats))
    )


class TestState:
    def test_of_the_optimizer_continues_from_call_to_call(self):
        job = make_job(SMALL, n_epochs=4)
        first, second = replace(job, epochs=job.epochs[:2]), replace(job, epochs=job.epochs[2:])
        with engine.pool.trainer(program_of(job)) as trainer:
            half_way, _ = run_engine(first, trainer)
            without_break, _ = run_engine(second, trainer, half_way)
            run_engine(replace(first, learning_rate=0.1), trainer)
            after_another_fit, _ = run_engine(second, trainer, half_way)
            optimizer_anew = half_way[:4] + trainer.initial_optimizer_state
            forgetful, _ = run_engine(second, trainer, optimizer_anew)
        assert_all_equal(after_another_fit, without_break)
        assert not np.allclose(forgetful[0], without_break[0])

    def test_that_is_handed_in_is_left_alone(self):
        job = make_job(SMALL)
        with engine.pool.trainer(program_of(job)) as trainer:
            state = [*initial_weights(SMALL), *trainer.initial_optimizer_state]
            before = [np.array(variable) for variable in state]
            run_engine(job, trainer, state)
            run_engine(job, trainer, [tf.constant(variable) for variable in state])
        assert_all_equal(state, before)

    def test_is_bit_for_bit_the_same_from_run_to_run(self):
        job = weighted(make_job(SMALL, dropout=0.4, **EVERYTHING))
        first, first_metrics = run_engine(job)
        second, second_metrics = run_engine(job)
        assert_all_equal(first, second)
        assert_array_equal(first_metrics, second_metrics)


class TestPadding:
    """All jobs here differ in what is padded; 50 and 60 rows share a program of 64."""

    def test_rows_that_are_not_trained_on_have_no_effect(self):
        job = make_job(SMALL)
        # Another first row, because positions that are padding gather it.
        X = np.vstack([np.full((1, 5), 1e3), job.data.X, np.full((9, 5), -1e3)])
        labels = np.concatenate([[2], job.data.labels, np.ones(9)]).astype("int32")
        more = replace(job.data, X=X, labels=labels, row_weight=np.ones(60))
        shifted = replace(job, data=more, epochs=tuple(order + 1 for order in job.epochs))
        assert_all_equal(engine_weights(shifted), engine_weights(job))

    def test_a_larger_bucket_has_no_effect(self):
        job = make_job(SMALL)
        copies = {
            name: np.concatenate([getattr(job.data, name)] * 4)
            for name in ("X", "labels", "row_weight")
        }
        larger = replace(job, data=replace(job.data, **copies))
        assert program_of(larger).n_rows > program_of(job).n_rows
        assert_all_close(engine_weights(larger), engine_weights(job), rtol=1e-13, atol=1e-14)

    def test_a_batch_larger_than_the_data_is_all_of_the_data(self):
        assert_steps_are_those_of_the_reference(weighted(make_job(SMALL, batch_size=500)))

    def test_batches_larger_than_the_bucket_share_a_program(self):
        small, large = (program_of(make_job(SMALL, batch_size=n)) for n in (500, 10**6))
        assert small == large

    def test_rows_of_weight_zero_are_as_if_they_were_not_there(self):
        job = make_job(SMALL, batch_size=64)
        weightless = np.where(np.arange(50) % 5 == 0, 0.0, 1.0)
        without = replace(job, epochs=tuple(o[weightless[o] > 0] for o in job.epochs))
        with_zeros = replace(job, data=replace(job.data, row_weight=weightless))
        assert_all_close(engine_weights(with_zeros), engine_weights(without), 1e-12, 1e-13)

    def test_a_weight_of_k_is_k_repetitions_within_a_batch(self):
        job = make_job(SMALL, n_rows=20, batch_size=64)
        counts = np.random.default_rng(4).integers(1, 4, 20)
        repeated = replace(job, epochs=tuple(np.repeat(o, counts[o]) for o in job.epochs))
        weighted_ = replace(job, data=replace(job.data, row_weight=counts.astype(float)))
        assert_all_close(engine_weights(weighted_), engine_weights(repeated), 1e-11, 1e-12)


class TestPaddedRows:
    sizes = st.integers(1, 10**7)

    @settings(derandomize=True, deadline=None)
    @given(n_rows=sizes)
    @example(n_rows=1)
    @example(n_rows=2**20 + 1)
    def test_are_at_least_the_rows_and_at_most_an_eighth_more(self, n_rows):
        assert n_rows <= engine.padded_rows(n_rows) <= n_rows * 9 / 8 + 64

    @settings(derandomize=True, deadline=None)
    @given(n_rows=sizes)
    @example(n_rows=64)
    @example(n_rows=2**20)
    def test_are_a_multiple_of_64_and_of_a_sixteenth_of_the_next_power_of_two(self, n_rows):
        padded = engine.padded_rows(n_rows)
        next_power = 2 ** int(np.ceil(np.log2(n_rows)))
        assert padded % 64 == 0
        assert padded * 16 % next_power == 0

    @settings(derandomize=True, deadline=None)
    @given(n_rows=sizes, more=st.integers(0, 10**5))
    def test_grow_with_the_rows(self, n_rows, more):
        assert engine.padded_rows(n_rows) <= engine.padded_rows(n_rows + more)

    @settings(derandomize=True, deadline=None)
    @given(n_rows=sizes)
    def test_need_no_padding_themselves(self, n_rows):
        padded = engine.padded_rows(n_rows)
        assert engine.padded_rows(padded) == padded

    def test_of_neighbours_are_the_same(self):
        assert engine.padded_rows(8_000) == engine.padded_rows(8_001)


class TestPool:
    def test_lends_the_same_trainer_again(self):
        pool, key = engine.TrainerPool(), program_of(make_job(SOFTMAX))
        with pool.trainer(key) as first:
            pass
        with pool.trainer(key) as second:
            assert second is first

    def test_lends_two_trainers_to_two_borrowers_at_once(self):
        pool, key = engine.TrainerPool(), program_of(make_job(SOFTMAX))
        with pool.trainer(key):
            pass
        with pool.trainer(key) as first, pool.trainer(key) as second:
            assert second is not first

    @pytest.mark.parametrize(
        "other",
        [
            make_job(BINARY),
            make_job(SOFTMAX, batch_size=17),
            make_job(SOFTMAX, optimizer="sgd"),
            make_job(SOFTMAX, dropout=0.1),
            make_job(SOFTMAX, n_rows=65),
        ],
        ids=["network", "batch size", "optimizer", "dropout", "rows"],
    )
    def test_lends_another_trainer_for_another_program(self, other):
        pool = engine.TrainerPool()
        with pool.trainer(program_of(make_job(SOFTMAX))) as first:
            pass
        with pool.trainer(program_of(other)) as second:
            assert second is not first

    def test_gets_a_trainer_back_after_an_error(self):
        pool, key = engine.TrainerPool(), program_of(make_job(SOFTMAX))
        with pytest.raises(RuntimeError, match="interrupted"), pool.trainer(key) as first:
            raise RuntimeError("interrupted")
        with pool.trainer(key) as second:
            assert second is first

    def test_keeps_the_trainers_that_were_used_last(self):
        pool = engine.TrainerPool()
        pool.MAX_IDLE = 2
        lent = []
        for batch_size in (8, 16, 32):
            with pool.trainer(program_of(make_job(BINARY, batch_size=batch_size))) as trainer:
                lent.append(trainer)
        for trainer, is_kept in zip(reversed(lent), (True, True, False), strict=True):
            with pool.trainer(trainer.key) as found:
                assert (found is trainer) == is_kept

    def test_threads_that_train_at_once_get_what_they_get_one_after_the_other(self):
        jobs = [weighted(make_job(SOFTMAX, dropout=0.4, seed=seed)) for seed in (1, 2)]
        barrier = threading.Barrier(2, timeout=60)
        key = program_of(jobs[0])

        def train(job):
            with engine.pool.trainer(key) as trainer:
                barrier.wait()
                return trainer, [engine_weights(job, trainer=trainer) for _ in range(5)]

        with ThreadPoolExecutor(2) as threads:
            at_once = list(threads.map(train, jobs))
        assert at_once[0][0] is not at_once[1][0]
        for job, (_, results) in zip(jobs, at_once, strict=True):
            expected = engine_weights(job)
            for found in results:
                assert_all_equal(found, expected)


@pytest.mark.parametrize(
    "other",
    [
        make_job(SOFTMAX, n_rows=60),
        make_job(SOFTMAX, n_rows=10, n_epochs=1),
        make_job(SOFTMAX, learning_rate=0.5),
        make_job(SOFTMAX, label_smoothing=0.2),
        make_job(SOFTMAX, alpha=3.0),
    ],
    ids=["rows", "steps", "learning rate", "label smoothing", "alpha"],
)
def test_hyperparameters_are_arguments_of_the_program(other):
    assert_can_share_a_program(make_job(SOFTMAX, alpha=0.1), other)


def test_dropout_rate_and_seed_are_arguments_of_the_program():
    job = make_job(SOFTMAX, dropout=0.4)
    assert_can_share_a_program(job, replace(job, dropout=0.1))
    assert_can_share_a_program(job, replace(job, seed=2**32 - 10))


def assert_can_share_a_program(job, other):
    """Assert that a program which was compiled for one job trains another as its own would."""
    key = program_of(job)
    assert program_of(other) == key
    used = engine.Trainer(key)
    run_engine(job, used)
    found = engine_weights(other, trainer=used)
    assert_all_equal(found, engine_weights(other, trainer=engine.Trainer(key)))
    assert not np.array_equal(found[0], engine_weights(job, trainer=used)[0])


def test_dropout_leaves_the_mean_of_what_it_drops_out_of():
    """The gradient of an output that is undecided is the mean of the units below."""
    spec = NetworkSpec((5, 8, 1), "identity", "logistic", "float64")
    job = make_job(spec, n_rows=4096, n_epochs=1, batch_size=4096, optimizer="sgd")
    same_rows = np.tile(job.data.X[:1], (4096, 1))
    ones = np.ones((4096, 1), "uint8")
    job = replace(job, data=replace(job.data, X=same_rows, labels=ones))
    start = initial_weights(spec)
    start[2][:] = 0
    change = []
    for dropout in (0.0, 0.25):
        with engine.pool.trainer(program_of(replace(job, dropout=dropout))) as trainer:
            state = [*start, *trainer.initial_optimizer_state]
            after, _ = run_engine(replace(job, dropout=dropout), trainer, state)
        change.append(after[2].ravel())
    ratio = change[1] / change[0]
    standard_error = np.sqrt(0.25 / 0.75 / 4096)
    assert (np.abs(ratio - 1) < 4 * standard_error).all()
    assert np.ptp(ratio) > 0


class TestThreads:
    def test_of_tensorflow_are_the_fewest_that_the_environment_grants(self):
        code = """
from sk_mnist.engines.xla import trainer as engine
import tensorflow as tf
tf.zeros(1) + 1
print(tf.config.threading.get_intra_op_parallelism_threads())
"""
        limits = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "x"}
        assert run_python(code, **limits).split() == ["1"]

    def test_of_tensorflow_are_its_own_or_the_users_choice_otherwise(self):
        code = """
import importlib, os
from sk_mnist.engines.xla import trainer as engine
import tensorflow as tf
print(tf.config.threading.get_intra_op_parallelism_threads())
tf.config.threading.set_intra_op_parallelism_threads(2)
os.environ["OMP_NUM_THREADS"] = "1"
importlib.reload(engine)
print(tf.config.threading.get_intra_op_parallelism_threads())
"""
        assert run_python(code).split() == ["0", "2"]

    @pytest.mark.parametrize("hidden", [(128, 64), (300, 77), (512, 512)], ids=str)
    def test_any_number_of_them_trains_the_same_float32_network(self, hidden):
        code = f"""
import hashlib
import numpy as np
from sk_mnist import KerasMLPClassifier
rng = np.random.default_rng(0)
X, y = rng.random((640, 784), dtype="float32"), rng.integers(10, size=640)
clf = KerasMLPClassifier(
    {hidden}, optimizer="adamw", epochs=2, random_state=0, dropout=0.1, alpha=0.01
).fit(X, y)
print(hashlib.sha256(b"".join(map(np.ndarray.tobytes, clf.coefs_ + clf.intercepts_))).hexdigest())
"""
        assert len({run_python(code, OMP_NUM_THREADS=n) for n in ("1", "2", "3")}) == 1

    def test_share_no_float32_product_that_rounds_by_their_number(self, tmp_path):
        # Where the first factor is transposed, XLA cuts a product by the number of threads; whether
        # the result differs, depends on the processor. So this looks at the program itself.
        code = """
import numpy as np
from sk_mnist import KerasMLPClassifier
X, y = np.ones((64, 5), "float32"), np.arange(64) % 10
KerasMLPClassifier((9, 8), optimizer="adamw", epochs=1, dropout=0.1, alpha=0.01).fit(X, y)
"""
        run_python(code, XLA_FLAGS=f"--xla_dump_to={tmp_path} --xla_dump_hlo_as_text")
        (program,) = tmp_path.glob("*cpu_after_optimizations.txt")
        contracted = re.findall(r" dot\(.*lhs_contracting_dims={(\d)}", program.read_text())
        assert contracted == ["1"] * 8  # 3 layers: forward, gradients of weights, of 2 inputs


TRAIN_IN_NEW_PROCESS = """
import sys, warnings
import numpy as np
sys.path.insert(0, {tests!r})
from test_engine import *
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("default")
    jobs = [weighted(make_job(spec, dropout=0.4, **EVERYTHING)) for spec in (SOFTMAX, BINARY)]
    weights = [engine_weights(job) for job in (*jobs, jobs[0])]
np.savez({file!r}, *weights[0])
for warning in caught:
    print(f"{{warning.category.__name__}}: {{warning.message}}")
"""


class TestWithoutXLA:
    """XLA is made to fail: it has to write to a directory that cannot exist."""

    @pytest.fixture(scope="class")
    @classmethod
    def uncompiled(cls, tmp_path_factory):
        """Train in a process without XLA; return the weights and the warnings."""
        folder = tmp_path_factory.mktemp("uncompiled")
        file = folder / "weights.npz"
        (folder / "no_folder").touch()
        tests = os.path.dirname(__file__)
        warned = run_python(
            TRAIN_IN_NEW_PROCESS.format(tests=tests, file=str(file)),
            TF_XLA_FLAGS=f"--tf_xla_persistent_cache_directory={folder / 'no_folder' / 'cache'}",
        )
        with np.load(file) as arrays:
            return list(arrays.values()), warned.strip().splitlines()

    def test_training_gives_the_same_network_up_to_rounding(self, uncompiled):
        job = weighted(make_job(SOFTMAX, dropout=0.4, **EVERYTHING))
        assert_all_close(uncompiled[0], engine_weights(job), rtol=1e-11, atol=1e-12)

    def test_training_warns_of_it(self, uncompiled):
        assert uncompiled[1][0].startswith("RuntimeWarning: XLA cannot compile")

    def test_training_warns_once_however_many_networks_are_trained(self, uncompiled):
        assert len(uncompiled[1]) == 1


def test_where_xla_works_nothing_is_warned_of():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run_engine(make_job(SOFTMAX))


GRID_SEARCH = """
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sk_mnist import KerasMLPClassifier
X, y = load_digits(return_X_y=True)
grid = {"hidden_layer_sizes": [(8,), (8, 8)], "learning_rate": [1e-3, 1e-2, 1e-1]}
classifier = KerasMLPClassifier(optimizer="adamw", epochs=2, random_state=0)
search = GridSearchCV(classifier, grid, cv=3, refit=False)
search.fit(X[:301], y[:301])
"""

OTHER_FITS = """
for n_rows in (193, 200, 224, 256):
    KerasMLPClassifier(
        hidden_layer_sizes=(8,),
        optimizer="adamw",
        epochs=n_rows % 4 + 1,
        learning_rate=1 / n_rows,
        learning_rate_schedule="cosine",
        alpha=n_rows / 100,
        label_smoothing=n_rows / 1000,
        class_weight="balanced",
        input_scaling="standard",
        random_state=n_rows,
    ).fit(X[:n_rows], y[:n_rows], sample_weight=X[:n_rows, 3] + 1)
"""


class TestCompilations:
    """XLA itself reports what it compiles: it dumps each program before it optimizes it."""

    @pytest.fixture(scope="class")
    @classmethod
    def compilations(cls, tmp_path_factory):
        """Return how many programs were compiled, after a grid search and after other fits."""
        dump = tmp_path_factory.mktemp("xla")
        count = f"""
from pathlib import Path
print(len(list(Path({str(dump)!r}).glob("*before_optimizations.txt"))))
"""
        printed = run_python(
            GRID_SEARCH + count + OTHER_FITS + count,
            XLA_FLAGS=f"--xla_dump_to={dump} --xla_dump_hlo_as_text",
        )
        return [int(number) for number in printed.split()]

    def test_are_two_for_18_fits_of_a_grid_search_over_2_architectures(self, compilations):
        assert compilations[0] == 2

    def test_are_none_for_other_numbers_of_rows_steps_and_values(self, compilations):
        assert compilations[1] == compilations[0]
