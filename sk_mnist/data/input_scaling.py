"""Input scaling, learned from the training set and folded into the first layer."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from sk_mnist._utils.threads import thread_pool
from sk_mnist._utils.typing import FloatArray

ScalingMethod: TypeAlias = Literal["rms", "standard"]

RowWeight: TypeAlias = npt.NDArray[np.float64]

# Rows per chunk while statistics are summed: no wide copy of all of X, and a chunk that stays in
# the cache (60,000 images of 784 bytes: 16 ms with 256 rows, 21 ms with 4,096).
_CHUNK_ROWS = 256

# Rows that a thread sums at a time; whole chunks.
_TASK_ROWS = 32 * _CHUNK_ROWS


@dataclass(frozen=True)
class InputScaling:
    """The map ``x -> (x - offset) / scale`` between the data and the first layer.

    Attributes
    ----------
    offset, scale : ndarray of shape (n_features,) or (1,), float64
        Of length one where all features share the number. The scale is never zero: a constant
        feature has scale one.
    """

    offset: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]

    @classmethod
    def from_data(
        cls, X: Any, sample_weight: RowWeight, method: ScalingMethod | None
    ) -> InputScaling:
        """Learn the map from training data.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n_samples, n_features)
            The training data.
        sample_weight : ndarray of shape (n_samples,)
            The weight of each row in the statistics.
        method : {"rms", "standard"} or None
            "rms" divides all features by one number, the root mean square of X. "standard"
            subtracts the mean of each feature and divides by its standard deviation. None leaves
            X as it is.

        Returns
        -------
        InputScaling
        """
        offset, scale = np.zeros(1), np.ones(1)
        if method == "rms":
            scale[0] = _root_mean_square(X, sample_weight) or 1.0
        elif method == "standard":
            offset = _mean(X, sample_weight)
            variance = _variance(X, sample_weight, offset)
            # Rounding alone can give a constant feature a tiny variance.
            rounding = X.shape[0] * np.finfo(np.float64).eps * np.abs(offset)
            scale = np.where(variance > rounding**2, np.sqrt(variance), 1.0)
        return cls(offset, scale)

    def fold(self, coef: FloatArray, intercept: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return first-layer weights that take the data as they are."""
        folded = coef / self.scale[:, None]
        intercept = intercept - self._offset_output(folded)
        return folded.astype(coef.dtype), intercept.astype(coef.dtype)

    def unfold(self, coef: FloatArray, intercept: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return first-layer weights that take scaled data: the inverse of `fold`."""
        unfolded = coef * self.scale[:, None]
        intercept = intercept + self._offset_output(coef)
        return unfolded.astype(coef.dtype), intercept.astype(coef.dtype)

    def _offset_output(self, coef: FloatArray) -> npt.NDArray[np.float64]:
        """Return the layer's output for the offset, in float64, as large offsets cancel here."""
        return np.asarray(np.broadcast_to(self.offset, len(coef)) @ coef.astype(np.float64))


def _chunks(
    X: Any, sample_weight: RowWeight, dtype: npt.DTypeLike = np.float64
) -> Iterator[tuple[FloatArray, RowWeight]]:
    """Yield dense chunks of rows with their weights."""
    for start in range(0, X.shape[0], _CHUNK_ROWS):
        rows = slice(start, start + _CHUNK_ROWS)
        chunk = X[rows].toarray() if sparse.issparse(X) else X[rows]
        yield chunk.astype(dtype, copy=False), sample_weight[rows]


def _root_mean_square(X: Any, sample_weight: RowWeight) -> float:
    mean_square = _mean_square(X, sample_weight)
    if 0 < mean_square < np.inf:
        return math.sqrt(mean_square)
    # The squares left the range of float64, or X is zero: use units of the largest value.
    largest = float(abs(X).max())
    if largest == 0:
        return 0.0
    unit = math.ldexp(1.0, math.frexp(largest)[1] - 1)
    return unit * math.sqrt(_mean_square(X / unit, sample_weight))


def _mean_square(X: Any, sample_weight: RowWeight) -> float:
    # The squares of 8-bit pixels are exact in float32, and summing them takes half the time.
    dtype = np.float32 if X.dtype == np.uint8 else np.float64

    def sums(rows: slice) -> list[float]:
        chunks = _chunks(X[rows], sample_weight[rows], dtype)
        with np.errstate(over="ignore", under="ignore"):  # in each thread anew
            return [float(weights @ np.vecdot(chunk, chunk)) for chunk, weights in chunks]

    # NumPy releases the GIL. The order of the sum does not depend on the number of threads.
    tasks = [slice(i, i + _TASK_ROWS) for i in range(0, X.shape[0], _TASK_ROWS)]
    with thread_pool() as (pool, _):
        total = sum(chain.from_iterable(pool.map(sums, tasks)))
    return total / float(sample_weight.sum()) / int(X.shape[1])


def _mean(X: Any, sample_weight: RowWeight) -> npt.NDArray[np.float64]:
    total = sum(weights @ chunk for chunk, weights in _chunks(X, sample_weight))
    return np.asarray(total / sample_weight.sum())


def _variance(
    X: Any, sample_weight: RowWeight, mean: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    chunks = _chunks(X, sample_weight)
    total = sum(weights @ np.square(chunk - mean) for chunk, weights in chunks)
    return np.asarray(total / sample_weight.sum())
