"""Saliency maps by occlusion: the pixels that a prediction depends on."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import Any, Self

import numpy as np
import pandas as pd
import seaborn as sns  # noqa: F401  registers the colormap "vlag"
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure, SubFigure
from numpy.typing import ArrayLike
from sklearn.utils import check_array, check_consistent_length, check_scalar

from sk_mnist._utils.typing import FloatArray
from sk_mnist.displays._common import ERROR_COLOR, as_images, check_classifier, names_of
from sk_mnist.displays._tiles import (
    CaptionLine,
    diverging_norm,
    draw_colorbar,
    draw_image,
    probability_text,
    tile_axes,
    tile_grid,
)

_MAX_IMAGES = 25


class SaliencyDisplay:
    """Saliency maps by occlusion: the pixels that the predictions of a classifier depend on.

    A patch of background slides over the image. The log-odds of the predicted class decrease where
    the patch covers evidence for it, and increase where it covers evidence against it. The map
    shows the mean decrease per pixel, over all patches that cover the pixel: red pixels are
    evidence for the predicted class, blue pixels against it. The outline of the image is drawn on
    top. All maps share one color scale. Only `predict_proba` is used, so this works for any
    classifier.

    Use :meth:`from_estimator` to create one.

    Parameters
    ----------
    images : array-like of shape (n_images, height, width)
        The images.

    saliency : array-like of shape (n_images, height, width)
        Mean decrease of the log-odds of the predicted class when a pixel is covered.

    y_pred : array-like of shape (n_images,)
        The predicted classes.

    y_confidence : array-like of shape (n_images,)
        The probabilities of the predicted classes.

    y_true : array-like of shape (n_images,), default=None
        The true classes. By default, none are shown.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        The axes with the images.

    figure_ : matplotlib.figure.Figure
        The figure that contains the axes.

    See Also
    --------
    HiddenUnitsDisplay : Weights of the first hidden layer as images.
    sklearn.inspection.permutation_importance : Importance of features on a data set.

    References
    ----------
    M. D. Zeiler and R. Fergus. "Visualizing and understanding convolutional networks." European
    Conference on Computer Vision, 2014.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sk_mnist.displays import SaliencyDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> classifier = LogisticRegression(max_iter=2000).fit(X[:1000], y[:1000])
    >>> display = SaliencyDisplay.from_estimator(classifier, X[1000:1004], y=y[1000:1004])
    >>> display.saliency.shape
    (4, 8, 8)
    >>> display.figure_.savefig("saliency.png")  # doctest: +SKIP
    """

    ax_: Axes
    figure_: Figure | SubFigure

    def __init__(
        self,
        images: ArrayLike,
        saliency: ArrayLike,
        y_pred: ArrayLike,
        y_confidence: ArrayLike,
        *,
        y_true: ArrayLike | None = None,
    ) -> None:
        self.images = images
        self.saliency = saliency
        self.y_pred = y_pred
        self.y_confidence = y_confidence
        self.y_true = y_true

    def plot(
        self, ax: Axes | None = None, *, cmap: str | Colormap = "vlag", colorbar: bool = True
    ) -> Self:
        """Draw each image next to its map.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Axes to draw into. By default, a new figure of suitable size is created.

        cmap : str or matplotlib.colors.Colormap, default="vlag"
            Colormap of the maps, preferably a diverging one.

        colorbar : bool, default=True
            Whether to draw the color bar.

        Returns
        -------
        SaliencyDisplay
            The display, with its fitted attributes set.

        Raises
        ------
        ValueError
            If the numbers of images, maps and classes differ.
        """
        images, maps = as_images(self.images, None), as_images(self.saliency, None)
        check_consistent_length(images, maps, self.y_pred, self.y_confidence, self.y_true)
        captions, (height, width) = self._captions(), images.shape[1:]
        gap = max(1, width // 14)
        tile_shape = (height, 2 * width + gap)
        if ax is None:
            ax = tile_axes(tile_shape, captions, colorbar=colorbar)
        self.ax_, self.figure_ = ax, ax.figure

        norm = diverging_norm(maps)
        if colorbar:
            draw_colorbar(ax, norm, cmap, label="Decrease in log-odds when covered")
        grid = tile_grid(ax, tile_shape, captions)
        for tile, caption in enumerate(captions):
            left, right, bottom, top = grid.extent(tile)
            image_width = (right - left) * width / tile_shape[1]
            extent = (right - image_width, right, bottom, top)
            draw_image(ax, images[tile], (left, left + image_width, bottom, top), "gray")
            draw_image(ax, maps[tile], extent, cmap, norm)
            _draw_outline(ax, images[tile], extent)
            grid.write_caption(ax, tile, caption)
        return self

    def _captions(self) -> list[list[CaptionLine]]:
        y_pred, y_confidence = np.asarray(self.y_pred), np.asarray(self.y_confidence)
        y_true = y_pred if self.y_true is None else np.asarray(self.y_true)
        captions = []
        for predicted, confidence, true in zip(y_pred, y_confidence, y_true, strict=True):
            color = "black" if predicted == true else ERROR_COLOR
            after = f" ({probability_text(confidence)})"
            captions.append([CaptionLine(str(predicted), after=after, color=color)])
            if self.y_true is not None:
                captions[-1].append(CaptionLine(str(true), "true: "))
        return captions

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        y: ArrayLike | None = None,
        patch_size: int = 3,
        background: float = 0.0,
        image_shape: tuple[int, int] | None = None,
        display_labels: ArrayLike | None = None,
        ax: Axes | None = None,
        **plot_options: Any,
    ) -> Self:
        """Plot saliency maps of a fitted classifier for a few images.

        Parameters
        ----------
        estimator : estimator instance
            A fitted classifier with `predict_proba`, or a fitted pipeline or search that ends
            in one.

        X : {array-like, sparse matrix} of shape (n_images, n_features)
            The pixels of at most 25 images.

        y : array-like of shape (n_images,), default=None
            The true classes. By default, none are shown.

        patch_size : int, default=3
            Height and width of the patch, in pixels.

        background : float, default=0.0
            Value of the pixels of the patch.

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
        SaliencyDisplay
            The display, already drawn.

        Raises
        ------
        ValueError
            If the estimator is not a classifier with `predict_proba`, if there are too many
            images, if the features are not the pixels of an image, or if the patch is larger
            than the image.

        Notes
        -----
        The log-odds are those of the predicted class to all others. For multilabel targets, where
        the labels do not exclude each other, they are those of the most probable label to its
        absence.

        `predict_proba` is called once with X and once per image, with one row per position of the
        patch and one for the original image: 677 rows for 28 by 28 pixels and a 3 by 3 patch.
        """
        check_classifier(estimator, cls, needs_probabilities=True)
        pixels = check_array(X, accept_sparse="csr")
        if pixels.shape[0] > _MAX_IMAGES:
            raise ValueError(
                f"{cls.__name__} shows at most {_MAX_IMAGES} images, got {pixels.shape[0]} rows. "
                f"Pass a few rows, for example X[:{_MAX_IMAGES}]."
            )
        images = as_images(pixels, image_shape)
        smaller_side = min(images.shape[1:])
        check_scalar(patch_size, "patch_size", Integral, min_val=1, max_val=smaller_side)
        names = names_of(estimator.classes_, display_labels)
        columns = getattr(X, "columns", None)
        predict_proba = _prediction_of_images(estimator.predict_proba, columns)
        probabilities = predict_proba(images)
        # An indicator matrix.
        is_multilabel = _prediction_of_images(estimator.predict, columns)(images).ndim == 2
        predicted = probabilities.argmax(axis=1)
        log_odds = _log_odds_of_label if is_multilabel else _log_odds
        saliency = [
            _occlusion_map(predict_proba, log_odds, image, label, patch_size, background)
            for image, label in zip(images, predicted, strict=True)
        ]
        display = cls(
            images,
            np.array(saliency),
            y_pred=np.array(list(names.values()))[predicted],
            y_confidence=probabilities.max(axis=1),
            y_true=None if y is None else [names.get(c, str(c)) for c in np.asarray(y).tolist()],
        )
        return display.plot(ax, **plot_options)


def _prediction_of_images(
    predict: Callable[[Any], Any], columns: Any
) -> Callable[[FloatArray], FloatArray]:
    """Return a function of images from one of rows of pixels."""

    def predict_images(images: FloatArray) -> FloatArray:
        rows: Any = images.reshape(len(images), -1)
        if columns is not None:
            # An estimator that was fitted with feature names expects them again.
            rows = pd.DataFrame(rows, columns=columns)
        return np.asarray(predict(rows))

    return predict_images


def _occlusion_map(
    predict_proba: Callable[[FloatArray], FloatArray],
    log_odds_of: Callable[[FloatArray, int], FloatArray],
    image: FloatArray,
    label: int,
    patch_size: int,
    background: float,
) -> FloatArray:
    """Return the mean decrease of the log-odds per pixel, over the patches that cover it."""
    height, width = image.shape
    positions = list(np.ndindex(height - patch_size + 1, width - patch_size + 1))
    if image.dtype.kind in "iu" and not float(background).is_integer():
        image = image.astype(np.float64)
    # The first image stays uncovered, so that one call of predict_proba is enough.
    images = np.repeat(image[np.newaxis], len(positions) + 1, axis=0)
    for covered, (row, column) in zip(images[1:], positions, strict=True):
        covered[row : row + patch_size, column : column + patch_size] = background
    log_odds = log_odds_of(predict_proba(images), label)

    total, n_patches = np.zeros((2, height, width))
    for decrease, (row, column) in zip(log_odds[0] - log_odds[1:], positions, strict=True):
        patch = np.s_[row : row + patch_size, column : column + patch_size]
        total[patch] += decrease
        n_patches[patch] += 1
    return total / n_patches


def _log_odds(probabilities: FloatArray, label: int) -> FloatArray:
    # The sum over the other classes keeps what 1 - p rounds away: half of the MNIST digits are
    # predicted with a float32 probability of exactly one.
    others = np.delete(probabilities, label, axis=1).sum(axis=1, dtype=np.float64)
    return _log_ratio(probabilities[:, label].astype(np.float64), others)


def _log_odds_of_label(probabilities: FloatArray, label: int) -> FloatArray:
    chosen = probabilities[:, label].astype(np.float64)
    return _log_ratio(chosen, 1.0 - chosen)


def _log_ratio(chosen: FloatArray, others: FloatArray) -> FloatArray:
    eps = np.finfo(np.float64).eps
    ratio: FloatArray = np.maximum(chosen, eps) / np.maximum(others, eps)
    return np.log(ratio)


def _draw_outline(ax: Axes, image: FloatArray, extent: tuple[float, float, float, float]) -> None:
    lowest, highest = image.min(), image.max()
    if lowest < highest:
        ax.contour(
            image,
            levels=[(float(lowest) + float(highest)) / 2],
            colors="black",
            linewidths=0.8,
            origin="upper",
            extent=extent,
        )
