"""From a fitted classifier and some data to a report."""

from __future__ import annotations

import math
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
from sk_mnist.metrics.confusion import (
    classification_report_frame,
    confused_pairs,
    confusion_matrix_frame,
)
from sk_mnist.metrics.probabilities import calibration_frame, top_k_accuracy

# The worst mistakes that a report keeps, images included.
N_MISTAKES = 25

# Rows with as many features as an MNIST digit has pixels are shown as images without being asked.
_DIGIT_SHAPE = (28, 28)


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
        A fitted classifier, or a fitted pipeline or search that ends in one. One class a sample;
        for several labels a sample, evaluate each label.

    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        The samples, best ones that the classifier was not trained on.

    y : array-like of shape (n_samples,)
        Their true classes.

    sample_weight : array-like of shape (n_samples,), default=None
        What each sample counts for in all figures but the number of errors. By default each counts
        for one.

    image_shape : tuple of (height, width), default=None
        How to show a sample as an image. By default samples of 784 features are shown as images of
        28 x 28 pixels, and others are not.

    Returns
    -------
    EvaluationReport
        Prints as a table; ``plot()`` draws it and ``to_html(path)`` writes it as a web page.

    Raises
    ------
    ValueError
        If the estimator is not a classifier, if there are no samples, if `y` is not one class a
        sample, or if `image_shape` does not fit the features.

    See Also
    --------
    confusion_matrix_frame : How often each class was taken for each other class.
    calibration_frame : How sure the classifier is, and how often it is right.

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
    accuracy                    93.26 %
    errors                      6 of 89
    among the 2 most probable   100.00 %
    expected calibration error  0.0629
    <BLANKLINE>
                  precision  recall     f1  support
    0                1.0000  0.8621 0.9259       29
    1                0.8947  0.9444 0.9189       36
    2                0.9231  1.0000 0.9600       24
    macro avg        0.9393  0.9355 0.9349       89
    weighted avg     0.9367  0.9326 0.9323       89
    <BLANKLINE>
    Most confused
     true  predicted  count  share
        0          1      4 0.1379
        1          2      2 0.0556
    """
    if not is_classifier(estimator):
        raise ValueError(f"evaluate needs a classifier, got {estimator!r}.")
    kind = type_of_target(y, input_name="y")
    if kind not in ("binary", "multiclass"):
        raise ValueError(
            f"evaluate needs one class a sample, but y is of the kind {kind!r}. For several labels "
            "a sample, evaluate each label on its own."
        )
    shape = _checked_image_shape(X, image_shape)
    y_true: NDArray[Any] = column_or_1d(y, warn=True)
    y_pred = estimator.predict(X)
    proba = estimator.predict_proba(X) if hasattr(estimator, "predict_proba") else None
    confusion = confusion_matrix_frame(y_true, y_pred, sample_weight=sample_weight)
    mistakes = _worst_mistakes(y_true, y_pred, proba, estimator)
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
        calibration=None
        if proba is None
        else calibration_frame(
            y_true, proba, labels=estimator.classes_, sample_weight=sample_weight
        ),
        top_k=None
        if proba is None
        else top_k_accuracy(y_true, proba, labels=estimator.classes_, sample_weight=sample_weight),
        mistakes=mistakes,
        images=None if shape is None else _images(X, mistakes.index.to_numpy(), shape),
        history=_history(estimator),
    )


def _checked_image_shape(X: Any, image_shape: tuple[int, int] | None) -> tuple[int, int] | None:
    if _num_samples(X) == 0:
        raise ValueError("There are no samples to evaluate on: X has no rows.")
    n_features = _num_features(X)
    if image_shape is None:
        return _DIGIT_SHAPE if n_features == math.prod(_DIGIT_SHAPE) else None
    if math.prod(image_shape) != n_features:
        raise ValueError(
            f"image_shape={image_shape!r} has {math.prod(image_shape)} pixels, but X has "
            f"{n_features} features. Give the height and the width of images of {n_features} "
            "pixels, or leave image_shape out."
        )
    return image_shape


def _worst_mistakes(
    y_true: NDArray[Any], y_pred: NDArray[Any], proba: NDArray[Any] | None, estimator: Any
) -> pd.DataFrame:
    rows = np.flatnonzero(y_pred != y_true)
    probability = np.full(len(rows), np.nan)
    if proba is not None:
        columns = pd.Index(estimator.classes_).get_indexer(y_pred[rows])
        probability = proba[rows, columns].astype(np.float64)
        order = np.argsort(-probability, kind="stable")
        rows, probability = rows[order], probability[order]
    frame = pd.DataFrame(
        {"true": y_true[rows], "predicted": y_pred[rows], "probability": probability}, index=rows
    )
    return frame.head(N_MISTAKES)


def _images(X: Any, rows: NDArray[np.intp], shape: tuple[int, int]) -> NDArray[Any]:
    chosen = _safe_indexing(X, rows)
    pixels = chosen.toarray() if sparse.issparse(chosen) else np.array(chosen)
    return pixels.reshape(len(rows), *shape)


def _history(estimator: Any) -> dict[str, list[float]] | None:
    """Return the epochs of the classifier at the end of searches and pipelines."""
    history = getattr(final_estimator(estimator), "history_", None)
    if not isinstance(history, dict) or "loss" not in history:
        return None
    return {name: list(values) for name, values in history.items()}
