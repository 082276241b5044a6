"""A smooth limit for scaled inputs, so that outliers cannot dominate the first layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from sk_mnist._utils.threads import thread_pool
from sk_mnist._utils.typing import FloatArray

# Scaled inputs stay between -LIMIT and LIMIT. RealMLP limits at the same value, with a function
# that Keras, ONNX and scikit-learn do not have.
LIMIT = 3.0

# Rows that a thread limits at a time. As many are predicted at a time, which so need no threads:
# starting them takes 4 ms, limiting 1,024 rows of 20 features 0.2 ms.
_CHUNK_ROWS = 1024


@dataclass(frozen=True)
class InputLimit:
    """The map ``x -> 3 tanh((x - offset) / (3 scale))``, about ``(x - offset) / scale`` near zero.

    Attributes
    ----------
    offset, scale : ndarray of shape (n_features,), float64
    """

    offset: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]

    def __call__(self, X: Any, dtype: npt.DTypeLike) -> Any:
        """Return limited inputs, minus `at_zero` where X is sparse, so that zeros stay zeros.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        dtype : {"float32", "float64"}
            Of the result.

        Returns
        -------
        {ndarray, CSR matrix} of shape (n_samples, n_features)
            A copy.
        """
        offset, width = self.offset_and_width(dtype)
        if sparse.issparse(X):
            X = X.tocsr()
            at_zero = self.at_zero(dtype)
            columns = X.indices
            values = X.data.astype(dtype)
            _limit(values, offset[columns], width[columns])
            values -= at_zero[columns]
            return type(X)((values, columns, X.indptr), shape=X.shape)
        if len(X) <= _CHUNK_ROWS:
            out = X.astype(dtype, order="C")
            _limit(out, offset, width)
            return out
        out = np.empty(X.shape, dtype)

        def limit(rows: slice) -> None:
            out[rows] = X[rows]
            _limit(out[rows], offset, width)

        chunks = [slice(i, i + _CHUNK_ROWS) for i in range(0, len(out), _CHUNK_ROWS)]
        with thread_pool() as (pool, _):  # NumPy releases the GIL
            list(pool.map(limit, chunks))
        return out

    def at_zero(self, dtype: npt.DTypeLike) -> FloatArray:
        """Return what a row of zeros becomes."""
        at_zero = np.zeros(len(self.offset), dtype)
        _limit(at_zero, *self.offset_and_width(dtype))
        return at_zero

    def offset_and_width(self, dtype: npt.DTypeLike) -> tuple[FloatArray, FloatArray]:
        """Return what is subtracted from an input, and what it is then divided by."""
        return self.offset.astype(dtype), (LIMIT * self.scale).astype(dtype)


def limit_of(estimator: Any) -> InputLimit | None:
    """Return the limit that a fitted classifier has in front of its first layer, if it has one."""
    if estimator.input_limit_ is None:
        return None
    return InputLimit(estimator.input_offset_, estimator.input_scale_)


def _limit(x: FloatArray, offset: FloatArray, width: FloatArray) -> None:
    """Limit an array in place."""
    with np.errstate(over="ignore", under="ignore"):
        x -= offset
        x /= width
        np.tanh(x, out=x)
        x *= LIMIT
