"""The training loop as machine code: steps of Adam on batches of rows, by a team of threads.

A step is cut into tasks, each of which does the same whoever takes it, so that the network is the
same, bit for bit, with any number of threads. First come blocks of rows: forward through the
layers, and backward to what the loss changes with at each. Then come parts of the weights: their
gradient, and right after it Adam's update, while both are in the cache. Members have tasks of their
own, and take those of others when these are done.

The first layer has two forms. Rows that are mostly zeros, as images are, are kept without the
zeros. The weights then lie in tiles of `TILE` units, which are tasks before the blocks of rows: who
computes with a tile also updates it, so that it stays in the cache of one processor.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sk_mnist.intrinsics import (
    TILE,
    add_scaled_rows,
    fetch_add,
    flush_denormals,
    load,
    multiply,
    prefetch,
    yield_processor,
)

BLOCK_ROWS = 64
"""Rows of a task of a step's first half."""

# Bytes that come into the cache together.
_CACHE_LINE = 64

STOP = 3
"""The counter that stops a team when it is set to one."""

# How often a member looks for the others before it lets them have its processor.
_PATIENCE = 1000


class Rows(NamedTuple):
    """Training data: dense, or without zeros and scaled (then `dense` has no rows).

    Attributes
    ----------
    dense : ndarray of shape (n_rows, n_features)
        The inputs, not scaled.
    starts : ndarray of shape (n_rows + 1,), int64
        Where in `columns` and `values` each row begins.
    columns, values : ndarray of shape (n_values,)
        The inputs that are not zero, column by column in each row.
    offset, factor : ndarray of shape (n_features,)
        Scaling of dense inputs: first the one is subtracted, then the other multiplied.
    labels : ndarray of shape (n_rows, 1) or (n_rows, n_outputs), int32
        Class numbers for a softmax output, 0 or 1 for logistic outputs.
    weights : ndarray of shape (n_rows,)
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
    coefs, intercepts : ndarray of int64
        Where in the vectors those of each layer begin.
    weights, momenta, velocities : ndarray
        A dense layer's matrix has the shape (n_inputs, n_units), that of a layer of sparse inputs
        (n_tiles, n_inputs, TILE).
    """

    sizes: Any
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
        Where in the next three each layer begins, the inputs first.
    outputs, slopes, deltas : ndarray
        Of each layer, for each row of the batch: outputs, their derivative by the logits, and that
        of the loss by the logits.
    tiles : ndarray of shape (n_tiles, batch_size, TILE)
        Of a first layer of sparse inputs: logits, then the derivative of the loss by them.
    column_starts : ndarray of shape (n_blocks, n_features + 1), uint32
        Where in the next two each column of a block of sparse rows begins.
    positions, values : ndarray of shape (n_blocks, ...)
        Positions in the batch where the columns are not zero, and the inputs there.
    largest_part : int
        Number of weights of the largest task.
    losses, hits : ndarray of shape (batch_size,)
        Of each row, times its weight.
    """

    starts: Any
    outputs: Any
    slopes: Any
    deltas: Any
    tiles: Any
    column_starts: Any
    positions: Any
    values: Any
    largest_part: Any
    losses: Any
    hits: Any


class Settings(NamedTuple):
    """What else a training takes; the numbers are of the network's type.

    Attributes
    ----------
    gemm : int
        Address of BLAS's product of matrices.
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

    gemm: Any
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


def kernel(function: Callable[..., Any], *, inline: str = "never") -> Callable[..., Any]:
    """Compile a function to machine code that runs without Python's lock.

    The code is kept on disk for other processes, if there is a place that can be written to.
    Functions that only kernels call need no way in from Python, which takes long to compile.
    """
    inner = function.__name__.startswith("_")
    options = {
        "nogil": True,
        "error_model": "numpy",
        "fastmath": {"contract"},
        "no_cpython_wrapper": inner,
        "no_cfunc_wrapper": inner,
        "inline": inline,
    }
    try:
        compiled = njit(cache=True, **options)(function)
    except RuntimeError:  # what Numba raises where it finds no such place
        compiled = njit(**options)(function)
    return compiled  # type: ignore[no-any-return]


inlined = functools.partial(kernel, inline="always")
"""A kernel that is compiled as a part of the one that calls it, once rather than twice."""


def new_counters(n_members: int) -> npt.NDArray[np.int64]:
    """Make what the members of a team share.

    Their number; how often one of them has come to a meeting; how many have joined; whether to
    stop; and for each of three kinds of tasks, how many were taken of each member's own. Each has
    a line of the processor's cache to itself.
    """
    counters = np.zeros((4 + 3 * n_members, 16), np.int64)
    counters[0] = n_members
    return counters


