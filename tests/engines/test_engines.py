"""Every engine takes the steps that Keras takes; `jobs` has the training jobs and the reference.

Each test runs over all engines, so that a feature which one has and another lacks fails by name.
"""

from dataclasses import replace

import numpy as np
import pytest
from jobs import (
    BINARY,
    ENGINES,
    EVERYTHING,
    MULTILABEL,
    SMALL,
    SOFTMAX,
    assert_all_close,
    assert_all_equal,
    assert_equals_reference,
    each_engine,
    initial_weights,
    make_job,
    run,
    run_by,
    run_reference,
    trained_weights,
    weighted,
    with_inputs,
    with_zeros,
)
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sk_mnist.data.input_scaling import InputScaling
from sk_mnist.engines.base import NetworkState
from sk_mnist.network.activations import ACTIVATIONS
from sk_mnist.network.spec import NetworkSpec

pytestmark = pytest.mark.keras


# Larger than all blocks that the kernels cut work into: tiles, blocks of rows, ranges of inputs.
LARGE = NetworkSpec((301, 134, 140, 3), "relu", "softmax", "float64")

OUTPUTS = {"softmax": SOFTMAX, "binary": BINARY, "multilabel": MULTILABEL}
each_output = pytest.mark.parametrize(
    "spec",
    [SOFTMAX, *[pytest.param(spec, marks=pytest.mark.slow) for spec in (BINARY, MULTILABEL)]],
    ids=["softmax", "binary", "multilabel"],
)
OPTIONS = {
    "plain": {},
    "alpha": {"alpha": 0.5},
    "label_smoothing": {"label_smoothing": 0.1},
    "dropout": {"dropout": 0.4},
    "everything": {"dropout": 0.4, **EVERYTHING},
}


def as_it_is(job):
    return job


# Only the kernels have another path for inputs with many zeros.
each_engine_and_input = pytest.mark.parametrize(
    ("engine", "prepare"),
    [
        ("numba", as_it_is),
        ("numba", with_zeros),
        pytest.param("xla", as_it_is, marks=pytest.mark.slow),
    ],
    ids=["numba", "numba with zeros", "xla"],
)


@each_engine_and_input
@each_output
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_steps_equal_keras(engine, spec, options, prepare):
    assert_equals_reference(prepare(make_job(spec, **options)), engine)


@each_engine_and_input
@each_output
def test_steps_with_sample_weight_equal_keras(engine, spec, prepare):
    assert_equals_reference(prepare(weighted(make_job(spec))), engine)
    everything = weighted(make_job(spec, dropout=0.4, **EVERYTHING))
    assert_equals_reference(prepare(everything), engine)


@pytest.mark.slow
@each_engine_and_input
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_steps_with_each_activation_equal_keras(engine, activation, prepare):
    spec = replace(SOFTMAX, activation=activation)
    job = prepare(weighted(make_job(spec, dropout=0.4, **EVERYTHING)))
    assert_equals_reference(job, engine)


def test_every_engine_is_tested():
    assert set(ENGINES) == {"numba", "xla"}


@pytest.mark.slow
@each_engine_and_input
@pytest.mark.parametrize("layer_sizes", [(5, 3), (5, 4, 4, 4, 3)], ids=["none", "three"])
def test_steps_with_other_numbers_of_hidden_layers_equal_keras(engine, layer_sizes, prepare):
    spec = NetworkSpec(layer_sizes, "relu", "softmax", "float64")
    assert_equals_reference(prepare(weighted(make_job(spec, **EVERYTHING))), engine)


@each_engine_and_input
@pytest.mark.parametrize("batch_size", [pytest.param(1, marks=pytest.mark.slow), 64, 100, 1000])
def test_steps_of_wide_networks_equal_keras_for_any_batch_size(engine, batch_size, prepare):
    n_rows = 20 if batch_size == 1 else 150
    options = {"n_rows": n_rows, "n_epochs": 2, "dropout": 0.2, **EVERYTHING}
    job = prepare(weighted(make_job(LARGE, batch_size=batch_size, **options)))
    assert_equals_reference(job, engine)


