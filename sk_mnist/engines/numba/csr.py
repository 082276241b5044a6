"""Conversion of inputs to CSR format, for images, mostly background, and for sparse matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from sk_mnist._utils.threads import thread_pool
from sk_mnist.data.checks import check_sparse_indices
from sk_mnist.data.input_scaling import InputScaling
from sk_mnist.engines.numba.machine_code.entry_points import copy_nonzero, count_nonzero

# Share of nonzero inputs up to which it is faster to compute from these alone. With 256-bit
# registers it is 0.5.
MAX_DENSITY = 0.4

# Rows that are converted at a time.
_CHUNK_ROWS = 4096


def index_dtype(n_features: int) -> type[np.unsignedinteger[Any]]:
    """Return the dtype of columns."""
    return np.uint16 if n_features <= 2**16 else np.uint32


def stays_sparse(X: Any, scaling: InputScaling) -> bool:
    """Tell whether a sparse matrix is trained on in CSR format, and never made dense."""
    return sparse.issparse(X) and _is_sparse_enough(X.nnz, X.shape) and not scaling.offset.any()


def to_csr(
    X: Any, factor: npt.NDArray[Any]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any], npt.NDArray[Any]] | None:
    """Scale inputs and convert them to CSR format, unless too many of them are not zero.

    Parameters
    ----------
    X : {ndarray, sparse matrix} of shape (n_rows, n_features)
        Inputs of any numeric dtype.
    factor : ndarray of shape (n_features,)
        Multiplied with the inputs.

    Returns
    -------
    indptr, indices, values : ndarray, or None
        The columns of a row ascend and are unique. `indices` are uint16 or uint32, `values` have
        the dtype of `factor`.
    """
    n_rows, n_features = X.shape
    index = index_dtype(n_features)
    if sparse.issparse(X):
        if not _is_sparse_enough(X.nnz, X.shape):
            return None
        # With columns in another order, or out of range, kernels would write out of bounds. The
        # flags of X may be older than its indices, and other threads may change them: a copy is
        # checked.
        arrays = X.data.astype(factor.dtype), X.indices.copy(), X.indptr.copy()
        X = sparse.csr_array(arrays, shape=X.shape)
        check_sparse_indices(X)
        X.sum_duplicates()
        X.data *= factor[X.indices]
        return X.indptr.astype(np.int64), X.indices.astype(index), X.data
    chunks = [slice(i, i + _CHUNK_ROWS) for i in range(0, n_rows, _CHUNK_ROWS)]
    counts = np.empty(n_rows, np.int64)
    with thread_pool() as (pool, _):

        def for_each_chunk(task: Callable[[slice, Any], object]) -> None:
            list(pool.map(lambda rows: task(rows, contiguous(X[rows], factor.dtype)), chunks))

        for_each_chunk(lambda rows, chunk: count_nonzero(chunk, counts[rows]))
        indptr = np.concatenate([np.zeros(1, np.int64), counts.cumsum()])
        if not _is_sparse_enough(indptr[-1], X.shape):
            return None
        indices, values = np.empty(indptr[-1], index), np.empty(indptr[-1], factor.dtype)
        for_each_chunk(
            lambda rows, chunk: copy_nonzero(
                chunk, indptr[rows], counts[rows], factor, indices, values
            )
        )
    return indptr, indices, values


def _is_sparse_enough(n_nonzero: int, shape: tuple[int, int]) -> bool:
    return n_nonzero <= MAX_DENSITY * shape[0] * shape[1]


def contiguous(X: Any, dtype: np.dtype[Any]) -> Any:
    """Return dense inputs as kernels take them: C-contiguous, uint8 or of the given dtype."""
    return np.require(X, np.uint8 if X.dtype == np.uint8 else dtype, ["C", "A"])
