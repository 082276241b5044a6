"""Layers that are computed from those of their inputs that are not zero, as kernels.

Of the first layer, rows come without zeros, and weights lie in tiles. Of a layer behind a wide
hidden one, whose outputs "relu" makes zero more often than not, they are listed batch by batch.
"""

from __future__ import annotations

import functools

from sk_mnist.intrinsics import TILE, add_scaled_rows, add_to_rows, prefetch
from sk_mnist.kernel_compiler import kernel
from sk_mnist.kernel_data import CACHE_LINE, MOST_NONZERO
from sk_mnist.kernel_steps import layer_rows

LISTED_INPUTS = 128
"""Most inputs whose weights are a task of a layer whose inputs are listed."""


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
                TILE,
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
def tile_gradient(t, first, last, batch, rows, workspace, gradient):
    """Compute the gradient of a tile of the first layer, for some of its inputs."""
    gradient[: (last - first) * TILE] = 0
    part = first // workspace.tile_inputs
    starts, stops = workspace.bounds[t, part], workspace.bounds[t, part + 1]
    for i in range(len(batch)):
        delta = workspace.tiles[t, i]
        add_to_rows(gradient, TILE, first, rows.columns, rows.values, delta, starts[i], stops[i])


@kernel
def _n_parts(n_inputs):
    return (n_inputs + LISTED_INPUTS - 1) // LISTED_INPUTS


@kernel
def list_inputs(layer, first, last, network, workspace):
    """List the inputs of a layer that are not zero."""
    inputs = layer_rows(workspace.outputs, layer, first, last, network, workspace)
    n_inputs = inputs.shape[1]
    edges = workspace.edges[layer]
    for i in range(last - first):
        k = workspace.starts[layer] + (first + i) * n_inputs
        for part in range(_n_parts(n_inputs)):
            edges[part, first + i] = k
            for j in range(part * LISTED_INPUTS, min(n_inputs, (part + 1) * LISTED_INPUTS)):
                # Without a branch, which the processor could not foresee.
                workspace.columns[k] = j
                workspace.values[k] = inputs[i, j]
                k += inputs[i, j] != 0
        edges[_n_parts(n_inputs), first + i] = k


@kernel
def are_few(layer, first, last, network, workspace):
    """Tell whether so few inputs are listed that a layer is computed from these alone."""
    if not network.lists_inputs[layer]:
        return False
    n_inputs, edges = network.sizes[layer], workspace.edges[layer]
    n_listed = 0
    for i in range(first, last):
        n_listed += edges[_n_parts(n_inputs), i] - edges[0, i]
    return n_listed <= MOST_NONZERO * n_inputs * (last - first)


@kernel
def forward_listed(layer, first, last, network, workspace):
    """Compute the logits of a layer from the inputs that are listed."""
    n_inputs, n_units = network.sizes[layer], network.sizes[layer + 1]
    pitch, edges = network.pitches[layer], workspace.edges[layer]
    logits = layer_rows(workspace.outputs, layer + 1, first, last, network, workspace)
    intercept = network.weights[network.intercepts[layer] :]
    for i in range(last - first):
        for j in range(n_units):
            logits[i, j] = intercept[j]
    for part in range(_n_parts(n_inputs)):
        first_input = part * LISTED_INPUTS
        last_input = min(n_inputs, first_input + LISTED_INPUTS)
        for j in range(0, n_units, TILE):
            tile = network.weights[network.coefs[layer] + first_input * pitch + j :]
            for i in range(first, last):
                add_scaled_rows(
                    logits[i - first, j:],
                    tile,
                    pitch,
                    first_input,
                    last_input,
                    workspace.columns,
                    workspace.values,
                    edges[part, i],
                    edges[part + 1, i],
                )


@functools.partial(kernel, fastmath={"contract", "reassoc"})
def _dot(left, right):
    """Multiply two vectors; the order of the sum is the compiler's, and always the same."""
    total = left.dtype.type(0)
    for j in range(len(left)):
        total += left[j] * right[j]
    return total


@kernel
def backward_listed(layer, first, last, network, workspace):
    """Compute what the loss changes with at the logits of a hidden layer whose outputs are listed.

    Where an output is zero, so is its derivative. Of all rows first some units, then others, so
    that their weights stay in a near cache.
    """
    n_units, n_above, pitch = network.sizes[layer], network.sizes[layer + 1], network.pitches[layer]
    edges = workspace.edges[layer]
    above = layer_rows(workspace.deltas, layer + 1, first, last, network, workspace)
    deltas = layer_rows(workspace.deltas, layer, first, last, network, workspace)
    slopes = layer_rows(workspace.slopes, layer, first, last, network, workspace)
    deltas[:] = 0
    for part in range(_n_parts(n_units)):
        for i in range(last - first):
            for k in range(edges[part, first + i], edges[part + 1, first + i]):
                j = workspace.columns[k]
                start = network.coefs[layer] + j * pitch
                coefs = network.weights[start : start + n_above]
                deltas[i, j] = slopes[i, j] * _dot(above[i], coefs)


@kernel
def listed_gradient(layer, first, last, n_rows, network, workspace, gradient):
    """Compute the gradient of a layer for some of its inputs, from those that are listed."""
    pitch, edges = network.pitches[layer], workspace.edges[layer]
    gradient[: (last - first) * pitch] = 0
    deltas = layer_rows(workspace.deltas, layer + 1, 0, n_rows, network, workspace)
    part = first // LISTED_INPUTS
    for j in range(0, network.sizes[layer + 1], TILE):
        for i in range(n_rows):
            add_to_rows(
                gradient[j:],
                pitch,
                first,
                workspace.columns,
                workspace.values,
                deltas[i, j:],
                edges[part, i],
                edges[part + 1, i],
            )
