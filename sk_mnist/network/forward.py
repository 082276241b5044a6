"""The forward pass of a dense network in NumPy; neither Keras nor TensorFlow is imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.special import expit, log_expit, log_softmax

from sk_mnist._utils.typing import FloatArray
from sk_mnist.network.activations import ACTIVATIONS
from sk_mnist.network.input_limit import InputLimit
from sk_mnist.network.spec import OutActivation

# Rows go through the network in chunks, so that memory stays flat however many rows there are
# and the activations of a chunk are still in the processor's cache when the next layer reads them.
CHUNK_ROWS = 1024

# NumPy finds the maxima and sums of short rows slowly. Up to this many outputs, softmax takes a
# quarter of the time on transposed logits.
_FEW_OUTPUTS = 32


def logits(
    X: Any,
    coefs: Sequence[FloatArray],
    intercepts: Sequence[FloatArray],
    activation: str,
    limit: InputLimit | None = None,
) -> FloatArray:
    """Return what the last layer computes before the output activation.

    Parameters
    ----------
    X : {ndarray, sparse matrix} of shape (n_samples, n_features)
        Any numeric dtype; converted to the dtype of the weights, a chunk of rows at a time.
    coefs : sequence of ndarray of shape (n_inputs, n_units)
        Weights of each layer.
    intercepts : sequence of ndarray of shape (n_units,)
        Biases of each layer.
    activation : str
        A key of `ACTIVATIONS`, applied after each layer but the last.
    limit : InputLimit or None
        Applied to X.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
        In the dtype of the weights.
    """
    if X.shape[0] <= CHUNK_ROWS:
        return _chunk_logits(X, coefs, intercepts, ACTIVATIONS[activation].apply, limit)
    if hasattr(X, "tocsr"):
        X = X.tocsr()  # the format whose rows can be cut out cheaply
    out = np.empty((X.shape[0], coefs[-1].shape[1]), dtype=coefs[0].dtype)
    for start in range(0, X.shape[0], CHUNK_ROWS):
        rows = slice(start, start + CHUNK_ROWS)
        out[rows] = _chunk_logits(X[rows], coefs, intercepts, ACTIVATIONS[activation].apply, limit)
    return out


def _chunk_logits(
    X: Any,
    coefs: Sequence[FloatArray],
    intercepts: Sequence[FloatArray],
    activate: Callable[[FloatArray], FloatArray],
    limit: InputLimit | None,
) -> FloatArray:
    dtype = coefs[0].dtype
    if limit is not None:
        hidden = limit(X, dtype)
        if hasattr(X, "tocsr"):  # see InputLimit
            first = intercepts[0] + limit.at_zero(dtype) @ coefs[0]
            intercepts = [first, *intercepts[1:]]
    else:
        hidden = X.astype(dtype, copy=False)
    last = len(coefs) - 1
    for layer, (coef, intercept) in enumerate(zip(coefs, intercepts, strict=True)):
        hidden = hidden @ coef
        hidden += intercept
        if layer < last:
            hidden = activate(hidden)
    return np.asarray(hidden)


def probabilities(z: FloatArray, out_activation: OutActivation) -> FloatArray:
    """Turn logits into probabilities.

    Parameters
    ----------
    z : ndarray of shape (n_samples, n_outputs)
        Logits; may be overwritten.
    out_activation : {"softmax", "logistic"}
        Softmax makes the outputs of a row sum to one; logistic outputs are independent.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
    """
    if out_activation == "logistic":
        return np.asarray(expit(z, out=z))
    if z.shape[1] > _FEW_OUTPUTS:
        return _softmax(z, axis=1)
    return np.ascontiguousarray(_softmax(np.ascontiguousarray(z.T), axis=0).T)


def _softmax(z: FloatArray, axis: int) -> FloatArray:
    z -= z.max(axis=axis, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=axis, keepdims=True)
    return z


def log_probabilities(z: FloatArray, out_activation: OutActivation) -> FloatArray:
    """Turn logits into the logarithms of probabilities, without underflow to minus infinity.

    Parameters
    ----------
    z : ndarray of shape (n_samples, n_outputs)
        Logits.
    out_activation : {"softmax", "logistic"}
        As in `probabilities`.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
    """
    if out_activation == "logistic":
        return np.asarray(log_expit(z))
    return np.asarray(log_softmax(z, axis=1))
