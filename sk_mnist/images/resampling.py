"""Pictures in other resolutions: block means, area averages, bilinear interpolation, box blurs.

Pure functions of float64 arrays of shape (height, width).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float64]


def block_mean(image: NDArray[Any], factor: int) -> Plane:
    """Return the means of blocks of `factor` x `factor` pixels.

    Blocks start at the top left. Those at the right and at the bottom may be smaller, and are the
    means of what they have.

    Parameters
    ----------
    image : ndarray of shape (height, width), dtype uint8 or float64
    factor : int

    Returns
    -------
    ndarray of shape (ceil(height / factor), ceil(width / factor)), dtype=float64
    """
    if factor == 1:
        return image.astype(np.float64)
    sum_dtype = np.uint32 if image.dtype == np.uint8 else np.float64
    rows, columns = (np.arange(0, length, factor) for length in image.shape)
    sums = np.add.reduceat(image, rows, axis=0, dtype=sum_dtype)
    sums = np.add.reduceat(sums, columns, axis=1, dtype=sum_dtype)
    heights, widths = (
        np.minimum(factor, length - starts)
        for starts, length in zip((rows, columns), image.shape, strict=True)
    )
    return np.asarray(sums / np.outer(heights, widths), dtype=np.float64)


def area_resample(image: Plane, shape: tuple[int, int]) -> Plane:
    """Resample a picture so that each new pixel is the mean over the area that it covers.

    The covered area is a rectangle of old pixels and fractions of them. Enlarged by a whole number,
    each pixel becomes a block.

    Parameters
    ----------
    image : ndarray of shape (height, width), dtype=float64
    shape : tuple of (int, int)
        The new height and width.

    Returns
    -------
    ndarray of shape `shape`, dtype=float64
    """
    return _resample_rows(_resample_rows(image, shape[0]).T, shape[1]).T


def _resample_rows(image: Plane, n_rows: int) -> Plane:
    length = len(image)
    if length == n_rows:
        return image
    sums = np.zeros((length + 1, image.shape[1]))
    np.cumsum(image, axis=0, out=sums[1:])
    edges = np.arange(n_rows + 1) * length / n_rows
    below = np.minimum(edges.astype(np.intp), length - 1)
    integrals = sums[below] + (edges - below)[:, np.newaxis] * image[below]
    return np.asarray(np.diff(integrals, axis=0) * (n_rows / length))


def enlarge(image: Plane, factor: int, shape: tuple[int, int]) -> Plane:
    """Interpolate block means bilinearly between the centers of the blocks.

    Pixels beyond the outermost centers take the value of the nearest.

    Parameters
    ----------
    image : ndarray, dtype=float64
        What :func:`block_mean` has returned.
    factor : int
        The side of a block.
    shape : tuple of (int, int)
        Height and width of the picture that consists of these blocks.

    Returns
    -------
    ndarray of shape `shape`, dtype=float64
    """
    if factor == 1:
        return image
    return _interpolate_rows(_interpolate_rows(image, factor, shape[0]).T, factor, shape[1]).T


def _interpolate_rows(image: Plane, factor: int, n_rows: int) -> Plane:
    position = np.clip((np.arange(n_rows) + 0.5) / factor - 0.5, 0, len(image) - 1)
    above = position.astype(np.intp)
    below = np.minimum(above + 1, len(image) - 1)
    fraction = (position - above)[:, np.newaxis]
    return np.asarray(image[above] * (1 - fraction) + image[below] * fraction)


def box_blur(image: Plane, radius: int) -> Plane:
    """Return the means over squares of 2 * `radius` + 1 pixels around each pixel.

    At the border, squares are clipped, and the mean is over what is left.

    Parameters
    ----------
    image : ndarray of shape (height, width), dtype=float64
    radius : int

    Returns
    -------
    ndarray of shape (height, width), dtype=float64
    """
    return _blur_rows(_blur_rows(image, radius).T, radius).T


def _blur_rows(image: Plane, radius: int) -> Plane:
    length = len(image)
    sums = np.zeros((length + 1, image.shape[1]))
    np.cumsum(image, axis=0, out=sums[1:])
    first = np.maximum(np.arange(length) - radius, 0)
    last = np.minimum(np.arange(length) + radius + 1, length)
    return np.asarray((sums[last] - sums[first]) / (last - first)[:, np.newaxis])
