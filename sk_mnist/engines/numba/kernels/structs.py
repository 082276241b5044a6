"""What kernels work on, as groups of arrays and numbers, which Numba takes as they are."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

CACHE_LINE = 64
"""Bytes that come into a processor's cache together."""


def aligned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Make an array of zeros that begins with a line of the cache.

    What a processor reads at once takes twice as long where it lies in two lines. Behind the array
    another line may be read, as products in vectors do.
    """
    size = int(np.prod(shape)) * dtype.itemsize
    memory = np.zeros(size + 2 * CACHE_LINE, np.uint8)
    start = -memory.ctypes.data % CACHE_LINE
    return memory[start : start + size].view(dtype).reshape(shape)


class Rows(NamedTuple):
    """Loaded rows: dense, or without zeros and scaled (then `dense` has no rows).

    Attributes
    ----------
    dense : ndarray of shape (n_rows, n_features)
        The inputs, not scaled.
    starts : ndarray of shape (n_rows + 1,), int64
        Where in `columns` and `values` each row begins.
    columns, values : ndarray of shape (n_values,)
        The inputs that are not zero; the columns of a row are in ascending order.
    offset, factor : ndarray of shape (n_features,)
        Scaling of dense inputs: first the one is subtracted, then the other multiplied.
    labels : ndarray of shape (n_rows, 1) or (n_rows, n_outputs), int32
        Class numbers for a softmax output, 0 or 1 for logistic outputs.
    weights : ndarray of shape (n_rows,), float64
        Weight of each row in the loss.
    """

    dense: Any
    starts: Any
    columns: Any
    values: Any
    offset: Any
    factor: Any
    labels: Any
    weights: Any


class Network(NamedTuple):
    """Weights and Adam's averages, one vector each, in which the layers follow each other.

    Attributes
    ----------
    sizes : ndarray of int64
        Number of inputs, units of each layer.
    pitches : ndarray of int64
        Of each layer, numbers from one row of its matrix to the next. Between long rows there is a
        line of the cache: those a power of two apart would want the same place in it.
    coefs, intercepts : ndarray of int64
        Where in the vectors those of each layer begin.
    weights, momenta, velocities : ndarray
        A dense layer's matrix has the shape (n_inputs, pitch), that of a first layer of sparse
        inputs (n_tiles, n_inputs, TILE).
    """

    sizes: Any
    pitches: Any
    coefs: Any
    intercepts: Any
    weights: Any
    momenta: Any
    velocities: Any


class Workspace(NamedTuple):
    """What a step computes on its way.

    Attributes
    ----------
    starts : ndarray of int64
        Where in the next four each layer begins, the inputs first.
    outputs, slopes, deltas : ndarray
        Of each layer, for each row of the batch: outputs, their derivative by the logits, and that
        of the loss by the logits.
    turned : ndarray
        Like `deltas`, but of each block of rows transposed.
    tiles : ndarray of shape (n_tiles, batch_size, TILE)
        Of a first layer of sparse inputs: these times the weights, then the derivative of the loss
        by the logits.
    tile_inputs : int
        Number of inputs, at most, whose weights are a task of a tile.
    bounds : ndarray of shape (n_tiles, n_tasks + 1, batch_size), int64
        Where in each sparse row of the batch the inputs of a task begin; each tile has its own
        copy, beside the thread that it is computed by.
    losses, hits : ndarray of shape (batch_size,)
        Of each row, times its weight.
    """

    starts: Any
    outputs: Any
    slopes: Any
    deltas: Any
    turned: Any
    tiles: Any
    tile_inputs: Any
    bounds: Any
    losses: Any
    hits: Any


class Settings(NamedTuple):
    """What else a training takes; the numbers are of the network's type.

    Attributes
    ----------
    negative_slope : float
        Derivative of the hidden layers' activation below zero.
    softmax : bool
        Whether the outputs are a softmax, else each is logistic.
    alpha, dropout, label_smoothing : float
        As in the estimator.
    seed : uint32
        Seed of the epoch's dropout masks.
    first_step : int
        Number in the epoch of the first step.
    n_steps_before : int
        Steps that Adam has made before.
    beta_1, beta_2, epsilon : float
        Adam's.
    """

    negative_slope: Any
    softmax: Any
    alpha: Any
    dropout: Any
    label_smoothing: Any
    seed: Any
    first_step: Any
    n_steps_before: Any
    beta_1: Any
    beta_2: Any
    epsilon: Any
