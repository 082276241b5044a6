"""Class labels as users give them, and as networks learn them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

from sk_mnist._utils.typing import FloatArray


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
        If y is continuous or of a type that cannot be a label, or has several columns that are
        not zeros and ones.
    """
    if sparse.issparse(y):
        y = y.toarray()
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    kind = type_of_target(y, input_name="y")
    if kind == "unknown":
        raise ValueError(
            f"Unknown label type: y is an array of objects of the type "
            f"{type(y.flat[0]).__name__}. Labels must be integers, strings, booleans, whole floats "
            "or datetime64. Convert them, for example by [str(label) for label in y]."
        )
    check_classification_targets(y)
    if y.ndim == 2 and kind != "multilabel-indicator":
        raise ValueError(
            f"y has {y.shape[1]} columns of several classes each ({kind}), which is not supported. "
            "Give one column of labels, or an indicator matrix of zeros and ones."
        )
    return np.asarray(y)


def check_declared_classes(classes: Any, y: Any) -> None:
    """Refuse sample weights where the classes of `partial_fit` belong.

    Parameters
    ----------
    classes : array-like or None
        What the user gave as the classes.
    y : array-like
        The labels.

    Raises
    ------
    ValueError
        If they are floating-point numbers, the labels are not, and there is one for each label or
        one with a fraction.
    """
    if classes is None:
        return
    classes = np.asarray(classes)
    if classes.dtype.kind != "f" or np.asarray(y).dtype.kind in "fO":
        return
    if len(classes) == len(y) or np.any(classes % 1):
        raise ValueError(
            f"classes={classes!r} are floating-point numbers, and the labels in y are not. The "
            "third argument of partial_fit is `classes`; give weights as sample_weight=..."
        )


def find_classes(y: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the sorted labels in y; for an indicator matrix, the indices of its columns."""
    return np.unique(y) if y.ndim == 1 else np.arange(y.shape[1])


def encode(y: npt.NDArray[Any], classes: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Turn labels into the targets of the loss function.

    Parameters
    ----------
    y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Labels that all are in `classes`, or an indicator matrix.
    classes : ndarray of shape (n_classes,)
        Sorted labels.

    Returns
    -------
    ndarray of shape (n_samples,), int32, or of shape (n_samples, n_outputs), uint8
        Class numbers for a softmax output. Zeros and ones for logistic outputs: one output for a
        binary problem, one per label for an indicator matrix.
    """
    if y.ndim == 2:
        return y.astype(np.uint8)
    numbers = np.searchsorted(classes, y)
    if len(classes) == 2:
        return numbers.astype(np.uint8).reshape(-1, 1)
    return numbers.astype(np.int32)


def decode(
    probabilities: FloatArray, classes: npt.NDArray[Any], multilabel: bool
) -> npt.NDArray[Any]:
    """Turn probabilities into predicted labels.

    Parameters
    ----------
    probabilities : ndarray of shape (n_samples, n_classes)
        As `predict_proba` returns them.
    classes : ndarray of shape (n_classes,)
        Label of each column.
    multilabel : bool
        Whether the columns are independent.

    Returns
    -------
    ndarray of shape (n_samples,) or, if multi-label, (n_samples, n_classes)
    """
    if multilabel:
        return (probabilities > 0.5).astype(np.int64)
    return np.asarray(classes[probabilities.argmax(axis=1)])
