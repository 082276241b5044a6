"""The ink of a picture: how much it differs from the paper around it."""

from __future__ import annotations

from math import ceil

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from sk_mnist.images.resampling import Plane, block_mean, box_blur, enlarge

# The paper is estimated in a picture whose longer side is at most this number of pixels.
_COARSE_SIDE = 64
# In dark corners, a difference of one level of gray is not taken for more than 4 times of it.
_DARKEST_PAPER = 64.0


def is_light_on_dark(gray: Plane) -> bool:
    """Tell whether the ink is lighter than what it is on.

    Ink covers less than half of what is near it. So gray levels, minus their mean nearby (over
    squares of radius ceil(longer side / 6)), are skewed towards the ink: the sum of their cubes is
    positive for light ink.

    Parameters
    ----------
    gray : ndarray of shape (height, width), dtype=float64

    Returns
    -------
    bool
    """
    coarse = _coarse(gray, 2 * _COARSE_SIDE)[0]
    differences = coarse - box_blur(coarse, _window_radius(coarse))
    return bool((differences**3).sum() > 0)


def estimate_background(gray: Plane) -> Plane:
    """Estimate the paper behind dark ink, as if there were no ink.

    A grayscale closing, at a low resolution: in block means of at most 64 x 64 pixels, the maximum
    over squares of radius ceil(longer side / 6), and of that the minimum over the same squares,
    both clipped at the border. It fills whatever is narrower than a third of the picture, and
    leaves gradients and edges of large shadows as they are. The result is interpolated bilinearly.

    Parameters
    ----------
    gray : ndarray of shape (height, width), dtype=float64
        From 0 to 255, dark ink on light paper.

    Returns
    -------
    ndarray of shape (height, width), dtype=float64
    """
    coarse, factor = _coarse(gray, _COARSE_SIDE)
    size = 2 * _window_radius(coarse) + 1
    for running in (maximum_filter1d, minimum_filter1d):
        for axis in (0, 1):
            # Repeated border pixels change no maximum, so the squares are as good as clipped.
            coarse = running(coarse, size, axis=axis, mode="nearest")
    return enlarge(coarse, factor, gray.shape)


def darkness_of(gray: Plane, background: Plane) -> Plane:
    """Return how much darker than the paper each pixel is, relative to the paper.

    ``255 * (background - gray) / max(background, 64)``: what reflects a half of the light is as
    dark in a shadow as elsewhere.

    Parameters
    ----------
    gray, background : ndarray of shape (height, width), dtype=float64

    Returns
    -------
    ndarray of shape (height, width), dtype=float64
        About 0 for paper, and up to 255.
    """
    return np.asarray(255.0 * (background - gray) / np.maximum(background, _DARKEST_PAPER))


def _coarse(gray: Plane, longest: int) -> tuple[Plane, int]:
    factor = ceil(max(gray.shape) / longest)
    return block_mean(gray, factor), factor


def _window_radius(image: Plane) -> int:
    return ceil(int(max(image.shape)) / 6)
