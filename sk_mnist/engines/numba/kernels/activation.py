"""Activations of the hidden layers: linear above zero, and linear with another slope below."""

from __future__ import annotations

from sk_mnist.engines.numba.kernels.compile import kernel


@kernel
def activate(outputs, negative_slope):
    """Replace the logits of a hidden layer by its outputs.

    A slope of zero is not multiplied: infinity times zero is not a number.
    """
    zero = outputs.dtype.type(0)
    for j in range(len(outputs)):
        below = zero if negative_slope == zero else negative_slope * outputs[j]
        outputs[j] = below if outputs[j] <= zero else outputs[j]


@kernel
def activation_gradient(logits, negative_slope, gradients):
    """Compute the gradient of the outputs of a hidden layer by its logits."""
    n_rows, n_units = logits.shape
    one = logits.dtype.type(1)
    for i in range(n_rows):
        for j in range(n_units):
            gradients[i, j] = one if logits[i, j] > 0 else negative_slope
