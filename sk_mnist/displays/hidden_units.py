"""Weights of the first hidden layer as images."""

from __future__ import annotations

from numbers import Integral
from typing import Any, Self

import numpy as np
import seaborn as sns  # noqa: F401  registers the colormap "vlag"
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure, SubFigure
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted

from sk_mnist._utils.final_estimator import final_estimator
from sk_mnist.displays._tiles import (
    CaptionLine,
    diverging_norm,
    draw_colorbar,
    draw_image,
    tile_axes,
    tile_grid,
)
from sk_mnist.images.image_shape import resolve_image_shape

# Fraction of the weights that the color scale covers. A few large weights would dominate it.
_COVERED = 0.995


class HiddenUnitsDisplay:
    """Weights from the pixels to the units of the first hidden layer, as images.

    All images share one color scale, symmetric around zero: bright pixels excite a unit where its
    image is red, and inhibit it where its image is blue. The number above an image is the index of
    the unit.

    Use :meth:`from_estimator` to create one.

    Parameters
    ----------
    weights : array-like of shape (n_features, n_units)
        The weights, one column per unit, as in `coefs_[0]`.

    image_shape : tuple of (int, int), default=None
        Height and width of an image. By default, images are square.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        The axes with the images.

    figure_ : matplotlib.figure.Figure
        The figure that contains the axes.

    units_ : ndarray of shape (n_shown,), dtype=int
        Indices of the units that are shown, by decreasing norm of their weights.

    See Also
    --------
    SaliencyDisplay : Pixels that a prediction depends on.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.neural_network import MLPClassifier
    >>> from sk_mnist.displays import HiddenUnitsDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> classifier = MLPClassifier((16,), early_stopping=True, random_state=0).fit(X, y)
    >>> display = HiddenUnitsDisplay.from_estimator(classifier, n_units=4)
    >>> display.units_.shape
    (4,)
    >>> display.figure_.savefig("hidden_units.png")  # doctest: +SKIP
    """

    ax_: Axes
    figure_: Figure | SubFigure
    units_: NDArray[np.intp]

    def __init__(self, weights: ArrayLike, *, image_shape: tuple[int, int] | None = None) -> None:
        self.weights = weights
        self.image_shape = image_shape

    def plot(
        self,
        ax: Axes | None = None,
        *,
        n_units: int = 36,
        cmap: str | Colormap = "vlag",
        colorbar: bool = True,
    ) -> Self:
        """Draw the images.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Axes to draw into. By default, a new figure of suitable size is created.

        n_units : int, default=36
            Maximum number of units: those whose weights have the largest Euclidean norm.

        cmap : str or matplotlib.colors.Colormap, default="vlag"
            Colormap, preferably a diverging one.

        colorbar : bool, default=True
            Whether to draw the color bar.

        Returns
        -------
        HiddenUnitsDisplay
            The display, with its fitted attributes set.

        Raises
        ------
        ValueError
            If the inputs of the weights are not the pixels of an image.
        """
        weights = np.asarray(self.weights)
        if weights.ndim != 2:
            raise ValueError(f"weights must have shape (n_features, n_units), got {weights.shape}.")
        check_scalar(n_units, "n_units", Integral, min_val=1)
        shape = resolve_image_shape(len(weights), self.image_shape, required=True)
        norms = np.linalg.norm(weights, axis=0)
        self.units_ = np.argsort(-norms, kind="stable")[:n_units]
        captions = [[CaptionLine(str(unit), color="0.35")] for unit in self.units_]
        if ax is None:
            ax = tile_axes(shape, captions, colorbar=colorbar)
        self.ax_, self.figure_ = ax, ax.figure
        shown = weights[:, self.units_]
        norm = diverging_norm(shown, _COVERED)
        if colorbar:
            draw_colorbar(ax, norm, cmap, label="Weight", extend="both", extendfrac=0.02)
        grid = tile_grid(ax, shape, captions)
        for tile, (column, caption) in enumerate(zip(shown.T, captions, strict=True)):
            draw_image(ax, column.reshape(shape), grid.extent(tile), cmap, norm)
            grid.write_caption(ax, tile, caption)
        return self

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        image_shape: tuple[int, int] | None = None,
        ax: Axes | None = None,
        **plot_options: Any,
    ) -> Self:
        """Plot the weights of a fitted network.

        Parameters
        ----------
        estimator : estimator instance
            A fitted estimator with `coefs_`, such as :class:`~sk_mnist.KerasMLPClassifier` or
            :class:`sklearn.neural_network.MLPClassifier`, or a fitted pipeline or search that
            ends in one. The other steps of a pipeline may scale features, but must not create
            new ones.

        image_shape : tuple of (int, int), default=None
            Height and width of an image. By default, images are square.

        ax : matplotlib.axes.Axes, default=None
            Axes to draw into. By default, a new figure is created.

        **plot_options : dict
            Further keyword arguments of :meth:`plot`.

        Returns
        -------
        HiddenUnitsDisplay
            The display, already drawn.

        Raises
        ------
        ValueError
            If the estimator does not have `coefs_`, or if their inputs are not the pixels.
        """
        check_is_fitted(estimator)
        network = final_estimator(estimator)
        if not hasattr(network, "coefs_"):
            raise ValueError(
                f"{cls.__name__}.from_estimator needs a network with coefs_, but {network!r} does "
                "not have them."
            )
        weights = np.asarray(network.coefs_[0])
        n_pixels = getattr(estimator, "n_features_in_", len(weights))
        if n_pixels != len(weights):
            raise ValueError(
                f"The network has {len(weights)} inputs, which the steps before it compute from "
                f"{n_pixels} features, so its weights are not an image. Pass weights of the "
                f"original features to {cls.__name__}, for example by the inverse_transform of "
                "these steps, or remove the step that changes the number of features."
            )
        return cls(weights, image_shape=image_shape).plot(ax, **plot_options)
