"""What a training step is made of, as kernels: each for some rows of a batch or some weights.

`sk_mnist.engines.numba.kernels.structs` says what the arrays are that they are given.
"""

from __future__ import annotations

import math

import numpy as np

from sk_mnist.engines.numba.kernels.compile import kernel
from sk_mnist.engines.numba.kernels.gemm import multiply, transpose

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
def forward(layer, first, last, network, workspace):
    """Compute the logits of a dense layer."""
    inputs = workspace.starts[layer] + first * network.sizes[layer]
    logits = workspace.starts[layer + 1] + first * network.sizes[layer + 1]
    dense_layer(
        layer, last - first, workspace.outputs[inputs:], network, workspace.outputs[logits:]
    )


@kernel
def dense_layer(layer, n_rows, inputs, network, logits):
    """Compute the logits of a dense layer from so many rows, which follow each other in vectors."""
    n_inputs, n_units = network.sizes[layer], network.sizes[layer + 1]
    multiply(
        (n_rows, n_units, n_inputs),
        inputs,
        (n_inputs, 1),
        network.weights[network.coefs[layer] :],
        network.pitches[layer],
        logits,
        n_units,
    )
    intercept = network.weights[network.intercepts[layer] :]
    for i in range(n_rows):
        for j in range(n_units):
            logits[i * n_units + j] += intercept[j]


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
    """Mix what masks depend on, as `sk_mnist.engines.xla.dropout.keep_mask` does."""
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
def backward(layer, first, last, network, workspace):
    """Compute what the loss changes with at the logits of a hidden layer."""
    n_units, n_above = network.sizes[layer], network.sizes[layer + 1]
    n_rows = last - first
    above = workspace.starts[layer + 1] + first * n_above
    here = workspace.starts[layer] + first * n_units
    # Transposed, both matrices are read in the order in which they lie in memory.
    transpose(n_rows, n_above, workspace.deltas[above:], n_above, workspace.turned[above:], n_rows)
    multiply(
        (n_units, n_rows, n_above),
        network.weights[network.coefs[layer] :],
        (network.pitches[layer], 1),
        workspace.turned[above:],
        n_rows,
        workspace.turned[here:],
        n_rows,
    )
    transpose(n_units, n_rows, workspace.turned[here:], n_rows, workspace.deltas[here:], n_units)
    deltas = layer_rows(workspace.deltas, layer, first, last, network, workspace)
    slopes = layer_rows(workspace.slopes, layer, first, last, network, workspace)
    for i in range(last - first):
        for j in range(n_units):
            deltas[i, j] *= slopes[i, j]


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
