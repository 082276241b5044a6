"""A first layer that is computed from its nonzero inputs: rows in CSR format, weights in tiles."""

from __future__ import annotations

from sk_mnist.engines.numba.kernels.compile import inlined, kernel
from sk_mnist.engines.numba.kernels.layers import layer_rows
from sk_mnist.engines.numba.kernels.llvm_atomics import prefetch
from sk_mnist.engines.numba.kernels.llvm_simd import add_scaled_rows, scatter_add_rows
from sk_mnist.engines.numba.kernels.llvm_views import matrix, part, tail
from sk_mnist.engines.numba.kernels.structs import CACHE_LINE, TILE


@inlined
def tile_rows(t, n_rows, workspace):
    """Return the first rows of a tile in the workspace."""
    return matrix(workspace.tiles, t * len(workspace.losses) * TILE, n_rows, TILE)


@kernel
def prefetch_rows(start, stop, batch, rows, network):
    """Prefetch a share of the next batch's rows, the share that the inputs of a task are of all.

    The rows lie scattered in memory. The worker of a tile's tasks needs all of them.
    """
    first = len(batch) * start // network.layer_sizes[0]
    last = len(batch) * stop // network.layer_sizes[0]
    for i in range(first, last):
        begin, end = rows.indptr[batch[i]], rows.indptr[batch[i] + 1]
        for k in range(begin, end, CACHE_LINE // rows.indices.itemsize):
            prefetch(rows.indices, k)
        for k in range(begin, end, CACHE_LINE // rows.values.itemsize):
            prefetch(rows.values, k)


@kernel
def forward_tile(t, batch, rows, network, workspace):
    """Multiply the rows of a batch by the weights of tile `t`.

    All rows are multiplied by one input range after the other, whose weights stay in the L1 or L2
    cache.
    """
    n_inputs = network.layer_sizes[0]
    coefs = network.coef_starts[0] + t * n_inputs * TILE
    bounds = workspace.range_bounds[t]
    for i in range(len(batch)):
        bounds[0, i] = rows.indptr[batch[i]]
    sums = tile_rows(t, len(batch), workspace)
    for i in range(len(batch)):
        for j in range(TILE):
            sums[i, j] = 0
    for r in range(len(bounds) - 1):
        start = r * workspace.range_size
        stop = min(n_inputs, start + workspace.range_size)
        tile = tail(network.weights, coefs + start * TILE)
        for i in range(len(batch)):
            bounds[r + 1, i] = add_scaled_rows(
                part(sums, i * TILE, TILE),
                tile,
                start,
                stop,
                rows.indices,
                rows.values,
                bounds[r, i],
                rows.indptr[batch[i] + 1],
            )


@kernel
def gather_tiles(start, stop, network, workspace):
    """Copy products from tiles to the logits of the first layer, and add the intercepts."""
    logits = layer_rows(workspace.outputs, 1, start, stop, network, workspace)
    intercept = tail(network.weights, network.intercept_starts[0])
    for t in range(len(workspace.tiles)):
        for i in range(stop - start):
            for j in range(min(TILE, logits.shape[1] - t * TILE)):
                k = t * TILE + j
                logits[i, k] = workspace.tiles[t, start + i, j] + intercept[k]


@kernel
def scatter_deltas(start, stop, network, workspace):
    """Copy the deltas of the first layer to tiles."""
    deltas = layer_rows(workspace.deltas, 1, start, stop, network, workspace)
    for t in range(len(workspace.tiles)):
        tile = tile_rows(t, stop, workspace)
        width = min(TILE, deltas.shape[1] - t * TILE)
        for i in range(stop - start):
            for j in range(width):
                tile[start + i, j] = deltas[i, t * TILE + j]
            for j in range(width, TILE):
                tile[start + i, j] = 0


@kernel
def tile_gradient(t, start, stop, n_rows, rows, workspace, gradient):
    """Compute the gradient of tile `t` for the inputs from `start` to `stop`, an input range."""
    for j in range((stop - start) * TILE):
        gradient[j] = 0
    r = start // workspace.range_size
    bounds = workspace.range_bounds[t]
    deltas = tile_rows(t, n_rows, workspace)
    for i in range(n_rows):
        scatter_add_rows(
            gradient,
            start,
            rows.indices,
            rows.values,
            part(deltas, i * TILE, TILE),
            bounds[r, i],
            bounds[r + 1, i],
        )
