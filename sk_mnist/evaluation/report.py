"""The report that `evaluate` returns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sk_mnist._utils.files import write_file
from sk_mnist.evaluation.tables import confused_pairs_table, confused_pairs_title, scores_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, repr=False, eq=False)
class EvaluationReport:
    """Metrics and errors of a classifier, as returned by :func:`evaluate`.

    It prints as a table, and notebooks show it as HTML with figures. It contains copies, but
    neither the classifier nor the data, so that it is small, can be pickled, and does not change.

    Attributes
    ----------
    classifier : str
        The representation of the classifier.

    n_samples : int
        Number of samples.

    n_errors : int
        Number of misclassified samples.

    accuracy : float
        Fraction of correct predictions, weighted by `sample_weight`.

    confusion_matrix : DataFrame of shape (n_classes, n_classes)
        See :func:`confusion_matrix_frame`.

    classification_report : DataFrame of shape (n_classes + 2, 4)
        See :func:`classification_report_frame`.

    most_confused : DataFrame of shape (n_pairs, 4)
        All pairs, see :func:`most_confused`.

    calibration : DataFrame of shape (n_filled_bins, 3) or None
        See :func:`calibration_frame`. None for a classifier without `predict_proba`.

    top_k : Series or None
        See :func:`top_k_accuracy`. None for a classifier without `predict_proba`.

    mistakes : DataFrame of shape (n_mistakes, 3)
        At most 25 misclassified samples, the most confident errors first: "true", "predicted" and
        "probability" of the predicted class (NaN without `predict_proba`). The index is the
        position in X.

    images : ndarray of shape (n_mistakes, height, width) or None
        The misclassified samples as images, if the samples are images.

    history : dict of str to list of float, or None
        Loss and accuracy per epoch, if the classifier has the attribute `history_`.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from sk_mnist.evaluation import evaluate
    >>> X, y = load_digits(return_X_y=True)
    >>> classifier = KNeighborsClassifier().fit(X[:1000], y[:1000])
    >>> report = evaluate(classifier, X[1000:], y[1000:], image_shape=(8, 8))
    >>> report.n_errors
    34
    >>> report.most_confused.head(2).round(3)
       true  predicted  count  share
    0     8          1      4  0.053
    1     2          3      4  0.052
    >>> report.to_html("report.html")  # doctest: +SKIP
    """

    classifier: str
    n_samples: int
    n_errors: int
    accuracy: float
    confusion_matrix: pd.DataFrame
    classification_report: pd.DataFrame
    most_confused: pd.DataFrame
    calibration: pd.DataFrame | None
    top_k: pd.Series | None
    mistakes: pd.DataFrame
    images: NDArray[Any] | None = None
    history: dict[str, list[float]] | None = None

    @property
    def expected_calibration_error(self) -> float | None:
        """See :func:`expected_calibration_error`. None for a classifier without `predict_proba`."""
        if self.calibration is None:
            return None
        return float(self.calibration.attrs["expected_calibration_error"])

    def __str__(self) -> str:
        parts = [
            self.classifier,
            "\n".join(f"{name:28}{value}" for name, value in self.headline().items()),
            scores_table(self.classification_report, "text"),
        ]
        if len(self.most_confused):
            title = confused_pairs_title(self.most_confused)
            parts.append(f"{title}\n{confused_pairs_table(self.most_confused, 'text')}")
        return "\n\n".join(parts)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from sk_mnist.evaluation.html import fragment

        return fragment(self)

    def headline(self) -> dict[str, str]:
        """Return the main metrics as text.

        Returns
        -------
        dict of str to str
            Formatted values by name.
        """
        lines = {
            "accuracy": f"{100 * self.accuracy:.2f}%",
            "errors": f"{self.n_errors:,} of {self.n_samples:,}",
        }
        if self.top_k is not None:
            n_classes = len(self.confusion_matrix)
            for k, share in zip(self.top_k.index.tolist(), self.top_k, strict=True):
                if 1 < k < n_classes:
                    lines[f"top-{k} accuracy"] = f"{100 * share:.2f}%"
        if self.expected_calibration_error is not None:
            lines["expected calibration error"] = f"{self.expected_calibration_error:.4f}"
        return lines

    def plot(self) -> Figure:
        """Plot the report as one figure.

        It contains the confusion matrix and, if available, the most confident errors as images, the
        reliability diagram and the training curves.

        Returns
        -------
        matplotlib.figure.Figure
            The figure, created by pyplot.
        """
        from sk_mnist.evaluation.figures import overview

        return overview(self)

    def to_html(self, path: str | PathLike[str]) -> None:
        """Write the report as a self-contained HTML page.

        All figures are embedded, and the page does not load anything from the network.

        Parameters
        ----------
        path : str or path-like
            The file to write. An existing file is replaced once the new one is complete.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        from sk_mnist.evaluation.html import page

        write_file(Path(path), page(self).encode())

    def to_dict(self) -> dict[str, Any]:
        """Return the report as a dict that can be serialized as JSON.

        Returns
        -------
        dict
            The attributes by name, without the images. Keys that are classes become strings.
        """
        calibration = self.calibration
        plain: dict[str, Any] = _plain(
            {
                "classifier": self.classifier,
                "n_samples": self.n_samples,
                "n_errors": self.n_errors,
                "accuracy": self.accuracy,
                "confusion_matrix": {
                    "labels": self.confusion_matrix.index.tolist(),
                    "counts": self.confusion_matrix.to_numpy().tolist(),
                },
                "classification_report": self.classification_report.to_dict(orient="index"),
                "most_confused": self.most_confused.to_dict(orient="records"),
                "calibration": calibration
                if calibration is None
                else [
                    {"low": interval.left, "high": interval.right, **values}
                    for interval, values in zip(
                        calibration.index, calibration.to_dict(orient="records"), strict=True
                    )
                ],
                "expected_calibration_error": self.expected_calibration_error,
                "top_k": None if self.top_k is None else self.top_k.to_dict(),
                "mistakes": self.mistakes.rename_axis("row").reset_index().to_dict("records"),
                "history": self.history,
            }
        )
        return plain


def _plain(value: Any) -> Any:
    """Convert NumPy scalars to Python scalars, keys to strings, and NaN to None."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, bool | int | float | str | None) else str(value)
