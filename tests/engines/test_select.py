"""Which engine trains: kernels for a plain Adam on a CPU, TensorFlow for everything else."""

from dataclasses import replace

import keras
import pytest
from jobs import SMALL, assert_equals_reference, make_job

from sk_mnist.engines import select
from sk_mnist.engines.numba.trainer import NumbaAdamTrainer
from sk_mnist.engines.select import engine_for, kernels_can_train
from sk_mnist.network.activations import ACTIVATIONS
from sk_mnist.training.optimizers import OPTIMIZERS

pytestmark = pytest.mark.keras


@pytest.mark.parametrize("options", [{}, {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}])
def test_kernels_train_an_adam_instance_with_its_options_as_keras_does(options):
    job = make_job(SMALL, optimizer=keras.optimizers.Adam(**options))
    assert kernels_can_train(job.task)
    assert_equals_reference(job, "numba")


@pytest.mark.parametrize(
    "instance",
    [
        *(name for name in OPTIMIZERS if name != "adam"),
        keras.optimizers.SGD(),
        keras.optimizers.Adam(amsgrad=True),
        keras.optimizers.Adam(clipnorm=1.0),
        keras.optimizers.Adam(weight_decay=0.1),
        keras.optimizers.Adam(use_ema=True),
        type("Mine", (keras.optimizers.Adam,), {})(),
    ],
    ids=lambda given: given if isinstance(given, str) else type(given).__name__,
)
def test_kernels_do_not_train_optimizers_that_do_more_than_adam(instance):
    task = make_job(SMALL, optimizer=instance).task
    assert not kernels_can_train(task)
    with pytest.raises(ValueError, match="kernels do not have the optimizer"):
        NumbaAdamTrainer(task)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_kernels_train_piecewise_linear_activations(activation):
    task = make_job(replace(SMALL, activation=activation)).task
    assert kernels_can_train(task) == (activation in ("identity", "leaky_relu", "relu"))


@pytest.mark.parametrize(
    ("has_gpu", "expected"), [(False, "NumbaAdamTrainer"), (True, "XlaTrainer")]
)
def test_gpu_trains_by_tensorflow(monkeypatch, has_gpu, expected):
    monkeypatch.setattr(select, "_has_gpu", lambda: has_gpu)
    with engine_for(make_job(SMALL).task) as engine:
        assert type(engine).__name__ == expected
