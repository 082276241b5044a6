"""The training loop: steps of Adam on batches of rows, by several threads at once.

A step is cut into tasks. First come row blocks: forward through the layers, and backward to the
deltas of each layer. Then come weight blocks: their gradient, and at once Adam's update, while both
are in the cache. A task does the same whoever takes it, so that the number of threads does not
change a bit of the result.

A first layer of CSR rows is computed before the row blocks, by tiles of `TILE` units. The worker
that multiplies by a tile also updates it, so that the tile stays in one processor's cache.
"""

from __future__ import annotations

from sk_mnist.engines.numba.kernels.compile import entry_point, inlined, kernel
from sk_mnist.engines.numba.kernels.dense import (
    activate_and_drop,
    backward,
    coef_gradient,
    column_sums,
    forward,
    gather_inputs,
)
from sk_mnist.engines.numba.kernels.llvm_atomics import (
    fetch_add,
    flush_denormals,
    restore_denormals,
)
from sk_mnist.engines.numba.kernels.llvm_simd import TILE
from sk_mnist.engines.numba.kernels.loss import loss_and_output_gradient
from sk_mnist.engines.numba.kernels.optimizers import adam, adam_step_size
from sk_mnist.engines.numba.kernels.scheduler import (
    ARRIVALS,
    N_JOINED,
    N_QUEUES,
    N_WORKERS,
    QUEUES,
    STOP,
    next_task,
    wait_at_barrier,
)
from sk_mnist.engines.numba.kernels.sparse_input import (
    forward_tile,
    gather_tiles,
    prefetch_rows,
    scatter_deltas,
    tile_gradient,
)
from sk_mnist.engines.numba.kernels.structs import layer_rows

BLOCK_ROWS = 64
"""Rows of a batch in a row block; the last one may be smaller."""


@entry_point
def train_steps(
    counters,
    gradient,
    rows,
    network,
    workspace,
    settings,
    order,
    learning_rates,
    weight_blocks,
    totals,
):
    """Do one worker's share of some steps; workers run in threads of their own.

    Parameters
    ----------
    counters : ndarray of int64
        Shared by the workers, as `scheduler.new_counters` makes it.
    gradient : ndarray of shape (n,)
        Room for the gradient of the largest weight block, for this worker alone.
    rows, network, workspace, settings
        Weights and moments of the network change.
    order : ndarray of shape (n_rows,), int64
        The rows, batch after batch, as many as the workspace has room for; the last batch may be
        smaller.
    learning_rates : ndarray of shape (n_steps,), float64
        Learning rate of each step.
    weight_blocks : ndarray of shape (n_blocks, 4), int64
        Layer, tile (of a layer of CSR inputs), and first and last input (exclusive) of the weights
        that make a task. Together they cover all weights. If there are none, the network is only
        evaluated.
    totals : ndarray of shape (3,), float64
        Added to: sums over the rows of weight times loss, of the weights of correct rows, and of
        the weights.
    """
    n_workers = counters[N_WORKERS, 0]
    arrivals, stop = counters[ARRIVALS], counters[STOP]
    queues = counters[QUEUES:].reshape((N_QUEUES, n_workers, counters.shape[1]))
    worker = fetch_add(counters[N_JOINED], 1)
    target = 0
    batch_size = len(workspace.losses)
    is_training = len(weight_blocks) > 0
    before = flush_denormals()
    for step in range(len(learning_rates)):
        batch = order[step * batch_size : (step + 1) * batch_size]
        weight_sum = 0.0
        for row in batch:
            weight_sum += rows.row_weight[row]
        n_row_blocks = (len(batch) + BLOCK_ROWS - 1) // BLOCK_ROWS
        queues[2, worker, 0] = 0
        if not len(rows.dense):
            tile = next_task(worker, queues[0], len(workspace.tiles))
            while tile < len(workspace.tiles):
                forward_tile(tile, batch, rows, network, workspace)
                tile = next_task(worker, queues[0], len(workspace.tiles))
            target += n_workers
            if not wait_at_barrier(arrivals, target, stop):
                break
        task = next_task(worker, queues[1], n_row_blocks)
        while task < n_row_blocks:
            _forward_backward(
                task, batch, weight_sum, step, is_training, rows, network, workspace, settings
            )
            task = next_task(worker, queues[1], n_row_blocks)
        target += n_workers
        if not wait_at_barrier(arrivals, target, stop):
            break
        queues[0, worker, 0] = 0
        queues[1, worker, 0] = 0
        next_batch = order[(step + 1) * batch_size : (step + 2) * batch_size]
        n_steps = settings.n_steps_before + step + 1
        step_size = adam_step_size(learning_rates[step], n_steps, settings)
        if worker == 0:
            for i in range(len(batch)):
                totals[0] += workspace.losses[i]
                totals[1] += workspace.correct[i]
            totals[2] += weight_sum
        task = next_task(worker, queues[2], len(weight_blocks))
        while task < len(weight_blocks):
            block = weight_blocks[task]
            if block[0] == 0 and not len(rows.dense):
                prefetch_rows(block[2], block[3], next_batch, rows, network)
            _update(
                block,
                gradient,
                len(batch),
                weight_sum,
                step_size,
                rows,
                network,
                workspace,
                settings,
            )
            task = next_task(worker, queues[2], len(weight_blocks))
        target += n_workers
        if not wait_at_barrier(arrivals, target, stop):
            break
    restore_denormals(before)


