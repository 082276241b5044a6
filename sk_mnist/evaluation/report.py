"""A report of all that is known of a classifier's predictions."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_four_digits = "{:.4f}".format


@dataclass(frozen=True, repr=False, eq=False)
class EvaluationReport:
    """What a classifier gets right and wrong; made by :func:`evaluate`.

    Printed it is a table, in a notebook a page with pictures. It holds copies and neither the
    classifier nor the data, so that it is small, can be pickled, and stays what it was.

    Attributes
    ----------
    classifier : str
        What was evaluated, as `print` shows it.

    n_samples : int
        Number of samples.

    n_errors : int
        Number of samples that were predicted wrong.

    accuracy : float
        Share of the samples, or of their weight, that was predicted right.

    confusion_matrix : DataFrame of shape (n_classes, n_classes)
        As :func:`confusion_matrix_frame` makes it.

    classification_report : DataFrame of shape (n_classes + 2, 4)
        As :func:`classification_report_frame` makes it.

    most_confused : DataFrame of shape (n_pairs, 4)
        As :func:`most_confused` makes it, all pairs.

    calibration : DataFrame of shape (n_filled_bins, 3) or None
        As :func:`calibration_frame` makes it. None for a classifier without probabilities.

    top_k : Series or None
        As :func:`top_k_accuracy` makes it. None for a classifier without probabilities.

    mistakes : DataFrame of shape (n_mistakes, 3)
        The worst 25 mistakes: "true", "predicted", and "probability", which the classifier gave to
        what it predicted (NaN if it gives none). The surest comes first. The index counts the rows
        of X.

    images : ndarray of shape (n_mistakes, height, width) or None
        The mistakes as images, if the samples are images.

    history : dict of str to list of float, or None
        Loss and accuracy of each epoch, if the classifier was trained by epochs and kept them.

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
    history: dict[str, list[float]] | None = field(default=None)

    @property
    def expected_calibration_error(self) -> float | None:
        """As :func:`expected_calibration_error`; None for a classifier without probabilities."""
        if self.calibration is None:
            return None
        return float(self.calibration.attrs["expected_calibration_error"])

    def __str__(self) -> str:
        parts = [
            self.classifier,
            "\n".join(f"{name:28}{value}" for name, value in self.headline().items()),
            self.classification_report.rename_axis(None).to_string(float_format=_four_digits),
        ]
        if len(self.most_confused):
            shown = self.most_confused.head(10).to_string(index=False, float_format=_four_digits)
            parts.append(f"Most confused\n{shown}")
        return "\n\n".join(parts)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from sk_mnist.evaluation import html as _html

        return _html.fragment(self)

    def headline(self) -> dict[str, str]:
        """Return the figures that sum the report up.

        Returns
        -------
        dict of str to str
            Figures for readers, by name.
        """
        lines = {
            "accuracy": f"{100 * self.accuracy:.2f} %",
            "errors": f"{self.n_errors:,} of {self.n_samples:,}",
        }
        if self.top_k is not None:
            n_classes = len(self.confusion_matrix)
            for k, share in zip(self.top_k.index.tolist(), self.top_k, strict=True):
                if 1 < k < n_classes:
                    lines[f"among the {k} most probable"] = f"{100 * share:.2f} %"
        if self.expected_calibration_error is not None:
            lines["expected calibration error"] = f"{self.expected_calibration_error:.4f}"
        return lines

    def plot(self) -> Figure:
        """Draw what the report holds, in one figure.

        That is the confusion matrix and, where they are known, how reliable the probabilities are,
        the worst mistakes as images, and loss and accuracy over the epochs.

        Returns
        -------
        matplotlib.figure.Figure
            Made by pyplot.
        """
        from sk_mnist.evaluation import figures as _pictures

        return _pictures.overview(self)

    def to_html(self, path: str | PathLike[str]) -> None:
        """Write the report as a web page.

        It is one file with all pictures inside, and needs no network.

        Parameters
        ----------
        path : str or path-like
            The file to write. An existing one is replaced.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        from sk_mnist.evaluation import html as _html

        Path(path).write_text(_html.page(self), encoding="utf-8")

    def to_dict(self) -> dict[str, Any]:
        """Return the report as what JSON knows: dicts, lists, strings, numbers and None.

        Returns
        -------
        dict
            The attributes by name; classes are strings where they are keys. Images are left out.
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
    """Turn NumPy's numbers into Python's, keys into strings, and NaN into None."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, bool | int | float | str | None) else str(value)
