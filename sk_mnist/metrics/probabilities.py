"""Metrics of predicted probabilities: calibration and top-k accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array, check_consistent_length, column_or_1d
from sklearn.utils.validation import _check_sample_weight


def calibration_frame(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    n_bins: int = 10,
    strategy: Literal["uniform", "quantile"] = "uniform",
    sample_weight: ArrayLike | None = None,
) -> pd.DataFrame:
    """Compare the confidence of a classifier with its accuracy, per bin of confidence.

    The confidence of a prediction is the probability of the predicted class, which is the most
    probable one. If a classifier is calibrated, 80% of its predictions with a confidence of 0.8
    are correct [1]_.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true classes.

    y_proba : array-like of shape (n_samples, n_classes) or (n_samples,)
        Probabilities of the classes, as returned by `predict_proba`. For two classes, the
        probabilities of the second class are enough.

    labels : array-like of shape (n_classes,), default=None
        The class of each column, as in `classes_`. By default, the classes in `y_true`, sorted.

    n_bins : int, default=10
        The number of bins.

    strategy : {"uniform", "quantile"}, default="uniform"
        With "uniform", all bins have the same width; with "quantile", about the same number of
        samples.

    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights. By default, each sample has a weight of one.

    Returns
    -------
    DataFrame of shape (n_filled_bins, 3)
        One row per bin that is not empty. The index is the interval of confidence, open on the
        left. The columns are "count", the number (or total weight) of samples; "confidence", the
        mean confidence; and "accuracy", the fraction of correct predictions.
        ``frame.attrs["expected_calibration_error"]`` holds the value of
        :func:`expected_calibration_error`.

    Raises
    ------
    ValueError
        If shapes or numbers of classes are inconsistent, or if a value is not a probability.

    See Also
    --------
    sk_mnist.displays.ReliabilityDisplay : Plot the frame as a reliability diagram.

    References
    ----------
    .. [1] C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger. "On calibration of modern neural
       networks." Proceedings of the 34th International Conference on Machine Learning, 2017.

    Examples
    --------
    >>> from sk_mnist.evaluation import calibration_frame
    >>> y_true = [0, 0, 1, 1, 1]
    >>> y_proba = [[0.9, 0.1], [0.4, 0.6], [0.3, 0.7], [0.05, 0.95], [0.35, 0.65]]
    >>> frame = calibration_frame(y_true, y_proba, n_bins=4)
    >>> frame.round(2)
                 count  confidence  accuracy
    bin
    (0.5, 0.75]      3        0.65      0.67
    (0.75, 1.0]      2        0.92      1.00
    >>> round(frame.attrs["expected_calibration_error"], 2)
    0.04
    """
    if strategy not in ("uniform", "quantile"):
        raise ValueError(f'strategy must be "uniform" or "quantile", got {strategy!r}.')
    if not isinstance(n_bins, int | np.integer) or n_bins < 1:
        raise ValueError(f"n_bins must be a positive integer, got {n_bins!r}.")
    proba, true_columns, weight = _checked(y_true, y_proba, "y_proba", labels, sample_weight)
    if proba.size and (proba.min() < 0 or proba.max() > 1 + 1e-6):
        raise ValueError(
            f"y_proba must hold probabilities between 0 and 1, got values from {proba.min():g} "
            f"to {proba.max():g}."
        )
    # Rounding can push a probability above one, which is outside of the last bin.
    confidence = np.minimum(proba.max(axis=1), 1.0)
    correct = proba.argmax(axis=1) == true_columns

    edges = np.linspace(0.0, 1.0, n_bins + 1)
    if strategy == "quantile":
        inner = np.quantile(confidence, edges[1:-1], weights=weight, method="inverted_cdf")
        edges = np.unique([0.0, *inner, 1.0])
    bins = np.searchsorted(edges, confidence, side="left").clip(1) - 1

    def total(values: NDArray[Any]) -> NDArray[Any]:
        return np.bincount(bins, weights=values, minlength=len(edges) - 1)

    counts = total(weight)
    filled = counts > 0
    frame = pd.DataFrame(
        {
            "count": counts if sample_weight is not None else counts.astype(int),
            "confidence": total(weight * confidence) / np.where(filled, counts, 1),
            "accuracy": total(weight * correct) / np.where(filled, counts, 1),
        },
        index=pd.IntervalIndex.from_breaks(edges, name="bin"),
    )[filled]
    gaps = (frame["confidence"] - frame["accuracy"]).abs()
    frame.attrs["expected_calibration_error"] = float(np.average(gaps, weights=frame["count"]))
    return frame


def expected_calibration_error(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    n_bins: int = 10,
    strategy: Literal["uniform", "quantile"] = "uniform",
    sample_weight: ArrayLike | None = None,
) -> float:
    """Compute the average gap between confidence and accuracy.

    This is the mean absolute difference between "confidence" and "accuracy" over the bins of
    :func:`calibration_frame`, weighted by the number of samples in a bin [1]_.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true classes.

    y_proba : array-like of shape (n_samples, n_classes) or (n_samples,)
        Probabilities of the classes, as returned by `predict_proba`. For two classes, the
        probabilities of the second class are enough.

    labels : array-like of shape (n_classes,), default=None
        The class of each column, as in `classes_`. By default, the classes in `y_true`, sorted.

    n_bins : int, default=10
        The number of bins.

    strategy : {"uniform", "quantile"}, default="uniform"
        With "uniform", all bins have the same width; with "quantile", about the same number of
        samples.

    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights. By default, each sample has a weight of one.

    Returns
    -------
    float
        Between 0 (calibrated in every bin) and 1.

    References
    ----------
    .. [1] M. P. Naeini, G. F. Cooper and M. Hauskrecht. "Obtaining well calibrated probabilities
       using Bayesian binning." Proceedings of the 29th AAAI Conference on Artificial
       Intelligence, 2015.

    Examples
    --------
    >>> from sk_mnist.evaluation import expected_calibration_error
    >>> y_proba = [[0.75, 0.25], [0.25, 0.75], [0.75, 0.25], [0.75, 0.25]]
    >>> expected_calibration_error(["ant", "cat", "ant", "cat"], y_proba)
    0.0
    """
    frame = calibration_frame(
        y_true,
        y_proba,
        labels=labels,
        n_bins=n_bins,
        strategy=strategy,
        sample_weight=sample_weight,
    )
    return float(frame.attrs["expected_calibration_error"])


def top_k_accuracy(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    k: int | Sequence[int] = (1, 2, 3, 5),
    labels: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> pd.Series:
    """Compute how often the true class is among the `k` classes with the highest scores.

    This is :func:`sklearn.metrics.top_k_accuracy_score` for several `k`, except that ties go to
    the class that comes first, as in `predict`.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true classes.

    y_score : array-like of shape (n_samples, n_classes) or (n_samples,)
        Probabilities, or other scores that are higher for more likely classes. For two classes,
        the probabilities of the second class are enough.

    k : int or sequence of int, default=(1, 2, 3, 5)
        Numbers of classes to consider. Values above the number of classes are ignored, unless
        only one value is given.

    labels : array-like of shape (n_classes,), default=None
        The class of each column, as in `classes_`. By default, the classes in `y_true`, sorted.

    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights. By default, each sample has a weight of one.

    Returns
    -------
    Series of shape (n_ks,), named "accuracy"
        Fraction of the samples for each `k`, which is the index.

    Raises
    ------
    ValueError
        If `k` is not positive, or if shapes or numbers of classes are inconsistent.

    Examples
    --------
    >>> from sk_mnist.evaluation import top_k_accuracy
    >>> y_true = ["cat", "ant", "bird", "cat"]
    >>> y_score = [[0.3, 0.1, 0.6], [0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.5, 0.3, 0.2]]
    >>> top_k_accuracy(y_true, y_score)
    k
    1    0.50
    2    0.75
    3    1.00
    Name: accuracy, dtype: float64
    """
    score, true_columns, weight = _checked(y_true, y_score, "y_score", labels, sample_weight)
    ks = np.atleast_1d(np.asarray(k))
    if ks.dtype.kind not in "iu" or ks.size == 0 or ks.min() < 1:
        raise ValueError(f"k must be one or more positive integers, got {k!r}.")
    if ks.size > 1:
        ks = ks[ks <= score.shape[1]]
    ranking = np.argsort(-score, axis=1, kind="stable")
    correct = ranking == true_columns[:, np.newaxis]
    accuracy = [float(np.average(correct[:, :n].any(axis=1), weights=weight)) for n in ks]
    return pd.Series(accuracy, index=pd.Index(ks, name="k"), name="accuracy")


def _checked(
    y_true: ArrayLike,
    y_score: ArrayLike,
    name: str,
    labels: ArrayLike | None,
    sample_weight: ArrayLike | None,
) -> tuple[NDArray[Any], NDArray[np.intp], NDArray[np.float64]]:
    """Return scores of shape (n_samples, n_classes), the columns of the true classes, and weights.

    A true class without a column gets -1, so that no prediction of it is correct.
    """
    true: NDArray[Any] = column_or_1d(y_true)
    score = check_array(y_score, ensure_2d=False, dtype="numeric", input_name=name)
    check_consistent_length(true, score)
    if score.ndim == 1:
        score = np.column_stack([1 - score, score])
    classes = np.unique(true) if labels is None else np.asarray(labels)
    if len(classes) != score.shape[1]:
        given = "classes in y_true" if labels is None else "labels"
        raise ValueError(
            f"{name} has {score.shape[1]} columns, but there are {len(classes)} {given}. "
            "Pass labels, the class of each column, as in classifier.classes_."
        )
    column = {label: number for number, label in enumerate(classes.tolist())}
    columns = np.array([column.get(label, -1) for label in true.tolist()], dtype=np.intp)
    return score, columns, _check_sample_weight(sample_weight, score, dtype=np.float64)
