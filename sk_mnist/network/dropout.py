"""Which units dropout keeps: a hash of (seed, step, layer, element), the same in every engine.

A counter-based hash needs no state, so any thread can draw any element of a mask, and compiled
code draws it within the loop that uses it. `keep_mask` is the reference; the kernels and the
TensorFlow program have the same function in their own terms.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

# The hash is "lowbias32" of C. Wellons, "Prospecting for hash functions", 2018.
SHIFTS = (16, 15, 16)
MULTIPLIERS = (0x7FEB352D, 0x846CA68B)

MAX_LAYERS = 64
"""Step and layer share a key: ``step * MAX_LAYERS + layer``."""


def keep_mask(
    shape: tuple[int, int], dropout: float, seed: int, step: int, layer: int
) -> npt.NDArray[np.bool_]:
    """Draw which elements of a layer's outputs dropout keeps.

    Parameters
    ----------
    shape : (int, int)
        Rows of the batch and units of the layer.
    dropout : float
        Probability that an element is dropped.
    seed : int
        Seed of the epoch, below 2 ** 32.
    step : int
        Number of the step in the epoch.
    layer : int
        Number of the hidden layer, from zero.

    Returns
    -------
    ndarray of bool of that shape
        True with probability ``1 - dropout``.
    """
    key = _hash(np.array([step * MAX_LAYERS + layer], np.uint32))
    key = _hash(key ^ np.uint32(seed))
    index = np.arange(math.prod(shape), dtype=np.uint32).reshape(shape)
    # Two rounds: index ^ key takes the same values for every key, only in another order.
    bits = _hash(_hash(index ^ key) + key)
    # The upper 24 bits are exact as a float of any dtype.
    return np.asarray((bits >> np.uint32(8)) >= dropout * 2**24)


def _hash(x: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    first, second, third = map(np.uint32, SHIFTS)
    x = (x ^ (x >> first)) * np.uint32(MULTIPLIERS[0])
    x = (x ^ (x >> second)) * np.uint32(MULTIPLIERS[1])
    return x ^ (x >> third)