@kernel
def train_steps(
    counters, rows, network, workspace, settings, order, batch_size, rates, parts, sums
):
    """Do one member's share of some steps, in a thread of its own.

    Parameters
    ----------
    counters : ndarray of int64
        What the members share, as `new_counters` makes it.
    rows, network, workspace, settings
        Of the network, weights, momenta and velocities change.
    order : ndarray of int64
        Rows to train on, batch after batch; the last batch may be smaller.
    batch_size : int
        Rows a step.
    rates : ndarray of float64
        Learning rate of each step.
    parts : ndarray of shape (n_parts, 4), int64
        Layer, tile (of a layer of sparse inputs), and first and last inputs, whose weights are a
        task; they cover all.
    sums : ndarray of shape (3,), float64
        Added to: sums over the rows of weight times loss, of weight times hit, and of the weight.
    """
    n_members = counters[0, 0]
    met, joined, stop = counters[1], counters[2], counters[3]
    queues = counters[4:].reshape((3, n_members, counters.shape[1]))
    member = fetch_add(joined, 1)
    meetings = 0
    gradient = np.empty(workspace.largest_part, workspace.outputs.dtype)
    flush_denormals()
    for step in range(len(rates)):
        batch = order[step * batch_size : (step + 1) * batch_size]
        weight_sum = rows.weights[batch[0]]
        for i in range(1, len(batch)):
            weight_sum += rows.weights[batch[i]]
        n_blocks = (len(batch) + BLOCK_ROWS - 1) // BLOCK_ROWS
        queues[2, member, 0] = 0
        if not len(rows.dense):
            n_tasks = len(workspace.tiles) + n_blocks
            task = _next_task(member, queues[0], n_tasks)
            while task < n_tasks:
                _begin(task, batch, rows, network, workspace)
                task = _next_task(member, queues[0], n_tasks)
            meetings += n_members
            if not _meet(met, meetings, stop):
                return
        task = _next_task(member, queues[1], n_blocks)
        while task < n_blocks:
            _propagate(task, batch, weight_sum, step, rows, network, workspace, settings)
            task = _next_task(member, queues[1], n_blocks)
        meetings += n_members
        if not _meet(met, meetings, stop):
            return
        queues[0, member, 0] = 0
        queues[1, member, 0] = 0
        rate = _step_size(rates[step], step, weight_sum, settings)
        task = _next_task(member, queues[2], len(parts))
        while task < len(parts):
            if task == 0:
                for i in range(len(batch)):
                    sums[0] += workspace.losses[i]
                    sums[1] += workspace.hits[i]
                sums[2] += weight_sum
            _update(
                parts[task], gradient, batch, weight_sum, rate, rows, network, workspace, settings
            )
            task = _next_task(member, queues[2], len(parts))
        meetings += n_members
        if not _meet(met, meetings, stop):
            return


@kernel
def _next_task(member, queues, n_tasks):
    """Take a task: one of the member's own, or else of another's; `n_tasks` if none is left.

    Own tasks are the same at every step, so that what they are about is in the cache.
    """
    for i in range(len(queues)):
        owner = (member + i) % len(queues)
        task = owner + len(queues) * fetch_add(queues[owner], 1)
        if task < n_tasks:
            return task
    return n_tasks


@kernel
def _step_size(rate, step, weight_sum, settings):
    """Compute what Adam multiplies with, rounded as in Keras.

    That is, options as float32, whatever the network's numbers, and all else in these.
    """
    number = type(weight_sum)
    n_steps = number(settings.n_steps_before + step + 1)
    decay_1, decay_2 = number(np.float32(settings.beta_1)), number(np.float32(settings.beta_2))
    step_size = number(np.float32(rate)) * math.sqrt(number(1) - decay_2**n_steps)
    return step_size / (number(1) - decay_1**n_steps)


@kernel
def _meet(met, target, stop):
    """Wait until all members are here; return whether to go on."""
    fetch_add(met, 1)
    looks = 0
    while load(met) < target:
        looks += 1
        if looks > _PATIENCE:
            if load(stop) > 0:
                break
            yield_processor()
    return load(stop) == 0


@inlined
def _begin(task, batch, rows, network, workspace):
    """Do what a batch of sparse rows begins with: a tile of the first layer, or a block's order."""
    block = task - len(workspace.tiles)
    if block < 0:
        _fetch(0, len(batch), batch, rows)
        _forward_tile(task, batch, rows, network, workspace)
    else:
        first = block * BLOCK_ROWS
        last = min(len(batch), first + BLOCK_ROWS)
        _sort_by_column(block, first, last, batch, rows, workspace)


