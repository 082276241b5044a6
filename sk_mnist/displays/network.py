"""What the units of the first hidden layer look at."""

from __future__ import annotations

from numbers import Integral
from typing import Any, Self

import numpy as np
import seaborn as sns  # noqa: F401  registers the colour map "vlag"
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure, SubFigure
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted

from sk_mnist._utils.final_estimator import final_estimator
from sk_mnist.displays._common import check_image_shape
from sk_mnist.displays._tiles import (
    CaptionLine,
    diverging_norm,
    draw_colorbar,
    draw_image,
    tile_axes,
    tile_grid,
)

# The share of the weights within the scale of colours: a few large ones would take it all.
_SCALED = 0.995


class HiddenUnitsDisplay:
    """Weights from the pixels to the units of the first hidden layer, as images.

    All images share one scale of colours, symmetric around zero: where a unit's image is red a
    bright pixel excites the unit, where it is blue a bright pixel inhibits it. The number above
    an image is that of the unit.

    Use :meth:`from_estimator` to make one.

    Parameters
    ----------
    weights : array-like of shape (n_features, n_units)
        The weights, one column a unit, as in `coefs_[0]`.

    image_shape : tuple of (int, int), default=None
        Height and width of an image. By default images are square.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        The axes that hold the images.

    figure_ : matplotlib.figure.Figure
        The figure that holds the axes.

    units_ : ndarray of shape (n_shown,), dtype=int
        The numbers of the units that are shown, those of the largest weights first.

    See Also
    --------
    SaliencyDisplay : What in an image moved a decision.

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
        """Draw the weights.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw. By default in a new figure that is large enough for the images.

        n_units : int, default=36
            How many units to show at most: those whose weights have the largest Euclidean norm.

        cmap : str or matplotlib.colors.Colormap, default="vlag"
            The colours, from the lowest to the highest weight; best a diverging map.

        colorbar : bool, default=True
            Whether to draw the scale of the colours.

        Returns
        -------
        HiddenUnitsDisplay
            The display, with its fitted attributes set.

        Raises
        ------
        ValueError
            If the weights are not those of the pixels of an image.
        """
        weights = np.asarray(self.weights)
        if weights.ndim != 2:
            raise ValueError(
                f"weights must have the shape (n_features, n_units), got {weights.shape}."
            )
        check_scalar(n_units, "n_units", Integral, min_val=1)
        shape = check_image_shape(len(weights), self.image_shape)
        norms = np.linalg.norm(weights, axis=0)
        self.units_ = np.argsort(-norms, kind="stable")[:n_units]
        captions = [[CaptionLine(str(unit), color="0.35")] for unit in self.units_]
        if ax is None:
            ax = tile_axes(shape, captions, colorbar=colorbar)
        self.ax_, self.figure_ = ax, ax.figure
        shown = weights[:, self.units_]
        norm = diverging_norm(shown, _SCALED)
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
        """Draw the weights of a fitted network.

        Parameters
        ----------
        estimator : estimator instance
            A fitted estimator with `coefs_`, such as :class:`~sk_mnist.KerasMLPClassifier` or
            :class:`sklearn.neural_network.MLPClassifier`, or a fitted pipeline or search that
            ends in one. The other steps of a pipeline may scale features, but must not make new
            ones.

        image_shape : tuple of (int, int), default=None
            Height and width of an image. By default images are square.

        ax : matplotlib.axes.Axes, default=None
            Where to draw. By default in a new figure.

        **plot_options : dict
            Further keywords of :meth:`plot`.

        Returns
        -------
        HiddenUnitsDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the estimator has no such weights, or if their inputs are not the pixels.
        """
        check_is_fitted(estimator)
        network = final_estimator(estimator)
        if not hasattr(network, "coefs_"):
            raise ValueError(
                f"{cls.__name__}.from_estimator needs a network with coefs_, which {network!r} "
                "has not."
            )
        weights = np.asarray(network.coefs_[0])
        n_pixels = getattr(estimator, "n_features_in_", len(weights))
        if n_pixels != len(weights):
            raise ValueError(
                f"The weights belong to {len(weights)} features that the steps before the "
                f"network make of {n_pixels}, so they are no image of the input. Give "
                f"weights in terms of the input to {cls.__name__}, for example by the "
                "inverse_transform of these steps, or leave out the step that changes the number "
                "of features."
            )
        return cls(weights, image_shape=image_shape).plot(ax, **plot_options)
