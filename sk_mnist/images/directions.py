"""In which directions the edges of a digit run, and where: features for comparing digits."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from sk_mnist.images.placement import SIDE

Features = npt.NDArray[np.float32]

N_DIRECTIONS = 8
N_CELLS = 7
"""Cells in each row and in each column."""

# In pixels. Chosen on training digits: see examples/handwriting/unfamiliar.py.
_EDGE_SCALE = 1.0
_CELL_SCALE = 2.0
# Flat areas have a gradient of zero and no direction. In parts of the largest pixel.
_FLATTEST = np.float32(1e-6)
_CHUNK_ROWS = 1000


def edge_directions(X: npt.NDArray[Any]) -> Features:
    """Describe digits by the directions of their edges in each of 7 x 7 cells.

    This is a histogram of oriented gradients: the gradient of the smoothed image is divided among
    eight directions, and the magnitudes in each direction are averaged over overlapping cells.
    Small shifts and the width of the pen change it less than they change the pixels, and the
    contrast does not change it.

    Parameters
    ----------
    X : ndarray of shape (n_samples, 784)
        Images of 28 x 28 pixels, row by row, in any unit.

    Returns
    -------
    ndarray of shape (n_samples, 392), dtype=float32
        Vectors of length one. Those of images without edges are zero.

    References
    ----------
    N. Dalal and B. Triggs. "Histograms of oriented gradients for human detection." CVPR 2005.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_mnist.images.directions import edge_directions
    >>> image = np.zeros((28, 28))
    >>> image[14:] = 255  # one horizontal edge
    >>> edge_directions(image.reshape(1, 784)).reshape(8, 7, 7).sum(axis=(1, 2)).round(1)
    array([0. , 0.9, 3.4, 0.9, 0. , 0. , 0. , 0. ], dtype=float32)
    """
    features = np.empty((len(X), N_DIRECTIONS * N_CELLS**2), dtype=np.float32)
    for start in range(0, len(X), _CHUNK_ROWS):
        chunk = slice(start, start + _CHUNK_ROWS)
        features[chunk] = _describe(_normalized(X[chunk]).reshape(-1, SIDE, SIDE))
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    np.divide(features, lengths, out=features, where=lengths > 0)
    return features


def _normalized(X: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Divide each row by its largest absolute value, before float32 could overflow."""
    rows = X.astype(np.float64)
    largest = np.abs(rows).max(axis=1, keepdims=True)
    return np.asarray(rows / np.where(largest > 0, largest, 1.0), dtype=np.float32)


def _describe(images: npt.NDArray[np.float32]) -> Features:
    smooth, slope = _filters()
    across = smooth @ images @ slope.T
    down = slope @ images @ smooth.T
    magnitude = np.maximum(np.hypot(across, down), _FLATTEST)
    cells = _cells()
    histogram = np.empty((len(images), N_DIRECTIONS, N_CELLS, N_CELLS), dtype=np.float32)
    for direction, angle in enumerate(np.arange(N_DIRECTIONS) * (2 * np.pi / N_DIRECTIONS)):
        along = across * np.float32(np.cos(angle)) + down * np.float32(np.sin(angle))
        cosine = np.maximum(along / magnitude, 0)
        # The fourth power: an edge contributes little to directions beside its own.
        share = np.square(np.square(cosine))
        histogram[:, direction] = cells @ (share * magnitude) @ cells.T
    return histogram.reshape(len(images), -1)


@cache
def _filters() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return a Gaussian and its derivative, as matrices that filter the columns of an image."""
    smooth = _gaussian((np.arange(SIDE)[:, None] - np.arange(SIDE)) / _EDGE_SCALE)
    return smooth, np.asarray(np.gradient(smooth, axis=0), dtype=np.float32)


@cache
def _cells() -> npt.NDArray[np.float32]:
    """Return the weights of the pixels of a column in the mean of each cell."""
    centers = (np.arange(N_CELLS) + 0.5) * (SIDE / N_CELLS) - 0.5
    return _gaussian((np.arange(SIDE) - centers[:, None]) / _CELL_SCALE)


def _gaussian(distance: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    weight = np.exp(-0.5 * distance**2)
    return np.asarray(weight / weight.sum(axis=1, keepdims=True), dtype=np.float32)
