"""Strokes of the width that pens have in MNIST."""

from __future__ import annotations

from math import ceil, floor, pi

import numpy as np
from scipy import ndimage

from sk_mnist.images.resampling import Plane, area_resample, block_mean, box_blur

# Digits of MNIST fit into 20 x 20 pixels.
DIGIT_SIDE = 20
# Strokes are thickened at this multiple of that resolution.
_DETAIL = 4
_FINE_SIDE = DIGIT_SIDE * _DETAIL
# Between these widths, in pixels of MNIST, strokes stay as they are.
_THINNEST = 1.6
_THICKEST = 4.0


def stroke_width(ink: Plane) -> float:
    """Return the mean width of strokes: twice their area, divided by their perimeter.

    The area is the sum of the ink. The perimeter is the number of sides between pixels with at
    least half and pixels with less than half of full ink, times pi / 4, which is right for the
    average over all directions.

    Parameters
    ----------
    ink : ndarray of shape (height, width), dtype=float64
        From 0 for paper to 1 for ink, which there is somewhere. Beyond the border there is paper.

    Returns
    -------
    float
        In pixels.
    """
    is_ink = np.pad(ink >= 0.5, 1)
    n_sides = sum(int(np.count_nonzero(np.diff(is_ink, axis=axis))) for axis in (0, 1))
    return 2.0 * float(ink.sum()) / (n_sides * pi / 4.0)


def fit_digit(ink: Plane) -> Plane:
    """Scale a digit so that its longer side is 20 pixels and its strokes are as wide as MNIST's.

    With strokes of width `w` (at most L / 2) in a digit of longer side `L`, both in pixels, the
    strokes would be 80 w / L wide in a digit of 80 pixels. That is limited to 4 * 1.6 and 4 * 4.0,
    which gives the wanted width `t`. The digit is resampled by area averages, times
    ``f = (80 - t) / (L - w)``, and its strokes grow by ``r = (t - f * w) / 2`` on either side, so
    that both are right: see :func:`grow`. If strokes that shrink leave no pixel with half of full
    ink, w is used for t.

    Sides are rounded to whole pixels, half up, and are at least 1. If f is at least 6, a box blur
    of radius ``floor((f - 4) / 2)`` smooths the enlarged pixels before strokes grow. Centered in
    the smallest rectangle of multiples of 4 (if the rest is odd, the smaller half is above, or
    left), means of 4 x 4 pixels are the result.

    Parameters
    ----------
    ink : ndarray of shape (height, width), dtype=float64
        From 0 for paper to 1 for ink, which there is somewhere. Cropped to the digit.

    Returns
    -------
    ndarray of shape (at most 21, at most 21), dtype=float64
    """
    longer = max(ink.shape)
    width = min(stroke_width(ink), longer / 2)
    natural = _FINE_SIDE * width / longer
    wanted = min(max(natural, _DETAIL * _THINNEST), _DETAIL * _THICKEST)
    fine = _scaled(ink, width, wanted)
    if wanted < natural and not (fine >= 0.5).any():
        fine = _scaled(ink, width, natural)
    return block_mean(_padded(fine), _DETAIL)


def _scaled(ink: Plane, width: float, wanted: float) -> Plane:
    factor = (_FINE_SIDE - wanted) / (max(ink.shape) - width)
    height, breadth = (max(1, floor(side * factor + 0.5)) for side in ink.shape)
    fine = area_resample(ink, (height, breadth))
    if factor >= 6:
        fine = box_blur(fine, floor((factor - 4) / 2))
    return grow(fine, (wanted - factor * width) / 2)


def grow(ink: Plane, radius: float) -> Plane:
    """Let strokes grow, or shrink.

    Each pixel gets the maximum over the pixels whose distance is at most `radius`, or the minimum,
    if `radius` is negative. Beyond the border there is paper.

    Parameters
    ----------
    ink : ndarray of shape (height, width), dtype=float64
    radius : float
        In pixels.

    Returns
    -------
    ndarray of shape (height + 2 * reach, width + 2 * reach), dtype=float64
        The reach is floor(radius), or -floor(-radius) if that is negative: all pixels that can
        have ink.
    """
    reach = floor(abs(radius))
    if reach == 0:
        return ink
    steps = np.arange(-reach, reach + 1)
    disk = steps[:, np.newaxis] ** 2 + steps**2 <= radius**2
    if radius > 0:
        return np.asarray(
            ndimage.grey_dilation(np.pad(ink, reach), footprint=disk, mode="constant")
        )
    eroded = ndimage.grey_erosion(ink, footprint=disk, mode="constant")
    return np.asarray(eroded[reach:-reach, reach:-reach])


def _padded(fine: Plane) -> Plane:
    missing = [ceil(side / _DETAIL) * _DETAIL - side for side in fine.shape]
    return np.pad(fine, [(rest // 2, rest - rest // 2) for rest in missing])
