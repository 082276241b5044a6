"""The ink of a picture: how much it differs from the paper around it."""

from __future__ import annotations

from math import ceil

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from sk_mnist.images.resampling import Plane, block_mean, box_blur, enlarge

# The paper is estimated in a picture whose longer side is at most this number of pixels.
_COARSE_SIDE = 64
# Pictures in which a digit fills all have less.
_CLEAR_SKEWNESS = 0.6
# A picture of one color has less, in squared levels of gray: rounding errors.
_LEAST_VARIANCE = 1e-12
# In dark corners, a difference of one level of gray is not taken for more than 4 times of it.
_DARKEST_PAPER = 64.0


def is_light_on_dark(gray: Plane) -> bool:
    """Tell whether the ink is lighter than what it is on.

    In block means of at most 128 x 128 pixels: ink covers less than half of what is near it. So
    levels of gray, minus their mean over squares of radius ceil(longer side / 6), are skewed
    towards the ink. If the skewness, ``mean(d**3) / mean(d**2) ** 1.5``, is at least 0.6 or at most
    -0.6, its sign tells; it counts as 0 if ``mean(d**2)`` is at most 1e-12. Otherwise there is
    little paper, as when a digit fills all of the picture; then what prevails at the border is
    paper: the ink is light if the median of the pixels at the border is less than the mean of the
    darkest and the lightest pixel of all.

    Parameters
    ----------
    gray : ndarray of shape (height, width), dtype=float64

    Returns
    -------
    bool
        False if all pixels are the same.
    """
    coarse = _coarse(gray, 2 * _COARSE_SIDE)[0]
    differences = coarse - box_blur(coarse, _window_radius(coarse))
    variance = float((differences**2).mean())
    skewness = float((differences**3).mean()) / variance**1.5 if variance > _LEAST_VARIANCE else 0.0
    if abs(skewness) >= _CLEAR_SKEWNESS:
        return skewness > 0
    border = np.concatenate([coarse[0], coarse[-1], coarse[1:-1, 0], coarse[1:-1, -1]])
    return bool(np.median(border) < (coarse.min() + coarse.max()) / 2)


def estimate_background(gray: Plane) -> Plane:
    """Estimate the paper behind dark ink, as if there were no ink.

    A grayscale closing, at a low resolution: in block means of at most 64 x 64 pixels, the maximum
    over squares of radius ceil(longer side / 6), and of that the minimum over the same squares,
    both clipped at the border. It fills whatever is narrower than a third of the picture, and
    leaves gradients and edges of large shadows as they are. The result is interpolated bilinearly.

    At the border a closing is right only where there is no gradient. So the most frequent gradient
    is subtracted before, and added afterwards: row i and column j have ``i * a + j * b``, where `a`
    is the median of the differences between pixels that are n = ceil(number of rows / 8) rows
    apart, divided by n, and `b` is the same for columns.

    Parameters
    ----------
    gray : ndarray of shape (height, width), dtype=float64
        From 0 to 255, dark ink on light paper.

    Returns
    -------
    ndarray of shape (height, width), dtype=float64
    """
    coarse, factor = _coarse(gray, _COARSE_SIDE)
    gradient = np.add.outer(_gradient(coarse), _gradient(coarse.T))
    size = 2 * _window_radius(coarse) + 1
    closed = coarse - gradient
    for running in (maximum_filter1d, minimum_filter1d):
        for axis in (0, 1):
            # Repeated border pixels change no maximum, so the squares are as good as clipped.
            closed = running(closed, size, axis=axis, mode="nearest")
    return enlarge(closed + gradient, factor, gray.shape)


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


def _gradient(image: Plane) -> Plane:
    """Return the levels of a linear gradient along the rows, from 0 on."""
    step = ceil(len(image) / 8)
    slope = float(np.median(image[step:] - image[:-step])) / step if len(image) > step else 0.0
    return np.arange(len(image), dtype=np.float64) * slope


def _window_radius(image: Plane) -> int:
    return ceil(int(max(image.shape)) / 6)