@each_engine_and_input
def test_float32_steps_equal_float64_steps_up_to_rounding(engine, prepare):
    wide = prepare(make_job(SMALL, **EVERYTHING))
    narrow = with_inputs(wide, wide.data.X.astype("float32"))
    found = trained_weights(replace(narrow, spec=replace(SMALL, dtype="float32")), engine)
    assert {weight.dtype.name for weight in found} == {"float32"}
    assert_all_close(found, trained_weights(wide, engine), rtol=1e-4, atol=1e-5)


@each_engine_and_input
def test_sparse_inputs_train_the_network_of_dense_inputs(engine, prepare):
    job = prepare(weighted(make_job(SMALL, **EVERYTHING)))
    given = with_inputs(job, sparse.csr_array(job.data.X))
    assert_all_close(trained_weights(given, engine), trained_weights(job, engine), rtol=1e-12)


@each_engine
def test_inputs_are_scaled(engine):
    job = make_job(SMALL)
    scaling = InputScaling(np.array([3.0, 1, 0, 100, -2]), np.array([2.0, 1, 5, 50, 0.1]))
    as_given = replace(job.data, X=job.data.X * scaling.scale + scaling.offset, scaling=scaling)
    found = trained_weights(replace(job, data=as_given), engine)
    assert_all_close(found, trained_weights(job, engine))


@each_engine
def test_uint8_inputs_equal_float_inputs(engine):
    job = make_job(SMALL)
    integers = np.random.default_rng(3).integers(0, 255, job.data.X.shape)
    scaling = InputScaling(np.zeros(1), np.array([100.0]))
    floats = replace(job.data, X=integers.astype("float64"), scaling=scaling)
    as_bytes = replace(floats, X=integers.astype("uint8"))
    assert_all_equal(
        trained_weights(replace(job, data=as_bytes), engine),
        trained_weights(replace(job, data=floats), engine),
    )


@each_engine
def test_a_batch_larger_than_the_data_is_all_of_the_data(engine):
    assert_equals_reference(weighted(make_job(SMALL, batch_size=500)), engine)


@each_engine
def test_rows_of_sample_weight_zero_have_no_effect(engine):
    job = make_job(SMALL, batch_size=50)
    weight = np.where(np.arange(50) % 5 == 0, 0.0, 1.0)
    without = replace(job, epochs=tuple(order[weight[order] > 0] for order in job.epochs))
    with_zero_weight = replace(job, data=replace(job.data, row_weight=weight))
    found, expected = trained_weights(with_zero_weight, engine), trained_weights(without, engine)
    assert_all_close(found, expected, 1e-12, 1e-13)


@each_engine
def test_sample_weight_k_equals_k_repetitions_within_a_batch(engine):
    job = make_job(SMALL, n_rows=20, batch_size=64)
    counts = np.random.default_rng(4).integers(1, 4, 20)
    rows = np.repeat(np.arange(20), counts)
    repeated = replace(
        job.data, X=job.data.X[rows], labels=job.data.labels[rows], row_weight=np.ones(len(rows))
    )
    repeated = replace(job, data=repeated, epochs=(np.arange(len(rows)),) * 3)
    as_weight = replace(job, data=replace(job.data, row_weight=counts.astype(float)))
    found, expected = trained_weights(as_weight, engine), trained_weights(repeated, engine)
    assert_all_close(found, expected, 1e-11, 1e-12)


@each_engine
def test_steps_of_adam_equal_numpy(engine):
    """Logistic regression with the gradient and Adam's formulas written out."""
    spec = NetworkSpec((5, 3), "relu", "softmax", "float64")
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
    assert_all_close(trained_weights(job, engine), [parameters[:-1], parameters[-1]])


