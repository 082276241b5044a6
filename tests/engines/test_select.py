"""Which engine trains: kernels on a CPU for the optimizers that they have, otherwise TensorFlow."""

from dataclasses import replace

import pytest
from jobs import SMALL, make_job

from sk_mnist.engines import select
from sk_mnist.engines.numba.trainer import NumbaTrainer
from sk_mnist.engines.select import engine_for
from sk_mnist.network.activations import ACTIVATIONS

pytestmark = pytest.mark.keras


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "rmsprop", "sgd"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_kernels_train_these_optimizers_with_every_activation(optimizer, activation):
    task = make_job(replace(SMALL, activation=activation), optimizer=optimizer).task
    with engine_for(task) as engine:
        assert type(engine) is NumbaTrainer


def test_tensorflow_trains_other_optimizers():
    with engine_for(make_job(SMALL, optimizer="nadam").task) as engine:
        assert type(engine).__name__ == "XlaTrainer"


@pytest.mark.parametrize(("has_gpu", "expected"), [(False, "NumbaTrainer"), (True, "XlaTrainer")])
def test_gpu_trains_by_tensorflow(monkeypatch, has_gpu, expected):
    monkeypatch.setattr(select, "_has_gpu", lambda: has_gpu)
    with engine_for(make_job(SMALL).task) as engine:
        assert type(engine).__name__ == expected
