"""Helpers of several displays: names of classes, text, images and stacked axes."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import Any, cast

import numpy as np
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure, SubFigure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from sklearn.base import is_classifier
from sklearn.utils import check_array

from sk_mnist.images.image_shape import resolve_image_shape

# In characters.
MAX_NAME_LENGTH = 40

ERROR_COLOR = to_hex(sns.color_palette("colorblind")[3])


def shortened(name: object, max_length: int = MAX_NAME_LENGTH) -> str:
    """Return a name on one line, with at most `max_length` characters."""
    text = " ".join(str(name).split())
    if len(text) > max_length:
        text = f"{text[: max_length - 1]}…"
    # Matplotlib would typeset text between two dollar signs as a formula.
    return text.replace("$", r"\$")


def text_width(text: str, font_size: float) -> float:
    """Return the width of a text in Matplotlib's default font, in points."""
    font = FontProperties(size=font_size)
    plain = text.replace(r"\$", "$")
    return float(text_to_path.get_text_width_height_descent(plain, font, ismath=False)[0])


def axes_size(ax: Axes) -> tuple[float, float]:
    """Return width and height of the axes in points."""
    figure = cast("Figure", ax.get_figure(root=True))
    figure.draw_without_rendering()  # applies the layout
    box = ax.get_window_extent()
    return float(box.width) / figure.dpi * 72, float(box.height) / figure.dpi * 72


def write_title(ax: Axes, title: str) -> None:
    """Set a title that is wrapped at the width of the axes."""
    n_characters = int(axes_size(ax)[0] / (0.55 * 10.5))
    ax.set_title(fill(title, max(n_characters, 20)), fontsize=10.5)


def names_of(classes: ArrayLike, display_labels: ArrayLike | None) -> dict[Any, str]:
    """Map classes to their display labels.

    Raises
    ------
    ValueError
        If the number of `display_labels` is not the number of classes.
    """
    keys = np.asarray(classes).tolist()
    labels = keys if display_labels is None else np.asarray(display_labels).tolist()
    if len(labels) != len(keys):
        raise ValueError(
            f"display_labels must name each of the {len(keys)} classes, got {len(labels)} names."
        )
    return dict(zip(keys, map(str, labels), strict=True))


def check_classifier(estimator: Any, display: type, *, needs_probabilities: bool = False) -> None:
    """Raise a ValueError unless the estimator is a classifier (with `predict_proba`)."""
    if not is_classifier(estimator):
        raise ValueError(
            f"{display.__name__}.from_estimator needs a classifier, got {estimator!r}."
        )
    if needs_probabilities and not hasattr(estimator, "predict_proba"):
        raise ValueError(
            f"{display.__name__}.from_estimator needs a classifier with predict_proba, but "
            f"{estimator!r} does not have it. Wrap it in "
            "sklearn.calibration.CalibratedClassifierCV."
        )


def as_images(X: Any, image_shape: tuple[int, int] | None) -> NDArray[Any]:
    """Return rows of pixels as an array of shape (n_samples, height, width), by default squares.

    Raises
    ------
    ValueError
        If the rows do not have the number of pixels of such an image.
    """
    pixels = check_array(X, accept_sparse="csr", allow_nd=True, ensure_min_samples=0)
    if issparse(pixels):
        pixels = pixels.toarray()
    if pixels.ndim == 3 and image_shape is None:
        return np.asarray(pixels)
    n_features = int(np.prod(pixels.shape[1:]))
    shape = resolve_image_shape(n_features, image_shape, required=True)
    return np.asarray(pixels).reshape(-1, *shape)


def stacked_axes(
    ax: Axes | ArrayLike | None,
    height_ratios: Sequence[float],
    figsize: tuple[float, float],
) -> tuple[NDArray[np.object_], Figure | SubFigure]:
    """Return axes, one above the other, that share their x-axis.

    Parameters
    ----------
    ax : Axes, array-like of Axes or None
        One axes is divided, several are used as they are, and None creates a new figure.
    height_ratios : sequence of float
        The relative heights of the axes.
    figsize : tuple of float
        Width and height of a new figure, in inches.

    Returns
    -------
    axes : ndarray of Axes
    figure : Figure or SubFigure

    Raises
    ------
    ValueError
        If the number of axes is wrong, or if an axes would be divided twice.
    """
    n_axes = len(height_ratios)
    if ax is not None and not isinstance(ax, Axes):
        axes = np.asarray(ax, dtype=object).ravel()
        if len(axes) != n_axes:
            raise ValueError(f"ax must be one axes or {n_axes} of them, got {len(axes)}.")
        return axes, axes[0].figure
    if ax is None:
        figure, axes = plt.subplots(
            n_axes,
            squeeze=False,
            sharex=True,
            height_ratios=height_ratios,
            figsize=figsize,
            layout="constrained",
        )
        return axes.ravel(), figure
    if not ax.axison:
        raise ValueError(
            "ax is switched off, most likely because a display was drawn into it before. Pass "
            "ax=display.axes_ to draw into the same axes again, or new axes."
        )
    ax.set_axis_off()
    return _axes_within(ax, np.asarray(height_ratios)), ax.figure


def _axes_within(ax: Axes, height_ratios: NDArray[np.float64]) -> NDArray[np.object_]:
    """Divide an axes into child axes, which move with it and leave room for its title."""
    gap = 0.04
    heights = height_ratios / height_ratios.sum() * (1.0 - gap * (len(height_ratios) - 1))
    bottoms = 1.0 - np.cumsum(heights) - gap * np.arange(len(heights))
    axes: list[Axes] = []
    for bottom, height in zip(bottoms, heights, strict=True):
        first = axes[0] if axes else None
        axes.append(ax.inset_axes((0.0, bottom, 1.0, height), sharex=first))
    for upper in axes[:-1]:
        upper.tick_params(labelbottom=False)
    return np.array(axes, dtype=object)
