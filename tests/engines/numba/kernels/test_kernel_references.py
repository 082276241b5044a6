"""Kernels compute what the reference functions in `sk_mnist.network` compute."""

import numpy as np
import pytest
from kernel_wrappers import wrapper
from numpy.testing import assert_allclose, assert_array_equal

from sk_mnist.engines.numba.kernels.dropout import mask_key, multiply_by_mask
from sk_mnist.engines.numba.kernels.llvm_calls import call_activation
from sk_mnist.engines.numba.kernels.loss import logistic_cross_entropy, softmax_cross_entropy
from sk_mnist.engines.numba.machine_code import entry_points
from sk_mnist.network.activations import ACTIVATIONS
from sk_mnist.network.dropout import keep_mask
from sk_mnist.network.forward import probabilities
from sk_mnist.network.loss import cross_entropy, is_correct

RTOL = {"float32": 1e-6, "float64": 1e-14}


@wrapper
def call(address, logits, gradients):
    call_activation(address, logits, gradients, len(logits))


@wrapper
def call_multiply_by_mask(outputs, gradients, first_row, seed, step, layer, dropout):
    multiply_by_mask(outputs, gradients, first_row, mask_key(seed, step, layer), dropout)


@wrapper
def call_softmax(logits, labels, label_smoothing, gradients, losses, correct):
    for i in range(len(logits)):
        losses[i], correct[i] = softmax_cross_entropy(
            logits[i], labels[i], label_smoothing, gradients[i]
        )


@wrapper
def call_logistic(logits, labels, label_smoothing, gradients, losses, correct):
    for i in range(len(logits)):
        losses[i], correct[i] = logistic_cross_entropy(
            logits[i], labels[i], label_smoothing, gradients[i]
        )


LOGITS = np.concatenate([np.linspace(-50, 50, 4001), np.geomspace(1e-30, 1e-3), [0.0]])
LOGITS = np.concatenate([LOGITS, -LOGITS])


@pytest.mark.parametrize("dtype", RTOL)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_kernel_equals_the_reference(name, dtype):
    found = LOGITS.astype(dtype)
    expected = ACTIVATIONS[name].apply(found.astype("float64"))
    call(entry_points.ACTIVATIONS[name].address(dtype), found, np.empty_like(found))
    # In the tail of gelu the square of the logit is rounded, which its exponential multiplies.
    rtol = RTOL[dtype] * (100 if name == "gelu" else 1)
    # Exponentials below exp(-87) are taken for it, or for zero.
    assert_allclose(found, expected, rtol=rtol, atol=1e-36)


@pytest.mark.parametrize("dtype", RTOL)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_gradient_kernel_equals_differences_of_the_reference(name, dtype):
    z = np.linspace(-12, 12, 400)  # none of them near zero, where some gradients jump
    apply = ACTIVATIONS[name].apply
    # Four values, so that the error is of the order of the fourth power of the step.
    near = (apply(z + 1e-3) - apply(z - 1e-3)) * 8 - (apply(z + 2e-3) - apply(z - 2e-3))
    gradients = np.empty(z.shape, dtype)
    call(entry_points.ACTIVATIONS[name].address(dtype), z.astype(dtype), gradients)
    assert_allclose(gradients, near / 0.012, rtol=1e-5, atol=1e-6 if dtype == "float32" else 1e-11)


@pytest.mark.parametrize("dtype", RTOL)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_kernel_keeps_what_is_not_a_number(name, dtype):
    found = np.array([np.nan, 1.0, np.nan], dtype)
    call(entry_points.ACTIVATIONS[name].address(dtype), found, np.empty_like(found))
    assert_array_equal(np.isnan(found), [True, False, True])


@pytest.mark.parametrize("dtype", RTOL)
@pytest.mark.parametrize("dropout", [0.1, 0.5, 0.99])
@pytest.mark.parametrize(("seed", "step", "layer"), [(0, 0, 0), (2**32 - 1, 7, 3), (5, 10**6, 63)])
def test_dropout_kernel_equals_the_reference(seed, step, layer, dropout, dtype):
    dropout = np.dtype(dtype).type(dropout)
    mask = keep_mask((64 + 33, 17), dropout, seed, step, layer)[64:]
    outputs, gradients = np.full((33, 17), 3, dtype), np.ones((33, 17), dtype)
    call_multiply_by_mask(outputs, gradients, 64, np.uint32(seed), step, layer, dropout)
    assert_array_equal(gradients > 0, mask)
    assert_allclose(gradients[mask], 1 / (1 - dropout), rtol=RTOL[dtype])
    assert_allclose(outputs, 3 * gradients, rtol=RTOL[dtype])


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
