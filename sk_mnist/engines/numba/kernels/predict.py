"""The forward pass of a trained network, which leaves out inputs and outputs that are zero."""

from __future__ import annotations

from sk_mnist.engines.numba.kernels.compile import kernel
from sk_mnist.engines.numba.kernels.csr import copy_nonzero, count_nonzero
from sk_mnist.engines.numba.kernels.gemm import gemm
from sk_mnist.engines.numba.kernels.llvm_calls import call_activation
from sk_mnist.engines.numba.kernels.llvm_simd import add_scaled_rows
from sk_mnist.engines.numba.kernels.llvm_views import matrix, part, tail
from sk_mnist.engines.numba.kernels.structs import PREDICTED_ROWS, TILE

# Inputs whose weights stay in the cache while a block of rows is multiplied by a tile.
_RANGE_SIZE = 256


@kernel
def predict_logits(X, network, buffers, logits):
    """Compute the logits of some rows; return whether all inputs are finite.

    The bits of a row do not depend on the rows around it: a zero that is left out of a sum would
    not have changed it.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        The inputs, in the dtype of the network or uint8.
    network : FittedNetwork
        The network.
    buffers : Buffers
        Intermediate results.
    logits : ndarray of shape (n_rows, n_outputs)
        Written to.
    """
    is_finite = True
    sizes, n_layers = network.layer_sizes, len(network.layer_sizes) - 1
    for start in range(0, len(X), PREDICTED_ROWS):
        n_rows = min(PREDICTED_ROWS, len(X) - start)
        rows = matrix(X, start * sizes[0], n_rows, sizes[0])
        for layer in range(n_layers):
            inputs, outputs = buffers.outputs[layer % 2], buffers.outputs[(layer + 1) % 2]
            if layer == 0:
                n_nonzero = _find_nonzero(rows, network.max_densities[0], buffers)
                if n_nonzero < 0:
                    is_finite &= _copy_dense(rows, inputs, network, buffers)
                else:
                    is_finite &= _scale_nonzero(n_nonzero, network, buffers)
            else:
                size = n_rows * sizes[layer]
                call_activation(network.activation, inputs, buffers.outputs[2], size)
                hidden = matrix(inputs, 0, n_rows, sizes[layer])
                n_nonzero = _find_nonzero(hidden, network.max_densities[layer], buffers)
            if n_nonzero < 0:
                _multiply_dense(layer, n_rows, inputs, network, outputs)
            else:
                _multiply_nonzero(layer, n_rows, network, buffers, outputs)
            intercept = tail(network.weights, network.intercept_starts[layer])
            for i in range(n_rows):
                for j in range(sizes[layer + 1]):
                    outputs[i * sizes[layer + 1] + j] += intercept[j]
        last = buffers.outputs[n_layers % 2]
        for i in range(n_rows):
            for j in range(sizes[n_layers]):
                logits[start + i, j] = last[i * sizes[n_layers] + j]
    return is_finite


@kernel
def _find_nonzero(X, max_density, buffers):
    """Find the nonzero elements of rows; return their number, or -1 if there are too many."""
    if max_density < 0:
        return -1
    count_nonzero(X, buffers.counts)
    n_nonzero = 0
    for i in range(len(X)):
        buffers.starts[i] = n_nonzero
        n_nonzero += buffers.counts[i]
    if n_nonzero > max_density * X.size:
        return -1
    copy_nonzero(X, buffers.starts, buffers.counts, buffers.ones, buffers.indices, buffers.values)
    return n_nonzero


@kernel
def _copy_dense(X, inputs, network, buffers):
    """Copy and limit the inputs of rows; return whether they are finite."""
    n_inputs = X.shape[1]
    for i in range(len(X)):
        for j in range(n_inputs):
            inputs[i * n_inputs + j] = inputs.dtype.type(X[i, j])
    is_finite = _are_finite(inputs, X.size, network.largest)
    if network.limit > 0:
        for i in range(len(X)):
            for j in range(n_inputs):
                scaled = (inputs[i * n_inputs + j] - network.offset[j]) / network.width[j]
                inputs[i * n_inputs + j] = scaled
        _limit(inputs, X.size, network, buffers)
    return is_finite


@kernel
def _scale_nonzero(n, network, buffers):
    """Limit the nonzero inputs; return whether they are finite."""
    values = buffers.values
    is_finite = _are_finite(values, n, network.largest)
    if network.limit > 0:
        for k in range(n):
            values[k] /= network.width[buffers.indices[k]]
        _limit(values, n, network, buffers)
    return is_finite


@kernel
def _are_finite(values, n, largest):
    n_finite = 0
    for k in range(n):
        n_finite += abs(values[k]) <= largest
    return n_finite == n


@kernel
def _limit(values, n, network, buffers):
    call_activation(network.tanh, values, buffers.outputs[2], n)
    for k in range(n):
        values[k] *= network.limit


@kernel
def _multiply_dense(layer, n_rows, inputs, network, outputs):
    """Multiply all inputs by the tiles of a layer."""
    n_inputs, n_units = network.layer_sizes[layer], network.layer_sizes[layer + 1]
    width = network.tile_widths[layer]
    for first in range(0, n_units, width):
        gemm(
            (n_rows, min(width, n_units - first), n_inputs),
            inputs,
            (n_inputs, 1),
            tail(network.weights, network.coef_starts[layer] + first * n_inputs),
            width,
            tail(outputs, first),
            n_units,
        )


@kernel
def _multiply_nonzero(layer, n_rows, network, buffers, outputs):
    """Multiply nonzero inputs by the tiles of a layer."""
    n_inputs, n_units = network.layer_sizes[layer], network.layer_sizes[layer + 1]
    sums, positions = buffers.sums, buffers.positions
    for first in range(0, n_units, TILE):
        coefs = network.coef_starts[layer] + first * n_inputs
        for i in range(n_rows):
            positions[i] = buffers.starts[i]
            for j in range(TILE):
                sums[i, j] = 0
        for start in range(0, n_inputs, _RANGE_SIZE):
            for i in range(n_rows):
                positions[i] = add_scaled_rows(
                    part(sums, i * TILE, TILE),
                    tail(network.weights, coefs + start * TILE),
                    start,
                    start + _RANGE_SIZE,
                    buffers.indices,
                    buffers.values,
                    positions[i],
                    buffers.starts[i] + buffers.counts[i],
                )
        width = min(TILE, n_units - first)
        for i in range(n_rows):
            for j in range(width):
                outputs[i * n_units + first + j] = sums[i, j]
