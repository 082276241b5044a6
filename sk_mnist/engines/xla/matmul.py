"""Matrix products of the compiled loop, the same bits with any number of threads."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow.compiler.tf2xla.ops.gen_xla_ops import xla_optimization_barrier


def matmul(inputs: Any, transposed: Any, *, compiled: bool) -> Any:
    """Multiply inputs by weights.

    XLA has two ways to multiply float32 matrices on a CPU. One of them, used where the first factor
    is transposed, splits its work, and so rounds, by the number of threads. A joblib worker, which
    has fewer threads, would then train another network. Therefore the first factor of the gradient
    of the weights is the small matrix of output gradients, transposed in memory; without a barrier
    XLA would fold the transposition into the product. For float64 there is only the other way, and
    nothing to gain.

    Parameters
    ----------
    inputs : tensor of shape (n_rows, n_inputs)
        Outputs of the layer below.
    transposed : tensor of shape (n_units, n_inputs)
        The weights, transposed.
    compiled : bool
        Whether XLA compiles the program; only XLA has barriers.

    Returns
    -------
    tensor of shape (n_rows, n_units)
    """

    @tf.custom_gradient
    def multiply(inputs: Any, transposed: Any) -> Any:
        def gradients(upstream: Any) -> Any:
            inputs_gradient = tf.matmul(upstream, transposed)
            if not compiled or inputs.dtype != tf.float32:
                return inputs_gradient, tf.matmul(upstream, inputs, transpose_a=True)
            (first_factor,) = xla_optimization_barrier([tf.transpose(upstream)])
            return inputs_gradient, tf.matmul(first_factor, inputs)

        return tf.matmul(inputs, transposed, transpose_b=True), gradients

    return multiply(inputs, transposed)
