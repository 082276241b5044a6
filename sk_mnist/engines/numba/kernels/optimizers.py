"""Optimizers: functions that update some weights by their gradient, as Keras's classes do.

Each takes pointers to the weights, to its slots, to the gradient and to its options, which are
float64. A slot has a number for each weight, and the next slot lies `stride` numbers behind it.
What Keras does around all optimizers (clipping, weight decay, moving averages) is in `train`.
"""

from __future__ import annotations

import math

from numba import types

from sk_mnist.engines.numba.kernels.compile import kernel
from sk_mnist.engines.numba.kernels.llvm_views import part


def argument_types(scalar):
    """Return the types of the arguments of an optimizer of a network of some scalar type."""
    numbers, options = types.CPointer(scalar), types.CPointer(types.float64)
    return numbers, numbers, types.intp, numbers, types.intp, options


@kernel
def adam(weights, slots, stride, gradient, n, options):
    """Take step size, 1 - beta_1, 1 - beta_2, epsilon, and whether the slots end with AMSGrad's."""
    w, g, option = part(weights, 0, n), part(gradient, 0, n), part(options, 0, 5)
    first_moments, second_moments = part(slots, 0, n), part(slots, stride, n)
    largest = part(slots, 2 * stride, n)
    scalar = w.dtype.type
    step_size, rest_1, rest_2 = scalar(option[0]), scalar(option[1]), scalar(option[2])
    epsilon, is_amsgrad = scalar(option[3]), option[4] > 0
    for j in range(n):
        m = first_moments[j] + (g[j] - first_moments[j]) * rest_1
        v = second_moments[j] + (g[j] * g[j] - second_moments[j]) * rest_2
        first_moments[j] = m
        second_moments[j] = v
        if is_amsgrad:
            v = largest[j] if largest[j] > v else v
            largest[j] = v
        w[j] -= step_size * m / (math.sqrt(v) + epsilon)


@kernel
def sgd(weights, slots, stride, gradient, n, options):
    """Take the learning rate."""
    w, g = part(weights, 0, n), part(gradient, 0, n)
    rate = w.dtype.type(part(options, 0, 1)[0])
    for j in range(n):
        w[j] -= g[j] * rate


@kernel
def momentum(weights, slots, stride, gradient, n, options):
    """Take learning rate, momentum, and whether it is Nesterov's."""
    w, g, m = part(weights, 0, n), part(gradient, 0, n), part(slots, 0, n)
    option = part(options, 0, 3)
    rate, kept, is_nesterov = w.dtype.type(option[0]), w.dtype.type(option[1]), option[2] > 0
    for j in range(n):
        step = m[j] * kept - g[j] * rate
        m[j] = step
        w[j] += step * kept - g[j] * rate if is_nesterov else step


@kernel
def rmsprop(weights, slots, stride, gradient, n, options):
    """Take learning rate, rho, 1 - rho, epsilon, momentum, and whether it is centered.

    The slots are the mean square; the momentum, if any; the mean gradient, if it is centered.
    """
    w, g, option = part(weights, 0, n), part(gradient, 0, n), part(options, 0, 6)
    scalar = w.dtype.type
    rate, rho, rest = scalar(option[0]), scalar(option[1]), scalar(option[2])
    epsilon, kept, is_centered = scalar(option[3]), scalar(option[4]), option[5] > 0
    has_momentum = kept > 0
    mean_square = part(slots, 0, n)
    for j in range(n):
        mean_square[j] = rho * mean_square[j] + rest * (g[j] * g[j])
    if is_centered:
        first = (2 if has_momentum else 1) * stride
        mean = part(slots, first, n)
        for j in range(n):
            mean[j] = rho * mean[j] + rest * g[j]
            variance = mean_square[j] - mean[j] * mean[j]
            g[j] = rate * g[j] / math.sqrt(variance + epsilon)
    else:
        for j in range(n):
            g[j] = rate * g[j] / math.sqrt(mean_square[j] + epsilon)
    if has_momentum:
        step = part(slots, stride, n)
        for j in range(n):
            step[j] = kept * step[j] + g[j]
            w[j] -= step[j]
    else:
        for j in range(n):
            w[j] -= g[j]
