"""A grid of small images with captions in one axes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from numpy.typing import NDArray

from sk_mnist.displays._common import MAX_NAME_LENGTH, axes_size, shortened, text_width

# In points.
_MAX_FONT_SIZE = 9.0
_MIN_FONT_SIZE = 5.0
_GAP = 8.0
_MAX_CAPTION_WIDTH = 140.0

_LINE_HEIGHT = 1.35


@dataclass(frozen=True)
class CaptionLine:
    """A line of text above an image: a name, which may be shortened, and the text around it.

    Attributes
    ----------
    name : str
    before, after : str
    color : str
    """

    name: str
    before: str = ""
    after: str = ""
    color: str = "black"

    def fitted(self, font_size: float, width: float = np.inf) -> str:
        """Return the line, with the name shortened to fit into a width in points."""

        def line(length: int) -> str:
            return f"{self.before}{shortened(self.name, length)}{self.after}"

        lengths = range(1, min(len(self.name), MAX_NAME_LENGTH) + 1)
        fitting = bisect_right(lengths, width, key=lambda n: text_width(line(n), font_size))
        return line(max(fitting, 1))


Caption = Sequence[CaptionLine]


@dataclass(frozen=True)
class TileGrid:
    """The positions of equal tiles in an axes whose data coordinates are points.

    Attributes
    ----------
    n_tiles, n_columns : int
    width, height : float
        Size of a tile without its caption.
    column_width, row_height : float
        Size of a tile with its caption and the gaps.
    font_size : float
    """

    n_tiles: int
    n_columns: int
    width: float
    height: float
    column_width: float
    row_height: float
    font_size: float

    def extent(self, tile: int) -> tuple[float, float, float, float]:
        """Return left, right, bottom and top of a tile, the `extent` of `imshow`."""
        row, column = divmod(tile, self.n_columns)
        left = column * self.column_width + (self.column_width - self.width) / 2
        bottom = (row + 1) * self.row_height - _GAP / 2
        return left, left + self.width, bottom, bottom - self.height

    def write_caption(self, ax: Axes, tile: int, caption: Caption) -> None:
        """Write lines above a tile."""
        left, right, _, top = self.extent(tile)
        for lines_below, line in enumerate(reversed(caption)):
            ax.text(
                (left + right) / 2,
                top - 0.2 * self.font_size - lines_below * _LINE_HEIGHT * self.font_size,
                line.fitted(self.font_size, self.column_width - _GAP),
                color=line.color,
                fontsize=self.font_size,
                ha="center",
                va="baseline",
            )


def probability_text(value: float) -> str:
    """Format a probability, so that none below one is rounded to one."""
    return f"{value:.3f}" if value < 0.9995 else ">0.999"


def tile_axes(
    tile_shape: tuple[int, int],
    captions: Sequence[Caption],
    *,
    title: bool = False,
    colorbar: bool = False,
) -> Axes:
    """Return the axes of a new figure with room for tiles and captions.

    Parameters
    ----------
    tile_shape : tuple of int
        Height and width of an image in pixels.
    captions : sequence of sequence of CaptionLine
        One caption per tile.
    title, colorbar : bool
        Whether to leave room for a title and a color bar.
    """
    aspect = tile_shape[1] / tile_shape[0]
    n_columns = ceil(sqrt(len(captions) / min(max(aspect, 0.2), 5.0)))
    n_rows = ceil(len(captions) / n_columns)
    height = float(np.clip(420 / max(n_rows, n_columns), 54, 200))
    caption_width, caption_height = np.multiply(_caption_size(captions), _MAX_FONT_SIZE)
    column_width = max(height * aspect, caption_width) + _GAP
    row_height = height + caption_height + _GAP
    width_inches = max(n_columns * column_width / 72 + 0.1, 3.6) + (0.9 if colorbar else 0.0)
    figsize = (min(width_inches, 14.0), n_rows * row_height / 72 + (0.5 if title else 0.1))
    return plt.subplots(figsize=figsize, layout="constrained")[1]


def tile_grid(ax: Axes, tile_shape: tuple[int, int], captions: Sequence[Caption]) -> TileGrid:
    """Remove the ticks and find the grid in which images and captions are largest.

    Anything else that takes room, such as a title or a color bar, has to be drawn before.
    """
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set_visible(False)
    size, caption_size = axes_size(ax), _caption_size(captions)
    options = (
        _grid_of(size, tile_shape, caption_size, len(captions), n_columns, font_size)
        for n_columns in range(1, len(captions) + 1)
        for font_size in np.arange(_MAX_FONT_SIZE, _MIN_FONT_SIZE - 0.5, -0.5)
    )
    grid = max(options, key=lambda grid: _quality(grid, caption_size[0]))
    ax.set_autoscale_on(False)
    ax.set(
        xlim=(0, grid.n_columns * grid.column_width),
        ylim=(ceil(grid.n_tiles / grid.n_columns) * grid.row_height, 0),
    )
    return grid


def _caption_size(captions: Sequence[Caption]) -> tuple[float, float]:
    """Return width and height of the largest caption, for a font of size one."""
    lines = [line.fitted(_MAX_FONT_SIZE) for caption in captions for line in caption]
    widest = max((text_width(line, _MAX_FONT_SIZE) for line in lines), default=0.0)
    width = min(widest, _MAX_CAPTION_WIDTH) / _MAX_FONT_SIZE
    return width, max(map(len, captions)) * _LINE_HEIGHT


def _grid_of(
    size: tuple[float, float],
    tile_shape: tuple[int, int],
    caption_size: tuple[float, float],
    n_tiles: int,
    n_columns: int,
    font_size: float,
) -> TileGrid:
    column_width, row_height = size[0] / n_columns, size[1] / ceil(n_tiles / n_columns)
    above = caption_size[1] * font_size + _GAP
    scale = min((column_width - _GAP) / tile_shape[1], (row_height - above) / tile_shape[0])
    # In axes that are too small for any image, the size must still be positive.
    height, width = (max(scale, 1e-3) * length for length in tile_shape)
    return TileGrid(
        n_tiles=n_tiles,
        n_columns=n_columns,
        width=width,
        height=height,
        column_width=min(column_width, max(width, caption_size[0] * font_size) + _GAP),
        row_height=height + above,
        font_size=font_size,
    )


def _quality(grid: TileGrid, caption_width: float) -> float:
    """Return a score that trades the size of images for large and complete captions."""
    needed = caption_width * grid.font_size + _GAP
    complete = min(1.0, grid.column_width / needed)
    return grid.width * complete * grid.font_size


def draw_image(
    ax: Axes,
    image: NDArray[Any],
    extent: tuple[float, float, float, float],
    cmap: str | Colormap,
    norm: Normalize | None = None,
) -> None:
    """Draw an image upright and with square pixels, whatever the user's style sheet says."""
    ax.imshow(
        image,
        cmap,
        norm=norm,
        extent=extent,
        origin="upper",
        aspect="equal",
        interpolation="nearest",
    )


def diverging_norm(values: NDArray[Any], quantile: float = 1.0) -> Normalize:
    """Return a norm, symmetric around zero, that covers a quantile of the absolute values."""
    # If all values are zero, the norm still needs a positive width.
    limit = float(np.quantile(np.abs(values), quantile)) or 1.0
    return Normalize(-limit, limit)


def draw_colorbar(ax: Axes, norm: Normalize, cmap: str | Colormap, **options: Any) -> None:
    """Draw a color bar beside the axes."""
    ax.figure.colorbar(ScalarMappable(norm, cmap), ax=ax, aspect=30, **options)
