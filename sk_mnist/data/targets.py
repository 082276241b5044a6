"""Class labels as users have them, and as a network learns them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

from sk_mnist.network.forward import FloatArray


def check_targets(y: Any) -> npt.NDArray[Any]:
    """Return y as one column of labels, or as a dense indicator matrix (multi-label).

    Parameters
    ----------
    y : {ndarray, sparse matrix} of shape (n_samples,), (n_samples, 1) or (n_samples, n_labels)
        Class labels, or zeros and ones.

    Returns
    -------
    ndarray of shape (n_samples,) or (n_samples, n_labels)

    Raises
    ------
    ValueError
        If y is continuous, or has several columns that are not zeros and ones.
    """
    if sparse.issparse(y):
        y = y.toarray()
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    check_classification_targets(y)
    kind = type_of_target(y, input_name="y")
    if y.ndim == 2 and kind != "multilabel-indicator":
        raise ValueError(
            f"y has {y.shape[1]} columns of several classes each ({kind}), which is not supported. "
            "Give one column of labels, or an indicator matrix of zeros and ones."
        )
    return np.asarray(y)


def find_classes(y: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the sorted labels in y; for an indicator matrix, the numbers of its columns."""
    return np.unique(y) if y.ndim == 1 else np.arange(y.shape[1])


def encode(y: npt.NDArray[Any], classes: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Turn labels into what the loss function takes.

    Parameters
    ----------
    y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Labels that all are in `classes`, or an indicator matrix.
    classes : ndarray of shape (n_classes,)
        Sorted labels.

    Returns
    -------
    ndarray of shape (n_samples,), int32, or of shape (n_samples, n_outputs), uint8
        Class numbers for a softmax output. Zeros and ones for logistic outputs: one for a binary
        problem, one a label for an indicator matrix.
    """
    if y.ndim == 2:
        return y.astype(np.uint8)
    numbers = np.searchsorted(classes, y)
    if len(classes) == 2:
        return numbers.astype(np.uint8).reshape(-1, 1)
    return numbers.astype(np.int32)


def log_odds(
    labels: npt.NDArray[Any], n_outputs: int, row_weight: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the logits that make a network predict how frequent each label is.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        As `encode` returns them.
    n_outputs : int
        Number of outputs.
    row_weight : ndarray of shape (n_samples,)
        Counts for the frequencies. A thousandth of the total is spread evenly over the labels, so
        that none is zero.

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


def decode(
    probabilities: FloatArray, classes: npt.NDArray[Any], multilabel: bool
) -> npt.NDArray[Any]:
    """Turn probabilities into the labels that are predicted.

    Parameters
    ----------
    probabilities : ndarray of shape (n_samples, n_classes)
        As `predict_proba` returns them.
    classes : ndarray of shape (n_classes,)
        Label of each column.
    multilabel : bool
        Whether each column is decided for itself.

    Returns
    -------
    ndarray of shape (n_samples,) or, if multi-label, (n_samples, n_classes)
    """
    if multilabel:
        return (probabilities > 0.5).astype(np.int64)
    return np.asarray(classes[probabilities.argmax(axis=1)])


def class_weight_of_rows(
    class_weight: dict[Any, float] | str | None,
    y: npt.NDArray[Any],
    classes: npt.NDArray[Any],
    sample_weight: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return the weight that each row has because of its class.

    Parameters
    ----------
    class_weight : dict, "balanced" or None
        As in `KerasMLPClassifier`. "Balanced" multiplies the weights of all labels of a row.
    y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        As `check_targets` returns it.
    classes : ndarray of shape (n_classes,)
        Sorted labels.
    sample_weight : ndarray of shape (n_samples,)
        Counts for the balance.

    Returns
    -------
    ndarray of shape (n_samples,)
    """
    if class_weight is None:
        return np.ones(len(y))
    if y.ndim == 2:
        if class_weight != "balanced":
            raise ValueError(
                f"class_weight={class_weight!r} does not say which of several labels it weighs. "
                "For multi-label targets give 'balanced' or None, or sample_weight to fit."
            )
        columns = [class_weight_of_rows("balanced", c, c, sample_weight) for c in y.T]
        return np.asarray(np.prod(columns, axis=0))
    if class_weight == "balanced":  # a chunk given to partial_fit may lack some of the classes
        classes = np.unique(y)
    by_class = compute_class_weight(class_weight, classes=classes, y=y, sample_weight=sample_weight)
    if not np.all(np.isfinite(by_class) & (by_class >= 0)):
        raise ValueError(
            f"class_weight must hold finite weights that are not negative, got {class_weight!r}."
        )
    return np.asarray(by_class[np.searchsorted(classes, y)])
