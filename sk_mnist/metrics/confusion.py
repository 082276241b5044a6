"""What a classifier's predictions get right and wrong, as pandas frames."""

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
    """Count how often each class was taken for each other class.

    This is :func:`sklearn.metrics.confusion_matrix` with its rows and columns named.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true classes.

    y_pred : array-like of shape (n_samples,)
        The predicted classes.

    labels : array-like of shape (n_classes,), default=None
        The classes to show, in this order. By default all that occur in `y_true` or `y_pred`,
        sorted. Samples whose true or predicted class is not among them are left out.

    normalize : {"true", "pred", "all"}, default=None
        Divide the counts by the sum of their row ("true"), of their column ("pred") or of
        the whole matrix ("all").

    sample_weight : array-like of shape (n_samples,), default=None
        What each sample counts for. By default each counts for one.

    Returns
    -------
    DataFrame of shape (n_classes, n_classes)
        One row a true class, one column a predicted class. Integers, unless `normalize` or a
        `sample_weight` of floats asks for fractions.

    See Also
    --------
    ConfusionHeatmapDisplay : The same matrix as a picture.

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
    """Give precision, recall and F1 of each class and their averages.

    This is :func:`sklearn.metrics.classification_report` in numbers. Where a measure is not
    defined (the precision of a class that was never predicted) it is zero, without a warning.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true classes.

    y_pred : array-like of shape (n_samples,)
        The predicted classes.

    labels : array-like of shape (n_classes,), default=None
        The classes to report, in this order. By default all that occur in `y_true` or `y_pred`,
        sorted.

    sample_weight : array-like of shape (n_samples,), default=None
        What each sample counts for. By default each counts for one.

    Returns
    -------
    DataFrame of shape (n_classes + 2, 4)
        One row a class, then the rows "macro avg" (each class counts the same) and
        "weighted avg" (each class counts by its support); the columns "precision", "recall",
        "f1" and "support", the number (or total weight) of samples that truly belong to the class.

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
    """List the pairs of classes that are mistaken for each other most often.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true classes.

    y_pred : array-like of shape (n_samples,)
        The predicted classes.

    labels : array-like of shape (n_classes,), default=None
        The classes to look at. By default all that occur in `y_true` or `y_pred`.

    sample_weight : array-like of shape (n_samples,), default=None
        What each sample counts for. By default each counts for one.

    n : int, default=10
        How many pairs to list at most. None lists all that occur.

    Returns
    -------
    DataFrame of shape (n_pairs, 4)
        The most frequent pair first. The columns are "true"; "predicted"; "count", the number (or
        total weight) of samples; and "share", what part that is of all samples of the true class
        (of those predicted as one of `labels`, if these leave classes out).

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
        raise ValueError(f"n must be a number of pairs, zero or more, or None for all; got {n!r}.")
    confusion = confusion_matrix_frame(y_true, y_pred, labels=labels, sample_weight=sample_weight)
    return confused_pairs(confusion).head(len(confusion) ** 2 if n is None else n)


def confused_pairs(confusion: pd.DataFrame) -> pd.DataFrame:
    """List all pairs of `most_confused` from a confusion matrix of counts."""
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
