"""Rows without zeros: of images, most of which are background, and of sparse matrices."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from sk_mnist._utils.threads import team_size
from sk_mnist.data.input_scaling import InputScaling
from sk_mnist.engines.numba.kernels.compile import entry_point

# Share of inputs that are not zero up to which it is faster to compute from these alone. With
# registers of 256 bits it is a half.
_MOST_NONZERO = 0.4

# Rows from which zeros are taken at a time.
_CHUNK_ROWS = 4096

Vector = npt.NDArray[Any]


def takes_sparse(X: Any, scaling: InputScaling) -> bool:
    """Tell whether a sparse matrix is trained on as it is, and never made dense."""
    return sparse.issparse(X) and _are_few(X.nnz, X.shape) and not scaling.offset.any()


def without_zeros(X: Any, factor: Vector) -> tuple[Vector, Vector, Vector] | None:
    """Return starts, columns and values of what is not zero, unless that is much.

    The columns of a row are in ascending order, each once.
    """
    n_rows, n_features = X.shape
    index = np.uint16 if n_features <= 2**16 else np.uint32
    if sparse.issparse(X):
        if not _are_few(X.nnz, X.shape):
            return None
        # Kernels would write to other memory if columns were not in order. What a matrix says of
        # itself may be from before its columns were changed: a new one looks.
        X = sparse.csr_array((X.data, X.indices, X.indptr), shape=X.shape)
        if not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()
        values = X.data.astype(factor.dtype) * factor[X.indices]
        return X.indptr.astype(np.int64), X.indices.astype(index), values
    chunks = [slice(i, i + _CHUNK_ROWS) for i in range(0, n_rows, _CHUNK_ROWS)]
    counts = np.empty(n_rows, np.int64)
    with team_size() as n_threads, ThreadPoolExecutor(n_threads) as pool:

        def for_each(task: Callable[[slice, Any], None]) -> None:
            list(pool.map(lambda rows: task(rows, contiguous(X[rows], factor.dtype)), chunks))

        for_each(lambda rows, chunk: _count_nonzero(chunk, counts[rows]))
        starts = np.concatenate([np.zeros(1, np.int64), counts.cumsum()])
        if not _are_few(starts[-1], X.shape):
            return None
        columns, values = np.empty(starts[-1], index), np.empty(starts[-1], factor.dtype)
        for_each(lambda rows, chunk: _copy_nonzero(chunk, starts[rows], factor, columns, values))
    return starts, columns, values


def _are_few(n_nonzero: int, shape: tuple[int, int]) -> bool:
    return n_nonzero <= _MOST_NONZERO * shape[0] * shape[1]


def contiguous(X: Any, dtype: np.dtype[Any]) -> Any:
    """Return dense inputs as kernels take them: row by row, bytes or the network's numbers."""
    return np.ascontiguousarray(X, np.uint8 if X.dtype == np.uint8 else dtype)


@entry_point
def _count_nonzero(X, counts):
    """Count the numbers in each row that are not zero."""
    for i in range(len(X)):
        count = 0
        for j in range(X.shape[1]):
            count += X[i, j] != 0
        counts[i] = count


@entry_point
def _copy_nonzero(X, starts, factor, columns, values):
    """Write what in each row is not zero, times its column's factor, with its column."""
    for i in range(len(X)):
        k = starts[i]
        for j in range(X.shape[1]):
            if X[i, j] != 0:
                columns[k] = j
                values[k] = values.dtype.type(X[i, j]) * factor[j]
                k += 1