@inlined
def _propagate(block, batch, weight_sum, step, rows, network, workspace, settings):
    """Go forward and backward with one block of the rows of a batch."""
    first = block * BLOCK_ROWS
    last = min(len(batch), first + BLOCK_ROWS)
    n_layers = len(network.sizes) - 1
    if len(rows.dense):
        _gather(first, last, batch, rows, network, workspace)
        _forward(0, first, last, network, workspace, settings)
    else:
        _collect(first, last, network, workspace)
    for layer in range(1, n_layers):
        _activate(layer, first, last, step, network, workspace, settings)
        _forward(layer, first, last, network, workspace, settings)
    _compare(first, last, batch, weight_sum, rows, network, workspace, settings)
    for layer in range(n_layers - 1, 0, -1):
        _backward(layer, first, last, network, workspace, settings)
    if not len(rows.dense):
        _lay_out_deltas(first, last, network, workspace)


@kernel
def _layer(vector, layer, first, last, network, workspace):
    """Return what one of the vectors of the workspace has of a layer, row by row."""
    n_units = network.sizes[layer]
    start = workspace.starts[layer]
    rows = vector[start + first * n_units : start + last * n_units]
    return rows.reshape((last - first, n_units))


@kernel
def _gather(first, last, batch, rows, network, workspace):
    """Scale the inputs of dense rows."""
    inputs = _layer(workspace.outputs, 0, first, last, network, workspace)
    number = inputs.dtype.type
    for i in range(last - first):
        row = rows.dense[batch[first + i]]
        for j in range(len(row)):
            inputs[i, j] = (number(row[j]) - rows.offset[j]) * rows.factor[j]


@kernel
def _forward(layer, first, last, network, workspace, settings):
    """Compute the logits of a dense layer."""
    n_inputs, n_units = network.sizes[layer], network.sizes[layer + 1]
    multiply(
        settings.gemm,
        (False, False),
        (last - first, n_units, n_inputs),
        (workspace.outputs, workspace.starts[layer] + first * n_inputs, n_inputs),
        (network.weights, network.coefs[layer], n_units),
        (workspace.outputs, workspace.starts[layer + 1] + first * n_units, n_units),
    )
    logits = _layer(workspace.outputs, layer + 1, first, last, network, workspace)
    intercept = network.weights[network.intercepts[layer] :]
    for i in range(last - first):
        for j in range(n_units):
            logits[i, j] += intercept[j]


