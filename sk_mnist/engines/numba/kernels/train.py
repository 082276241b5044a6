"""The training loop: steps of an optimizer on batches of rows, by several threads at once.

A step is cut into tasks. First come row blocks: forward through the layers, and backward to the
deltas of each layer. Then come weight blocks: their gradient, and at once the optimizer's update,
while both are in the cache. Only where the norm of the gradient is limited, all of it has to be
known first, and the updates are tasks of their own. A task does the same whoever takes it, so that
the number of threads does not change a bit of the result.

A first layer of CSR rows is computed before the row blocks, by tiles of `TILE` units. The worker
that multiplies by a tile also updates it, so that the tile stays in one processor's cache.
"""

from __future__ import annotations

import math

import numpy as np

from sk_mnist.engines.numba.kernels.compile import kernel
from sk_mnist.engines.numba.kernels.counters import N_WORKERS
from sk_mnist.engines.numba.kernels.dense import (
    activate_and_drop,
    backward,
    coef_gradient,
    column_sums,
    forward,
    gather_inputs,
)
from sk_mnist.engines.numba.kernels.layers import layer_rows
from sk_mnist.engines.numba.kernels.llvm_atomics import flush_denormals, restore_denormals
from sk_mnist.engines.numba.kernels.llvm_calls import call_optimizer
from sk_mnist.engines.numba.kernels.llvm_views import part
from sk_mnist.engines.numba.kernels.loss import loss_and_output_gradient
from sk_mnist.engines.numba.kernels.scheduler import (
    join,
    next_task,
    refill,
    wait_at_barrier,
)
from sk_mnist.engines.numba.kernels.sparse_input import (
    forward_tile,
    gather_tiles,
    prefetch_rows,
    scatter_deltas,
    tile_gradient,
    tile_rows,
)
from sk_mnist.engines.numba.kernels.structs import TILE

BLOCK_ROWS = 64
"""Rows of a batch in a row block; the last one may be smaller."""


@kernel
def train_steps(
    counters,
    gradient,
    rows,
    network,
    workspace,
    settings,
    order,
    learning_rates,
    step_options,
    weight_blocks,
    totals,
):
    """Do one worker's share of some steps; workers run in threads of their own.

    Parameters
    ----------
    counters : ndarray of int64
        Shared by the workers, as `new_counters` makes it.
    gradient : ndarray of shape (n,)
        Room for the gradient of the largest weight block, for this worker alone.
    rows, network, workspace, settings
        Weights and slots of the network change.
    order : ndarray of shape (n_rows,), int64
        The rows, batch after batch, as many as the workspace has room for; the last batch may be
        smaller.
    learning_rates : ndarray of shape (n_steps,), float64
        Learning rate of each step.
    step_options : ndarray of shape (n_steps, n_options), float64
        What the optimizer takes in each step.
    weight_blocks : ndarray of shape (n_blocks, 4), int64
        Layer, tile (of a layer of CSR inputs), and first and last input (exclusive) of the weights
        that make a task. Together they cover all weights. If there are none, the network is only
        evaluated.
    totals : ndarray of shape (3,), float64
        Added to: sums over the rows of weight times loss, of the weights of correct rows, and of
        the weights.
    """
    n_workers = counters[N_WORKERS, 0]
    worker = join(counters)
    target = 0
    batch_size = len(workspace.losses)
    is_training = len(weight_blocks) > 0
    before = flush_denormals()
    for step in range(len(learning_rates)):
        n_rows = min(batch_size, len(order) - step * batch_size)
        batch = part(order, step * batch_size, n_rows)
        weight_sum = 0.0
        for row in batch:
            weight_sum += rows.row_weight[row]
        n_row_blocks = (len(batch) + BLOCK_ROWS - 1) // BLOCK_ROWS
        refill(worker, 2, counters)
        if not len(rows.dense):
            tile = next_task(worker, 0, len(workspace.tiles), counters)
            while tile < len(workspace.tiles):
                forward_tile(tile, batch, rows, network, workspace)
                tile = next_task(worker, 0, len(workspace.tiles), counters)
            target += n_workers
            if not wait_at_barrier(target, counters):
                break
        task = next_task(worker, 1, n_row_blocks, counters)
        while task < n_row_blocks:
            _forward_backward(
                task, batch, weight_sum, step, is_training, rows, network, workspace, settings
            )
            task = next_task(worker, 1, n_row_blocks, counters)
        target += n_workers
        if not wait_at_barrier(target, counters):
            break
        refill(worker, 0, counters)
        refill(worker, 1, counters)
        n_next = max(0, min(batch_size, len(order) - (step + 1) * batch_size))
        next_batch = part(order, (step + 1) * batch_size, n_next)
        refill(worker, 3, counters)
        if worker == 0:
            for i in range(len(batch)):
                totals[0] += workspace.losses[i]
                totals[1] += workspace.correct[i]
            totals[2] += weight_sum
        task = next_task(worker, 2, len(weight_blocks), counters)
        while task < len(weight_blocks):
            block = weight_blocks[task]
            if block[0] == 0 and not len(rows.dense):
                prefetch_rows(block[2], block[3], next_batch, rows, network)
            l2 = gradient.dtype.type(settings.alpha / weight_sum)
            _weight_block(
                task,
                block,
                gradient,
                len(batch),
                l2,
                step,
                learning_rates[step],
                step_options[step],
                rows,
                network,
                workspace,
                settings,
            )
            task = next_task(worker, 2, len(weight_blocks), counters)
        target += n_workers
        if not wait_at_barrier(target, counters):
            break
        if len(workspace.gradient) and is_training:
            task = next_task(worker, 3, len(weight_blocks), counters)
            while task < len(weight_blocks):
                _update_clipped(
                    weight_blocks[task],
                    weight_blocks,
                    step,
                    learning_rates[step],
                    step_options[step],
                    network,
                    workspace,
                    settings,
                )
                task = next_task(worker, 3, len(weight_blocks), counters)
            target += n_workers
            if not wait_at_barrier(target, counters):
                break
    restore_denormals(before)


