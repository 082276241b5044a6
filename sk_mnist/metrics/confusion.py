"""Confusion matrix and scores per class, as pandas frames."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support
from sklearn.utils.multiclass import unique_labels


def confusion_matrix_frame(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    normalize: Literal["true", "pred", "all"] | None = None,
    sample_weight: ArrayLike | None = None,
) -> pd.DataFrame:
    """Compute the confusion matrix.

    This is :func:`sklearn.metrics.confusion_matrix` with named rows and columns.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true classes.

    y_pred : array-like of shape (n_samples,)
        The predicted classes.

    labels : array-like of shape (n_classes,), default=None
        The classes to include, in this order. By default, all classes in `y_true` or `y_pred`,
        sorted. Samples whose true or predicted class is not listed are ignored.

    normalize : {"true", "pred", "all"}, default=None
        Normalize the counts over the true classes (rows), the predicted classes (columns) or
        all samples.

    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights. By default, each sample has a weight of one.

    Returns
    -------
    DataFrame of shape (n_classes, n_classes)
        One row per true class, one column per predicted class. The dtype is int64, or float64 if
        `normalize` is set or `sample_weight` has floats.

    See Also
    --------
    sk_mnist.displays.ConfusionHeatmapDisplay : Plot the matrix as a heatmap.

    Examples
    --------
    >>> from sk_mnist.evaluation import confusion_matrix_frame
    >>> y_true = ["cat", "ant", "cat", "cat", "ant", "bird"]
    >>> y_pred = ["ant", "ant", "cat", "cat", "ant", "cat"]
    >>> confusion_matrix_frame(y_true, y_pred)
    predicted  ant  bird  cat
    true
    ant          2     0    0
    bird         0     0    1
    cat          1     0    2
    """
    classes = unique_labels(y_true, y_pred) if labels is None else np.asarray(labels)
    matrix = confusion_matrix(
        y_true, y_pred, labels=classes, normalize=normalize, sample_weight=sample_weight
    )
    return pd.DataFrame(
        matrix, index=pd.Index(classes, name="true"), columns=pd.Index(classes, name="predicted")
    )


def classification_report_frame(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> pd.DataFrame:
    """Compute precision, recall and F1 score per class, and their averages.

    This is :func:`sklearn.metrics.classification_report` as a frame. Undefined scores, such as
    the precision of a class that was never predicted, are set to zero without a warning.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true classes.

    y_pred : array-like of shape (n_samples,)
        The predicted classes.

    labels : array-like of shape (n_classes,), default=None
        The classes to include, in this order. By default, all classes in `y_true` or `y_pred`,
        sorted.

    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights. By default, each sample has a weight of one.

    Returns
    -------
    DataFrame of shape (n_classes + 2, 4)
        One row per class, followed by the rows "macro avg" (unweighted mean over the classes)
        and "weighted avg" (mean weighted by support). The columns are "precision", "recall", "f1"
        and "support", the number (or total weight) of samples whose true class it is.

    Examples
    --------
    >>> from sk_mnist.evaluation import classification_report_frame
    >>> y_true = ["cat", "ant", "cat", "cat", "ant", "bird"]
    >>> y_pred = ["ant", "ant", "cat", "cat", "ant", "cat"]
    >>> classification_report_frame(y_true, y_pred).round(2)
                  precision  recall    f1  support
    class
    ant                0.67    1.00  0.80        2
    bird               0.00    0.00  0.00        1
    cat                0.67    0.67  0.67        3
    macro avg          0.44    0.56  0.49        6
    weighted avg       0.56    0.67  0.60        6
    """
    classes = unique_labels(y_true, y_pred) if labels is None else np.asarray(labels)

    def scores(average: Literal["macro", "weighted"] | None) -> Any:
        return precision_recall_fscore_support(
            y_true,
            y_pred,
            labels=classes,
            average=average,
            sample_weight=sample_weight,
            zero_division=0.0,
        )

    precision, recall, f1, support = scores(None)
    by_class = pd.DataFrame(
        {"precision": precision, "recall": recall, "f1": f1, "support": support},
        index=pd.Index(classes, name="class"),
    )
    averages = pd.DataFrame(
        [[*scores(average)[:3], support.sum()] for average in ("macro", "weighted")],
        index=pd.Index(["macro avg", "weighted avg"], name="class"),
        columns=by_class.columns,
    )
    return pd.concat([by_class, averages])


def most_confused(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    n: int | None = 10,
) -> pd.DataFrame:
    """List the pairs of true and predicted class that are confused most often.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true classes.

    y_pred : array-like of shape (n_samples,)
        The predicted classes.

    labels : array-like of shape (n_classes,), default=None
        The classes to include. By default, all classes in `y_true` or `y_pred`.

    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights. By default, each sample has a weight of one.

    n : int, default=10
        Maximum number of pairs. None lists all pairs that occur.

    Returns
    -------
    DataFrame of shape (n_pairs, 4)
        The most frequent pair first; ties are sorted by share. The columns are "true";
        "predicted"; "count", the number (or total weight) of samples; and "share", the fraction of
        the samples of the true class (if `labels` excludes classes, of those predicted as one of
        `labels`).

    Raises
    ------
    ValueError
        If `n` is negative.

    Examples
    --------
    >>> from sk_mnist.evaluation import most_confused
    >>> y_true = ["cat", "ant", "cat", "cat", "ant", "bird", "bird"]
    >>> y_pred = ["ant", "ant", "cat", "cat", "ant", "cat", "cat"]
    >>> most_confused(y_true, y_pred).round(2)
       true predicted  count  share
    0  bird       cat      2   1.00
    1   cat       ant      1   0.33
    """
    if n is not None and n < 0:
        raise ValueError(
            f"n must be a non-negative number of pairs, or None for all of them, got {n!r}."
        )
    confusion = confusion_matrix_frame(y_true, y_pred, labels=labels, sample_weight=sample_weight)
    return confused_pairs(confusion).head(len(confusion) ** 2 if n is None else n)


def confused_pairs(confusion: pd.DataFrame) -> pd.DataFrame:
    """Return all pairs of `most_confused`, given a confusion matrix of counts."""
    counts = confusion.to_numpy()
    true, predicted = np.nonzero(np.where(np.eye(len(counts), dtype=bool), 0, counts))
    pairs = pd.DataFrame(
        {
            "true": confusion.index.to_numpy()[true],
            "predicted": confusion.columns.to_numpy()[predicted],
            "count": counts[true, predicted],
            "share": counts[true, predicted] / counts.sum(axis=1)[true],
        }
    )
    order = ["count", "share"]
    return pairs.sort_values(order, ascending=False, kind="stable", ignore_index=True)
