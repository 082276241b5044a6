"""Compute the report of a fitted classifier on some data.

The module has an underscore because its function `evaluate` would have the same name.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.base import is_classifier
from sklearn.metrics import accuracy_score
from sklearn.utils import _safe_indexing, column_or_1d
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import _num_features, _num_samples

from sk_mnist._utils.final_estimator import final_estimator
from sk_mnist.evaluation.report import EvaluationReport
from sk_mnist.images.image_shape import resolve_image_shape
from sk_mnist.metrics.confusion import (
    classification_report_frame,
    confused_pairs,
    confusion_matrix_frame,
)
from sk_mnist.metrics.misclassified import misclassified_rows, predicted_confidence
from sk_mnist.metrics.probabilities import calibration_frame, top_k_accuracy

# Number of misclassified samples in a report, with their images.
N_MISTAKES = 25


def evaluate(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    image_shape: tuple[int, int] | None = None,
) -> EvaluationReport:
    """Evaluate a fitted classifier on some data.

    Parameters
    ----------
    estimator : estimator instance
        A fitted classifier, or a fitted pipeline or search that ends in one.

    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        The samples. They should not be part of the training data.

    y : array-like of shape (n_samples,)
        The true classes. For multilabel targets, evaluate each label separately.

    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights, for all metrics except the number of errors. By default, each sample has a
        weight of one.

    image_shape : tuple of (int, int), default=None
        Height and width, if the samples are images. By default, samples with 784 features that
        are numbers are images of 28 x 28 pixels, and others are not images.

    Returns
    -------
    EvaluationReport
        Prints as a table. ``plot()`` returns a figure and ``to_html(path)`` writes an HTML page.

    Raises
    ------
    ValueError
        If the estimator is not a classifier, if there are no samples, if `y` does not have one
        class per sample, or if `image_shape` does not match the number of features.

    See Also
    --------
    confusion_matrix_frame : Compute the confusion matrix.
    calibration_frame : Compare the confidence of a classifier with its accuracy.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sk_mnist.evaluation import evaluate
    >>> X, y = load_wine(return_X_y=True, as_frame=True)
    >>> classifier = make_pipeline(StandardScaler(), GaussianNB()).fit(X[::2], y[::2])
    >>> print(evaluate(classifier, X[1::2], y[1::2]))
    Pipeline(steps=[('standardscaler', StandardScaler()),
                    ('gaussiannb', GaussianNB())])
    <BLANKLINE>
    accuracy                    93.26%
    errors                      6 of 89
    top-2 accuracy              100.00%
    expected calibration error  0.0629
    <BLANKLINE>
                  precision  recall     f1  support
    0                1.0000  0.8621 0.9259       29
    1                0.8947  0.9444 0.9189       36
    2                0.9231  1.0000 0.9600       24
    macro avg        0.9393  0.9355 0.9349       89
    weighted avg     0.9367  0.9326 0.9323       89
    <BLANKLINE>
    Most confused pairs
     true  predicted  count  share
        0          1      4 0.1379
        1          2      2 0.0556
    """
    if not is_classifier(estimator):
        raise ValueError(f"evaluate needs a classifier, got {estimator!r}.")
    kind = type_of_target(y, input_name="y")
    if kind not in ("binary", "multiclass"):
        raise ValueError(
            f"evaluate needs one class per sample, but y is of type {kind!r}. For multilabel "
            "targets, evaluate each label separately."
        )
    if _num_samples(X) == 0:
        raise ValueError("There are no samples to evaluate on: X has no rows.")
    shape = resolve_image_shape(_num_features(X), image_shape, required=False)
    if image_shape is None and not _has_numbers(X):
        shape = None
    y_true: NDArray[Any] = column_or_1d(y, warn=True)
    y_pred: NDArray[Any] = np.asarray(estimator.predict(X))
    confusion = confusion_matrix_frame(y_true, y_pred, sample_weight=sample_weight)
    confidence = calibration = top_k = None
    if hasattr(estimator, "predict_proba"):
        proba, classes = estimator.predict_proba(X), estimator.classes_
        options = {"labels": classes, "sample_weight": sample_weight}
        confidence = predicted_confidence(y_pred, proba, classes)
        calibration = calibration_frame(y_true, proba, **options)
        top_k = top_k_accuracy(y_true, proba, **options)
    errors = _error_frame(y_true, y_pred, confidence)
    return EvaluationReport(
        classifier=str(estimator),
        n_samples=len(y_true),
        n_errors=int((y_pred != y_true).sum()),
        accuracy=accuracy_score(y_true, y_pred, sample_weight=sample_weight),
        confusion_matrix=confusion,
        classification_report=classification_report_frame(
            y_true, y_pred, sample_weight=sample_weight
        ),
        most_confused=confused_pairs(confusion),
        calibration=calibration,
        top_k=top_k,
        mistakes=errors,
        images=None if shape is None else _images(X, errors.index.to_numpy(), shape),
        history=_history(estimator),
    )


def _error_frame(
    y_true: NDArray[Any], y_pred: NDArray[Any], confidence: NDArray[np.floating[Any]] | None
) -> pd.DataFrame:
    rows = misclassified_rows(y_true, y_pred, confidence)[:N_MISTAKES]
    probability = np.full(len(rows), np.nan)
    if confidence is not None:
        probability = confidence[rows].astype(np.float64)
    return pd.DataFrame(
        {"true": y_true[rows], "predicted": y_pred[rows], "probability": probability}, index=rows
    )


def _has_numbers(X: Any) -> bool:
    """Tell whether all features are numbers, which some columns of a table may not be."""
    return sparse.issparse(X) or np.asarray(_safe_indexing(X, [0])).dtype.kind in "biuf"


def _images(X: Any, rows: NDArray[np.intp], shape: tuple[int, int]) -> NDArray[Any]:
    selected = _safe_indexing(X, rows)
    pixels = selected.toarray() if sparse.issparse(selected) else np.array(selected)
    return pixels.reshape(len(rows), *shape)


def _history(estimator: Any) -> dict[str, list[float]] | None:
    """Return the training history of the classifier at the end of searches and pipelines."""
    history = getattr(final_estimator(estimator), "history_", None)
    if not isinstance(history, dict) or "loss" not in history:
        return None
    return {name: list(values) for name, values in history.items()}
