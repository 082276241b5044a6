"""Optimizers of the kernels take the steps of Keras's, with all options that they know."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from jobs import (
    BINARY,
    ENGINES,
    EVERYTHING,
    SMALL,
    SOFTMAX,
    assert_all_close,
    assert_all_equal,
    assert_equals_reference,
    initial_weights,
    make_job,
    run,
    trained_weights,
    weighted,
    with_inputs,
    with_zeros,
)
from numpy.testing import assert_allclose

from sk_mnist.data.input_scaling import InputScaling
from sk_mnist.engines.base import NetworkState
from sk_mnist.engines.numba.optimizers import DEFAULTS, kernel_optimizer
from sk_mnist.engines.numba.trainer import NumbaTrainer
from sk_mnist.network.spec import NetworkSpec
from sk_mnist.training.optimizers import OPTIMIZERS, resolve_optimizer

pytestmark = pytest.mark.keras

Adam, AdamW = keras.optimizers.Adam, keras.optimizers.AdamW
RMSprop, SGD = keras.optimizers.RMSprop, keras.optimizers.SGD

INSTANCES = {
    "adam": Adam(beta_1=0.5, beta_2=0.9, epsilon=1e-3),
    "adam amsgrad": Adam(beta_1=0.7, beta_2=0.6, amsgrad=True),
    "adam clipvalue": Adam(clipvalue=0.01),
    "adam clipnorm": Adam(clipnorm=0.05),
    "adam global_clipnorm": Adam(global_clipnorm=0.1),
    "adam use_ema": Adam(use_ema=True, ema_momentum=0.9),
    "adam overwritten": Adam(use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=4),
    "adam weight_decay": Adam(weight_decay=0.3),
    "adam everything": Adam(
        amsgrad=True, weight_decay=0.1, clipnorm=0.05, use_ema=True, ema_momentum=0.8
    ),
    "adamw": AdamW(weight_decay=0.2, global_clipnorm=0.1),
    "sgd": SGD(),
    "sgd momentum": SGD(momentum=0.5),
    "sgd nesterov": SGD(momentum=0.7, nesterov=True, weight_decay=0.1),
    "sgd nesterov without momentum": SGD(nesterov=True, clipvalue=0.02),
    "sgd use_ema": SGD(use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=2),
    "rmsprop": RMSprop(rho=0.5, epsilon=1e-3),
    "rmsprop momentum": RMSprop(momentum=0.4, clipnorm=0.1),
    "rmsprop centered": RMSprop(centered=True, use_ema=True),
    "rmsprop everything": RMSprop(momentum=0.3, centered=True, weight_decay=0.1, use_ema=True),
}
each_instance = pytest.mark.parametrize("instance", INSTANCES.values(), ids=INSTANCES)
each_input = pytest.mark.parametrize("prepare", [lambda job: job, with_zeros], ids=["dense", "CSR"])

NAMES = sorted(DEFAULTS)


@each_input
@pytest.mark.parametrize("name", NAMES)
def test_named_optimizer_equals_keras(name, prepare):
    job = make_job(SOFTMAX, optimizer=name, dropout=0.3, **EVERYTHING)
    assert_equals_reference(weighted(prepare(job)), "numba")


@pytest.mark.slow
@each_input
@each_instance
def test_instance_equals_keras(instance, prepare):
    job = make_job(SOFTMAX, optimizer=instance, dropout=0.3, **EVERYTHING)
    assert_equals_reference(weighted(prepare(job)), "numba")


@pytest.mark.parametrize("limit", ["clipnorm", "global_clipnorm", "clipvalue"])
def test_negative_limits_are_ignored_as_by_keras(limit):
    optimizer = Adam()
    setattr(optimizer, limit, -1.0)
    assert_equals_reference(make_job(SMALL, optimizer=optimizer), "numba")


@pytest.mark.parametrize("engine", ["numba", "xla"])
def test_a_state_of_arrays_is_loaded_with_its_averages(engine):
    job = make_job(SMALL, optimizer=Adam(use_ema=True, ema_momentum=0.9))
    state, _ = run(job, engine)
    with ENGINES[engine](job.task) as trainer:
        loaded = trainer.load_state(replace(state, averages=None)).state()
    assert_all_equal(loaded.final_weights, state.averages)


@each_input
@pytest.mark.parametrize("limit", [{"clipnorm": 0.05}, {"global_clipnorm": 0.05}], ids=str)
def test_norms_are_those_of_all_weight_blocks(limit, prepare):
    spec = NetworkSpec((301, 134, 140, 3), "relu", "softmax", "float64")
    optimizer = SGD(0.1, **limit)
    job = prepare(make_job(spec, n_rows=150, batch_size=64, optimizer=optimizer, **EVERYTHING))
    assert_equals_reference(job, "numba")


@pytest.mark.slow
@each_instance
def test_state_of_an_instance_is_that_of_tensorflow(instance):
    job = weighted(make_job(SMALL, optimizer=instance, **EVERYTHING))
    (found, _), (expected, _) = run(job, "numba"), run(job, "xla")
    assert found.n_steps == expected.n_steps
    for one, other in zip(found.optimizer_state, expected.optimizer_state, strict=True):
        assert one.shape == other.shape
        assert_allclose(one, other, rtol=1e-6, atol=1e-12)
    assert (found.averages is None) == (expected.averages is None)
    assert_all_close(found.final_weights, expected.final_weights)


@each_instance
def test_state_of_an_instance_goes_on_as_arrays(instance):
    job = make_job(SMALL, n_epochs=4, optimizer=instance)
    expected, _ = run(job, "numba")
    trainer, state = NumbaTrainer(job.task), NetworkState(initial_weights(SMALL))
    for epoch, (order, rates) in enumerate(zip(job.epochs, job.learning_rates, strict=True)):
        state, _ = trainer.train_epoch(state, order, rates, job.seed + epoch, job.options)
        state = state.state()  # as arrays, and back into the layout
    assert_all_equal(state.weights, expected.weights)
    assert_all_equal(state.optimizer_state, expected.optimizer_state)
    assert_all_equal(state.final_weights, expected.final_weights)


@each_input
@each_instance
def test_float32_equals_float64_up_to_rounding(instance, prepare):
    wide = prepare(make_job(SMALL, optimizer=instance, **EVERYTHING))
    narrow = with_inputs(wide, wide.data.X.astype("float32"))
    narrow = replace(narrow, spec=replace(SMALL, dtype="float32"))
    found = trained_weights(narrow, "numba")
    assert {weight.dtype.name for weight in found} == {"float32"}
    assert_all_close(found, trained_weights(wide, "numba"), rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("offset", [0.0, 0.5])
def test_validation_measures_the_moving_averages(offset):
    job = make_job(BINARY, n_rows=300, optimizer=SGD(use_ema=True, ema_momentum=0.9))
    rows = {"validation_rows": np.arange(300), "validation_weight": np.ones(300)}
    scaling = InputScaling(np.full(1, offset), np.ones(1))
    job = replace(job, data=replace(job.data, scaling=scaling, **rows))
    state, _ = run(job, "numba")
    plain = NumbaTrainer(replace(job, optimizer="sgd").task)
    expected, other = map(plain.evaluate, map(NetworkState, (state.averages, state.weights)))
    averaging = NumbaTrainer(job.task)
    assert averaging.evaluate(state) == expected != other
    assert averaging.evaluate(NetworkState(state.weights)) == other  # before the first step


@pytest.mark.parametrize("name", NAMES)
def test_defaults_are_those_of_keras(name):
    (kind,) = (value for key, value in vars(keras.optimizers).items() if key.lower() == name)
    config = kind().get_config()
    assert {"name", "learning_rate"} == config.keys() - DEFAULTS[name].keys()
    assert DEFAULTS[name] == {key: config[key] for key in DEFAULTS[name]}


@pytest.mark.parametrize(
    "optimizer",
    [
        *(name for name in OPTIMIZERS if name not in DEFAULTS),
        Adam(loss_scale_factor=8.0),
        Adam(epsilon=0.0, clipnorm=1.0),
        SGD(gradient_accumulation_steps=2),
        keras.optimizers.Lion(),
        type("Mine", (Adam,), {})(),
    ],
    ids=lambda given: given if isinstance(given, str) else type(given).__name__,
)
def test_kernels_do_not_have_other_optimizers(optimizer):
    assert kernel_optimizer(resolve_optimizer(optimizer)) is None
    with pytest.raises(ValueError, match="kernels do not have the optimizer"):
        NumbaTrainer(make_job(SMALL, optimizer=optimizer).task)


def test_kernels_do_not_have_options_that_they_do_not_know():
    spec = resolve_optimizer("adam")
    assert kernel_optimizer(spec) is not None
    assert kernel_optimizer(replace(spec, options={"new_option": 1})) is None
