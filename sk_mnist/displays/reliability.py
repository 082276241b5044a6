"""Reliability diagram: accuracy by confidence."""

from __future__ import annotations

from typing import Any, Literal, Self, cast

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure, SubFigure
from matplotlib.typing import ColorType
from numpy.typing import ArrayLike, NDArray

from sk_mnist.displays._common import check_classifier, shortened, stacked_axes
from sk_mnist.metrics.probabilities import calibration_frame

# If one bin has this many times the samples of another, the counts get a logarithmic scale: on a
# linear one the smaller bar would not be visible.
_MAX_LINEAR_RATIO = 50

_PERFECT = "Perfectly calibrated"


class ReliabilityDisplay:
    """Reliability diagram of a classifier with any number of classes.

    Samples are binned by their confidence, the probability of the predicted class. Each point is a
    bin, with its mean confidence on the x-axis and its accuracy on the y-axis. Points below the
    diagonal indicate overconfidence. The histogram below shows the number of samples per bin, as
    bins with few samples have a large error; empty bins have no point. The expected calibration
    error (ECE) is the mean distance from the diagonal over all samples.

    Use :meth:`from_estimator` or :meth:`from_predictions` to create one.

    Parameters
    ----------
    calibration : DataFrame
        Return value of :func:`~sk_mnist.evaluation.calibration_frame`: one row per bin, an index
        of intervals and the columns "count", "confidence" and "accuracy".

    name : str, default=None
        The name of the classifier, for the legend.

    Attributes
    ----------
    axes_ : ndarray of shape (2,), dtype=matplotlib.axes.Axes
        The axes of the diagram and of the histogram.

    figure_ : matplotlib.figure.Figure
        The figure that contains the axes.

    See Also
    --------
    sk_mnist.evaluation.calibration_frame : The values of the diagram as a frame.
    sklearn.calibration.CalibrationDisplay : Calibration curve of a binary classifier.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger. "On calibration of modern neural networks."
    International Conference on Machine Learning, 2017.

    Examples
    --------
    Draw into the same axes to compare classifiers:

    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sk_mnist.displays import ReliabilityDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> bayes = GaussianNB().fit(X[:1000], y[:1000])
    >>> logistic = LogisticRegression(max_iter=2000).fit(X[:1000], y[:1000])
    >>> display = ReliabilityDisplay.from_estimator(bayes, X[1000:], y[1000:])
    >>> display = ReliabilityDisplay.from_estimator(
    ...     logistic, X[1000:], y[1000:], ax=display.axes_
    ... )
    >>> display.figure_.savefig("reliability.png")  # doctest: +SKIP
    """

    axes_: NDArray[np.object_]
    figure_: Figure | SubFigure

    def __init__(self, calibration: pd.DataFrame, *, name: str | None = None) -> None:
        self.calibration = calibration
        self.name = name

    def plot(
        self,
        ax: Axes | ArrayLike | None = None,
        *,
        color: ColorType | None = None,
        ref_line: bool = True,
    ) -> Self:
        """Draw the diagram.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or array-like of two of them, default=None
            Axes to draw into: one axes, which is switched off and divided, or two axes, for the
            diagram and for the histogram. By default, a new figure is created.

        color : matplotlib color, default=None
            Color of points and bars. By default, the next color of the palette "colorblind".

        ref_line : bool, default=True
            Whether to draw the diagonal.

        Returns
        -------
        ReliabilityDisplay
            The display, with its fitted attributes set.

        Raises
        ------
        ValueError
            If `calibration` is not such a frame, or if `ax` is neither one nor two axes.
        """
        frame = _checked_frame(self.calibration)
        self.axes_, self.figure_ = stacked_axes(ax, [4.0, 1.0], (5.6, 5.4))
        diagram, histogram = self.axes_
        if color is None:
            palette = sns.color_palette("colorblind")
            color = palette[len(histogram.containers) % len(palette)]
        if ref_line and _PERFECT not in diagram.get_legend_handles_labels()[1]:
            diagram.axline((1, 1), slope=1, linestyle=":", color="0.4", label=_PERFECT)
        left = _left_end(frame)
        if histogram.containers:
            left = min(left, histogram.get_xlim()[0])
        _draw_diagram(diagram, frame, self._label(frame), color)
        _draw_histogram(histogram, frame, color)
        histogram.set_xlim(left, 1.0 + 0.02 * (1.0 - left))
        return self

    def _label(self, frame: pd.DataFrame) -> str:
        distances = (frame["confidence"] - frame["accuracy"]).abs()
        computed = (distances * frame["count"]).sum() / frame["count"].sum()
        error = frame.attrs.get("expected_calibration_error", computed)
        return f"ECE = {error:.3f}" if self.name is None else f"{self.name} (ECE = {error:.3f})"

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        n_bins: int = 10,
        strategy: Literal["uniform", "quantile"] = "uniform",
        sample_weight: ArrayLike | None = None,
        name: str | None = None,
        ax: Axes | ArrayLike | None = None,
        **plot_options: Any,
    ) -> Self:
        """Plot the reliability diagram of a fitted classifier on some data.

        Parameters
        ----------
        estimator : estimator instance
            A fitted classifier with `predict_proba`, or a fitted pipeline or search that ends
            in one.

        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        y : array-like of shape (n_samples,)
            The true classes.

        n_bins : int, default=10
            The number of bins.

        strategy : {"uniform", "quantile"}, default="uniform"
            With "uniform", all bins have the same width; with "quantile", about the same number
            of samples.

        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights. By default, each sample has a weight of one.

        name : str, default=None
            The name of the classifier. By default, the name of its class.

        ax : matplotlib.axes.Axes or array-like of two of them, default=None
            Axes to draw into, see :meth:`plot`. By default, a new figure is created.

        **plot_options : dict
            Further keyword arguments of :meth:`plot`.

        Returns
        -------
        ReliabilityDisplay
            The display, already drawn.

        Raises
        ------
        ValueError
            If the estimator is not a classifier with `predict_proba`.
        """
        check_classifier(estimator, cls, needs_probabilities=True)
        return cls.from_predictions(
            y,
            estimator.predict_proba(X),
            labels=estimator.classes_,
            n_bins=n_bins,
            strategy=strategy,
            sample_weight=sample_weight,
            name=type(estimator).__name__ if name is None else name,
            ax=ax,
            **plot_options,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_proba: ArrayLike,
        *,
        labels: ArrayLike | None = None,
        n_bins: int = 10,
        strategy: Literal["uniform", "quantile"] = "uniform",
        sample_weight: ArrayLike | None = None,
        name: str | None = None,
        ax: Axes | ArrayLike | None = None,
        **plot_options: Any,
    ) -> Self:
        """Plot the reliability diagram of given probabilities.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            The true classes.

        y_proba : array-like of shape (n_samples, n_classes) or (n_samples,)
            Probabilities of the classes. For two classes, the probabilities of the second class
            are enough.

        labels : array-like of shape (n_classes,), default=None
            The class of each column of `y_proba`. By default, all classes in `y_true`, sorted.

        n_bins : int, default=10
            The number of bins.

        strategy : {"uniform", "quantile"}, default="uniform"
            With "uniform", all bins have the same width; with "quantile", about the same number
            of samples.

        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights. By default, each sample has a weight of one.

        name : str, default=None
            The name of the classifier, for the legend.

        ax : matplotlib.axes.Axes or array-like of two of them, default=None
            Axes to draw into, see :meth:`plot`. By default, a new figure is created.

        **plot_options : dict
            Further keyword arguments of :meth:`plot`.

        Returns
        -------
        ReliabilityDisplay
            The display, already drawn.

        Examples
        --------
        >>> from sk_mnist.displays import ReliabilityDisplay
        >>> y_proba = [[0.7, 0.3], [0.2, 0.8], [0.1, 0.9], [0.6, 0.4]]
        >>> display = ReliabilityDisplay.from_predictions([0, 1, 1, 1], y_proba)
        >>> display.axes_[0].get_xlabel(), display.axes_[1].get_xlabel()
        ('', 'Confidence')
        """
        frame = calibration_frame(
            y_true,
            y_proba,
            labels=labels,
            n_bins=n_bins,
            strategy=strategy,
            sample_weight=sample_weight,
        )
        return cls(frame, name=name).plot(ax, **plot_options)


