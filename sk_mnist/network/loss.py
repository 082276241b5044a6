"""Cross-entropy and accuracy of a batch, in NumPy: the reference for every engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sk_mnist._utils.typing import FloatArray
from sk_mnist.network.forward import log_probabilities
from sk_mnist.network.spec import OutActivation


def cross_entropy(
    z: FloatArray,
    labels: npt.NDArray[Any],
    out_activation: OutActivation,
    label_smoothing: float = 0.0,
) -> FloatArray:
    """Return the cross-entropy of each sample, for independent outputs summed over the outputs.

    Parameters
    ----------
    z : ndarray of shape (n_samples, n_outputs)
        Logits.
    labels : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Class numbers for a softmax output, 0 or 1 for logistic outputs.
    out_activation : {"softmax", "logistic"}
        Activation of the output layer.
    label_smoothing : float
        Share of each target that is spread evenly over the classes.

    Returns
    -------
    ndarray of shape (n_samples,)
    """
    if out_activation == "softmax":
        log_p = log_probabilities(z, "softmax")
        losses = -log_p[np.arange(len(z)), labels]
        if label_smoothing:
            losses = (1 - label_smoothing) * losses - label_smoothing * log_p.mean(axis=1)
        return np.asarray(losses)
    # The logarithm of one minus a logistic output is that of the output for minus z.
    signed = np.where(labels > 0, z, -z)
    terms = log_probabilities(signed, "logistic")
    if label_smoothing:
        wrong = log_probabilities(-signed, "logistic")
        terms = (1 - label_smoothing / 2) * terms + label_smoothing / 2 * wrong
    return np.asarray(-terms.sum(axis=1))


def is_correct(
    z: FloatArray, labels: npt.NDArray[Any], out_activation: OutActivation
) -> npt.NDArray[np.bool_]:
    """Return which samples are predicted correctly, all outputs of a sample together.

    Parameters
    ----------
    z, labels, out_activation
        As in `cross_entropy`.

    Returns
    -------
    ndarray of shape (n_samples,), bool
    """
    if out_activation == "softmax":
        return np.asarray(z.argmax(axis=1) == labels)
    return np.asarray(((z > 0) == (labels > 0)).all(axis=1))
