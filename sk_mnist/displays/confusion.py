"""Confusion matrix as a heatmap."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, PowerNorm
from matplotlib.figure import Figure, SubFigure
from numpy.typing import ArrayLike, NDArray

from sk_mnist.displays._common import check_classifier, shortened
from sk_mnist.displays._heatmap import (
    DIGIT_WIDTH,
    MAX_FONT_SIZE,
    MIN_FONT_SIZE,
    cell_sizes,
    write_cells,
    write_names,
)
from sk_mnist.metrics.confusion import confusion_matrix_frame

# One error among a thousand samples covers a tenth of the color scale. On a linear scale it would
# look like zero.
_GAMMA = 1 / 3


class ConfusionHeatmapDisplay:
    """Confusion matrix as a heatmap in which rare errors are visible.

    The color scale follows the cube root of the values: if nearly all samples are on the diagonal,
    as for MNIST, a single error is still visible, and only cells that are exactly zero have the
    lightest color. Text and figure adapt to the number of classes and the length of their names.
    Numbers that would be too small to read are left out.

    Use :meth:`from_estimator` or :meth:`from_predictions` to create one.

    Parameters
    ----------
    confusion_matrix : array-like of shape (n_classes, n_classes)
        Counts or fractions, one row per true class, one column per predicted class.

    display_labels : array-like of shape (n_classes,), default=None
        The names of the classes. By default, the numbers from 0 to ``n_classes - 1``.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        The axes with the heatmap.

    figure_ : matplotlib.figure.Figure
        The figure that contains the axes.

    text_ : ndarray of shape (n_classes, n_classes), dtype=matplotlib.text.Text, or None
        The numbers in the cells. None if they are not shown.

    See Also
    --------
    sk_mnist.evaluation.confusion_matrix_frame : The matrix as a frame.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sk_mnist.displays import ConfusionHeatmapDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> classifier = LogisticRegression(max_iter=2000).fit(X[:1000], y[:1000])
    >>> display = ConfusionHeatmapDisplay.from_estimator(classifier, X[1000:], y[1000:])
    >>> display.figure_.savefig("confusion_matrix.png")  # doctest: +SKIP
    """

    ax_: Axes
    figure_: Figure | SubFigure
    text_: NDArray[np.object_] | None

    def __init__(
        self, confusion_matrix: ArrayLike, *, display_labels: ArrayLike | None = None
    ) -> None:
        self.confusion_matrix = confusion_matrix
        self.display_labels = display_labels

    def plot(
        self,
        ax: Axes | None = None,
        *,
        cmap: str | Colormap = "rocket_r",
        include_values: bool | Literal["auto"] = "auto",
        values_format: str | None = None,
        colorbar: bool = True,
    ) -> Self:
        """Draw the heatmap.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Axes to draw into. By default, a new figure of suitable size is created.

        cmap : str or matplotlib.colors.Colormap, default="rocket_r"
            Colormap, from zero to the largest value. The lightness of the default decreases
            monotonically, so that it is readable for the color-blind and in grayscale.

        include_values : bool or "auto", default="auto"
            Whether to write the numbers into the cells. With "auto", only if all of them fit.

        values_format : str, default=None
            Format specification of numbers other than zero, see :func:`format`. By default, "d"
            for integers, ".3f" for fractions and ".4g" for other numbers.

        colorbar : bool, default=True
            Whether to draw the color bar.

        Returns
        -------
        ConfusionHeatmapDisplay
            The display, with its fitted attributes set.
        """
        matrix = np.asarray(self.confusion_matrix)
        names = _class_names(matrix, self.display_labels)
        if ax is None:
            _, ax = plt.subplots(figsize=_figure_size(names, colorbar), layout="compressed")
        _draw_heatmap(ax, matrix, cmap, colorbar)
        write_names(ax, names, names)
        cell_size, _ = cell_sizes(ax, len(names), len(names))
        ax.collections[-1].set_linewidth(0.5 if cell_size > 10 else 0)

        self.text_ = None
        if include_values:
            texts = _cell_texts(matrix, values_format)
            longest = max(len(text) for text in texts.flat)
            fitting = cell_size * min(0.7, 0.9 / (DIGIT_WIDTH * longest))
            font_size = min(MAX_FONT_SIZE, fitting)
            if include_values is True or font_size >= MIN_FONT_SIZE:
                self.text_ = write_cells(ax, texts, font_size)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        labels: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        normalize: Literal["true", "pred", "all"] | None = None,
        display_labels: ArrayLike | None = None,
        ax: Axes | None = None,
        **plot_options: Any,
    ) -> Self:
        """Plot the confusion matrix of a fitted classifier on some data.

        Parameters
        ----------
        estimator : estimator instance
            A fitted classifier, or a fitted pipeline or search that ends in one.

        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        y : array-like of shape (n_samples,)
            The true classes.

        labels : array-like of shape (n_classes,), default=None
            The classes to show, in this order. By default, all classes in `y` or the
            predictions, sorted.

        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights. By default, each sample has a weight of one.

        normalize : {"true", "pred", "all"}, default=None
            Normalize the counts over the true classes (rows), the predicted classes (columns)
            or all samples.

        display_labels : array-like of shape (n_classes,), default=None
            The names of the classes. By default, the classes themselves.

        ax : matplotlib.axes.Axes, default=None
            Axes to draw into. By default, a new figure is created.

        **plot_options : dict
            Further keyword arguments of :meth:`plot`.

        Returns
        -------
        ConfusionHeatmapDisplay
            The display, already drawn.
        """
        check_classifier(estimator, cls)
        return cls.from_predictions(
            y,
            estimator.predict(X),
            labels=labels,
            sample_weight=sample_weight,
            normalize=normalize,
            display_labels=display_labels,
            ax=ax,
            **plot_options,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        labels: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        normalize: Literal["true", "pred", "all"] | None = None,
        display_labels: ArrayLike | None = None,
        ax: Axes | None = None,
        **plot_options: Any,
    ) -> Self:
        """Plot the confusion matrix of given predictions.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            The true classes.

        y_pred : array-like of shape (n_samples,)
            The predicted classes.

        labels : array-like of shape (n_classes,), default=None
            The classes to show, in this order. By default, all classes in `y_true` or `y_pred`,
            sorted.

        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights. By default, each sample has a weight of one.

        normalize : {"true", "pred", "all"}, default=None
            Normalize the counts over the true classes (rows), the predicted classes (columns)
            or all samples.

        display_labels : array-like of shape (n_classes,), default=None
            The names of the classes. By default, the classes themselves.

        ax : matplotlib.axes.Axes, default=None
            Axes to draw into. By default, a new figure is created.

        **plot_options : dict
            Further keyword arguments of :meth:`plot`.

        Returns
        -------
        ConfusionHeatmapDisplay
            The display, already drawn.

        Examples
        --------
        >>> from sk_mnist.displays import ConfusionHeatmapDisplay
        >>> display = ConfusionHeatmapDisplay.from_predictions(
        ...     ["cat", "ant", "cat", "ant"], ["cat", "ant", "ant", "ant"], normalize="true"
        ... )
        >>> [label.get_text() for label in display.ax_.get_xticklabels()]
        ['ant', 'cat']
        """
        frame = confusion_matrix_frame(
            y_true, y_pred, labels=labels, normalize=normalize, sample_weight=sample_weight
        )
        if display_labels is None:
            display_labels = frame.index.to_numpy()
        display = cls(frame.to_numpy(), display_labels=display_labels)
        return display.plot(ax, **plot_options)


def _class_names(matrix: NDArray[Any], display_labels: ArrayLike | None) -> list[str]:
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"confusion_matrix must be square, got shape {matrix.shape}.")
    labels = np.arange(len(matrix)) if display_labels is None else np.asarray(display_labels)
    if len(labels) != len(matrix):
        raise ValueError(
            f"display_labels must name each of the {len(matrix)} classes, got {len(labels)} names."
        )
    return [shortened(label) for label in labels]


def _figure_size(names: list[str], colorbar: bool) -> tuple[float, float]:
    """Return a size in inches with room for four digits per cell, up to a maximum."""
    side = float(np.clip(0.42 * len(names), 3.0, 14.0))
    longest = max(len(name) for name in names)
    return side + 0.09 * longest + (1.2 if colorbar else 0.5), side + 0.08 * longest + 0.4


def _draw_heatmap(ax: Axes, matrix: NDArray[Any], cmap: str | Colormap, colorbar: bool) -> None:
    largest = float(matrix.max()) or 1.0
    sns.heatmap(
        matrix,
        ax=ax,
        cmap=cmap,
        norm=PowerNorm(_GAMMA, vmin=0.0, vmax=largest),
        square=True,
        linecolor="0.9",
        xticklabels=False,
        yticklabels=False,
        cbar=colorbar,
        cbar_kws={
            "aspect": 30,
            "ticks": _colorbar_ticks(largest, integers=matrix.dtype.kind in "iu"),
            "format": lambda value, _: f"{value:.0f}" if value >= 100 else f"{value:.3g}",
        },
    )
    ax.set(xlabel="Predicted label", ylabel="True label")


def _colorbar_ticks(largest: float, *, integers: bool) -> list[float]:
    """Return zero, powers of ten and the largest value, which the cube root spreads well."""
    top = int(np.floor(np.log10(largest / 2)))
    powers = [10.0**power for power in range(top - 2, top + 1)]
    return [0.0, *(power for power in powers if power >= 1 or not integers), largest]


def _cell_texts(matrix: NDArray[Any], values_format: str | None) -> NDArray[np.str_]:
    integers = matrix.dtype.kind in "iu"
    fractions = matrix.max() <= 1

    def text(value: Any) -> str:
        if value == 0:
            return "0"
        if values_format is not None:
            try:
                return format(value, values_format)
            except ValueError as error:
                kind, example = ("whole numbers", "d") if integers else ("fractions", ".2f")
                raise ValueError(
                    f"values_format={values_format!r} cannot format the numbers of this matrix, "
                    f"which are {kind}; give {example!r}, for example."
                ) from error
        if integers or not fractions:
            return format(value, "d" if integers else ".4g")
        return f"{value:.3f}" if value >= 0.0005 else "<0.001"

    return np.array([[text(value) for value in row] for row in matrix])
