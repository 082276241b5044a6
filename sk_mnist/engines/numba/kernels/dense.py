"""Forward and backward passes of dense layers, for some rows of a batch or some weights."""

from __future__ import annotations

from sk_mnist.engines.numba.kernels.compile import kernel
from sk_mnist.engines.numba.kernels.dropout import mask_key, multiply_by_mask
from sk_mnist.engines.numba.kernels.gemm import gemm, transpose
from sk_mnist.engines.numba.kernels.layers import layer_rows
from sk_mnist.engines.numba.kernels.llvm_calls import call_activation
from sk_mnist.engines.numba.kernels.llvm_views import tail


@kernel
def gather_inputs(start, stop, batch, rows, network, workspace):
    """Copy and scale the inputs of dense rows."""
    inputs = layer_rows(workspace.outputs, 0, start, stop, network, workspace)
    scalar = inputs.dtype.type
    for i in range(stop - start):
        row = rows.dense[batch[start + i]]
        for j in range(len(row)):
            inputs[i, j] = (scalar(row[j]) - rows.offset[j]) * rows.factor[j]


@kernel
def forward(layer, start, stop, network, workspace):
    """Compute the logits of a layer for some rows of a batch."""
    n_inputs, n_units = network.layer_sizes[layer], network.layer_sizes[layer + 1]
    logits = tail(workspace.outputs, workspace.layer_starts[layer + 1] + start * n_units)
    gemm(
        (stop - start, n_units, n_inputs),
        tail(workspace.outputs, workspace.layer_starts[layer] + start * n_inputs),
        (n_inputs, 1),
        tail(network.weights, network.coef_starts[layer]),
        network.leading_dims[layer],
        logits,
        n_units,
    )
    intercept = tail(network.weights, network.intercept_starts[layer])
    for i in range(stop - start):
        for j in range(n_units):
            logits[i * n_units + j] += intercept[j]


@kernel
def activate_and_drop(layer, start, stop, step, network, workspace, settings):
    """Replace the logits of a hidden layer by its outputs, and keep their gradient."""
    outputs = layer_rows(workspace.outputs, layer, start, stop, network, workspace)
    gradients = layer_rows(workspace.activation_gradients, layer, start, stop, network, workspace)
    call_activation(settings.activation, outputs, gradients, outputs.size)
    if settings.dropout > 0:
        key = mask_key(settings.seed, settings.first_step + step, layer - 1)
        multiply_by_mask(outputs, gradients, start, key, settings.dropout)


@kernel
def backward(layer, start, stop, network, workspace):
    """Compute the deltas of a hidden layer from those of the layer above it."""
    n_units, n_above = network.layer_sizes[layer], network.layer_sizes[layer + 1]
    n_rows = stop - start
    above = workspace.layer_starts[layer + 1] + start * n_above
    here = workspace.layer_starts[layer] + start * n_units
    deltas, transposed = workspace.deltas, workspace.transposed_deltas
    # With deltas transposed, both factors are read in the order in which they lie in memory.
    transpose(n_rows, n_above, tail(deltas, above), n_above, tail(transposed, above), n_rows)
    gemm(
        (n_units, n_rows, n_above),
        tail(network.weights, network.coef_starts[layer]),
        (network.leading_dims[layer], 1),
        tail(transposed, above),
        n_rows,
        tail(transposed, here),
        n_rows,
    )
    transpose(n_units, n_rows, tail(transposed, here), n_rows, tail(deltas, here), n_units)
    layer_deltas = layer_rows(deltas, layer, start, stop, network, workspace)
    gradients = layer_rows(workspace.activation_gradients, layer, start, stop, network, workspace)
    for i in range(n_rows):
        for j in range(n_units):
            layer_deltas[i, j] *= gradients[i, j]


@kernel
def coef_gradient(layer, start, stop, n_rows, network, workspace, gradient):
    """Compute the gradient of a layer's coefficients for the inputs from `start` to `stop`.

    `gradient` gets the layout of the matrix; the padding of its rows is set to zero.
    """
    n_inputs, n_units = network.layer_sizes[layer], network.layer_sizes[layer + 1]
    leading_dim = network.leading_dims[layer]
    gemm(
        (stop - start, n_units, n_rows),
        tail(workspace.outputs, workspace.layer_starts[layer] + start),
        (1, n_inputs),
        tail(workspace.deltas, workspace.layer_starts[layer + 1]),
        n_units,
        gradient,
        leading_dim,
    )
    for i in range(stop - start if leading_dim > n_units else 0):
        for j in range(n_units, leading_dim):
            gradient[i * leading_dim + j] = 0


@kernel
def column_sums(matrix, n_rows, sums):
    """Add up the first rows of a matrix, which gives the gradient of intercepts from deltas."""
    for j in range(len(sums)):
        sums[j] = 0
    for i in range(n_rows):
        for j in range(len(sums)):
            sums[j] += matrix[i, j]
