"""Activations of the hidden layers, each with its gradient.

Every function replaces logits by outputs, and writes the gradient of these by the logits to a
second array; it takes pointers to both. `sk_mnist.network.activations` is the reference. The output
of NaN is NaN.
"""

from __future__ import annotations

import math

import numpy as np
from numba import types

from sk_mnist.engines.numba.kernels.compile import kernel
from sk_mnist.engines.numba.kernels.llvm_math import (
    LARGEST_EXPONENT,
    exp_parts,
    normal_tail_factor,
)
from sk_mnist.engines.numba.kernels.llvm_views import part

LEAKY_SLOPE = np.float32(0.2)
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805
NORMAL_DENSITY_AT_ZERO = 1 / math.sqrt(2 * math.pi)


def argument_types(scalar):
    """Return the types of the arguments of an activation of a network of some scalar type."""
    return types.CPointer(scalar), types.CPointer(scalar), types.intp


@kernel
def identity(logits, gradients, n):
    """Compute z."""
    gradient = part(gradients, 0, n)
    for j in range(n):
        gradient[j] = 1


@kernel
def relu(logits, gradients, n):
    """Compute max(z, 0)."""
    z, gradient = part(logits, 0, n), part(gradients, 0, n)
    zero, one = z.dtype.type(0), z.dtype.type(1)
    for j in range(n):
        gradient[j] = one if z[j] > zero else zero
        z[j] = zero if z[j] <= zero else z[j]


@kernel
def leaky_relu(logits, gradients, n):
    """Compute z, or slope * z below zero."""
    z, gradient = part(logits, 0, n), part(gradients, 0, n)
    zero, one, slope = z.dtype.type(0), z.dtype.type(1), z.dtype.type(LEAKY_SLOPE)
    for j in range(n):
        gradient[j] = one if z[j] > zero else slope
        z[j] = slope * z[j] if z[j] <= zero else z[j]


@kernel
def elu(logits, gradients, n):
    """Compute z, or exp(z) - 1 below zero."""
    z, gradient = part(logits, 0, n), part(gradients, 0, n)
    zero, one = z.dtype.type(0), z.dtype.type(1)
    for j in range(n):
        p, s = exp_parts(_limited(zero if z[j] > zero else z[j]))
        gradient[j] = one if z[j] > zero else s + s * p
        z[j] = z[j] if z[j] > zero else s * p + (s - one)


@kernel
def selu(logits, gradients, n):
    """Compute scale * z, or scale * alpha * (exp(z) - 1) below zero."""
    z, gradient = part(logits, 0, n), part(gradients, 0, n)
    zero, one = z.dtype.type(0), z.dtype.type(1)
    scale, scaled_alpha = z.dtype.type(SELU_SCALE), z.dtype.type(SELU_SCALE * SELU_ALPHA)
    for j in range(n):
        p, s = exp_parts(_limited(zero if z[j] >= zero else z[j]))
        gradient[j] = scale if z[j] >= zero else scaled_alpha * (s + s * p)
        z[j] = scale * z[j] if z[j] >= zero else scaled_alpha * (s * p + (s - one))


@kernel
def logistic(logits, gradients, n):
    """Compute 1 / (1 + exp(-z))."""
    z, gradient = part(logits, 0, n), part(gradients, 0, n)
    one = z.dtype.type(1)
    for j in range(n):
        y = _logistic(z[j])
        gradient[j] = y * (one - y)
        z[j] = y


@kernel
def silu(logits, gradients, n):
    """Compute z / (1 + exp(-z))."""
    z, gradient = part(logits, 0, n), part(gradients, 0, n)
    one = z.dtype.type(1)
    for j in range(n):
        y = _logistic(z[j])
        gradient[j] = y * (one + z[j] * (one - y))
        z[j] *= y


@kernel
def tanh(logits, gradients, n):
    """Compute tanh(z)."""
    z, gradient = part(logits, 0, n), part(gradients, 0, n)
    one, two = z.dtype.type(1), z.dtype.type(2)
    for j in range(n):
        p, s = exp_parts(_limited(two * z[j]))
        e = s * p + (s - one)  # exp(2 z) - 1
        y = e / (e + two)
        gradient[j] = one - y * y
        z[j] = y


@kernel
def gelu(logits, gradients, n):
    """Compute z times the probability that a normal variable is below z."""
    z, gradient = part(logits, 0, n), part(gradients, 0, n)
    zero, one, half = z.dtype.type(0), z.dtype.type(1), z.dtype.type(0.5)
    density_at_zero = z.dtype.type(NORMAL_DENSITY_AT_ZERO)
    for j in range(n):
        x = z[j]
        p, s = exp_parts(_limited(-half * x * x))
        e = s + s * p
        tail = e * normal_tail_factor(abs(x))
        distribution = one - tail if x > zero else tail
        gradient[j] = distribution + x * e * density_at_zero
        z[j] = x * distribution


@kernel
def _logistic(z):
    p, s = exp_parts(_limited(-z))
    zero, one = type(z)(0), type(z)(1)
    return zero if z < -type(z)(LARGEST_EXPONENT) else one / (one + (s + s * p))


@kernel
def _limited(x):
    """Return x within the limits of `exp_parts`."""
    limit = type(x)(LARGEST_EXPONENT)
    x = limit if x > limit else x
    return -limit if x < -limit else x
