"""What several displays share: names, images and axes side by side."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt
from textwrap import fill
from typing import Any

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

# In characters.
MAX_NAME_LENGTH = 40

ERROR_COLOR = to_hex(sns.color_palette("colorblind")[3])


def shortened(name: object, max_length: int = MAX_NAME_LENGTH) -> str:
    """Return a name of at most so many characters, on one line."""
    text = " ".join(str(name).split())
    if len(text) > max_length:
        text = f"{text[: max_length - 1]}…"
    # Matplotlib would typeset what stands between two dollar signs as a formula.
    return text.replace("$", r"\$")


def text_width(text: str, font_size: float) -> float:
    """Return the width of a text in Matplotlib's standard font, in points."""
    font = FontProperties(size=font_size)
    plain = text.replace(r"\$", "$")
    return float(text_to_path.get_text_width_height_descent(plain, font, ismath=False)[0])


def axes_size(ax: Axes) -> tuple[float, float]:
    """Return width and height of the axes in points."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()  # lays out the axes
    box = ax.get_window_extent()
    return float(box.width) / figure.dpi * 72, float(box.height) / figure.dpi * 72


def write_title(ax: Axes, title: str) -> None:
    """Write a title in as many lines as the axes need."""
    n_characters = int(axes_size(ax)[0] / (0.55 * 10.5))
    ax.set_title(fill(title, max(n_characters, 20)), fontsize=10.5)


def names_of(classes: ArrayLike, display_labels: ArrayLike | None) -> dict[Any, str]:
    """Map classes to the names to show for them.

    Raises
    ------
    ValueError
        If `display_labels` does not name each class.
    """
    keys = np.asarray(classes).tolist()
    labels = keys if display_labels is None else np.asarray(display_labels).tolist()
    if len(labels) != len(keys):
        raise ValueError(
            f"display_labels must name each of the {len(keys)} classes, got {len(labels)} names."
        )
    return dict(zip(keys, map(str, labels), strict=True))


def check_classifier(estimator: Any, display: type, *, needs_probabilities: bool = False) -> None:
    """Raise a ValueError unless the estimator is a classifier (that gives probabilities)."""
    if not is_classifier(estimator):
        raise ValueError(
            f"{display.__name__}.from_estimator needs a classifier, got {estimator!r}."
        )
    if needs_probabilities and not hasattr(estimator, "predict_proba"):
        raise ValueError(
            f"{display.__name__}.from_estimator needs a classifier with predict_proba, which "
            f"{estimator!r} has not. Wrap it in sklearn.calibration.CalibratedClassifierCV."
        )


def check_image_shape(n_features: int, image_shape: tuple[int, int] | None) -> tuple[int, int]:
    """Return height and width of an image; by default those of a square.

    Raises
    ------
    ValueError
        If the features do not make up such an image.
    """
    if image_shape is None:
        side = isqrt(n_features)
        if side * side != n_features:
            raise ValueError(
                f"{n_features} features are not the pixels of a square image. Give "
                "image_shape=(height, width)."
            )
        return side, side
    if len(image_shape) != 2 or image_shape[0] * image_shape[1] != n_features:
        raise ValueError(
            f"image_shape must be (height, width) with height * width = {n_features}, the number "
            f"of features, got {image_shape}."
        )
    return image_shape


def as_images(X: Any, image_shape: tuple[int, int] | None) -> NDArray[Any]:
    """Return rows of pixels as an array of shape (n_samples, height, width).

    Raises
    ------
    ValueError
        If the rows do not make up images of this shape.
    """
    pixels = check_array(X, accept_sparse="csr", allow_nd=True, ensure_min_samples=0)
    if issparse(pixels):
        pixels = pixels.toarray()
    if pixels.ndim == 3 and image_shape is None:
        return np.asarray(pixels)
    n_features = int(np.prod(pixels.shape[1:]))
    return np.asarray(pixels).reshape(-1, *check_image_shape(n_features, image_shape))


def stacked_axes(
    ax: Axes | ArrayLike | None,
    height_ratios: Sequence[float],
    figsize: tuple[float, float],
) -> tuple[NDArray[np.object_], Figure | SubFigure]:
    """Return axes, one above the other, that share what goes across.

    Parameters
    ----------
    ax : Axes, array-like of Axes or None
        One axes is divided; several are taken as they are; None makes a new figure.
    height_ratios : sequence of float
        The height of each of the axes, relative to the others.
    figsize : tuple of float
        Width and height of a new figure, in inches.

    Returns
    -------
    axes : ndarray of Axes
    figure : Figure or SubFigure

    Raises
    ------
    ValueError
        If there are too few or too many axes, or if one axes is divided twice.
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
            "ax=display.axes_ to draw into the same axes again, or new ones."
        )
    ax.set_axis_off()
    return _axes_within(ax, np.asarray(height_ratios)), ax.figure


def _axes_within(ax: Axes, height_ratios: NDArray[np.float64]) -> NDArray[np.object_]:
    """Fill an axes with others. As its children they move with it, and leave it its title."""
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
