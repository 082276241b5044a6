"""Arrays whose memory begins at a cache line."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

CACHE_LINE = 64
"""Bytes that come into a processor's cache together, and the alignment that XLA expects."""


def aligned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Make an array of zeros that begins at a cache line.

    Vector loads take twice as long where they cross two lines. The line behind the array may be
    read, too, as products of matrices in vectors do.
    """
    size = math.prod(shape) * dtype.itemsize
    memory = np.zeros(size + 2 * CACHE_LINE, np.uint8)
    start = -memory.ctypes.data % CACHE_LINE
    return memory[start : start + size].view(dtype).reshape(shape)
