"""What the preparation of a picture does, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self, TypeAlias

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import Normalize, to_rgb
from matplotlib.figure import Figure, SubFigure
from numpy.typing import NDArray

from sk_mnist.displays._common import text_width
from sk_mnist.displays._tiles import CaptionLine, TileGrid, draw_image, tile_axes, tile_grid
from sk_mnist.images.pictures import as_pictures, name_of
from sk_mnist.images.prepare import Polarity, PreparedDigit, prepare_digit

_Extent: TypeAlias = tuple[float, float, float, float]
_Color: TypeAlias = tuple[float, float, float]

_MAX_IMAGES = 25
_STEPS = ("picture", "contrast", "ink", "digit")
# In parts of the side of the square in which a step is drawn.
_GAP = 0.08
_MARGIN = 0.15
_TILE_WIDTH = len(_STEPS) + _GAP * (len(_STEPS) - 1) + 2 * _MARGIN

# Ink that is not part of the digit, and the digit's bounding box.
_DROPPED_COLOR = to_rgb(sns.color_palette("colorblind")[1])
_BOX_COLOR = to_rgb(sns.color_palette("colorblind")[0])


class DigitImageDisplay:
    """Pictures of digits, and what each step of their preparation did to them.

    From left to right: the picture in gray, the contrast between ink and paper without the uneven
    light, the ink with the bounding box of the digit (what is dropped has another color), and the
    digit of 28 x 28 pixels.

    Use :meth:`from_images` to create one.

    Parameters
    ----------
    prepared : sequence of PreparedDigit
        What :func:`~sk_mnist.images.prepare_digit` has returned for each picture.

    names : sequence of str, default=None
        What to write above the pictures. By default, nothing.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        The axes with the pictures.

    figure_ : matplotlib.figure.Figure
        The figure that contains the axes.

    See Also
    --------
    sk_mnist.DigitImageTransformer : Prepares pictures for classifiers.

    Examples
    --------
    >>> from PIL import Image, ImageDraw
    >>> from sk_mnist.displays import DigitImageDisplay
    >>> picture = Image.new("RGB", (300, 200), "ivory")
    >>> ImageDraw.Draw(picture).line([(90, 40), (160, 40), (110, 150)], fill="navy", width=9)
    >>> display = DigitImageDisplay.from_images([picture])
    >>> display.prepared[0].pixels.shape
    (28, 28)
    >>> display.figure_.savefig("steps.png")  # doctest: +SKIP
    """

    ax_: Axes
    figure_: Figure | SubFigure

    def __init__(
        self, prepared: Sequence[PreparedDigit], *, names: Sequence[str] | None = None
    ) -> None:
        self.prepared = prepared
        self.names = names

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the steps of each picture side by side.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Axes to draw into. By default, a new figure of suitable size is created.

        Returns
        -------
        DigitImageDisplay
            The display, with its fitted attributes set.

        Raises
        ------
        ValueError
            If there are no pictures, or if pictures and names differ in number.
        """
        captions = self._captions()
        # In hundredths, because a shape has whole numbers.
        tile_shape = (100, round(100 * _TILE_WIDTH))
        if ax is None:
            ax = tile_axes(tile_shape, captions)
        self.ax_, self.figure_ = ax, ax.figure
        grid = tile_grid(ax, tile_shape, captions)
        for tile, (prepared, caption) in enumerate(zip(self.prepared, captions, strict=True)):
            grid.write_caption(ax, tile, caption)
            _draw_steps(ax, grid, tile, prepared)
        return self

    def _captions(self) -> list[list[CaptionLine]]:
        """Return a line for the name, if there are names, and an empty one for those of steps."""
        if not self.prepared:
            raise ValueError("There is no picture to show: prepared is empty.")
        names = [None] * len(self.prepared) if self.names is None else self.names
        if len(names) != len(self.prepared):
            raise ValueError(
                f"names must name each of the {len(self.prepared)} pictures, got {len(names)} "
                "names."
            )
        color = mpl.rcParams["text.color"]
        steps = CaptionLine("")
        return [
            [steps] if name is None else [CaptionLine(name, color=color), steps] for name in names
        ]

    @classmethod
    def from_images(
        cls,
        images: Iterable[Any],
        *,
        polarity: Polarity = "auto",
        names: Sequence[str] | None = None,
        ax: Axes | None = None,
        **plot_options: Any,
    ) -> Self:
        """Prepare pictures and plot what each step did.

        Parameters
        ----------
        images : iterable of pictures
            At most 25 paths, contents of files, PIL images or arrays: see
            :class:`~sk_mnist.DigitImageTransformer`.

        polarity : {"auto", "dark", "light"}, default="auto"
            Whether ink is darker or lighter than the background.

        names : sequence of str, default=None
            What to write above the pictures. By default, nothing.

        ax : matplotlib.axes.Axes, default=None
            Axes to draw into. By default, a new figure is created.

        **plot_options : dict
            Further keyword arguments of :meth:`plot`.

        Returns
        -------
        DigitImageDisplay
            The display, already drawn.

        Raises
        ------
        ImageError
            If a picture cannot be read or shows no digit.
        ValueError
            If there are no pictures or too many, or if pictures and names differ in number.
        """
        pictures = as_pictures(images)
        if len(pictures) > _MAX_IMAGES:
            raise ValueError(
                f"{cls.__name__} shows at most {_MAX_IMAGES} pictures, got {len(pictures)}."
            )
        prepared = [
            prepare_digit(picture, polarity=polarity, name=name_of(picture, position))
            for position, picture in enumerate(pictures)
        ]
        return cls(prepared, names=names).plot(ax, **plot_options)