@each_engine
class TestState:
    def test_state_goes_on_from_epoch_to_epoch(self, engine):
        job = make_job(SMALL, n_epochs=4, dropout=0.2)
        with ENGINES[engine](job.task) as trainer:
            whole, _ = run_by(job, trainer)
            first = replace(job, epochs=job.epochs[:2])
            second = replace(job, epochs=job.epochs[2:], seed=job.seed + 2)
            rates = job.learning_rates
            state = NetworkState(initial_weights(SMALL))
            for part, part_rates in ((first, rates[:2]), (second, rates[2:])):
                for epoch, order in enumerate(part.epochs):
                    seed = part.seed + epoch
                    state, _ = trainer.train_epoch(
                        state, order, part_rates[epoch], seed, job.options
                    )
                state = state.state()  # as NumPy arrays, and back into the layout
        assert_all_equal(state.weights, whole.weights)
        assert_all_equal(state.optimizer_state, whole.optimizer_state)

    def test_state_without_optimizer_state_starts_anew(self, engine):
        job = make_job(SMALL, n_epochs=2)
        trained, _ = run(job, engine)
        found, _ = run(job, engine, trained)
        forgetful, _ = run(job, engine, NetworkState(trained.weights))
        assert found.n_steps == 2 * forgetful.n_steps == 16
        assert not np.allclose(forgetful.weights[0], found.weights[0])

    def test_state_given_is_left_alone(self, engine):
        job = make_job(SMALL)
        state, _ = run(job, engine)
        before = [np.array(array) for array in (*state.weights, *state.optimizer_state)]
        run(job, engine, state)
        assert_all_equal([*state.weights, *state.optimizer_state], before)

    def test_state_before_an_epoch_is_not_changed_by_it(self, engine):
        job = make_job(SMALL)
        with ENGINES[engine](job.task) as trainer:
            before = trainer.load_state(NetworkState(initial_weights(SMALL)))
            before, _ = trainer.train_epoch(
                before, job.epochs[0], job.learning_rates[0], 0, job.options
            )
            copied = [np.array(array) for array in before.state().weights]
            trainer.train_epoch(before, job.epochs[1], job.learning_rates[1], 1, job.options)
            assert_all_equal(before.state().weights, copied)

    def test_state_has_the_natural_shapes_of_keras_variables(self, engine):
        import keras

        spec = replace(SMALL, layer_sizes=(5, 6, 7, 3))
        state, _ = run(with_zeros(make_job(spec)), engine)
        assert [weight.shape for weight in state.weights] == spec.weight_shapes
        optimizer = keras.optimizers.Adam()
        optimizer.build([keras.Variable(weight) for weight in state.weights])
        shapes = [tuple(variable.shape) for variable in optimizer.variables]
        assert [array.shape for array in state.optimizer_state] == shapes
        assert state.n_steps == 12

    @pytest.mark.slow
    def test_optimizer_state_is_that_of_keras(self, engine):
        job = weighted(make_job(SMALL, **EVERYTHING))
        state, _ = run(job, engine)
        other, _ = run(job, "xla")
        assert_all_close(state.optimizer_state, other.optimizer_state, rtol=1e-6)

    def test_results_are_the_same_bits_from_run_to_run(self, engine):
        job = weighted(make_job(SMALL, dropout=0.4, **EVERYTHING))
        (first, first_metrics), (second, second_metrics) = run(job, engine), run(job, engine)
        assert_all_equal(first.weights, second.weights)
        assert_all_equal(first.optimizer_state, second.optimizer_state)
        assert_array_equal(first_metrics, second_metrics)


@each_engine_and_input
@pytest.mark.parametrize("spec", [*OUTPUTS.values(), LARGE], ids=[*OUTPUTS, "large"])
@pytest.mark.parametrize(
    "scaling",
    [
        InputScaling(np.zeros(1), np.ones(1)),
        InputScaling(np.zeros(1), np.full(1, 4.0)),
        InputScaling(np.full(1, 0.5), np.full(1, 4.0)),
    ],
    ids=["unscaled", "scale", "offset"],
)
def test_evaluation_equals_one_step_of_keras_that_learns_nothing(engine, spec, scaling, prepare):
    rng = np.random.default_rng(3)
    job = prepare(weighted(make_job(spec, n_rows=300)))
    rows, weight = rng.permutation(300)[:270], rng.uniform(0.1, 3, 300)
    data = replace(job.data, scaling=scaling, validation_rows=rows, validation_weight=weight[rows])
    with ENGINES[engine](replace(job, data=data).task) as trainer:
        found = trainer.evaluate(trainer.load_state(NetworkState(initial_weights(spec))))
    one_step = replace(job, epochs=(rows,), batch_size=300, learning_rate=0.0)
    measured = replace(one_step, data=replace(data, row_weight=weight))
    _, [expected] = run_reference(measured)
    assert_allclose([found.mean_loss, found.accuracy], expected, rtol=1e-10)
    assert_allclose(found.weight, weight[rows].sum())
