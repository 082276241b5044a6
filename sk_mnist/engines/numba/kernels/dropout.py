"""Dropout masks as a hash of (seed, step, layer, element).

`sk_mnist.network.dropout.keep_mask` is the reference.
"""

from __future__ import annotations

import numpy as np

from sk_mnist.engines.numba.kernels.compile import kernel


@kernel
def mask_key(seed, step, layer):
    """Hash what is the same for all elements of a mask."""
    return _hash(_hash(np.uint32(np.uint32(step) * np.uint32(64) + np.uint32(layer))) ^ seed)


@kernel
def multiply_by_mask(outputs, gradients, first_row, key, dropout):
    """Set the elements that are dropped to zero, and scale the others so that the mean stays.

    Both matrices are of the rows of a layer from `first_row` of the batch on.
    """
    n_rows, n_units = outputs.shape
    scalar = outputs.dtype.type
    threshold = dropout * scalar(2**24)
    scale = scalar(1) / (scalar(1) - dropout)
    for i in range(n_rows):
        for j in range(n_units):
            bits = _hash(_hash(np.uint32((first_row + i) * n_units + j) ^ key) + key)
            factor = scale if scalar(bits >> np.uint32(8)) >= threshold else scalar(0)
            outputs[i, j] *= factor
            gradients[i, j] *= factor


@kernel
def _hash(x):
    x = np.uint32(x)  # Numba widens the results of sums and products
    x = np.uint32((x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D))
    x = np.uint32((x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B))
    return np.uint32(x ^ (x >> np.uint32(16)))
