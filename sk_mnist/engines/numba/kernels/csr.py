"""Conversion of dense rows to CSR format: count what is not zero, then copy it."""

from __future__ import annotations

import numpy as np

from sk_mnist.engines.numba.kernels.compile import kernel
from sk_mnist.engines.numba.kernels.llvm_bits import MASK_BITS, lowest_bit, nonzero_mask


@kernel
def count_nonzero(X, counts):
    """Write the number of nonzero elements of each row to `counts`."""
    for i in range(len(X)):
        count = 0
        for j in range(X.shape[1]):
            count += X[i, j] != 0
        counts[i] = count


@kernel
def copy_nonzero(X, starts, counts, factor, indices, values):
    """Write columns and scaled values of the nonzero elements of each row, from its start on.

    Exactly `counts` elements are written for each row, in ascending columns, whatever X holds: it
    may have changed since it was counted, in another thread or process.
    """
    scalar = values.dtype.type
    n_columns = X.shape[1]
    n_masked = n_columns - n_columns % MASK_BITS
    for i in range(len(X)):
        k, stop = starts[i], starts[i] + counts[i]
        for first in range(0, n_masked, MASK_BITS):
            mask = nonzero_mask(X, i, first)
            while mask != 0 and k < stop:
                j = first + lowest_bit(mask)
                indices[k] = j
                values[k] = scalar(X[i, j]) * factor[j]
                k += 1
                mask &= mask - np.uint64(1)  # without that bit
        for j in range(n_masked, n_columns):
            if X[i, j] != 0 and k < stop:
                indices[k] = j
                values[k] = scalar(X[i, j]) * factor[j]
                k += 1
        if k < stop:
            for j in range(counts[i]):
                indices[starts[i] + j] = j
                values[starts[i] + j] = scalar(X[i, j]) * factor[j]
