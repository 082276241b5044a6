"""A call of `fit` or `partial_fit`, ready for training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sk_mnist.training import defaults, resume
from sk_mnist.training.defaults import Settings
from sk_mnist.training.sample_weights import class_weight_of_rows, weight_unit


@dataclass(frozen=True)
class FitRequest:
    """One call of `fit` or `partial_fit`, after its arguments were checked.

    Attributes
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Training data.
    y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Labels, all of them in the estimator's `classes_`.
    row_weight : ndarray of shape (n_samples,), float64
        Sample weight times class weight, all positive.
    settings : Settings
        Resolved parameters.
    continued : bool
        Whether to continue from the estimator's fitted state.
    streaming : bool
        Whether this is `partial_fit`: one more epoch, on data that need not be representative.
    """

    X: Any
    y: npt.NDArray[Any]
    row_weight: npt.NDArray[np.float64]
    settings: Settings
    continued: bool
    streaming: bool


def prepare(
    estimator: Any,
    X: Any,
    y: npt.NDArray[Any],
    sample_weight: npt.NDArray[np.float64],
    *,
    continued: bool,
    streaming: bool = False,
) -> FitRequest:
    """Leave out the samples of weight zero, and resolve what is "auto".

    Parameters
    ----------
    estimator : KerasMLPClassifier
        With `classes_` set.
    X, y, sample_weight
        Checked training data; at least one weight is positive.
    continued, streaming : bool
        As in `FitRequest`.

    Returns
    -------
    FitRequest

    Raises
    ------
    ValueError
        If `class_weight` is invalid, leaves no sample, or makes weights that are not finite.
    """
    X, y, sample_weight = _with_positive_weight(X, y, sample_weight)
    with np.errstate(over="ignore"):
        row_weight = sample_weight * class_weight_of_rows(
            estimator.class_weight,
            y,
            estimator.classes_,
            sample_weight / weight_unit(sample_weight),
        )
    if not np.isfinite(row_weight).all():
        raise ValueError(
            f"sample_weight times class_weight={estimator.class_weight!r} is more than float64 "
            f"holds: the largest sample_weight is {sample_weight.max():g}. Give smaller weights; "
            "they count relative to each other."
        )
    if not row_weight.any():
        raise ValueError(
            f"class_weight={estimator.class_weight!r} gives every sample the weight zero: no "
            "samples are left to train on."
        )
    X, y, row_weight = _with_positive_weight(X, y, row_weight)
    settings = defaults.resolve(estimator, X, streaming=streaming)
    if continued:
        settings = resume.as_fitted(estimator, settings)
    return FitRequest(X, y, row_weight, settings, continued, streaming)


def _with_positive_weight(
    X: Any, y: npt.NDArray[Any], weight: npt.NDArray[np.float64]
) -> tuple[Any, npt.NDArray[Any], npt.NDArray[np.float64]]:
    if weight.all():
        return X, y, weight
    rows = np.flatnonzero(weight)
    return X[rows], y[rows], weight[rows]
