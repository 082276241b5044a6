"""Levels of gray from arrays: colors, transparency and ranges of values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sk_mnist.images.errors import ImageError

# ITU-R 601-2, in 1/65536, as Pillow's mode "L".
_RED, _GREEN, _BLUE = 19595, 38470, 7471
_OPAQUE = 128
# Large pictures are flattened by stripes of about this number of pixels.
_STRIPE = 1 << 18


def gray_of_array(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Return the levels of gray of a picture that is an array.

    Parameters
    ----------
    array : ndarray of shape (height, width) or (height, width, n_channels)
        Gray (1 channel), gray and opacity (2), RGB (3) or RGBA (4).

        Bytes and uint16 use their full range. Negative numbers: the minimum becomes black, the
        maximum white. Floats up to 1 are in that range, other integers up to 255 in that. All
        others are scaled by their maximum. Opacity is scaled apart from colors, and floats and
        other integers up to 255 are in that range, unless they are up to 1.

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
    if array.ndim == 2:
        return _as_levels(array, name)
    has_opacity = array.shape[2] in (2, 4)
    levels = _as_levels(array[..., :-1] if has_opacity else array, name)
    gray = gray_of_rgb(levels) if levels.shape[2] == 3 else levels[..., 0]
    return flatten(gray, _as_opacity(array[..., -1], name), name) if has_opacity else gray


def _as_levels(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Return values from 0 to 255: uint8 as they are, all others as float64."""
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind == "u" and size == 1:
        return array
    if kind == "u" and size == 2:  # of either byte order
        return array / 257.0
    if kind == "b":
        return array * 255.0
    values, lowest, highest = _finite(array, name)
    if lowest < 0:
        with np.errstate(over="ignore"):
            extent = np.float64(highest) - lowest
        if not np.isfinite(extent):
            raise ImageError(
                name, f"has values from {lowest:g} to {highest:g}, which are too far apart"
            )
        # Divided before it is multiplied: 255 / extent can be infinite.
        return (values - lowest) / extent * 255.0 if extent > 0 else np.zeros_like(values)
    if kind == "f" and highest <= 1:
        return values * 255.0
    is_levels = kind != "f" and highest <= 255
    return values if is_levels else values / highest * 255.0


def _as_opacity(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Return opacities from 0 to 255: uint8 as they are, all others as float64."""
    if array.dtype.kind in "iuf" and array.min() < 0:
        raise ImageError(name, "has a negative opacity")
    if array.dtype.kind == "f":
        values, _, highest = _finite(array, name)
        if 1 < highest <= 255:
            return values
    return _as_levels(array, name)


def _finite(array: NDArray[Any], name: str) -> tuple[NDArray[np.float64], float, float]:
    """Return values as float64, their minimum and their maximum."""
    values = array.astype(np.float64)
    if not np.isfinite(values).all():
        raise ImageError(name, "contains NaN or infinity")
    return values, float(values.min()), float(values.max())


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
    dark ink and black under light ink, whose mean, weighted by the opacity, is at least 128. Bytes
    stay bytes, rounded half up, since photos are large.

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
    if not opacity.any():
        raise ImageError(name, "is transparent everywhere")
    is_opaque = opacity >= _OPAQUE
    n_opaque = int(np.count_nonzero(is_opaque))
    if 2 * n_opaque >= is_opaque.size:
        paper = float(np.partition(gray[is_opaque], (n_opaque - 1) // 2)[(n_opaque - 1) // 2])
    else:
        paper = 0.0 if _has_light_ink(gray, opacity) else 255.0
    is_bytes = gray.dtype == opacity.dtype == np.uint8
    flat = np.empty(gray.shape, dtype=np.uint8 if is_bytes else np.float64)
    for rows in _stripes(gray):
        ink, paper_share = gray[rows] * opacity[rows].astype(np.float64), 255.0 - opacity[rows]
        levels = (ink + paper * paper_share) / 255.0
        flat[rows] = np.floor(levels + 0.5) if is_bytes else levels
    return flat


def _has_light_ink(gray: NDArray[Any], opacity: NDArray[Any]) -> bool:
    excess = 0.0
    for rows in _stripes(gray):
        excess += float(((gray[rows] - 128.0) * opacity[rows]).sum())
    return excess >= 0


def _stripes(image: NDArray[Any]) -> Iterator[slice]:
    """Yield rows of a picture, which are few enough for a copy in float64."""
    n_rows = max(1, _STRIPE // image.shape[1])
    for start in range(0, len(image), n_rows):
        yield slice(start, start + n_rows)
