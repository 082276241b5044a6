"""The worst mistakes of a classifier as images."""

from __future__ import annotations

from numbers import Integral
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure, SubFigure
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
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


class MisclassifiedDisplay:
    """Misclassified samples as images, with their predicted and their true class.

    :meth:`from_estimator` and :meth:`from_predictions` show the worst mistakes: those where
    the predicted class, a wrong one, was given the highest probability. On good data these are
    the ambiguous samples and the ones with wrong labels.

    Parameters
    ----------
    images : array-like of shape (n_images, n_features) or (n_images, height, width)
        The pixels of the samples to show, in the order in which to show them.

    y_true : array-like of shape (n_images,)
        Their true classes.

    y_pred : array-like of shape (n_images,)
        Their predicted classes.

    y_confidence : array-like of shape (n_images,), default=None
        The probabilities of the predicted classes. By default, and where one is NaN, none is
        shown.

    image_shape : tuple of (int, int), default=None
        Height and width of an image. By default images are square.

    title : str, default=None
        What to write above all. By default nothing.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        The axes that hold the images.

    figure_ : matplotlib.figure.Figure
        The figure that holds the axes.

    See Also
    --------
    ConfusionHeatmapDisplay : How often each class is taken for each other class.

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
    >>> display.figure_.savefig("mistakes.png")  # doctest: +SKIP
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
            Where to draw. By default in a new figure that is large enough for the images.

        cmap : str or matplotlib.colors.Colormap, default="gray"
            The colours, from the lowest to the highest value of all pixels.

        Returns
        -------
        MisclassifiedDisplay
            The display, with its fitted attributes set.

        Raises
        ------
        ValueError
            If the parts of the display differ in length, or if the pixels do not make up images
            of the shape.
        """
        images = as_images(self.images, self.image_shape)
        check_consistent_length(images, self.y_true, self.y_pred, self.y_confidence)
        captions = self._captions()
        if ax is None:
            ax = tile_axes(images.shape[1:], captions or [[]], title=self.title is not None)
        self.ax_, self.figure_ = ax, ax.figure
        if not captions:
            _write_sentence(ax, self.title or "No mistakes.")
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
        shares = [""] * len(y_pred)
        if self.y_confidence is not None:
            known = np.asarray(self.y_confidence, float)
            shares = ["" if np.isnan(p) else f" ({probability_text(p)})" for p in known]
        return [
            [
                CaptionLine(str(predicted), after=share, color=ERROR_COLOR),
                CaptionLine(str(true), "true: "),
            ]
            for predicted, true, share in zip(y_pred, y_true, shares, strict=True)
        ]

    @classmethod
    def from_estimator(
        cls,
        estimator: ClassifierMixin,
        X: Any,
        y: ArrayLike,
        *,
        n_images: int = 25,
        image_shape: tuple[int, int] | None = None,
        display_labels: ArrayLike | None = None,
        ax: Axes | None = None,
        **plot_options: Any,
    ) -> Self:
        """Draw the worst mistakes of a fitted classifier on some data.

        Parameters
        ----------
        estimator : estimator instance
            A fitted classifier, or a fitted pipeline or search that ends in one. Without
            `predict_proba` its first mistakes are shown, without probabilities.

        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        y : array-like of shape (n_samples,)
            Their true classes.

        n_images : int, default=25
            How many mistakes to show at most.

        image_shape : tuple of (int, int), default=None
            Height and width of an image. By default images are square.

        display_labels : array-like of shape (n_classes,), default=None
            The names of the classes, in the order of `estimator.classes_`. By default the
            classes themselves.

        ax : matplotlib.axes.Axes, default=None
            Where to draw. By default in a new figure.

        **plot_options : dict
            Further keywords of :meth:`plot`.

        Returns
        -------
        MisclassifiedDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the estimator is no classifier, or if the features are not the pixels of an image.
        """
        check_classifier(estimator, cls)
        y_pred, confidence = np.asarray(estimator.predict(X)), None
        names = names_of(estimator.classes_, display_labels)
        if hasattr(estimator, "predict_proba"):
            columns = {name: column for column, name in enumerate(names)}
            chosen = [columns[label] for label in y_pred.tolist()]
            confidence = estimator.predict_proba(X)[np.arange(len(chosen)), chosen]
        parts = _worst(X, y, y_pred, confidence, names, n_images, image_shape)
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
        """Draw the worst mistakes among given probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        y_true : array-like of shape (n_samples,)
            Their true classes.

        y_proba : array-like of shape (n_samples, n_classes)
            The probability of each class. The most probable one counts as predicted.

        labels : array-like of shape (n_classes,), default=None
            The classes that the columns of `y_proba` stand for. By default all that occur in
            `y_true`, sorted.

        n_images : int, default=25
            How many mistakes to show at most.

        image_shape : tuple of (int, int), default=None
            Height and width of an image. By default images are square.

        display_labels : array-like of shape (n_classes,), default=None
            The names of the classes, in the order of `labels`. By default the classes
            themselves.

        ax : matplotlib.axes.Axes, default=None
            Where to draw. By default in a new figure.

        **plot_options : dict
            Further keywords of :meth:`plot`.

        Returns
        -------
        MisclassifiedDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If there is not one column of probabilities a class, or if the features are not the
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
                f"{classes.tolist()}, got the shape {probabilities.shape}. Classes that do not "
                "occur in y_true must be given as labels."
            )
        y_pred, confidence = classes[probabilities.argmax(axis=1)], probabilities.max(axis=1)
        names = names_of(classes, display_labels)
        parts = _worst(X, y_true, y_pred, confidence, names, n_images, image_shape)
        return cls(**parts).plot(ax, **plot_options)


def _worst(
    X: Any,
    y_true: ArrayLike,
    y_pred: NDArray[Any],
    confidence: NDArray[Any] | None,
    names: dict[Any, str],
    n_images: int,
    image_shape: tuple[int, int] | None,
) -> dict[str, Any]:
    """Return what a display of the worst mistakes is made of."""
    check_scalar(n_images, "n_images", Integral, min_val=1)
    # Only the rows that are shown may be made dense.
    pixels = check_array(X, accept_sparse="csr", allow_nd=True)
    true: NDArray[Any] = column_or_1d(y_true)
    check_consistent_length(pixels, true, y_pred)

    mistakes = np.flatnonzero(true != y_pred)
    if confidence is not None:
        mistakes = mistakes[np.argsort(-confidence[mistakes], kind="stable")]
    shown = mistakes[:n_images]
    return {
        "images": as_images(pixels[shown], image_shape),
        "y_true": _named(true[shown], names),
        "y_pred": _named(y_pred[shown], names),
        "y_confidence": None if confidence is None else confidence[shown],
        "title": _title(len(shown), len(mistakes), len(true), ranked=confidence is not None),
    }


def _named(labels: NDArray[Any], names: dict[Any, str]) -> NDArray[np.str_]:
    # A classifier need not have seen all classes that are in y.
    return np.array([names.get(label, str(label)) for label in labels.tolist()], dtype=str)


def _title(n_shown: int, n_mistakes: int, n_samples: int, *, ranked: bool) -> str:
    if n_mistakes == 0:
        return f"No mistakes in {n_samples:,} samples."
    among = f"{n_mistakes:,} mistakes in {n_samples:,} samples"
    if n_shown == n_mistakes:
        return f"All {among}" if n_shown > 1 else f"The only mistake in {n_samples:,} samples"
    which = "most confident" if ranked else "first"
    return f"The {which} of {among}" if n_shown == 1 else f"The {n_shown} {which} of {among}"


def _write_sentence(ax: Axes, sentence: str) -> None:
    ax.set(xticks=[], yticks=[])
    ax.text(0.5, 0.5, sentence, ha="center", va="center", transform=ax.transAxes, wrap=True)