@inlined
def _forward_backward(
    block, batch, weight_sum, step, is_training, rows, network, workspace, settings
):
    """Pass a row block forward through the network, and back if it is trained."""
    start = block * BLOCK_ROWS
    stop = min(len(batch), start + BLOCK_ROWS)
    n_layers = len(network.layer_sizes) - 1
    if len(rows.dense):
        gather_inputs(start, stop, batch, rows, network, workspace)
        forward(0, start, stop, network, workspace)
    else:
        gather_tiles(start, stop, network, workspace)
    for layer in range(1, n_layers):
        activate_and_drop(layer, start, stop, step, network, workspace, settings)
        forward(layer, start, stop, network, workspace)
    loss_and_output_gradient(start, stop, batch, weight_sum, rows, network, workspace, settings)
    if not is_training:
        return
    for layer in range(n_layers - 1, 0, -1):
        backward(layer, start, stop, network, workspace)
    if not len(rows.dense):
        scatter_deltas(start, stop, network, workspace)


@inlined
def _update(block, gradient, n_rows, weight_sum, step_size, rows, network, workspace, settings):
    """Update a weight block; with the weights of a layer's first inputs, also the intercepts."""
    layer, tile, start, stop = block
    if layer == 0 and not len(rows.dense):
        first = network.coef_starts[0] + (tile * network.layer_sizes[0] + start) * TILE
        size = (stop - start) * TILE
        deltas = workspace.tiles[tile, :n_rows]
        tile_gradient(tile, start, stop, n_rows, rows, workspace, gradient)
    else:
        leading_dim = network.leading_dims[layer]
        first = network.coef_starts[layer] + start * leading_dim
        size = (stop - start) * leading_dim
        deltas = layer_rows(workspace.deltas, layer + 1, 0, n_rows, network, workspace)
        coef_gradient(layer, start, stop, n_rows, network, workspace, gradient)
    l2 = gradient.dtype.type(settings.alpha / weight_sum)
    _apply(gradient[:size], first, l2, step_size, network, settings)
    if start == 0:
        sums = gradient[: deltas.shape[1]]
        column_sums(deltas, n_rows, sums)
        first = network.intercept_starts[layer] + tile * TILE
        _apply(sums, first, gradient.dtype.type(0), step_size, network, settings)


@kernel
def _apply(gradient, first, l2, step_size, network, settings):
    """Update the weights that lie behind each other from `first` on."""
    stop = first + len(gradient)
    adam(
        network.weights[first:stop],
        network.first_moments[first:stop],
        network.second_moments[first:stop],
        gradient,
        l2,
        step_size,
        settings,
    )
