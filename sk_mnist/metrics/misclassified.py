"""Misclassified samples, and the confidence of predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def predicted_confidence(
    y_pred: ArrayLike, y_proba: ArrayLike, classes: ArrayLike
) -> NDArray[np.floating[Any]]:
    """Return the probability of each predicted class.

    Parameters
    ----------
    y_pred : array-like of shape (n_samples,)
        The predicted classes.

    y_proba : array-like of shape (n_samples, n_classes)
        The probabilities of the classes.

    classes : array-like of shape (n_classes,)
        The class of each column.

    Returns
    -------
    ndarray of shape (n_samples,)
        The probabilities, in the dtype of `y_proba`. NaN for a predicted class without a column.

    Examples
    --------
    >>> from sk_mnist.metrics.misclassified import predicted_confidence
    >>> predicted_confidence(["b", "a"], [[0.25, 0.75], [0.5, 0.5]], ["a", "b"])
    array([0.75, 0.5 ])
    """
    probabilities = np.asarray(y_proba)
    column = {label: number for number, label in enumerate(np.asarray(classes).tolist())}
    columns = np.array([column.get(label, -1) for label in np.asarray(y_pred).tolist()], np.intp)
    return np.where(columns < 0, np.nan, probabilities[np.arange(len(columns)), columns])


def misclassified_rows(
    y_true: ArrayLike, y_pred: ArrayLike, confidence: ArrayLike | None = None
) -> NDArray[np.intp]:
    """Return the rows of the misclassified samples, the most confident errors first.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true classes.

    y_pred : array-like of shape (n_samples,)
        The predicted classes.

    confidence : array-like of shape (n_samples,), default=None
        The probabilities of the predicted classes. By default, and where they are equal, rows
        stay in order.

    Returns
    -------
    ndarray of shape (n_errors,), dtype=intp
        Positions in `y_true`.

    Examples
    --------
    >>> from sk_mnist.metrics.misclassified import misclassified_rows
    >>> misclassified_rows([0, 1, 1, 0], [1, 1, 0, 1], [0.6, 0.9, 0.8, 0.7])
    array([2, 3, 0])
    """
    rows = np.flatnonzero(np.asarray(y_true) != np.asarray(y_pred))
    if confidence is None:
        return rows
    order = np.argsort(-np.asarray(confidence)[rows], kind="stable")
    return np.asarray(rows[order])
