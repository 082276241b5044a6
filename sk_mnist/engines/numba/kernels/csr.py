"""Conversion of dense rows to CSR format: count what is not zero, then copy it."""

from __future__ import annotations

from sk_mnist.engines.numba.kernels.compile import entry_point


@entry_point
def count_nonzero(X, counts):
    """Write the number of nonzero elements of each row to `counts`."""
    for i in range(len(X)):
        count = 0
        for j in range(X.shape[1]):
            count += X[i, j] != 0
        counts[i] = count


@entry_point
def copy_nonzero(X, starts, counts, factor, indices, values):
    """Write columns and scaled values of the nonzero elements of each row, from its start on.

    Exactly `counts` elements are written for each row, in ascending columns, whatever X holds: it
    may have changed since it was counted, in another thread or process.
    """
    for i in range(len(X)):
        k, stop = starts[i], starts[i] + counts[i]
        for j in range(X.shape[1]):
            if X[i, j] != 0 and k < stop:
                indices[k] = j
                values[k] = values.dtype.type(X[i, j]) * factor[j]
                k += 1
        if k < stop:
            for j in range(counts[i]):
                indices[starts[i] + j] = j
                values[starts[i] + j] = values.dtype.type(X[i, j]) * factor[j]
