"""What kernels work on: named tuples of arrays and scalars. This module does not import Numba."""

from __future__ import annotations

from typing import Any, NamedTuple

CACHE_LINE = 64
"""Bytes that come into a processor's cache together."""

TILE = 64
"""Units in a tile of a layer whose zero inputs are left out: sums over a row fit in registers."""

PREDICTED_ROWS = 48
"""Rows that are predicted together, a multiple of the rows of the gemm microkernel."""


class Rows(NamedTuple):
    """Loaded rows: dense, or in CSR format and scaled (then `dense` has no rows).

    Attributes
    ----------
    dense : ndarray of shape (n_rows, n_features)
        The inputs, not scaled.
    indptr : ndarray of shape (n_rows + 1,), int64
        Where in `indices` and `values` each row begins.
    indices, values : ndarray of shape (n_nonzero,)
        Columns and scaled values of the nonzero inputs; the columns of a row ascend.
    offset, factor : ndarray of shape (n_features,)
        Scaling of dense inputs: the offset is subtracted, then the factor multiplied.
    labels : ndarray of shape (n_rows, 1) or (n_rows, n_outputs), int32
        Class numbers for a softmax output, 0 or 1 for logistic outputs.
    row_weight : ndarray of shape (n_rows,), float64
        Weight of each row in the loss.
    """

    dense: Any
    indptr: Any
    indices: Any
    values: Any
    offset: Any
    factor: Any
    labels: Any
    row_weight: Any


class Network(NamedTuple):
    """Weights, and what the optimizer keeps for each: vectors that hold all layers.

    Attributes
    ----------
    layer_sizes : ndarray of int64
        Number of inputs, units of each layer.
    leading_dims : ndarray of int64
        Of each layer's matrix, elements from one row to the next. Long rows are padded by a cache
        line: rows a power of two apart would compete for the same place in the cache.
    coef_starts, intercept_starts : ndarray of int64
        Where in the vectors the matrix and the intercepts of each layer begin.
    weights : ndarray
        The matrix of a dense layer has the shape (n_inputs, leading_dim), that of a first layer of
        CSR inputs (n_tiles, n_inputs, TILE).
    slots : ndarray of shape (n_slots, n)
        Each row has the layout of the weights.
    """

    layer_sizes: Any
    leading_dims: Any
    coef_starts: Any
    intercept_starts: Any
    weights: Any
    slots: Any


class Workspace(NamedTuple):
    """Intermediate results of a step.

    Attributes
    ----------
    layer_starts : ndarray of int64
        Where in the next four vectors each layer begins, the inputs first.
    outputs, activation_gradients, deltas : ndarray
        Of each layer, for each row of the batch: the outputs (first the logits), their gradient by
        the logits, dropout mask included, and the gradient of the loss by the logits.
    transposed_deltas : ndarray
        Like `deltas`, but each block of rows is transposed.
    tiles : ndarray of shape (n_tiles, batch_size, TILE)
        Of a first layer of CSR inputs: logits without intercepts, later deltas.
    range_size : int
        Number of inputs in an input range; the last one may be smaller. The weights of a range
        within a tile are a weight block.
    range_bounds : ndarray of shape (n_tiles, n_ranges + 1, batch_size), int64
        Where in each CSR row of the batch the input ranges begin. Each tile has a copy of its own,
        in the cache of the worker that computes the tile.
    losses, correct : ndarray of shape (batch_size,)
        Loss of each row, and 1 if it is predicted correctly, times its weight.
    gradient : ndarray
        The gradient of all weights, in their layout, where it has to be known before a step is
        taken; otherwise empty.
    square_sums : ndarray of shape (n_weight_blocks, 2), float64
        Sums of the squares of the gradient, of the coefficients and the intercepts of each block.
    """

    layer_starts: Any
    outputs: Any
    activation_gradients: Any
    deltas: Any
    transposed_deltas: Any
    tiles: Any
    range_size: Any
    range_bounds: Any
    losses: Any
    correct: Any
    gradient: Any
    square_sums: Any


