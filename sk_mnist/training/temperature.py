"""Temperature scaling: one number that puts the confidence of a network right.

Label smoothing makes a network more accurate and less confident: trained to give 95%, it gives 95%
where it is right in 99 of 100 cases. On few rows, on which a network overfits, that is as it should
be. Which of the two holds is seen on rows that were not trained on.

C. Guo et al., "On calibration of modern neural networks", ICML 2017.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from sk_mnist._utils.typing import FloatArray
from sk_mnist.network.loss import cross_entropy
from sk_mnist.network.spec import OutActivation

# What is held out of many rows.
_HELD_OUT_SHARE = 0.05
_MAX_HELD_OUT = 2_000

# The range of the temperature, as powers of e: from 1/5 to 5.
_MAX_LOG = np.log(5)


def held_out_share(n_rows: int) -> float:
    """Return the share of the rows to hold out for the temperature."""
    return min(_HELD_OUT_SHARE, _MAX_HELD_OUT / n_rows)


def best_temperature(
    z: FloatArray,
    labels: npt.NDArray[Any],
    row_weight: npt.NDArray[np.float64],
    out_activation: OutActivation,
) -> float:
    """Find the number to divide logits by for the smallest cross-entropy.

    Parameters
    ----------
    z : ndarray of shape (n_samples, n_outputs)
        Logits of rows that the network was not trained on.
    labels : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        As `sk_mnist.data.targets.encode` returns them.
    row_weight : ndarray of shape (n_samples,)
        Weight of each row.
    out_activation : {"softmax", "logistic"}
        Activation of the output layer.

    Returns
    -------
    float
    """
    z = z.astype(np.float64)

    def loss(log_temperature: float) -> float:
        scaled = z * np.exp(-log_temperature)
        return float(row_weight @ cross_entropy(scaled, labels, out_activation))

    found = minimize_scalar(loss, bounds=(-_MAX_LOG, _MAX_LOG), method="bounded")
    return float(np.exp(found.x))
