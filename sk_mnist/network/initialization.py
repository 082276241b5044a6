"""The weights that training starts from."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from sk_mnist._utils.typing import FloatArray
from sk_mnist.network.spec import NetworkSpec

# Of the limits of Glorot & Bengio, by layer: the first, those between, the last.
_SMALL_START = 0.3, 1.0, 0.0


def initial_weights(
    spec: NetworkSpec, random_state: np.random.RandomState, *, small: bool = False
) -> list[FloatArray]:
    """Draw initial weights: ``[coef, intercept, coef, intercept, ...]``.

    Coefficients are uniform after Glorot & Bengio [1]_, as in Keras; intercepts are zero. A network
    without hidden layers is a logistic regression, whose loss is convex: it starts at zero
    rather than having to unlearn a random start.

    Parameters
    ----------
    spec : NetworkSpec
        The network.
    random_state : RandomState
        Source of the random numbers.
    small : bool
        Whether to start the last layer at zero, and the first at 0.3 of its limits. Less of the
        random start is then left in the trained network: for many samples of many features.

    Returns
    -------
    list of ndarray
        Of the shapes `spec.weight_shapes`.

    References
    ----------
    .. [1] X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward
       neural networks", AISTATS 2010.
    """
    first, between, last = _SMALL_START if small else (1.0, 1.0, 1.0)
    shares = [first, *[between] * (spec.n_hidden_layers - 1), last]
    if not spec.n_hidden_layers:
        shares = [0.0]
    weights: list[FloatArray] = []
    for share, (n_inputs, n_units) in zip(shares, pairwise(spec.layer_sizes), strict=True):
        limit = share * np.sqrt(6 / (n_inputs + n_units))
        coef = random_state.uniform(-limit, limit, (n_inputs, n_units))
        weights += [coef.astype(spec.dtype), np.zeros(n_units, spec.dtype)]
    return weights


def output_intercept(
    labels: npt.NDArray[Any], n_outputs: int, row_weight: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the logits that predict the frequency of each label, to start the last layer from.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        As `sk_mnist.data.targets.encode` returns them.
    n_outputs : int
        Number of outputs.
    row_weight : ndarray of shape (n_samples,)
        Weights of the samples in the frequencies. A thousandth of the total is spread evenly over
        the labels, so that no frequency is zero.

    Returns
    -------
    ndarray of shape (n_outputs,)
    """
    if labels.ndim == 1:
        frequency = np.bincount(labels, row_weight, n_outputs) / row_weight.sum()
        log_frequency = np.log(0.999 * frequency + 0.001 / n_outputs)
        return np.asarray(log_frequency - log_frequency.mean())
    frequency = 0.999 * (row_weight @ labels) / row_weight.sum() + 0.001 / 2
    return np.asarray(np.log(frequency) - np.log1p(-frequency))
