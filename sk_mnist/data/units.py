"""Notices samples in other units than those of the training data, such as bytes and X / 255."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from sk_mnist.data.input_scaling import InputScaling

# Typical scaled values are around one. Units that differ by less than this do little harm or
# cannot be told from unusual samples.
_MAX_FACTOR = 50

# Rows that are looked at.
_MAX_ROWS = 256


def other_units(X: Any, scaling: InputScaling) -> float | None:
    """Return by what factor samples seem to be too large or too small.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Validated samples to predict.
    scaling : InputScaling
        What was learned from the training data; not that of ``method=None``.

    Returns
    -------
    float or None
        None if the samples look like the training data.
    """
    rows = X[:_MAX_ROWS]
    rows = rows.toarray() if sparse.issparse(rows) else rows
    nonzero = rows != 0
    if not nonzero.any():
        return None
    with np.errstate(over="ignore"):
        scaled = np.abs((rows - scaling.offset) / scaling.scale)[nonzero]
    typical = float(np.median(scaled))
    # With an offset, small scaled values mean average samples.
    too_small = typical < 1 / _MAX_FACTOR and not scaling.offset.any()
    return typical if too_small or typical > _MAX_FACTOR else None
