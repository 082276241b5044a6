"""The TensorFlow engine takes the steps of every Keras optimizer, with every activation."""

from dataclasses import replace
from itertools import cycle

import keras
import numpy as np
import pytest
from jobs import (
    EVERYTHING,
    KERAS_OPTIMIZERS,
    SMALL,
    assert_equals_reference,
    initial_weights,
    make_job,
    run,
    weighted,
)

from sk_mnist.engines.base import NetworkState
from sk_mnist.network.activations import ACTIVATIONS
from sk_mnist.network.spec import NetworkSpec
from sk_mnist.training.optimizers import OPTIMIZERS

pytestmark = [pytest.mark.keras, pytest.mark.slow]


def test_every_optimizer_has_a_reference():
    assert set(KERAS_OPTIMIZERS) == set(OPTIMIZERS)


# Each activation takes its turn, so that one program serves for both.
@pytest.mark.parametrize(
    ("optimizer", "activation"), list(zip(OPTIMIZERS, cycle(ACTIVATIONS), strict=False))
)
def test_optimizer_and_activation_equal_keras(optimizer, activation):
    spec = replace(SMALL, activation=activation)
    job = make_job(spec, optimizer=optimizer, **EVERYTHING)
    assert_equals_reference(weighted(job), "xla")


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
def test_optimizer_instance_equals_keras(instance):
    job = make_job(SMALL, optimizer=instance, **EVERYTHING)
    assert_equals_reference(weighted(job), "xla")


def test_dropout_keeps_the_mean():
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
        after, _ = run(replace(job, dropout=dropout), "xla", NetworkState(start))
        change.append(after.weights[2].ravel())
    ratio = change[1] / change[0]
    standard_error = np.sqrt(0.25 / 0.75 / 4096)
    assert (np.abs(ratio - 1) < 4 * standard_error).all()
    assert np.ptp(ratio) > 0
