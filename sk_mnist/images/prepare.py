"""prepare_digit: from a picture to a digit like MNIST's, with every step in between."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sk_mnist.images.background import darkness_of, estimate_background, is_light_on_dark
from sk_mnist.images.components import Box, bounding_box, select_digit, with_edges
from sk_mnist.images.decoding import decode
from sk_mnist.images.errors import ImageError
from sk_mnist.images.ink import find_ink
from sk_mnist.images.pictures import name_of
from sk_mnist.images.placement import place
from sk_mnist.images.resampling import Plane, block_mean
from sk_mnist.images.strokes import DIGIT_SIDE, fit_digit, stroke_width

Polarity: TypeAlias = Literal["auto", "dark", "light"]

# Larger pictures are shrunk to at most this number of pixels in the longer side.
_LONGEST_SIDE = 512
# What is shorter than this number of pixels is no digit.
_SHORTEST_DIGIT = 5
# Less ink than this is paper.
_FAINTEST = 0.04


@dataclass(frozen=True, eq=False)
class PreparedDigit:
    """A digit, and what each step of its preparation did to the picture.

    Attributes
    ----------
    gray : ndarray of shape (height, width), dtype=float64
        Levels of gray from 0 to 255, shrunk to at most 512 pixels in the longer side.
    background : ndarray of shape (height, width), dtype=float64
        The paper without the ink.
    light_on_dark : bool
        Whether the ink is lighter than the paper.
    ink : ndarray of shape (height, width), dtype=float64
        Contrast between paper, 0, and ink, 1.
    mask : ndarray of shape (height, width), dtype=bool
        Where there is ink.
    digit : ndarray of shape (height, width), dtype=bool
        The part of the mask that is the digit, without specks and whatever else there is.
    box : Box
        The digit's bounding box: `top`, `bottom`, `left` and `right`.
    stroke_width : float
        Mean width of the strokes, as it is when the longer side of the box is 20 pixels, before it
        is limited.
    pixels : ndarray of shape (28, 28), dtype=uint8
        The digit as in MNIST: from 0 for the background to 255 for ink.
    """

    gray: Plane
    background: Plane
    light_on_dark: bool
    ink: Plane
    mask: NDArray[np.bool_]
    digit: NDArray[np.bool_]
    box: Box
    stroke_width: float
    pixels: NDArray[np.uint8]


def prepare_digit(
    image: Any, *, polarity: Polarity = "auto", name: str | None = None
) -> PreparedDigit:
    """Find the digit in a picture, and make it like those of MNIST.

    Parameters
    ----------
    image : str, path-like, bytes, PIL.Image.Image or array-like
        A file, the content of one, or pixels: see :meth:`DigitImageTransformer.transform`.

    polarity : {"auto", "dark", "light"}, default="auto"
        Whether the ink is darker or lighter than the background.

    name : str, default=None
        How an error names the picture. By default, by its path, if it has one.

    Returns
    -------
    PreparedDigit
        The pixels, and the steps in between.

    Raises
    ------
    ImageError
        If the picture cannot be read or shows no digit.

    See Also
    --------
    DigitImageTransformer : The same for many pictures.

    Notes
    -----
    The steps, each of which is a function that documents its constants and its rounding:

    1. Decode: upright as EXIF says, flattened onto paper where it is transparent, gray.
    2. Shrink by the mean over blocks of k x k pixels, k = ceil(longer side / 512).
    3. Find whether ink is dark or light. Invert the picture if it is light: 255 - gray.
    4. Estimate the paper by a closing, and divide by it.
    5. Separate ink from paper by a threshold, and normalize the contrast.
    6. Keep the connected components that are the digit.
    7. Divide by the median of the ink in the digit, limit to 1, and crop: to the pixels with at
       least 0.04, in the digit or next to it. All ink elsewhere is removed.
    8. Scale to 20 x 20 pixels, with strokes of suitable width.
    9. Place in 28 x 28 pixels, by the center of mass.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_mnist.images import prepare_digit
    >>> picture = np.full((100, 100), 230, dtype=np.uint8)
    >>> picture[20:70, 40:45] = 30
    >>> prepared = prepare_digit(picture)
    >>> prepared.box
    Box(top=20, bottom=70, left=40, right=45)
    >>> prepared.light_on_dark
    False
    >>> prepared.pixels[12:16, 12:17]
    array([[  0,   0, 255, 255,   0],
           [  0,   0, 255, 255,   0],
           [  0,   0, 255, 255,   0],
           [  0,   0, 255, 255,   0]], dtype=uint8)
    """
    name = name_of(image) if name is None else name
    gray = decode(image, name)
    gray = block_mean(gray, ceil(max(gray.shape) / _LONGEST_SIDE))
    light_on_dark = is_light_on_dark(gray) if polarity == "auto" else polarity == "light"
    dark_on_light = 255.0 - gray if light_on_dark else gray
    background = estimate_background(dark_on_light)
    ink = find_ink(darkness_of(dark_on_light, background))
    if ink is None:
        raise ImageError(name, "has no ink that differs enough from the background")
    digit = select_digit(ink)
    if not digit.any():
        raise ImageError(name, "has nothing but lines")
    # Other ink, such as a dark table, may be darker than that of the digit.
    full = float(np.median(ink.amount[digit]))
    amount = np.where(with_edges(digit), np.minimum(ink.amount / full, 1.0), 0.0)
    box = bounding_box(amount >= _FAINTEST)
    if box.longer_side < _SHORTEST_DIGIT:
        raise ImageError(name, "has nothing but specks")
    cropped = amount[box.slices]
    return PreparedDigit(
        gray=gray,
        background=255.0 - background if light_on_dark else background,
        light_on_dark=light_on_dark,
        ink=ink.amount,
        mask=ink.mask,
        digit=digit,
        box=box,
        stroke_width=stroke_width(cropped) * DIGIT_SIDE / box.longer_side,
        pixels=place(fit_digit(cropped)),
    )