def _draw_steps(ax: Axes, grid: TileGrid, tile: int, prepared: PreparedDigit) -> None:
    left, right, _, top = grid.extent(tile)
    side = (right - left) / _TILE_WIDTH
    images: list[tuple[NDArray[Any], float]] = [
        (prepared.gray, 255.0),
        (1.0 - prepared.ink, 1.0),
        (_ink_colors(prepared), 1.0),
        (prepared.pixels, 255.0),
    ]
    for step, (name, (image, white)) in enumerate(zip(_STEPS, images, strict=True)):
        start = left + (_MARGIN + step * (1 + _GAP)) * side
        extent = _fitted(image.shape[:2], start, top, side)
        draw_image(ax, image, extent, "gray", Normalize(0.0, white))
        _draw_frame(ax, extent, "0.5")
        if name == "ink":
            _draw_frame(ax, _extent_of_box(prepared, extent), _BOX_COLOR)
        if text_width(name, grid.font_size) <= side:
            ax.text(
                start + side / 2,
                top - 0.2 * grid.font_size,
                name,
                fontsize=grid.font_size,
                color="0.5",
                ha="center",
                va="baseline",
            )


def _fitted(shape: tuple[int, ...], left: float, top: float, side: float) -> _Extent:
    """Return the extent of a picture that is centered in a square."""
    height, width = (side * length / max(shape) for length in shape)
    left, top = left + (side - width) / 2, top + (side - height) / 2
    return left, left + width, top + height, top


def _ink_colors(prepared: PreparedDigit) -> NDArray[np.float64]:
    colors = np.ones((*prepared.mask.shape, 3))
    colors[prepared.mask] = _DROPPED_COLOR
    colors[prepared.digit] = 0.0
    return colors


def _extent_of_box(prepared: PreparedDigit, extent: _Extent) -> _Extent:
    left, right, _, top = extent
    box, scale = prepared.box, (right - left) / prepared.mask.shape[1]
    return (
        left + scale * box.left,
        left + scale * box.right,
        top + scale * box.bottom,
        top + scale * box.top,
    )


def _draw_frame(ax: Axes, extent: _Extent, color: str | _Color) -> None:
    left, right, bottom, top = extent
    x, y = [left, right, right, left, left], [top, top, bottom, bottom, top]
    ax.plot(x, y, color=color, linewidth=0.8, linestyle="-", marker="")
