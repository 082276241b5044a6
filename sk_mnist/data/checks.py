"""Checks of X in addition to scikit-learn's, and when scikit-learn's can be skipped."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt


def check_rectangular(X: Any) -> None:
    """Raise a clearer error for ragged lists than NumPy does.

    Parameters
    ----------
    X : object
        Samples as given by the user; anything but a list or a tuple passes.

    Raises
    ------
    ValueError
        If rows have different lengths.
    """
    if isinstance(X, (list, tuple)):
        lengths = {len(row) for row in X if isinstance(row, (list, tuple, np.ndarray))}
        if len(lengths) > 1:
            raise ValueError(
                "X must be a table of shape (n_samples, n_features), with rows of equal length; "
                f"got rows of lengths {sorted(lengths)}."
            )


def is_plain(X: Any, n_features: int, dtype: npt.DTypeLike) -> bool:
    """Return whether `sklearn.utils.validation.validate_data` would return X unchanged.

    This holds if X `is_surely_finite`, too, and takes microseconds: validating one row takes
    several times as long as predicting it. All other input, including invalid input, goes through
    full validation, so that errors and warnings are the same.

    Parameters
    ----------
    X : object
        Samples to predict.
    n_features : int
        Number of features of the fitted network, which was fitted without feature names.
    dtype : dtype
        Floating-point dtype of the network.

    Returns
    -------
    bool
        True only for a non-empty NumPy array of shape (n_samples, n_features) and of that dtype
        or uint8.
    """
    if type(X) is not np.ndarray or X.ndim != 2 or X.shape[1] != n_features or not len(X):
        return False
    return bool(X.dtype == np.uint8 or X.dtype == dtype)


def is_surely_finite(X: npt.NDArray[Any]) -> bool:
    """Return True if a quick check shows that all values are finite.

    It is also False for very large finite values and for arrays that are not contiguous; full
    validation accepts these.
    """
    if X.dtype == np.uint8:
        return True
    if not X.flags.forc:
        return False
    numbers = X.ravel(order="K")
    with np.errstate(over="ignore", invalid="ignore"):
        return math.isfinite(np.dot(numbers, numbers))  # np.sum would not use all cores