@kernel
def _fetch(first, last, batch, rows):
    """Have sparse rows brought into the cache, all at once rather than one after the other."""
    for i in range(first, last):
        start, stop = rows.starts[batch[i]], rows.starts[batch[i] + 1]
        for k in range(start, stop, _CACHE_LINE // rows.columns.itemsize):
            prefetch(rows.columns, k)
        for k in range(start, stop, _CACHE_LINE // rows.values.itemsize):
            prefetch(rows.values, k)


@kernel
def _sort_by_column(block, first, last, batch, rows, workspace):
    """Sort the inputs of a block of sparse rows by column, for the gradient."""
    starts = workspace.column_starts[block]
    positions, values = workspace.positions[block], workspace.values[block]
    starts[:] = 0
    for i in range(first, last):
        for k in range(rows.starts[batch[i]], rows.starts[batch[i] + 1]):
            starts[rows.columns[k]] += np.uint32(1)
    total = np.uint32(0)
    for column in range(len(starts)):
        count = starts[column]
        starts[column] = total
        total += count
    # Each column's start moves up while the column is filled, to where the next one begins.
    for i in range(first, last):
        for k in range(rows.starts[batch[i]], rows.starts[batch[i] + 1]):
            place = starts[rows.columns[k]]
            starts[rows.columns[k]] = place + np.uint32(1)
            positions[place] = i
            values[place] = rows.values[k]
    for column in range(len(starts) - 1, 0, -1):
        starts[column] = starts[column - 1]
    starts[0] = 0


@kernel
def _forward_tile(t, batch, rows, network, workspace):
    """Compute the logits of a tile of the first layer, from rows without zeros."""
    n_inputs = network.sizes[0]
    start = network.coefs[0] + t * n_inputs * TILE
    tile = network.weights[start : start + n_inputs * TILE]
    intercept = network.weights[network.intercepts[0] + t * TILE :]
    for i in range(len(batch)):
        total = workspace.tiles[t, i]
        for j in range(TILE):
            total[j] = intercept[j]
        start, stop = rows.starts[batch[i]], rows.starts[batch[i] + 1]
        add_scaled_rows(total, tile, rows.columns, rows.values, start, stop)


@kernel
def _collect(first, last, network, workspace):
    """Copy the logits of the first layer from tiles."""
    logits = _layer(workspace.outputs, 1, first, last, network, workspace)
    for t in range(len(workspace.tiles)):
        for i in range(last - first):
            for j in range(min(TILE, logits.shape[1] - t * TILE)):
                logits[i, t * TILE + j] = workspace.tiles[t, first + i, j]


@kernel
def _activate(layer, first, last, step, network, workspace, settings):
    """Turn the logits of a hidden layer into its outputs."""
    outputs = _layer(workspace.outputs, layer, first, last, network, workspace)
    slopes = _layer(workspace.slopes, layer, first, last, network, workspace)
    n_rows, n_units = outputs.shape
    number = outputs.dtype.type
    for i in range(n_rows):
        for j in range(n_units):
            slopes[i, j] = number(1) if outputs[i, j] > 0 else settings.negative_slope
    if settings.dropout > 0:
        key = _mask_key(settings.seed, settings.first_step + step, layer - 1)
        limit = settings.dropout * number(2**24)
        scale = number(1) / (number(1) - settings.dropout)
        for i in range(n_rows):
            for j in range(n_units):
                bits = _hash(_hash(np.uint32((first + i) * n_units + j) ^ key) + key)
                slopes[i, j] *= scale if number(bits >> np.uint32(8)) >= limit else number(0)
    for i in range(n_rows):
        for j in range(n_units):
            outputs[i, j] *= slopes[i, j]


@kernel
def _mask_key(seed, step, layer):
    """Mix what masks depend on, as `sk_mnist.dropout.keep_mask` does."""
    return _hash(_hash(np.uint32(np.uint32(step) * np.uint32(64) + np.uint32(layer))) ^ seed)


@kernel
def _hash(x):
    x = np.uint32(x)  # Numba makes sums and products wider
    x = np.uint32((x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D))
    x = np.uint32((x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B))
    return np.uint32(x ^ (x >> np.uint32(16)))


@kernel
def _compare(first, last, batch, weight_sum, rows, network, workspace, settings):
    """Compare outputs with labels: losses, hits, and what the loss changes with."""
    n_layers = len(network.sizes) - 1
    logits = _layer(workspace.outputs, n_layers, first, last, network, workspace)
    deltas = _layer(workspace.deltas, n_layers, first, last, network, workspace)
    for i in range(last - first):
        row = batch[first + i]
        if settings.softmax:
            loss, hit = _softmax(
                logits[i], rows.labels[row, 0], settings.label_smoothing, deltas[i]
            )
        else:
            loss, hit = _logistic(logits[i], rows.labels[row], settings.label_smoothing, deltas[i])
        weight = rows.weights[row]
        workspace.losses[first + i] = loss * weight
        workspace.hits[first + i] = weight if hit else 0
        for j in range(deltas.shape[1]):
            deltas[i, j] *= weight / weight_sum


@kernel
def _softmax(logits, label, label_smoothing, deltas):
    """Compute the cross-entropy of a softmax, and its derivative by the logits."""
    number = logits.dtype.type
    largest = 0
    for j in range(1, len(logits)):
        if logits[j] > logits[largest]:
            largest = j
    total = number(0)
    for j in range(len(logits)):
        deltas[j] = math.exp(logits[j] - logits[largest])
        total += deltas[j]
    other = label_smoothing / number(len(logits))
    loss = math.log(total)
    for j in range(len(logits)):
        target = (number(1) - label_smoothing if j == label else number(0)) + other
        loss += target * (logits[largest] - logits[j])
        deltas[j] = deltas[j] / total - target
    return loss, largest == label


@kernel
def _logistic(logits, labels, label_smoothing, deltas):
    """Compute the cross-entropies of logistic outputs, summed, and their derivatives."""
    number = logits.dtype.type
    loss, hit = number(0), True
    for j in range(len(logits)):
        z = logits[j]
        target = number(labels[j]) * (number(1) - label_smoothing) + label_smoothing / number(2)
        e = math.exp(-abs(z))
        loss += max(z, number(0)) - z * target + math.log1p(e)
        deltas[j] = (number(1) if z >= 0 else e) / (number(1) + e) - target
        hit &= (z > 0) == (labels[j] > 0)
    return loss, hit


@kernel
def _backward(layer, first, last, network, workspace, settings):
    """Compute what the loss changes with at the logits of a hidden layer."""
    n_units, n_above = network.sizes[layer], network.sizes[layer + 1]
    multiply(
        settings.gemm,
        (False, True),
        (last - first, n_units, n_above),
        (workspace.deltas, workspace.starts[layer + 1] + first * n_above, n_above),
        (network.weights, network.coefs[layer], n_above),
        (workspace.deltas, workspace.starts[layer] + first * n_units, n_units),
    )
    deltas = _layer(workspace.deltas, layer, first, last, network, workspace)
    slopes = _layer(workspace.slopes, layer, first, last, network, workspace)
    for i in range(last - first):
        for j in range(n_units):
            deltas[i, j] *= slopes[i, j]


@kernel
def _lay_out_deltas(first, last, network, workspace):
    """Copy what the loss changes with at the first layer into tiles."""
    deltas = _layer(workspace.deltas, 1, first, last, network, workspace)
    for t in range(len(workspace.tiles)):
        tile = workspace.tiles[t]
        width = min(TILE, deltas.shape[1] - t * TILE)
        for i in range(last - first):
            for j in range(width):
                tile[first + i, j] = deltas[i, t * TILE + j]
            for j in range(width, TILE):
                tile[first + i, j] = 0


@inlined
def _update(part, gradient, batch, weight_sum, rate, rows, network, workspace, settings):
    """Learn the weights of some inputs of a layer; with those of the first, the intercepts."""
    layer, tile, first, last = part
    n_inputs, n_units = network.sizes[layer], network.sizes[layer + 1]
    if layer == 0 and not len(rows.dense):
        start = network.coefs[0] + (tile * n_inputs + first) * TILE
        size = (last - first) * TILE
        deltas = workspace.tiles[tile, : len(batch)]
        _sparse_gradient(first, last, deltas, workspace, gradient)
    else:
        start = network.coefs[layer] + first * n_units
        size = (last - first) * n_units
        deltas = _layer(workspace.deltas, layer + 1, 0, len(batch), network, workspace)
        multiply(
            settings.gemm,
            (True, False),
            (last - first, n_units, len(batch)),
            (workspace.outputs, workspace.starts[layer] + first, n_inputs),
            (workspace.deltas, workspace.starts[layer + 1], n_units),
            (gradient, 0, n_units),
        )
    _adam(gradient[:size], start, settings.alpha / weight_sum, rate, network, settings)
    if first == 0:
        sums = gradient[: deltas.shape[1]]
        sums[:] = 0
        for i in range(len(batch)):
            for j in range(len(sums)):
                sums[j] += deltas[i, j]
        start = network.intercepts[layer] + tile * TILE
        _adam(sums, start, sums.dtype.type(0), rate, network, settings)


@kernel
def _sparse_gradient(first, last, deltas, workspace, gradient):
    """Compute the gradient of a tile of the first layer, for some of its inputs."""
    gradient[: (last - first) * TILE] = 0
    tile = deltas.reshape(deltas.size)
    for block in range((len(deltas) + BLOCK_ROWS - 1) // BLOCK_ROWS):
        starts = workspace.column_starts[block]
        positions, values = workspace.positions[block], workspace.values[block]
        for column in range(first, last):
            total = gradient[(column - first) * TILE :]
            add_scaled_rows(total, tile, positions, values, starts[column], starts[column + 1])


@kernel
def _adam(gradient, start, shrinkage, rate, network, settings):
    """Update weights that follow each other by Adam."""
    stop = start + len(gradient)
    weights = network.weights[start:stop]
    momenta = network.momenta[start:stop]
    velocities = network.velocities[start:stop]
    number = gradient.dtype.type
    rest_1, rest_2 = number(1 - settings.beta_1), number(1 - settings.beta_2)
    epsilon = number(settings.epsilon)
    for j in range(len(gradient)):
        slope = gradient[j] + shrinkage * weights[j]
        momentum = momenta[j] + (slope - momenta[j]) * rest_1
        velocity = velocities[j] + (slope * slope - velocities[j]) * rest_2
        momenta[j] = momentum
        velocities[j] = velocity
        weights[j] -= rate * momentum / (math.sqrt(velocity) + epsilon)


@kernel
def count_nonzero(X, counts):
    """Count the numbers in each row that are not zero."""
    for i in range(len(X)):
        count = 0
        for j in range(X.shape[1]):
            count += X[i, j] != 0
        counts[i] = count


@kernel
def without_zeros(X, starts, factor, columns, values):
    """Write what in each row is not zero, times its column's factor, with its column."""
    for i in range(len(X)):
        k = starts[i]
        for j in range(X.shape[1]):
            if X[i, j] != 0:
                columns[k] = j
                values[k] = values.dtype.type(X[i, j]) * factor[j]
                k += 1