@kernel
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


@kernel
def _weight_block(
    task,
    block,
    gradient,
    n_rows,
    l2,
    step,
    rate,
    options,
    rows,
    network,
    workspace,
    settings,
):
    """Compute the gradient of a weight block, with that of a layer's first inputs the intercepts'.

    The weights are updated at once, unless the gradient is to be clipped by its norm.
    """
    layer, tile, start, stop = block
    is_sparse = layer == 0 and len(workspace.tiles) > 0
    keeps_gradient = len(workspace.gradient) > 0
    first, size = _coefs(block, is_sparse, network)
    coefs = part(workspace.gradient, first, size) if keeps_gradient else part(gradient, 0, size)
    if is_sparse:
        deltas = tile_rows(tile, n_rows, workspace)
        tile_gradient(tile, start, stop, n_rows, rows, workspace, coefs)
    else:
        deltas = layer_rows(workspace.deltas, layer + 1, 0, n_rows, network, workspace)
        coef_gradient(layer, start, stop, n_rows, network, workspace, coefs)
    if l2 > 0:
        weights = part(network.weights, first, size)
        for j in range(size):
            coefs[j] += l2 * weights[j]
    if keeps_gradient:
        workspace.square_sums[task, 0] = _square_sum(coefs)
    else:
        _update(coefs, first, step, rate, options, network, settings)
    if start == 0:
        first, size = _intercepts(block, is_sparse, network)
        intercepts = (
            part(workspace.gradient, first, size) if keeps_gradient else part(gradient, 0, size)
        )
        column_sums(deltas, n_rows, intercepts)
        if keeps_gradient:
            workspace.square_sums[task, 1] = _square_sum(intercepts)
        else:
            _update(intercepts, first, step, rate, options, network, settings)


@kernel
def _coefs(block, is_sparse, network):
    """Return where the coefficients of a weight block begin, and their number."""
    layer, tile, start, stop = block
    width = TILE if is_sparse else network.leading_dims[layer]
    first = network.coef_starts[layer] + (tile * network.layer_sizes[0] + start) * width
    return first, (stop - start) * width


@kernel
def _intercepts(block, is_sparse, network):
    """Return where the intercepts of a weight block's units begin, and their number."""
    layer, tile, _, _ = block
    size = TILE if is_sparse else network.layer_sizes[layer + 1]
    return network.intercept_starts[layer] + tile * TILE, size


@kernel
def _update_clipped(block, weight_blocks, step, rate, options, network, workspace, settings):
    """Update a weight block by the gradient in the workspace, clipped by its norm."""
    layer, start = block[0], block[2]
    is_sparse = layer == 0 and len(workspace.tiles) > 0
    first, size = _coefs(block, is_sparse, network)
    coefs = part(workspace.gradient, first, size)
    _scale(coefs, _clipping_factor(layer, 0, weight_blocks, workspace, settings))
    _update(coefs, first, step, rate, options, network, settings)
    if start == 0:
        first, size = _intercepts(block, is_sparse, network)
        intercepts = part(workspace.gradient, first, size)
        _scale(intercepts, _clipping_factor(layer, 1, weight_blocks, workspace, settings))
        _update(intercepts, first, step, rate, options, network, settings)


@kernel
def _clipping_factor(layer, kind, weight_blocks, workspace, settings):
    """Return what the gradient of an array is multiplied by, the sums in the order of blocks."""
    total = 0.0
    for i in range(len(weight_blocks)):
        is_counted = settings.clips_all or weight_blocks[i, 0] == layer
        if is_counted and (settings.clips_all or kind == 0):
            total += workspace.square_sums[i, 0]
        if is_counted and (settings.clips_all or kind == 1) and weight_blocks[i, 2] == 0:
            total += workspace.square_sums[i, 1]
    norm = math.sqrt(total)
    return settings.clip_norm / max(norm, float(settings.clip_norm))


@kernel
def _square_sum(vector):
    total = 0.0
    for j in range(len(vector)):
        total += float(vector[j]) * float(vector[j])
    return total


@kernel
def _scale(vector, factor):
    factor = vector.dtype.type(factor)
    for j in range(len(vector)):
        vector[j] *= factor


@kernel
def _update(gradient, first, step, rate, options, network, settings):
    """Update the weights that lie behind each other from `first` on, as Keras's optimizers do."""
    n = len(gradient)
    weights = part(network.weights, first, n)
    scalar = weights.dtype.type
    one = scalar(1)
    limit = settings.clip_value
    if limit > 0:
        for j in range(n):
            g = limit if gradient[j] > limit else gradient[j]
            gradient[j] = -limit if g < -limit else g
    if settings.weight_decay != 0:
        rate = scalar(np.float32(rate))  # as Keras has it
        for j in range(n):
            weights[j] -= weights[j] * settings.weight_decay * rate
    n_slots, stride = network.slots.shape
    slots = part(network.slots, first, n)
    call_optimizer(settings.optimizer, weights, slots, stride, gradient, n, options)
    if settings.has_average:
        n_steps = settings.n_steps_before + step + 1
        averages = part(network.slots, (n_slots - 1) * stride + first, n)
        kept = scalar(settings.average_momentum if n_steps > 1 else 0)
        for j in range(n):
            averages[j] = kept * averages[j] + (one - kept) * weights[j]
        if settings.overwrite_every > 0 and n_steps % settings.overwrite_every == 0:
            for j in range(n):
                weights[j] = averages[j]
