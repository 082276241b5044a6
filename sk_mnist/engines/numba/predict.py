"""The forward pass of a dense network by kernels, for so many rows that NumPy is slower."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import numpy as np

from sk_mnist._utils.threads import team_size
from sk_mnist._utils.typing import FloatArray
from sk_mnist.engines.base import NetworkState
from sk_mnist.engines.numba.kernels.compile import entry_point, kernel
from sk_mnist.engines.numba.kernels.dense import dense_layer
from sk_mnist.engines.numba.kernels.structs import aligned
from sk_mnist.engines.numba.memory_layout import Layout
from sk_mnist.network.activations import ACTIVATIONS
from sk_mnist.network.spec import NetworkSpec

# Rows that go through the network together, several tiles of products, and how many such blocks a
# thread takes at a time, at most.
_BLOCK_ROWS = 48
_CHUNK_BLOCKS = 10


def logits(
    X: Any, coefs: Sequence[FloatArray], intercepts: Sequence[FloatArray], activation: str
) -> tuple[FloatArray, bool]:
    """Compute what `sk_mnist.network.forward.logits` computes, of a dense array.

    Parameters are those of that function; `activation` has a negative slope.

    Returns
    -------
    logits : ndarray of shape (n_samples, n_outputs)
        In the type of the weights. Of an overflow there is no warning.
    finite : bool
        Whether all of X is surely finite: what is not makes all sums of a row so, whatever it is
        multiplied with. So may finite numbers that are very large.
    """
    dtype = coefs[0].dtype
    sizes = (X.shape[1], *(len(intercept) for intercept in intercepts))
    layout = Layout(NetworkSpec(sizes, activation, "softmax", dtype.name), sparse=False)
    pairs = zip(coefs, intercepts, strict=True)
    network = layout.network(NetworkState([array for pair in pairs for array in pair]))
    slope = dtype.type(ACTIVATIONS[activation].negative_slope)
    out = np.empty((len(X), sizes[-1]), dtype)

    def take_chunks(chunks: deque[slice]) -> bool:
        finite = True
        scratch = aligned((2, _BLOCK_ROWS * max(sizes)), dtype)
        while True:
            try:
                rows = chunks.popleft()
            except IndexError:
                return finite
            inputs = np.ascontiguousarray(X[rows], dtype)
            if not inputs.flags.writeable:  # another type to Numba, for which it would compile
                inputs = inputs.copy()
            finite &= _forward_rows(inputs, network, slope, scratch, out[rows])

    with team_size() as n_threads, ThreadPoolExecutor(n_threads) as pool:
        n_blocks = -(-len(X) // (n_threads * _BLOCK_ROWS))
        size = _BLOCK_ROWS * max(1, min(_CHUNK_BLOCKS, n_blocks))
        chunks = deque(slice(first, first + size) for first in range(0, len(X), size))
        others = []
        try:
            for _ in range(n_threads - 1):
                # With the caller's `numpy.errstate`.
                others.append(pool.submit(copy_context().run, take_chunks, chunks))
            finite = [take_chunks(chunks), *(other.result() for other in others)]
        finally:
            chunks.clear()  # so that threads end, as after an interrupt
    return out, all(finite)


@entry_point
def _forward_rows(X, network, negative_slope, scratch, logits):
    """Compute the logits of some rows, and tell whether these are finite.

    `scratch` has room for the outputs of two layers.
    """
    finite = True
    n_layers = len(network.sizes) - 1
    for first in range(0, len(X), _BLOCK_ROWS):
        n_rows = min(_BLOCK_ROWS, len(X) - first)
        dense_layer(0, n_rows, X[first:].reshape(-1), network, scratch[0])
        for i in range(n_rows):
            finite &= math.isfinite(scratch[0, i * network.sizes[1]])
        for layer in range(1, n_layers):
            inputs = scratch[(layer + 1) % 2]
            _activate(inputs[: n_rows * network.sizes[layer]], negative_slope)
            dense_layer(layer, n_rows, inputs, network, scratch[layer % 2])
        size = n_rows * logits.shape[1]
        outputs = scratch[(n_layers + 1) % 2, :size]
        logits[first : first + n_rows] = outputs.reshape((n_rows, logits.shape[1]))
    return finite


@kernel
def _activate(outputs, negative_slope):
    """Replace what is negative; not by a product, which for infinity times zero is no number."""
    zero = outputs.dtype.type(0)
    for j in range(len(outputs)):
        below = zero if negative_slope == zero else negative_slope * outputs[j]
        outputs[j] = below if outputs[j] <= zero else outputs[j]
