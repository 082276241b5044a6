"""How good a classifier's probabilities are: calibration, and the k most probable classes."""

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
    """Compare how sure a classifier is with how often it is right.

    The samples are put into bins by the probability of the class that is predicted, the most
    probable one. Of a calibrated classifier, 80 % of the samples that it gives a probability of
    0.8 are right [1]_.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true classes.

    y_proba : array-like of shape (n_samples, n_classes) or (n_samples,)
        The probabilities of the classes, as `predict_proba` gives them; for two classes that of
        the second may be given alone.

    labels : array-like of shape (n_classes,), default=None
        The class of each column, as in `classes_`. By default the classes in `y_true`, sorted.

    n_bins : int, default=10
        The number of bins.

    strategy : {"uniform", "quantile"}, default="uniform"
        "uniform" gives the bins the same width on the scale from 0 to 1, "quantile" about the same
        number of samples.

    sample_weight : array-like of shape (n_samples,), default=None
        What each sample counts for. By default each counts for one.

    Returns
    -------
    DataFrame of shape (n_filled_bins, 3)
        One row for each bin that is not empty, with the interval of probabilities, open on the
        left, as its index. The columns are "count", the number (or total weight) of samples;
        "confidence", the mean probability of the predicted class; and "accuracy", the share of
        predictions that are right. ``frame.attrs["expected_calibration_error"]`` holds what
        :func:`expected_calibration_error` returns.

    Raises
    ------
    ValueError
        If the shapes or the number of classes do not fit together, or if a value is no
        probability.

    See Also
    --------
    sk_mnist.displays.ReliabilityDisplay : The same as a picture.

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
        raise ValueError(f"n_bins must be a positive whole number, got {n_bins!r}.")
    proba, true_columns, weight = _checked(y_true, y_proba, "y_proba", labels, sample_weight)
    if proba.size and (proba.min() < 0 or proba.max() > 1 + 1e-6):
        raise ValueError(
            f"y_proba must hold probabilities, between 0 and 1; got values from {proba.min():g} "
            f"to {proba.max():g}."
        )
    # Rounding may take a probability past one, and so out of the last bin.
    confidence = np.minimum(proba.max(axis=1), 1.0)
    right = proba.argmax(axis=1) == true_columns

    edges = np.linspace(0.0, 1.0, n_bins + 1)
    if strategy == "quantile":
        inner = np.quantile(confidence, edges[1:-1], weights=weight, method="inverted_cdf")
        edges = np.unique([0.0, *inner, 1.0])
    numbers = np.searchsorted(edges, confidence, side="left").clip(1) - 1

    def total(values: NDArray[Any]) -> NDArray[Any]:
        return np.bincount(numbers, weights=values, minlength=len(edges) - 1)

    weights = total(weight)
    filled = weights > 0
    frame = pd.DataFrame(
        {
            "count": weights if sample_weight is not None else weights.astype(int),
            "confidence": total(weight * confidence) / np.where(filled, weights, 1),
            "accuracy": total(weight * right) / np.where(filled, weights, 1),
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
    """Measure by how much a classifier's confidence misses its accuracy, on average.

    This is the mean of the distances between "confidence" and "accuracy" in the bins of
    :func:`calibration_frame`, each bin weighted by its samples [1]_.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true classes.

    y_proba : array-like of shape (n_samples, n_classes) or (n_samples,)
        The probabilities of the classes, as `predict_proba` gives them; for two classes that of
        the second may be given alone.

    labels : array-like of shape (n_classes,), default=None
        The class of each column, as in `classes_`. By default the classes in `y_true`, sorted.

    n_bins : int, default=10
        The number of bins.

    strategy : {"uniform", "quantile"}, default="uniform"
        "uniform" gives the bins the same width on the scale from 0 to 1, "quantile" about the same
        number of samples.

    sample_weight : array-like of shape (n_samples,), default=None
        What each sample counts for. By default each counts for one.

    Returns
    -------
    float
        From 0, calibrated in every bin, to 1.

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
    """Tell how often the true class is among the `k` that have the highest scores.

    Among classes with the same score the first is ranked first, as `predict` does. Where no two
    scores of a sample are the same, this is :func:`sklearn.metrics.top_k_accuracy_score` for
    several `k`.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true classes.

    y_score : array-like of shape (n_samples, n_classes) or (n_samples,)
        Probabilities, or other scores that are higher for classes that are more likely. For two
        classes the probabilities of the second may be given alone.

    k : int or sequence of int, default=(1, 2, 3, 5)
        The numbers of classes to look at. Those above the number of classes are left out, unless
        it is the only one.

    labels : array-like of shape (n_classes,), default=None
        The class of each column, as in `classes_`. By default the classes in `y_true`, sorted.

    sample_weight : array-like of shape (n_samples,), default=None
        What each sample counts for. By default each counts for one.

    Returns
    -------
    Series of shape (n_ks,), named "accuracy"
        A share of the samples for each `k`, its index.

    Raises
    ------
    ValueError
        If `k` is not positive, or the shapes or the number of classes do not fit together.

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
    wanted = np.atleast_1d(np.asarray(k))
    if wanted.dtype.kind not in "iu" or wanted.size == 0 or wanted.min() < 1:
        raise ValueError(f"k must be one or more positive whole numbers, got {k!r}.")
    if wanted.size > 1:
        wanted = wanted[wanted <= score.shape[1]]
    ranking = np.argsort(-score, axis=1, kind="stable")
    hits = ranking == true_columns[:, np.newaxis]
    shares = [float(np.average(hits[:, :n].any(axis=1), weights=weight)) for n in wanted]
    return pd.Series(shares, index=pd.Index(wanted, name="k"), name="accuracy")


def _checked(
    y_true: ArrayLike,
    y_score: ArrayLike,
    name: str,
    labels: ArrayLike | None,
    sample_weight: ArrayLike | None,
) -> tuple[NDArray[Any], NDArray[np.intp], NDArray[np.float64]]:
    """Return scores of shape (n_samples, n_classes), columns of the true classes, and weights.

    A true class that has no column gets the number -1: no prediction of it can be right.
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
            "Give labels, the class of each column, as in classifier.classes_."
        )
    column = {label: number for number, label in enumerate(classes.tolist())}
    columns = np.array([column.get(label, -1) for label in true.tolist()], dtype=np.intp)
    return score, columns, _check_sample_weight(sample_weight, score, dtype=np.float64)
