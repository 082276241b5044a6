"""Checks of X beside scikit-learn's own, and when those can be left out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt


def check_rectangular(X: Any) -> None:
    """Say what is wrong with ragged lists more clearly than NumPy does.

    Parameters
    ----------
    X : object
        What a user gave as samples; anything but a list or a tuple passes.

    Raises
    ------
    ValueError
        If rows have different lengths.
    """
    if isinstance(X, (list, tuple)):
        lengths = {len(row) for row in X if isinstance(row, (list, tuple, np.ndarray))}
        if len(lengths) > 1:
            raise ValueError(
                "X must be a table of shape (n_samples, n_features), with rows of one length; "
                f"got rows of lengths {sorted(lengths)}."
            )


def is_plain(X: Any, n_features: int, dtype: npt.DTypeLike) -> bool:
    """Tell, in microseconds, whether `sklearn.utils.validation.validate_data` would pass X as is.

    That is, if X `is_surely_finite`, too. Validating one row takes several times as long as
    predicting it; an ordinary array needs no more than this. Everything else, wrong input too, goes
    the long way, so that each error and warning stays what it is.

    Parameters
    ----------
    X : object
        Samples to predict.
    n_features : int
        Number of features of the fitted network, which was fitted without feature names.
    dtype : dtype
        Floating-point type of the network.

    Returns
    -------
    bool
        True only for a non-empty NumPy array of shape (n_samples, n_features), of bytes or of
        numbers of that type.
    """
    if type(X) is not np.ndarray or X.ndim != 2 or X.shape[1] != n_features or not len(X):
        return False
    return bool(X.dtype == np.uint8 or X.dtype == dtype)


def is_surely_finite(X: npt.NDArray[Any]) -> bool:
    """Tell whether all numbers are finite, if that is quickly told.

    Finite numbers that are too large for this, or lie apart, take the long way and pass there.
    """
    if X.dtype == np.uint8:
        return True
    if not X.flags.forc:
        return False
    numbers = X.ravel(order="K")
    with np.errstate(over="ignore", invalid="ignore"):
        return math.isfinite(np.dot(numbers, numbers))  # a sum does not run on all cores
