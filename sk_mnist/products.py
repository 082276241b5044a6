"""Matrix products for the compiled loop, the same with any number of threads."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def product(inputs: Any, transposed: Any, gradient_scale: Any) -> Any:
    """Multiply inputs by weights; scale the gradient of the weights, and of nothing else.

    XLA has two ways to multiply float32 matrices on a CPU. One of them cuts its work, and so
    rounds, as the number of threads demands, and it is taken where the first factor is transposed.
    A worker of joblib, which is given fewer threads, would then not train the same network. So
    the first factor of the weights' gradient is the small matrix of the outputs' gradients,
    transposed in memory. The scale is applied to it there: XLA would fold a mere transposition
    into the product, and a barrier against that costs 5 to 8 % of a step at (128, 64).

    Parameters
    ----------
    inputs : tensor of shape (n_rows, n_inputs)
        Outputs of the layer below.
    transposed : tensor of shape (n_units, n_inputs)
        The weights, transposed.
    gradient_scale : scalar tensor
        What to multiply the gradient of the weights by; not a constant of the program.

    Returns
    -------
    tensor of shape (n_rows, n_units)
    """

    @tf.custom_gradient
    def multiply(inputs: Any, transposed: Any) -> Any:
        def gradients(upstream: Any) -> Any:
            first_factor = tf.transpose(upstream) * gradient_scale
            return tf.matmul(upstream, transposed), tf.matmul(first_factor, inputs)

        return tf.matmul(inputs, transposed, transpose_b=True), gradients

    return multiply(inputs, transposed)
