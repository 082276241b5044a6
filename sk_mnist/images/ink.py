"""What is ink: contrast, threshold and mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sk_mnist.images.resampling import Plane

# The darkest pixels, one in 500, tell how dark ink is: a small digit in a large picture has more.
_DARKEST_SHARE = 0.002
# In parts of the darkest ink. Lines of ruled paper are fainter, the edges of strokes are darker.
_THRESHOLD = 0.4
# Ink has to differ from paper by so many levels of gray, and by so many standard deviations.
_MIN_CONTRAST = 10
_MIN_CONTRAST_TO_NOISE = 5.0


@dataclass(frozen=True)
class Ink:
    """Ink on paper.

    Attributes
    ----------
    amount : ndarray of shape (height, width), dtype=float64
        From 0 for paper to 1 for ink.
    mask : ndarray of shape (height, width), dtype=bool
        Where it is more ink than paper.
    """

    amount: Plane
    mask: NDArray[np.bool_]


def find_ink(darkness: Plane) -> Ink | None:
    """Normalize the contrast between paper and ink, and separate them.

    Levels are ``floor(darkness + 0.5)``, limited to 0, 1, ..., 255. Their quantiles are levels
    again: see :func:`quantile`. `darkest` is the quantile of 0.998, so that one pixel in 500 is
    darker, and `lightest` that of 0.002. `paper` is the median of the levels up to
    ``(lightest + darkest) / 2``. The mask has the pixels whose darkness is at least
    ``paper + 0.4 * (darkest - paper)``. `full` is the median of the levels in the mask. The amount
    of ink is ``(darkness - paper) / (full - paper)``, limited to 0 and 1.

    Parameters
    ----------
    darkness : ndarray of shape (height, width), dtype=float64
        How much darker than the paper pixels are, from 0 to 255.

    Returns
    -------
    Ink or None
        None if there is hardly any contrast: if ``darkest - paper`` is less than 10, or less than 5
        standard deviations of the noise, which is 1.4826 times the median of
        ``abs(level - paper)`` over the levels of which `paper` is the median.
    """
    levels = np.clip(np.floor(darkness + 0.5), 0, 255).astype(np.uint8)
    darkest = quantile(levels, 1 - _DARKEST_SHARE)
    lightest = quantile(levels, _DARKEST_SHARE)
    light = levels[2 * levels.astype(np.int16) <= lightest + darkest]
    paper = quantile(light, 0.5)
    deviations = np.abs(light.astype(np.int16) - paper).astype(np.uint8)
    noise = 1.4826 * quantile(deviations, 0.5)
    if darkest - paper < max(_MIN_CONTRAST, _MIN_CONTRAST_TO_NOISE * noise):
        return None
    mask = darkness >= paper + _THRESHOLD * (darkest - paper)
    full = quantile(levels[mask], 0.5)
    return Ink(np.clip((darkness - paper) / (full - paper), 0.0, 1.0), mask)


def quantile(levels: NDArray[np.uint8], share: float) -> int:
    """Return the lowest level that at least a share of the pixels does not exceed.

    Parameters
    ----------
    levels : ndarray of dtype uint8
    share : float

    Returns
    -------
    int
    """
    counts = np.cumsum(np.bincount(levels.ravel(), minlength=256))
    return int(np.searchsorted(counts, np.ceil(share * counts[-1])))
