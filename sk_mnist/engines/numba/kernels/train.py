"""The training loop as machine code: steps of Adam on batches of rows, by a team of threads.

A step is cut into tasks, each of which does the same whoever takes it, so that the network is the
same, bit for bit, with any number of threads. First come blocks of rows: forward through the
layers, and backward to what the loss changes with at each. Then come parts of the weights: their
gradient, and right after it Adam's update, while both are in the cache. Members have tasks of their
own, and take those of others when these are done.

The first layer has two forms. Rows with many zeros, as images have, are kept without the zeros. The
weights then lie in tiles of `TILE` units, which are tasks before the blocks of rows: who computes
with a tile also updates it, so that it stays in the cache of one processor.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from sk_mnist.engines.numba.kernels.compile import entry_point, inlined, kernel
from sk_mnist.engines.numba.kernels.dense import (
    BLOCK_ROWS,
    activate,
    adam,
    backward,
    compare,
    forward,
    gather,
    layer_rows,
)
from sk_mnist.engines.numba.kernels.gemm import multiply
from sk_mnist.engines.numba.kernels.llvm_atomics import (
    fetch_add,
    flush_denormals,
    load,
    yield_processor,
)
from sk_mnist.engines.numba.kernels.llvm_simd import TILE
from sk_mnist.engines.numba.kernels.sparse_input import (
    collect,
    fetch,
    forward_tile,
    lay_out_deltas,
    tile_gradient,
)

STOP = 3
"""The counter that stops a team when it is set to one."""

# How often a member looks for the others before it lets them have its processor.
_PATIENCE = 1000


def new_counters(n_members: int) -> npt.NDArray[np.int64]:
    """Make what the members of a team share.

    Their number; how often one of them has come to a meeting; how many have joined; whether to
    stop; and for each of three kinds of tasks, how many were taken of each member's own. Each has
    a line of the processor's cache to itself.
    """
    counters = np.zeros((4 + 3 * n_members, 16), np.int64)
    counters[0] = n_members
    return counters


@entry_point
def train_steps(counters, gradient, rows, network, workspace, settings, order, rates, parts, sums):
    """Do one member's share of some steps, in a thread of its own.

    Parameters
    ----------
    counters : ndarray of int64
        What the members share, as `new_counters` makes it.
    gradient : ndarray
        This member's room for the gradient of the largest task.
    rows, network, workspace, settings
        Of the network, weights, momenta and velocities change.
    order : ndarray of int64
        The rows, batch after batch, as many as the workspace has room for; the last may be smaller.
    rates : ndarray of float64
        Learning rate of each step.
    parts : ndarray of shape (n_parts, 4), int64
        Layer, tile (of a layer of sparse inputs), and first and last inputs, whose weights are a
        task; they cover all. Without any, the network is only measured.
    sums : ndarray of shape (3,), float64
        Added to: sums over the rows of weight times loss, of weight times hit, and of the weight.
    """
    n_members = counters[0, 0]
    met, joined, stop = counters[1], counters[2], counters[3]
    queues = counters[4:].reshape((3, n_members, counters.shape[1]))
    member = fetch_add(joined, 1)
    meetings = 0
    batch_size = len(workspace.losses)
    learns = len(parts) > 0
    flush_denormals()
    for step in range(len(rates)):
        batch = order[step * batch_size : (step + 1) * batch_size]
        weight_sum = 0.0
        for row in batch:
            weight_sum += rows.weights[row]
        n_blocks = (len(batch) + BLOCK_ROWS - 1) // BLOCK_ROWS
        queues[2, member, 0] = 0
        if not len(rows.dense):
            tile = _next_task(member, queues[0], len(workspace.tiles))
            while tile < len(workspace.tiles):
                forward_tile(tile, batch, rows, network, workspace)
                tile = _next_task(member, queues[0], len(workspace.tiles))
            meetings += n_members
            if not _meet(met, meetings, stop):
                return
        task = _next_task(member, queues[1], n_blocks)
        while task < n_blocks:
            _propagate(task, batch, weight_sum, step, learns, rows, network, workspace, settings)
            task = _next_task(member, queues[1], n_blocks)
        meetings += n_members
        if not _meet(met, meetings, stop):
            return
        queues[0, member, 0] = 0
        queues[1, member, 0] = 0
        next_batch = order[(step + 1) * batch_size : (step + 2) * batch_size]
        rate = _step_size(rates[step], step, settings)
        if member == 0:
            for i in range(len(batch)):
                sums[0] += workspace.losses[i]
                sums[1] += workspace.hits[i]
            sums[2] += weight_sum
        task = _next_task(member, queues[2], len(parts))
        while task < len(parts):
            part = parts[task]
            if part[0] == 0 and not len(rows.dense):
                fetch(part, next_batch, rows, network)
            _update(part, gradient, batch, weight_sum, rate, rows, network, workspace, settings)
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
def _step_size(rate, step, settings):
    """Compute what Adam multiplies with, rounded as in Keras.

    That is, options as float32, whatever the network's numbers, and all else in these.
    """
    number = type(settings.alpha)
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
def _propagate(block, batch, weight_sum, step, learns, rows, network, workspace, settings):
    """Go forward with one block of the rows of a batch, and backward if the network learns."""
    first = block * BLOCK_ROWS
    last = min(len(batch), first + BLOCK_ROWS)
    n_layers = len(network.sizes) - 1
    if len(rows.dense):
        gather(first, last, batch, rows, network, workspace)
        forward(0, first, last, network, workspace)
    else:
        collect(first, last, network, workspace)
    for layer in range(1, n_layers):
        activate(layer, first, last, step, network, workspace, settings)
        forward(layer, first, last, network, workspace)
    compare(first, last, batch, weight_sum, rows, network, workspace, settings)
    if not learns:
        return
    for layer in range(n_layers - 1, 0, -1):
        backward(layer, first, last, network, workspace)
    if not len(rows.dense):
        lay_out_deltas(first, last, network, workspace)


@inlined
def _update(part, gradient, batch, weight_sum, rate, rows, network, workspace, settings):
    """Learn the weights of some inputs of a layer; with those of the first, the intercepts."""
    layer, tile, first, last = part
    n_inputs, n_units = network.sizes[layer], network.sizes[layer + 1]
    if layer == 0 and not len(rows.dense):
        start = network.coefs[0] + (tile * n_inputs + first) * TILE
        size = (last - first) * TILE
        deltas = workspace.tiles[tile, : len(batch)]
        tile_gradient(tile, first, last, batch, rows, workspace, gradient)
    else:
        pitch = network.pitches[layer]
        start = network.coefs[layer] + first * pitch
        size = (last - first) * pitch
        deltas = layer_rows(workspace.deltas, layer + 1, 0, len(batch), network, workspace)
        multiply(
            (last - first, n_units, len(batch)),
            workspace.outputs[workspace.starts[layer] + first :],
            (1, n_inputs),
            workspace.deltas[workspace.starts[layer + 1] :],
            n_units,
            gradient,
            pitch,
        )
        for i in range(last - first if pitch > n_units else 0):
            gradient[i * pitch + n_units : (i + 1) * pitch] = 0
    shrinkage = gradient.dtype.type(settings.alpha / weight_sum)
    adam(gradient[:size], start, shrinkage, rate, network, settings)
    if first == 0:
        sums = gradient[: deltas.shape[1]]
        sums[:] = 0
        for i in range(len(batch)):
            for j in range(len(sums)):
                sums[j] += deltas[i, j]
        start = network.intercepts[layer] + tile * TILE
        adam(sums, start, gradient.dtype.type(0), rate, network, settings)
