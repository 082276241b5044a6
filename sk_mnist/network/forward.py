"""The forward pass of a dense network in NumPy; neither Keras nor TensorFlow is imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import erf, expit, log_expit, log_softmax

FloatArray = npt.NDArray[np.floating[Any]]

# Rows go through the network in chunks, so that memory stays flat however many rows there are
# and the activations of a chunk are still in the processor's cache when the next layer reads them.
CHUNK_ROWS = 1024

# Multiplications from which on kernels compute logits. They take half of the time of NumPy, some
# 10 ms then, but Numba is loaded for them, which takes a quarter of a second once.
_MANY_MULTIPLICATIONS = 10**9

# NumPy finds the maxima and sums of short rows slowly. Up to this many outputs, softmax takes a
# quarter of the time when the rows are turned into columns for it.
_FEW_OUTPUTS = 32


def _relu(z: FloatArray) -> FloatArray:
    return np.maximum(z, 0, out=z)


def _leaky_relu(z: FloatArray) -> FloatArray:
    return np.maximum(z, z * z.dtype.type(0.2), out=z)


def _elu(z: FloatArray) -> FloatArray:
    return np.asarray(np.where(z > 0, z, np.expm1(np.minimum(z, 0))))


def _selu(z: FloatArray) -> FloatArray:
    # Constants of Klambauer et al. (2017), "Self-normalizing neural networks".
    alpha, scale = 1.6732632423543772, 1.0507009873554805
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0))) * z.dtype.type(scale)


def _silu(z: FloatArray) -> FloatArray:
    return np.asarray(z * expit(z))


def _gelu(z: FloatArray) -> FloatArray:
    return np.asarray(z * z.dtype.type(0.5) * (1 + erf(z * z.dtype.type(np.sqrt(0.5)))))


ACTIVATIONS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "elu": _elu,
    "gelu": _gelu,
    "identity": lambda z: z,
    "leaky_relu": _leaky_relu,
    "logistic": lambda z: expit(z, out=z),
    "relu": _relu,
    "selu": _selu,
    "silu": _silu,
    "tanh": lambda z: np.tanh(z, out=z),
}
"""Activations of the hidden layers by name; each may overwrite its argument."""

NEGATIVE_SLOPES = {"identity": 1.0, "leaky_relu": 0.2, "relu": 0.0}
"""Those of them that kernels compute, by their derivative below zero; above it is one."""


def is_for_kernels(X: Any, coefs: Sequence[FloatArray], activation: str) -> bool:
    """Tell whether `sk_mnist.engines.numba.predict.logits` computes the logits, rather than `logits`.

    What is given decides, and not what a process has done before: so a model gives the same,
    wherever it is loaded.
    """
    return (
        activation in NEGATIVE_SLOPES
        and X.shape[0] * sum(coef.size for coef in coefs) >= _MANY_MULTIPLICATIONS
        and not hasattr(X, "tocsr")
    )


def logits(
    X: Any, coefs: Sequence[FloatArray], intercepts: Sequence[FloatArray], activation: str
) -> FloatArray:
    """Return what the last layer computes before the output activation.

    Parameters
    ----------
    X : {ndarray, sparse matrix} of shape (n_samples, n_features)
        Any numeric type; converted to the type of the weights, a chunk of rows at a time.
    coefs : sequence of ndarray of shape (n_inputs, n_units)
        Weights of each layer.
    intercepts : sequence of ndarray of shape (n_units,)
        Biases of each layer.
    activation : str
        A key of `ACTIVATIONS`, applied after each layer but the last.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
        In the type of the weights.
    """
    if X.shape[0] <= CHUNK_ROWS:
        return _chunk_logits(X, coefs, intercepts, ACTIVATIONS[activation])
    if hasattr(X, "tocsr"):
        X = X.tocsr()  # the format whose rows can be cut out cheaply
    out = np.empty((X.shape[0], coefs[-1].shape[1]), dtype=coefs[0].dtype)
    for start in range(0, X.shape[0], CHUNK_ROWS):
        rows = slice(start, start + CHUNK_ROWS)
        out[rows] = _chunk_logits(X[rows], coefs, intercepts, ACTIVATIONS[activation])
    return out


def _chunk_logits(
    X: Any,
    coefs: Sequence[FloatArray],
    intercepts: Sequence[FloatArray],
    activate: Callable[[FloatArray], FloatArray],
) -> FloatArray:
    hidden = X.astype(coefs[0].dtype, copy=False)
    last = len(coefs) - 1
    for layer, (coef, intercept) in enumerate(zip(coefs, intercepts, strict=True)):
        hidden = hidden @ coef
        hidden += intercept
        if layer < last:
            hidden = activate(hidden)
    return np.asarray(hidden)


def probabilities(z: FloatArray, out_activation: str) -> FloatArray:
    """Turn logits into probabilities.

    Parameters
    ----------
    z : ndarray of shape (n_samples, n_outputs)
        Logits; may be overwritten.
    out_activation : {"softmax", "logistic"}
        Softmax makes the outputs of a row sum to one; logistic takes each for itself.

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


def log_probabilities(z: FloatArray, out_activation: str) -> FloatArray:
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
