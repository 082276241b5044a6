"""A first layer that is computed from those of its inputs that are not zero, as kernels.

Rows come without zeros, and weights lie in tiles.
"""

from __future__ import annotations

from sk_mnist.engines.numba.kernels.compile import kernel
from sk_mnist.engines.numba.kernels.dense import layer_rows
from sk_mnist.engines.numba.kernels.llvm_atomics import prefetch
from sk_mnist.engines.numba.kernels.llvm_simd import TILE, add_scaled_rows, add_to_rows
from sk_mnist.engines.numba.kernels.structs import CACHE_LINE


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
    """Multiply rows without zeros by the weights of a tile of the first layer.

    Of all rows first some inputs, then others, so that their weights stay in a near cache.
    """
    n_inputs = network.sizes[0]
    coefs = network.coefs[0] + t * n_inputs * TILE
    bounds = workspace.bounds[t]
    for i in range(len(batch)):
        bounds[0, i] = rows.starts[batch[i]]
    workspace.tiles[t, : len(batch)] = 0
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
    """Compute the logits of the first layer from tiles."""
    logits = layer_rows(workspace.outputs, 1, first, last, network, workspace)
    intercept = network.weights[network.intercepts[0] :]
    for t in range(len(workspace.tiles)):
        for i in range(last - first):
            for j in range(min(TILE, logits.shape[1] - t * TILE)):
                k = t * TILE + j
                logits[i, k] = workspace.tiles[t, first + i, j] + intercept[k]


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
        add_to_rows(gradient, first, rows.columns, rows.values, delta, starts[i], stops[i])
