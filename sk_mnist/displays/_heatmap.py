"""Text in heatmaps: the names of rows and columns, and the values in the cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from seaborn.utils import relative_luminance

from sk_mnist.displays._common import axes_size, text_width

# Relative luminance at which white and black text have the same contrast (WCAG 2).
_DARK = 0.179

# In points.
MAX_FONT_SIZE = 10.0
MIN_FONT_SIZE = 5.0

# Width of a digit in Matplotlib's default font, relative to the font size.
DIGIT_WIDTH = 0.64


def cell_sizes(ax: Axes, n_columns: int, n_rows: int) -> tuple[float, float]:
    """Return width and height of a cell in points."""
    width, height = axes_size(ax)
    return width / n_columns, height / n_rows


def write_names(ax: Axes, column_names: Sequence[str], row_names: Sequence[str]) -> None:
    """Label rows and columns; shrink, rotate or skip names so that they do not overlap."""
    # Row names come first: they reduce the width of the columns.
    write_row_names(ax, row_names)
    write_column_names(ax, column_names)


def write_row_names(ax: Axes, names: Sequence[str]) -> None:
    """Label the rows; shrink or skip names so that they do not overlap."""
    ax.set_yticks(np.arange(len(names)) + 0.5, names, fontsize=MAX_FONT_SIZE)
    font_size, step = _font_size_and_step(cell_sizes(ax, 1, len(names))[1])
    centers = np.arange(len(names))[::step] + 0.5
    ax.set_yticks(centers, names[::step], fontsize=font_size, rotation=0)
    ax.tick_params(axis="y", length=0)


def write_column_names(ax: Axes, names: Sequence[str]) -> None:
    """Label the columns; shrink, rotate or skip names so that they do not overlap."""
    width, _ = cell_sizes(ax, len(names), 1)
    font_size, step = _font_size_and_step(width)
    shown = names[::step]
    longest = max(text_width(name, font_size) for name in shown)
    if step * width > longest + DIGIT_WIDTH * font_size:
        orientation: dict[str, Any] = {"rotation": 0}
    elif step * width > 1.7 * font_size:
        orientation = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    else:
        orientation = {"rotation": 90}
    centers = np.arange(len(names))[::step] + 0.5
    ax.set_xticks(centers, shown, fontsize=font_size, **orientation)
    ax.tick_params(axis="x", length=0)


def write_cells(ax: Axes, texts: NDArray[np.str_], font_size: float) -> NDArray[np.object_]:
    """Write dark text on light cells and light text on dark cells, with zeros in gray."""
    mesh = ax.collections[-1]
    mesh.update_scalarmappable()
    # A single color has a single number as luminance.
    luminances = np.reshape(relative_luminance(mesh.get_facecolor()), texts.shape)
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
    """Return a font size for names, and `n` if only every `n`-th name fits."""
    font_size = float(np.clip(0.75 * cell_size, MIN_FONT_SIZE, MAX_FONT_SIZE))
    return font_size, int(np.ceil(1.2 * font_size / cell_size))
