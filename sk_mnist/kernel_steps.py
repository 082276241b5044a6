"""What a training step is made of, as kernels: each for some rows of a batch or some weights.

`sk_mnist.kernel_data` says what the arrays are that they are given.
"""

from __future__ import annotations

import math

import numpy as np

from sk_mnist.intrinsics import TILE, add_scaled_rows, add_to_rows, multiply, prefetch
from sk_mnist.kernel_compiler import kernel
from sk_mnist.kernel_data import CACHE_LINE

BLOCK_ROWS = 64
"""Rows of a batch that are a task."""


@kernel
def layer_rows(vector, layer, first, last, network, workspace):
    """Return what one of the vectors of the workspace has of a layer, row by row."""
    n_units = network.sizes[layer]
    start = workspace.starts[layer]
    rows = vector[start + first * n_units : start + last * n_units]
    return rows.reshape((last - first, n_units))


@kernel
def gather(first, last, batch, rows, network, workspace):
    """Scale the inputs of dense rows."""
    inputs = layer_rows(workspace.outputs, 0, first, last, network, workspace)
    number = inputs.dtype.type
    for i in range(last - first):
        row = rows.dense[batch[first + i]]
        for j in range(len(row)):
            inputs[i, j] = (number(row[j]) - rows.offset[j]) * rows.factor[j]


@kernel
def forward(layer, first, last, network, workspace, settings):
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
    logits = layer_rows(workspace.outputs, layer + 1, first, last, network, workspace)
    intercept = network.weights[network.intercepts[layer] :]
    for i in range(last - first):
        for j in range(n_units):
            logits[i, j] += intercept[j]


@kernel
def fetch(part, batch, rows, network):
    """Have the sparse rows of the next batch brought into the cache, with each task some of them.

    They lie all over the memory. Who computes with a tile's tasks needs all of them.
    """
    first = len(batch) * part[2] // network.sizes[0]
    last = len(batch) * part[3] // network.sizes[0]
    for i in range(first, last):
        start, stop = rows.starts[batch[i]], rows.starts[batch[i] + 1]
        for k in range(start, stop, CACHE_LINE // rows.columns.itemsize):
            prefetch(rows.columns, k)
        for k in range(start, stop, CACHE_LINE // rows.values.itemsize):
            prefetch(rows.values, k)


@kernel
def forward_tile(t, batch, rows, network, workspace):
    """Compute the logits of a tile of the first layer, from rows without zeros.

    Of all rows first some inputs, then others, so that their weights stay in a near cache.
    """
    n_inputs = network.sizes[0]
    coefs = network.coefs[0] + t * n_inputs * TILE
    intercept = network.weights[network.intercepts[0] + t * TILE :]
    bounds = workspace.bounds[t]
    for i in range(len(batch)):
        bounds[0, i] = rows.starts[batch[i]]
        for j in range(TILE):
            workspace.tiles[t, i, j] = intercept[j]
    for part in range(len(bounds) - 1):
        first = part * workspace.tile_inputs
        last = min(n_inputs, first + workspace.tile_inputs)
        tile = network.weights[coefs + first * TILE : coefs + last * TILE]
        for i in range(len(batch)):
            bounds[part + 1, i] = add_scaled_rows(
                workspace.tiles[t, i],
                tile,
                first,
                last,
                rows.columns,
                rows.values,
                bounds[part, i],
                rows.starts[batch[i] + 1],
            )


@kernel
def collect(first, last, network, workspace):
    """Copy the logits of the first layer from tiles."""
    logits = layer_rows(workspace.outputs, 1, first, last, network, workspace)
    for t in range(len(workspace.tiles)):
        for i in range(last - first):
            for j in range(min(TILE, logits.shape[1] - t * TILE)):
                logits[i, t * TILE + j] = workspace.tiles[t, first + i, j]


@kernel
def activate(layer, first, last, step, network, workspace, settings):
    """Turn the logits of a hidden layer into its outputs."""
    outputs = layer_rows(workspace.outputs, layer, first, last, network, workspace)
    slopes = layer_rows(workspace.slopes, layer, first, last, network, workspace)
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
def compare(first, last, batch, weight_sum, rows, network, workspace, settings):
    """Compare outputs with labels: losses, hits, and what the loss changes with."""
    n_layers = len(network.sizes) - 1
    logits = layer_rows(workspace.outputs, n_layers, first, last, network, workspace)
    deltas = layer_rows(workspace.deltas, n_layers, first, last, network, workspace)
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
        share = deltas.dtype.type(weight / weight_sum)
        for j in range(deltas.shape[1]):
            deltas[i, j] *= share


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
def backward(layer, first, last, network, workspace, settings):
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
    deltas = layer_rows(workspace.deltas, layer, first, last, network, workspace)
    slopes = layer_rows(workspace.slopes, layer, first, last, network, workspace)
    for i in range(last - first):
        for j in range(n_units):
            deltas[i, j] *= slopes[i, j]


@kernel
def lay_out_deltas(first, last, network, workspace):
    """Copy what the loss changes with at the first layer into tiles."""
    deltas = layer_rows(workspace.deltas, 1, first, last, network, workspace)
    for t in range(len(workspace.tiles)):
        tile = workspace.tiles[t]
        width = min(TILE, deltas.shape[1] - t * TILE)
        for i in range(last - first):
            for j in range(width):
                tile[first + i, j] = deltas[i, t * TILE + j]
            for j in range(width, TILE):
                tile[first + i, j] = 0


@kernel
def sparse_gradient(t, first, last, batch, rows, workspace, gradient):
    """Compute the gradient of a tile of the first layer, for some of its inputs."""
    gradient[: (last - first) * TILE] = 0
    part = first // workspace.tile_inputs
    starts, stops = workspace.bounds[t, part], workspace.bounds[t, part + 1]
    for i in range(len(batch)):
        delta = workspace.tiles[t, i]
        add_to_rows(gradient, first, rows.columns, rows.values, delta, starts[i], stops[i])


@kernel
def adam(gradient, start, shrinkage, rate, network, settings):
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
