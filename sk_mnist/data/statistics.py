"""Weighted statistics of training data, summed over chunks of rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from sk_mnist._utils.threads import thread_pool
from sk_mnist._utils.typing import FloatArray

FeatureArray: TypeAlias = npt.NDArray[np.float64]
RowWeight: TypeAlias = npt.NDArray[np.float64]

# Rows per chunk while statistics are summed: no wide copy of all of X, and a chunk that stays in
# the cache (60,000 images of 784 bytes: 16 ms with 256 rows, 21 ms with 4,096).
_CHUNK_ROWS = 256

# Rows that a thread sums at a time; whole chunks.
_TASK_ROWS = 32 * _CHUNK_ROWS

# Rows that represent all in quantiles, whose standard error is then about 1% of the interquartile
# range.
_QUANTILE_ROWS = 10_000


# Numbers whose squares, and sums of them, are in the range of float64.
_SAFE_RANGE = 1e-140, 1e140


def _chunks(
    X: Any, sample_weight: RowWeight, dtype: npt.DTypeLike = np.float64
) -> Iterator[tuple[FloatArray, RowWeight]]:
    """Yield dense chunks of rows with their weights."""
    for start in range(0, X.shape[0], _CHUNK_ROWS):
        rows = slice(start, start + _CHUNK_ROWS)
        chunk = X[rows].toarray() if sparse.issparse(X) else X[rows]
        yield chunk.astype(dtype, copy=False), sample_weight[rows]


def root_mean_square(X: Any, sample_weight: RowWeight) -> float:
    """Return the root mean square of all elements."""
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
    with thread_pool() as (pool, _):
        total = sum(chain.from_iterable(pool.map(sums, _tasks(X.shape[0]))))
    return total / float(sample_weight.sum()) / int(X.shape[1])


def _tasks(n_rows: int) -> list[slice]:
    """Divide rows into what a thread sums at a time."""
    return [slice(start, start + _TASK_ROWS) for start in range(0, n_rows, _TASK_ROWS)]


def mean(X: Any, sample_weight: RowWeight) -> FeatureArray:
    """Return the mean of each feature."""
    with np.errstate(over="ignore", invalid="ignore"):
        total = sum(weights @ chunk for chunk, weights in _chunks(X, sample_weight))
    if not np.isfinite(total).all():
        # The sums left the range of float64: use units of the largest value of each feature.
        unit = _units(X)
        return mean(_in_units(X, unit), sample_weight) * unit
    return np.asarray(total / sample_weight.sum())


def deviation(X: Any, sample_weight: RowWeight, center: FeatureArray) -> FeatureArray:
    """Return the root of each feature's mean squared difference from its center."""
    chunks = _chunks(X, sample_weight)
    with np.errstate(over="ignore", under="ignore"):
        total = sum(weights @ np.square(chunk - center) for chunk, weights in chunks)
    root = np.asarray(np.sqrt(total / sample_weight.sum()))
    suspect = np.flatnonzero(~((root > _SAFE_RANGE[0]) & (root < _SAFE_RANGE[1])))
    if len(suspect):  # constant, or the squares left the range of float64
        unit = _units(X[:, suspect])
        is_extreme = (unit < _SAFE_RANGE[0]) | (unit > _SAFE_RANGE[1])
        extreme, unit = suspect[is_extreme], unit[is_extreme]
        if len(extreme):
            in_units = _in_units(X[:, extreme], unit)
            root[extreme] = deviation(in_units, sample_weight, center[extreme] / unit) * unit
    return root


def _in_units(X: Any, unit: FeatureArray) -> Any:
    return X.multiply(1 / unit).tocsr() if sparse.issparse(X) else X / unit


def zero_share_and_rms(X: Any, sample_weight: RowWeight) -> tuple[FeatureArray, FeatureArray]:
    """Return each feature's share of zeros, and the root mean square of its other values."""

    def sums(rows: slice) -> FeatureArray:
        nonzero_and_squares = np.zeros((2, X.shape[1]))
        with np.errstate(over="ignore", under="ignore"):  # in each thread anew
            for chunk, weights in _chunks(X[rows], sample_weight[rows]):
                nonzero_and_squares[0] += weights @ (chunk != 0)
                nonzero_and_squares[1] += weights @ np.square(chunk)
        return nonzero_and_squares

    with thread_pool() as (pool, _):
        nonzero, squares = np.sum(list(pool.map(sums, _tasks(X.shape[0]))), axis=0)
    if not np.all(np.isfinite(squares) & ((squares > 0) | (nonzero == 0))):
        # Squares left the range of float64: use units of the largest value of each feature.
        unit = _units(X)
        zero_share, rms = zero_share_and_rms(_in_units(X, unit), sample_weight)
        return zero_share, rms * unit
    total = sample_weight.sum()
    return (total - nonzero) / total, np.sqrt(squares / np.where(nonzero > 0, nonzero, total))


def _units(X: Any) -> FeatureArray:
    """Return for each feature a power of two near its largest absolute value."""
    largest = abs(X).max(axis=0)
    if sparse.issparse(largest):
        largest = largest.toarray()
    exponent = np.frexp(np.ravel(largest).astype(np.float64))[1]
    return np.asarray(np.ldexp(1.0, exponent - 1))


def quartiles(X: Any, sample_weight: RowWeight, features: npt.NDArray[np.intp]) -> FeatureArray:
    """Return the first quartile, the median and the third quartile of some of the features.

    Each is a value of the data, with the weights as numbers of repetitions. Of many rows, evenly
    spaced ones represent all.

    Returns
    -------
    ndarray of shape (3, n_features)
    """
    n_rows = X.shape[0]
    if n_rows > _QUANTILE_ROWS:
        rows = np.linspace(0, n_rows - 1, _QUANTILE_ROWS).astype(np.intp)
        X, sample_weight = X[rows], sample_weight[rows]
    X = X[:, features]
    X = X.toarray() if sparse.issparse(X) else np.asarray(X)
    equal = sample_weight.min() == sample_weight.max()
    return np.asarray(
        np.quantile(
            X,
            [0.25, 0.5, 0.75],
            axis=0,
            weights=None if equal else sample_weight,
            method="inverted_cdf",
        ),
        dtype=np.float64,
    )
