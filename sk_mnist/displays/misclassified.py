"""Misclassified samples as images."""

from __future__ import annotations

from numbers import Integral
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure, SubFigure
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array, check_consistent_length, check_scalar, column_or_1d

from sk_mnist.displays._common import (
    ERROR_COLOR,
    as_images,
    check_classifier,
    names_of,
    write_title,
)
from sk_mnist.displays._tiles import (
    CaptionLine,
    draw_image,
    probability_text,
    tile_axes,
    tile_grid,
)
from sk_mnist.metrics.misclassified import misclassified_rows, predicted_confidence


class MisclassifiedDisplay:
    """Misclassified samples as images, with their predicted and their true class.

    :meth:`from_estimator` and :meth:`from_predictions` show the most confident errors, that is, the
    misclassified samples whose predicted class has the highest probability. Many of these are
    ambiguous or mislabeled.

    Parameters
    ----------
    images : array-like of shape (n_images, n_features) or (n_images, height, width)
        The pixels of the samples, in the order in which they are shown.

    y_true : array-like of shape (n_images,)
        The true classes.

    y_pred : array-like of shape (n_images,)
        The predicted classes.

    y_confidence : array-like of shape (n_images,), default=None
        The probabilities of the predicted classes. By default, and where one is NaN, it is not
        shown.

    image_shape : tuple of (int, int), default=None
        Height and width of an image. By default, images are square.

    title : str, default=None
        Title of the plot. By default, there is none.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        The axes with the images.

    figure_ : matplotlib.figure.Figure
        The figure that contains the axes.

    See Also
    --------
    ConfusionHeatmapDisplay : Confusion matrix as a heatmap.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sk_mnist.displays import MisclassifiedDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> classifier = LogisticRegression(max_iter=2000).fit(X[:1000], y[:1000])
    >>> display = MisclassifiedDisplay.from_estimator(
    ...     classifier, X[1000:], y[1000:], n_images=9
    ... )
    >>> display.images.shape
    (9, 8, 8)
    >>> display.figure_.savefig("errors.png")  # doctest: +SKIP
    """

    ax_: Axes
    figure_: Figure | SubFigure

    def __init__(
        self,
        images: ArrayLike,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        y_confidence: ArrayLike | None = None,
        *,
        image_shape: tuple[int, int] | None = None,
        title: str | None = None,
    ) -> None:
        self.images = images
        self.y_true = y_true
        self.y_pred = y_pred
        self.y_confidence = y_confidence
        self.image_shape = image_shape
        self.title = title

    def plot(self, ax: Axes | None = None, *, cmap: str | Colormap = "gray") -> Self:
        """Draw the images.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Axes to draw into. By default, a new figure of suitable size is created.

        cmap : str or matplotlib.colors.Colormap, default="gray"
            Colormap, from the lowest to the highest pixel of all images.

        Returns
        -------
        MisclassifiedDisplay
            The display, with its fitted attributes set.

        Raises
        ------
        ValueError
            If images and classes differ in number, or if the pixels do not match the image
            shape.
        """
        images = as_images(self.images, self.image_shape)
        check_consistent_length(images, self.y_true, self.y_pred, self.y_confidence)
        captions = self._captions()
        if ax is None:
            ax = tile_axes(images.shape[1:], captions or [[]], title=self.title is not None)
        self.ax_, self.figure_ = ax, ax.figure
        if not captions:
            _write_sentence(ax, self.title or "No errors.")
            return self
        if self.title is not None:
            write_title(ax, self.title)
        grid = tile_grid(ax, images.shape[1:], captions)
        norm = Normalize(images.min(), images.max())
        for tile, (image, caption) in enumerate(zip(images, captions, strict=True)):
            draw_image(ax, image, grid.extent(tile), cmap, norm)
            grid.write_caption(ax, tile, caption)
        return self

    def _captions(self) -> list[list[CaptionLine]]:
        y_true, y_pred = np.asarray(self.y_true), np.asarray(self.y_pred)
        probabilities = [""] * len(y_pred)
        if self.y_confidence is not None:
            values = np.asarray(self.y_confidence, float)
            probabilities = ["" if np.isnan(p) else f" ({probability_text(p)})" for p in values]
        return [
            [
                CaptionLine(str(predicted), after=probability, color=ERROR_COLOR),
                CaptionLine(str(true), "true: "),
            ]
            for predicted, true, probability in zip(y_pred, y_true, probabilities, strict=True)
        ]

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        n_images: int = 25,
        image_shape: tuple[int, int] | None = None,
        display_labels: ArrayLike | None = None,
        ax: Axes | None = None,
        **plot_options: Any,
    ) -> Self:
        """Plot the most confident errors of a fitted classifier on some data.

        Parameters
        ----------
        estimator : estimator instance
            A fitted classifier, or a fitted pipeline or search that ends in one. Without
            `predict_proba`, the first errors are shown, without probabilities.

        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        y : array-like of shape (n_samples,)
            The true classes.

        n_images : int, default=25
            Maximum number of errors to show.

        image_shape : tuple of (int, int), default=None
            Height and width of an image. By default, images are square.

        display_labels : array-like of shape (n_classes,), default=None
            The names of the classes, in the order of `estimator.classes_`. By default, the
            classes themselves.

        ax : matplotlib.axes.Axes, default=None
            Axes to draw into. By default, a new figure is created.

        **plot_options : dict
            Further keyword arguments of :meth:`plot`.

        Returns
        -------
        MisclassifiedDisplay
            The display, already drawn.

        Raises
        ------
        ValueError
            If the estimator is not a classifier, or if the features are not the pixels of an image.
        """
        check_classifier(estimator, cls)
        y_pred, confidence = np.asarray(estimator.predict(X)), None
        names = names_of(estimator.classes_, display_labels)
        if hasattr(estimator, "predict_proba"):
            y_proba = estimator.predict_proba(X)
            confidence = predicted_confidence(y_pred, y_proba, estimator.classes_)
        parts = _most_confident(X, y, y_pred, confidence, names, n_images, image_shape)
        return cls(**parts).plot(ax, **plot_options)

    @classmethod
    def from_predictions(
        cls,
        X: Any,
        y_true: ArrayLike,
        y_proba: ArrayLike,
        *,
        labels: ArrayLike | None = None,
        n_images: int = 25,
        image_shape: tuple[int, int] | None = None,
        display_labels: ArrayLike | None = None,
        ax: Axes | None = None,
        **plot_options: Any,
    ) -> Self:
        """Plot the most confident errors of given probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        y_true : array-like of shape (n_samples,)
            The true classes.

        y_proba : array-like of shape (n_samples, n_classes)
            The probability of each class. The most probable class is the predicted one.

        labels : array-like of shape (n_classes,), default=None
            The class of each column of `y_proba`. By default, all classes in `y_true`, sorted.

        n_images : int, default=25
            Maximum number of errors to show.

        image_shape : tuple of (int, int), default=None
            Height and width of an image. By default, images are square.

        display_labels : array-like of shape (n_classes,), default=None
            The names of the classes, in the order of `labels`. By default, the classes
            themselves.

        ax : matplotlib.axes.Axes, default=None
            Axes to draw into. By default, a new figure is created.

        **plot_options : dict
            Further keyword arguments of :meth:`plot`.

        Returns
        -------
        MisclassifiedDisplay
            The display, already drawn.

        Raises
        ------
        ValueError
            If `y_proba` does not have one column per class, or if the features are not the
            pixels of an image.

        Examples
        --------
        >>> from sk_mnist.displays import MisclassifiedDisplay
        >>> X = [[0, 0, 1, 1], [1, 1, 0, 0]]
        >>> y_proba = [[0.1, 0.9], [0.2, 0.8]]
        >>> display = MisclassifiedDisplay.from_predictions(X, ["low", "high"], y_proba,
        ...     labels=["high", "low"])
        >>> display.y_pred, display.y_confidence
        (array(['low'], dtype='<U3'), array([0.8]))
        """
        classes = np.unique(np.asarray(y_true)) if labels is None else np.asarray(labels)
        probabilities = np.asarray(y_proba)
        if probabilities.ndim != 2 or probabilities.shape[1] != len(classes):
            raise ValueError(
                f"y_proba must have one column for each of the {len(classes)} classes "
                f"{classes.tolist()}, got shape {probabilities.shape}. If y_true does not have all "
                "classes, pass them as labels."
            )
        y_pred, confidence = classes[probabilities.argmax(axis=1)], probabilities.max(axis=1)
        names = names_of(classes, display_labels)
        parts = _most_confident(X, y_true, y_pred, confidence, names, n_images, image_shape)
        return cls(**parts).plot(ax, **plot_options)


