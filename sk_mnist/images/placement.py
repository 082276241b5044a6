"""A digit in its field of 28 x 28 pixels."""

from __future__ import annotations

from math import floor

import numpy as np
from numpy.typing import NDArray

from sk_mnist.images.resampling import Plane

SIDE = 28
_CENTER = 14
# Symmetric digits are halfway between two pixels, whatever the rounding errors of their sums are.
_TOLERANCE = 1e-6


def place(digit: Plane) -> NDArray[np.uint8]:
    """Place a digit so that its center of mass is at the center of the field.

    It moves by whole pixels: the row of its center of mass, counted from 0, comes as close to 14 as
    it can, and so does the column, as long as the digit stays within the field. The first row goes
    to ``floor(14 - center + 0.5 + 1e-6)``: halves are rounded up, and so is what is less than
    1e-6 below, since rounding errors must not decide where a symmetric digit goes.

    Parameters
    ----------
    digit : ndarray of shape (height, width), dtype=float64
        From 0 for paper to 1 for ink, at most 28 x 28 pixels, with some ink.

    Returns
    -------
    ndarray of shape (28, 28), dtype=uint8
        ``floor(255 * digit + 0.5)``.
    """
    top, left = (_start(digit.sum(axis=1 - axis)) for axis in (0, 1))
    height, width = digit.shape
    field = np.zeros((SIDE, SIDE), dtype=np.uint8)
    field[top : top + height, left : left + width] = np.floor(255.0 * digit + 0.5)
    return field


def _start(sums: NDArray[np.float64]) -> int:
    """Return where the first row (or column) goes, given the sums of the rows."""
    # Not by `@`: the order in which BLAS sums up depends on the machine.
    center = float((sums * np.arange(len(sums))).sum()) / float(sums.sum())
    return min(max(floor(_CENTER - center + 0.5 + _TOLERANCE), 0), SIDE - len(sums))
