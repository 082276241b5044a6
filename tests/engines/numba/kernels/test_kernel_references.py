"""Kernels compute what the reference functions in `sk_mnist.network` compute."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sk_mnist.engines.numba.kernels import optimizers
from sk_mnist.engines.numba.kernels.activation import activate, activation_gradient
from sk_mnist.engines.numba.kernels.compile import entry_point
from sk_mnist.engines.numba.kernels.dropout import mask_key, multiply_by_mask
from sk_mnist.engines.numba.kernels.loss import logistic_cross_entropy, softmax_cross_entropy
from sk_mnist.engines.numba.kernels.structs import Settings
from sk_mnist.network.activations import ACTIVATIONS
from sk_mnist.network.dropout import keep_mask
from sk_mnist.network.forward import probabilities
from sk_mnist.network.loss import cross_entropy, is_correct

PIECEWISE_LINEAR = [name for name in ACTIVATIONS if ACTIVATIONS[name].negative_slope is not None]
RTOL = {"float32": 1e-6, "float64": 1e-14}


@entry_point
def call_activate(outputs, negative_slope):
    activate(outputs, negative_slope)


@entry_point
def call_activation_gradient(logits, negative_slope, gradients):
    activation_gradient(logits, negative_slope, gradients)


@entry_point
def call_multiply_by_mask(values, first_row, seed, step, layer, dropout):
    multiply_by_mask(values, first_row, mask_key(seed, step, layer), dropout)


@entry_point
def call_softmax(logits, labels, label_smoothing, gradients, losses, correct):
    for i in range(len(logits)):
        losses[i], correct[i] = softmax_cross_entropy(
            logits[i], labels[i], label_smoothing, gradients[i]
        )


@entry_point
def call_logistic(logits, labels, label_smoothing, gradients, losses, correct):
    for i in range(len(logits)):
        losses[i], correct[i] = logistic_cross_entropy(
            logits[i], labels[i], label_smoothing, gradients[i]
        )


@entry_point
def call_adam(weights, first_moments, second_moments, gradient, l2, rate, n_steps, settings):
    step_size = optimizers.adam_step_size(rate, n_steps, settings)
    optimizers.adam(weights, first_moments, second_moments, gradient, l2, step_size, settings)


@pytest.mark.parametrize("dtype", RTOL)
@pytest.mark.parametrize("name", PIECEWISE_LINEAR)
def test_activation_kernel_equals_the_reference(name, dtype):
    z = np.random.default_rng(0).normal(size=200).astype(dtype)
    slope = z.dtype.type(ACTIVATIONS[name].negative_slope)
    found = z.copy()
    call_activate(found, slope)
    assert_allclose(found, ACTIVATIONS[name].apply(z.copy()), rtol=RTOL[dtype])


@pytest.mark.parametrize("dtype", RTOL)
@pytest.mark.parametrize("name", PIECEWISE_LINEAR)
def test_activation_gradient_kernel_equals_differences_of_the_reference(name, dtype):
    z = np.random.default_rng(0).normal(size=(20, 7))
    z += np.copysign(0.1, z)
    apply = ACTIVATIONS[name].apply
    expected = (apply(z + 0.01) - apply(z - 0.01)) / 0.02
    gradients = np.empty(z.shape, dtype)
    slope = gradients.dtype.type(ACTIVATIONS[name].negative_slope)
    call_activation_gradient(z.astype(dtype), slope, gradients)
    assert_allclose(gradients, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("dtype", RTOL)
@pytest.mark.parametrize("dropout", [0.1, 0.5, 0.99])
@pytest.mark.parametrize(("seed", "step", "layer"), [(0, 0, 0), (2**32 - 1, 7, 3), (5, 10**6, 63)])
def test_dropout_kernel_equals_the_reference(seed, step, layer, dropout, dtype):
    dropout = np.dtype(dtype).type(dropout)
    mask = keep_mask((64 + 33, 17), dropout, seed, step, layer)[64:]
    values = np.ones((33, 17), dtype)
    call_multiply_by_mask(values, 64, np.uint32(seed), step, layer, dropout)
    assert_array_equal(values > 0, mask)
    assert_allclose(values[mask], 1 / (1 - dropout), rtol=RTOL[dtype])


@pytest.mark.parametrize("dtype", RTOL)
@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
@pytest.mark.parametrize("out_activation", ["softmax", "logistic"])
def test_loss_kernel_equals_the_reference(out_activation, label_smoothing, dtype):
    rng = np.random.default_rng(0)
    z = rng.normal(scale=4, size=(40, 3)).astype(dtype)
    gradients, losses, correct = np.empty_like(z), np.empty(40, dtype), np.empty(40, bool)
    smoothing = z.dtype.type(label_smoothing)
    if out_activation == "softmax":
        labels = rng.integers(0, 3, 40).astype("int32")
        targets = np.eye(3)[labels] * (1 - label_smoothing) + label_smoothing / 3
        call_softmax(z, labels, smoothing, gradients, losses, correct)
    else:
        labels = rng.integers(0, 2, (40, 3)).astype("int32")
        targets = labels * (1 - label_smoothing) + label_smoothing / 2
        call_logistic(z, labels, smoothing, gradients, losses, correct)
    rtol = 10 * RTOL[dtype]
    assert_allclose(losses, cross_entropy(z, labels, out_activation, label_smoothing), rtol=rtol)
    assert_array_equal(correct, is_correct(z, labels, out_activation))
    expected = probabilities(z.astype("float64"), out_activation) - targets
    assert_allclose(gradients, expected, rtol=rtol, atol=rtol)


def test_adam_kernel_equals_the_formula():
    rng = np.random.default_rng(0)
    weights, gradient, m = rng.normal(size=(3, 50))
    v = rng.random(50)
    # Options that float32 holds exactly, since step sizes are computed from it.
    beta_1, beta_2, epsilon, rate, l2, n_steps = 0.875, 0.96875, 1e-3, 0.125, 0.01, 3
    settings = Settings(0.0, True, 0.0, 0.0, 0.0, np.uint32(0), 0, 0, beta_1, beta_2, epsilon)
    g = gradient + l2 * weights
    expected_m = beta_1 * m + (1 - beta_1) * g
    expected_v = beta_2 * v + (1 - beta_2) * g**2
    step_size = rate * np.sqrt(1 - beta_2**n_steps) / (1 - beta_1**n_steps)
    expected = weights - step_size * expected_m / (np.sqrt(expected_v) + epsilon)
    call_adam(weights, m, v, gradient, l2, rate, n_steps, settings)
    for found, wanted in ((m, expected_m), (v, expected_v), (weights, expected)):
        assert_allclose(found, wanted, rtol=1e-12, atol=1e-15)