def _most_confident(
    X: Any,
    y_true: ArrayLike,
    y_pred: NDArray[Any],
    confidence: NDArray[Any] | None,
    names: dict[Any, str],
    n_images: int,
    image_shape: tuple[int, int] | None,
) -> dict[str, Any]:
    """Return the arguments of a display of the most confident errors."""
    check_scalar(n_images, "n_images", Integral, min_val=1)
    # Sparse rows become dense later, and only those that are shown.
    pixels = check_array(X, accept_sparse="csr", allow_nd=True)
    true: NDArray[Any] = column_or_1d(y_true)
    check_consistent_length(pixels, true, y_pred)

    errors = misclassified_rows(true, y_pred, confidence)
    shown = errors[:n_images]
    return {
        "images": as_images(pixels[shown], image_shape),
        "y_true": _named(true[shown], names),
        "y_pred": _named(y_pred[shown], names),
        "y_confidence": None if confidence is None else confidence[shown],
        "title": _title(len(shown), len(errors), len(true), ranked=confidence is not None),
    }


def _named(labels: NDArray[Any], names: dict[Any, str]) -> NDArray[np.str_]:
    # y can have classes that the classifier does not know.
    return np.array([names.get(label, str(label)) for label in labels.tolist()], dtype=str)


def _title(n_shown: int, n_errors: int, n_samples: int, *, ranked: bool) -> str:
    if n_errors == 0:
        return f"No errors in {n_samples:,} samples."
    among = f"{n_errors:,} errors in {n_samples:,} samples"
    if n_shown == n_errors:
        return f"All {among}" if n_shown > 1 else f"The only error in {n_samples:,} samples"
    which = "most confident" if ranked else "first"
    return f"The {which} of {among}" if n_shown == 1 else f"The {n_shown} {which} of {among}"


def _write_sentence(ax: Axes, sentence: str) -> None:
    ax.set(xticks=[], yticks=[])
    ax.text(0.5, 0.5, sentence, ha="center", va="center", transform=ax.transAxes, wrap=True)
