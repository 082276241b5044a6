"""Distorted copies of digits: shifted, rotated, scaled, sheared, and bent.

The distortions know nothing of photos, pens or preparation.
"""

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

_BATCH = 5_000


def distorted(X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a distorted copy of each digit.

    Rotations are of up to 12 degrees, scales from 0.85 to 1.15 and shears of up to 0.15, all around
    the center; shifts are of up to 1.5 pixels. The elastic displacement of a pixel is a smooth
    random field (Simard, Steinkraus and Platt, 2003): uniform noise, blurred with a standard
    deviation of 4 pixels, times 30.

    Parameters
    ----------
    X : ndarray of shape (n_samples, 784), dtype=uint8
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (n_samples, 784), dtype=uint8
    """
    batches = (X[start : start + _BATCH] for start in range(0, len(X), _BATCH))
    return np.concatenate([_distorted_batch(batch.reshape(-1, 28, 28), rng) for batch in batches])


def _distorted_batch(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    n = len(images)
    angle = np.deg2rad(rng.uniform(-12, 12, n))
    scale = rng.uniform(0.85, 1.15, (2, n))
    shear = rng.uniform(-0.15, 0.15, n)
    cosine, sine = np.cos(angle) / scale[0], np.sin(angle) / scale[1]
    noise = rng.uniform(-1, 1, (2, *images.shape)).astype(np.float32)
    dy, dx = 30 * gaussian_filter(noise, (0, 0, 4, 4)) + rng.uniform(-1.5, 1.5, (2, n, 1, 1))
    index, row, column = np.indices(images.shape, dtype=np.float32)
    row, column = row - 13.5, column - 13.5
    sheared = column + shear[:, None, None] * row
    y = cosine[:, None, None] * row + sine[:, None, None] * sheared + 13.5 + dy
    x = cosine[:, None, None] * sheared - sine[:, None, None] * row + 13.5 + dx
    moved = map_coordinates(images.astype(np.float32), [index, y, x], order=1)
    return (moved + 0.5).astype(np.uint8).reshape(n, -1)
