"""How much each row counts: sample weights and class weights in one unit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from sk_mnist.data.checks import integers_in_range


def weight_unit(weight: npt.NDArray[np.float64]) -> float:
    """Return the unit in which weights are used, which only count relative to each other.

    It is about the largest weight, so that all are in the range of any dtype, and a power of two,
    so that nothing is rounded.
    """
    return math.ldexp(1.0, math.frexp(weight.max())[1] - 1)


def class_weight_of_rows(
    class_weight: Mapping[Any, float] | Literal["balanced"] | None,
    y: npt.NDArray[Any],
    classes: npt.NDArray[Any],
    sample_weight: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return the weight that `class_weight` gives to each row.

    Parameters
    ----------
    class_weight : dict, "balanced" or None
        As in `KerasMLPClassifier`. "balanced" multiplies the weights of all labels of a row.
    y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        As `sk_mnist.data.targets.check_targets` returns it.
    classes : ndarray of shape (n_classes,)
        Sorted labels.
    sample_weight : ndarray of shape (n_samples,)
        Weights of the samples in the balance.

    Returns
    -------
    ndarray of shape (n_samples,)
    """
    if class_weight is None:
        return np.ones(len(y))
    if y.ndim == 2:
        if class_weight != "balanced":
            raise ValueError(
                f"class_weight={class_weight!r} does not say which of several labels it applies "
                "to. For multi-label targets give 'balanced' or None, or sample_weight to fit."
            )
        columns = [class_weight_of_rows("balanced", c, c, sample_weight) for c in y.T]
        return np.asarray(np.prod(columns, axis=0))
    if class_weight == "balanced":  # a chunk given to partial_fit may lack some of the classes
        classes, class_of_row = np.unique(y, return_inverse=True)
        # As scikit-learn's compute_class_weight, which takes sample weights from version 1.7 on.
        totals = np.bincount(class_of_row, weights=sample_weight)
        by_class = totals.sum() / (len(classes) * totals)
    else:
        by_class = _weight_by_label(class_weight, classes)
    if not np.all(np.isfinite(by_class) & (by_class >= 0)):
        raise ValueError(
            f"class_weight must hold finite weights that are not negative, got {class_weight!r}."
        )
    return np.asarray(by_class[np.searchsorted(classes, y)])


def _weight_by_label(
    class_weight: Mapping[Any, float], classes: npt.NDArray[Any]
) -> npt.NDArray[np.float64]:
    """Look up the weight of each label; those that are not there have weight one.

    Labels are compared as they are. scikit-learn takes the label "3" for the number 3.
    """
    labels = classes.tolist()
    unknown = [label for label in class_weight if label not in labels]
    if unknown and not all(label in class_weight for label in labels):
        raise ValueError(
            f"class_weight has weights for {unknown}, which are no labels of y. Its labels are "
            f"{labels}; keys must be equal to them, and of their type."
        )
    with integers_in_range("class_weight"):
        return np.array([class_weight.get(label, 1.0) for label in labels], np.float64)
