"""Levels of gray from arrays: colors, transparency and ranges of values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sk_mnist.images.errors import ImageError

# ITU-R 601-2, in 1/65536, as Pillow's mode "L".
_RED, _GREEN, _BLUE = 19595, 38470, 7471
_OPAQUE = 128


def gray_of_array(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Return the levels of gray of a picture that is an array.

    Parameters
    ----------
    array : ndarray of shape (height, width) or (height, width, n_channels)
        Gray (1 channel), gray and opacity (2), RGB (3) or RGBA (4).

    name : str
        How an error names the picture.

    Returns
    -------
    ndarray of shape (height, width), dtype uint8 or float64
        From 0 for black to 255 for white.

    Raises
    ------
    ImageError
        If the array is no picture.
    """
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 2, 3, 4)):
        raise ImageError(
            name,
            f"is an array of shape {array.shape}, and pictures have shape (height, width) or "
            "(height, width, channels) with 1 to 4 channels",
        )
    if array.size == 0:
        raise ImageError(name, f"has no pixels: its shape is {array.shape}")
    if array.dtype.kind not in "buif":
        raise ImageError(name, f"is an array of {array.dtype}, not of numbers")
    levels = _as_levels(array, name)
    if levels.ndim == 2:
        return levels
    n_channels = levels.shape[2]
    gray = gray_of_rgb(levels) if n_channels >= 3 else levels[..., 0]
    return gray if n_channels in (1, 3) else flatten(gray, levels[..., -1], name)


def _as_levels(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Return values from 0 to 255: uint8 as they are, all others as float64."""
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.uint16:
        return array / 257.0
    if array.dtype == np.bool_:
        return array * 255.0
    values = array.astype(np.float64)
    if not np.isfinite(values).all():
        raise ImageError(name, "contains NaN or infinity")
    lowest, highest = float(values.min()), float(values.max())
    if lowest < 0:
        values = values - lowest
        highest -= lowest
        return values * (255.0 / highest)
    if array.dtype.kind == "f" and highest <= 1:
        return values * 255.0
    is_levels = array.dtype.kind != "f" and highest <= 255
    return values if is_levels else values * (255.0 / highest)


def gray_of_rgb(levels: NDArray[Any]) -> NDArray[Any]:
    """Return ``(19595 red + 38470 green + 7471 blue) / 65536``, in integers rounded half up.

    Parameters
    ----------
    levels : ndarray of shape (height, width, 3 or more), dtype uint8 or float64

    Returns
    -------
    ndarray of shape (height, width), same dtype
    """
    if levels.dtype != np.uint8:
        red, green, blue = levels[..., 0], levels[..., 1], levels[..., 2]
        return np.asarray((_RED * red + _GREEN * green + _BLUE * blue) / 65536)
    red, green, blue = (levels[..., channel].astype(np.uint32) for channel in range(3))
    return ((_RED * red + _GREEN * green + _BLUE * blue + 32768) >> 16).astype(np.uint8)


def flatten(gray: NDArray[Any], opacity: NDArray[Any], name: str) -> NDArray[Any]:
    """Put a picture with transparent parts onto paper.

    If at least half of the pixels have an opacity of 128 or more, the paper has the median of their
    levels of gray (the lower one of two). Otherwise what is opaque is ink: the paper is white under
    dark ink and black under light ink, whose mean, weighted by the opacity, is at least 128.

    Parameters
    ----------
    gray, opacity : ndarray of shape (height, width), dtype uint8 or float64
        From 0 to 255.

    name : str
        How an error names the picture.

    Returns
    -------
    ndarray of shape (height, width), dtype uint8 or float64

    Raises
    ------
    ImageError
        If there are transparent pixels only.
    """
    if opacity.min() == 255:
        return gray
    weights = opacity.astype(np.float64)
    if not weights.any():
        raise ImageError(name, "is transparent everywhere")
    is_opaque = opacity >= _OPAQUE
    n_opaque = int(np.count_nonzero(is_opaque))
    if 2 * n_opaque >= is_opaque.size:
        paper = float(np.partition(gray[is_opaque], (n_opaque - 1) // 2)[(n_opaque - 1) // 2])
    else:
        paper = 0.0 if float((gray * weights).sum()) >= 128 * float(weights.sum()) else 255.0
    return np.asarray((gray * weights + paper * (255.0 - weights)) / 255.0)
