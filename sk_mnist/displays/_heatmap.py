"""The writing in heat maps: the names of rows and columns, and the values in the cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from seaborn.utils import relative_luminance

from sk_mnist.displays._common import axes_size, text_width

# Relative luminance at which white text and black text have the same contrast, after WCAG 2.
_DARK = 0.179

# In points.
MAX_FONT_SIZE = 10.0
MIN_FONT_SIZE = 5.0

# Of a digit in Matplotlib's standard font, as a share of the font size.
DIGIT_WIDTH = 0.64


def cell_sizes(ax: Axes, n_columns: int, n_rows: int) -> tuple[float, float]:
    """Return width and height of a cell in points."""
    width, height = axes_size(ax)
    return width / n_columns, height / n_rows


def write_names(ax: Axes, column_names: Sequence[str], row_names: Sequence[str]) -> None:
    """Shrink and turn the names beside and below the cells, or skip some, so that none meet."""
    # The names beside the rows narrow the columns, so they come first.
    write_row_names(ax, row_names)
    write_column_names(ax, column_names)


def write_row_names(ax: Axes, names: Sequence[str]) -> None:
    """Shrink the names beside the rows, or skip some, so that none meet."""
    ax.set_yticks(np.arange(len(names)) + 0.5, names, fontsize=MAX_FONT_SIZE)
    font_size, step = _font_size_and_step(cell_sizes(ax, 1, len(names))[1])
    centres = np.arange(len(names))[::step] + 0.5
    ax.set_yticks(centres, names[::step], fontsize=font_size, rotation=0)
    ax.tick_params(axis="y", length=0)


def write_column_names(ax: Axes, names: Sequence[str]) -> None:
    """Shrink and turn the names below the columns, or skip some, so that none meet."""
    width, _ = cell_sizes(ax, len(names), 1)
    font_size, step = _font_size_and_step(width)
    shown = names[::step]
    longest = max(text_width(name, font_size) for name in shown)
    if step * width > longest + DIGIT_WIDTH * font_size:
        turned: dict[str, Any] = {"rotation": 0}
    elif step * width > 1.7 * font_size:
        turned = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    else:
        turned = {"rotation": 90}
    centres = np.arange(len(names))[::step] + 0.5
    ax.set_xticks(centres, shown, fontsize=font_size, **turned)
    ax.tick_params(axis="x", length=0)


def write_cells(ax: Axes, texts: NDArray[np.str_], font_size: float) -> NDArray[np.object_]:
    """Write dark on light and light on dark, and zeros fainter than what matters."""
    mesh = ax.collections[-1]
    mesh.update_scalarmappable()
    luminances = relative_luminance(mesh.get_facecolor()).reshape(texts.shape)
    written = np.empty_like(texts, dtype=object)
    for (row, column), text in np.ndenumerate(texts):
        on_dark = luminances[row, column] < _DARK
        written[row, column] = ax.text(
            column + 0.5,
            row + 0.5,
            text,
            color="white" if on_dark else "0.35" if text == "0" else "black",
            fontsize=font_size,
            ha="center",
            va="center",
        )
    return written


def _font_size_and_step(cell_size: float) -> tuple[float, int]:
    """Return how large names can be, and that each so many can be shown."""
    font_size = float(np.clip(0.75 * cell_size, MIN_FONT_SIZE, MAX_FONT_SIZE))
    return font_size, int(np.ceil(1.2 * font_size / cell_size))
