"""Optimizers: a function that updates some weights, and one that computes its step size."""

from __future__ import annotations

import math

import numpy as np

from sk_mnist.engines.numba.kernels.compile import kernel


@kernel
def adam_step_size(learning_rate, n_steps, settings):
    """Compute the factor of Adam's update in step `n_steps`, from one, rounded as in Keras.

    Options are rounded to float32 whatever the dtype of the network, which all else has.
    """
    scalar = type(settings.alpha)
    t = scalar(n_steps)
    beta_1, beta_2 = scalar(np.float32(settings.beta_1)), scalar(np.float32(settings.beta_2))
    step_size = scalar(np.float32(learning_rate)) * math.sqrt(scalar(1) - beta_2**t)
    return step_size / (scalar(1) - beta_1**t)


@kernel
def adam(weights, first_moments, second_moments, gradient, l2, step_size, settings):
    """Update weights and moments by the gradient of the loss, to which L2 regularization is added.

    All arrays are vectors of the same length.
    """
    scalar = weights.dtype.type
    rest_1, rest_2 = scalar(1 - settings.beta_1), scalar(1 - settings.beta_2)
    epsilon = scalar(settings.epsilon)
    for j in range(len(gradient)):
        g = gradient[j] + l2 * weights[j]
        m = first_moments[j] + (g - first_moments[j]) * rest_1
        v = second_moments[j] + (g * g - second_moments[j]) * rest_2
        first_moments[j] = m
        second_moments[j] = v
        weights[j] -= step_size * m / (math.sqrt(v) + epsilon)