class Settings(NamedTuple):
    """Everything else that training needs.

    Attributes
    ----------
    activation : int
        Address of the hidden layers' activation.
    softmax : bool
        Whether the output layer is a softmax; otherwise each output is logistic.
    alpha, dropout, label_smoothing : scalar of the network's dtype
        As in the estimator.
    seed : uint32
        Seed of the epoch's dropout masks.
    first_step : int
        Number of the first step in the epoch.
    n_steps_before : int
        Steps that the optimizer has made before.
    optimizer : int
        Address of the optimizer's update.
    clip_norm, clip_value : scalar of the network's dtype
        Largest norm of a gradient, and largest size of its numbers; zero if there is no limit.
    clips_all : bool
        Whether the norm is that of the gradients of all layers, not of each array.
    weight_decay : scalar of the network's dtype
        Share of the weights, times the learning rate, that each step takes off.
    has_average : bool
        Whether the last slot has the moving averages of the weights.
    average_momentum : float
        How much of the averages a step keeps.
    overwrite_every : int
        After so many steps the weights become the averages; zero for never.
    """

    activation: Any
    softmax: Any
    alpha: Any
    dropout: Any
    label_smoothing: Any
    seed: Any
    first_step: Any
    n_steps_before: Any
    optimizer: Any
    clip_norm: Any
    clip_value: Any
    clips_all: Any
    weight_decay: Any
    has_average: Any
    average_momentum: Any
    overwrite_every: Any


class FittedNetwork(NamedTuple):
    """A network that predicts.

    Attributes
    ----------
    layer_sizes : ndarray of int64
        Number of inputs, units of each layer.
    tile_widths : ndarray of int64
        Of each layer, `TILE`, or its number of units if zeros are never left out.
    coef_starts, intercept_starts : ndarray of int64
        Where in the weights the matrix and the intercepts of each layer begin.
    weights : ndarray
        A matrix has the shape (n_tiles, n_inputs, tile_width); units that do not exist are zero.
    max_densities : ndarray of float64
        Of each layer, the share of nonzero inputs up to which it is faster to leave out zeros;
        negative where there are none to be expected.
    activation : int
        Address of the hidden layers' activation.
    limit : scalar of the network's dtype
        Each input becomes ``limit * tanh((x - offset) / width)``; zero if inputs stay as they are.
    tanh : int
        Address of the activation of this name; zero without a limit.
    offset, width : ndarray of shape (n_features,)
        Not used without a limit. Where an offset is not zero, no zeros may be left out.
    largest : scalar of the network's dtype
        The largest finite number.
    """

    layer_sizes: Any
    tile_widths: Any
    coef_starts: Any
    intercept_starts: Any
    weights: Any
    max_densities: Any
    activation: Any
    limit: Any
    tanh: Any
    offset: Any
    width: Any
    largest: Any


class Buffers(NamedTuple):
    """Intermediate results of a block of rows.

    Attributes
    ----------
    outputs : ndarray of shape (3, PREDICTED_ROWS * max(layer_sizes))
        Room for the inputs and outputs of a layer, and for gradients, which are not used.
    sums : ndarray of shape (PREDICTED_ROWS, TILE)
        Products of nonzero inputs and a tile.
    counts, starts, positions : ndarray of shape (PREDICTED_ROWS,), int64
        Of each row: the number of its nonzero inputs, where they begin in the next two arrays, and
        which is multiplied next.
    indices, values : ndarray of shape (PREDICTED_ROWS * max(layer_sizes),)
        Columns and values of the nonzero inputs of a layer.
    ones : ndarray of shape (max(layer_sizes),)
        What inputs are multiplied by.
    """

    outputs: Any
    sums: Any
    counts: Any
    starts: Any
    positions: Any
    indices: Any
    values: Any
    ones: Any