def _checked_frame(calibration: pd.DataFrame) -> pd.DataFrame:
    missing = {"count", "confidence", "accuracy"} - set(getattr(calibration, "columns", ()))
    if missing or not isinstance(calibration.index, pd.IntervalIndex) or calibration.empty:
        raise ValueError(
            "calibration must be a frame as returned by calibration_frame, with one row per bin, "
            "an IntervalIndex and the columns 'count', 'confidence' and 'accuracy', got "
            f"{calibration!r}."
        )
    return calibration


def _edges(frame: pd.DataFrame) -> pd.IntervalIndex[Any]:
    return cast("pd.IntervalIndex[Any]", frame.index)


def _left_end(frame: pd.DataFrame) -> float:
    """Return the lower limit of the x-axis, without empty bins and most of a wide first bin."""
    lowest = float(frame["confidence"].iloc[0])
    edge = float(_edges(frame).left[0])
    # If the confidence is always one, the axis still needs a positive width.
    left = max(edge, min(lowest - (1.0 - lowest), 0.9), 0.0)
    return left - 0.02 * (1.0 - left)


def _draw_diagram(ax: Axes, frame: pd.DataFrame, label: str, color: ColorType) -> None:
    ax.plot(frame["confidence"], frame["accuracy"], "o-", color=color, label=shortened(label))
    ax.set(ylim=(-0.02, 1.02), ylabel="Accuracy")
    ax.grid(alpha=0.3)
    ax.legend(loc="best", fontsize="small")


def _draw_histogram(ax: Axes, frame: pd.DataFrame, color: ColorType) -> None:
    counts, edges = frame["count"], _edges(frame)
    ax.bar(
        edges.left,
        counts,
        width=edges.length,
        align="edge",
        facecolor=(*to_rgb(color), 0.3),
        edgecolor=color,
    )
    if counts.max() > _MAX_LINEAR_RATIO * counts.min():
        ax.set_yscale("log")
    ax.set(xlabel="Confidence", ylabel="Samples")
