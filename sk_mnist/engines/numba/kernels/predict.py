"""The forward pass of a trained network."""

from __future__ import annotations

import math

from sk_mnist.engines.numba.kernels.compile import entry_point
from sk_mnist.engines.numba.kernels.dense import affine
from sk_mnist.engines.numba.kernels.llvm_calls import call_activation

BLOCK_ROWS = 48
"""Rows that go through the network together, a multiple of the rows of the gemm microkernel."""


@entry_point
def predict_logits(X, network, activation, buffers, logits):
    """Compute the logits of some rows; return whether their inputs are certainly finite.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        The inputs, in the dtype of the network.
    network : Network
        The network, without slots.
    activation : int
        Address of the hidden layers' activation.
    buffers : ndarray of shape (3, BLOCK_ROWS * max(layer_sizes))
        Room for the outputs of two layers, and for gradients, which are not used.
    logits : ndarray of shape (n_rows, n_outputs)
        Written to.
    """
    finite = True
    n_layers = len(network.layer_sizes) - 1
    for start in range(0, len(X), BLOCK_ROWS):
        n_rows = min(BLOCK_ROWS, len(X) - start)
        affine(0, n_rows, X[start:].reshape(-1), network, buffers[0])
        # An input that is not finite makes every sum of its row so, whatever the weights.
        for i in range(n_rows):
            finite &= math.isfinite(buffers[0, i * network.layer_sizes[1]])
        for layer in range(1, n_layers):
            inputs = buffers[(layer + 1) % 2]
            call_activation(activation, inputs, buffers[2], n_rows * network.layer_sizes[layer])
            affine(layer, n_rows, inputs, network, buffers[layer % 2])
        size = n_rows * logits.shape[1]
        outputs = buffers[(n_layers + 1) % 2, :size]
        logits[start : start + n_rows] = outputs.reshape((n_rows, logits.shape[1]))
    return finite
