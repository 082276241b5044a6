"""The forward pass of a trained network by kernels, for so many rows that NumPy is slower."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextvars import copy_context
from typing import Any

import numpy as np

from sk_mnist._utils.memory import aligned
from sk_mnist._utils.threads import thread_pool
from sk_mnist._utils.typing import FloatArray
from sk_mnist.engines.base import NetworkState
from sk_mnist.engines.numba.kernels.activations import ACTIVATIONS
from sk_mnist.engines.numba.kernels.compile import is_enabled
from sk_mnist.engines.numba.kernels.predict import BLOCK_ROWS, predict_logits
from sk_mnist.engines.numba.memory_layout import Layout
from sk_mnist.network import forward
from sk_mnist.network.spec import NetworkSpec

# A thread takes at most this many blocks of rows at a time.
_CHUNK_BLOCKS = 10


def logits(
    X: Any, coefs: Sequence[FloatArray], intercepts: Sequence[FloatArray], activation: str
) -> tuple[FloatArray, bool]:
    """Compute what `sk_mnist.network.forward.logits` computes, for a dense array.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Any numeric dtype; converted to the dtype of the weights, a chunk of rows at a time.
    coefs : sequence of ndarray of shape (n_inputs, n_units)
        Weights of each layer.
    intercepts : sequence of ndarray of shape (n_units,)
        Biases of each layer.
    activation : str
        A key of `ACTIVATIONS`.

    Returns
    -------
    logits : ndarray of shape (n_samples, n_outputs)
        In the dtype of the weights. Overflows do not warn.
    finite : bool
        True only if all of X is finite: an input that is not makes all sums of its row not finite,
        whatever the weights. Very large finite inputs may do so, too.
    """
    dtype = coefs[0].dtype
    if not is_enabled():
        z = forward.logits(X, coefs, intercepts, activation)
        return z, bool(np.isfinite(z).all())
    sizes = (X.shape[1], *(len(intercept) for intercept in intercepts))
    layout = Layout(NetworkSpec(sizes, activation, "softmax", dtype.name), sparse=False)
    pairs = zip(coefs, intercepts, strict=True)
    network = layout.pack(NetworkState([array for pair in pairs for array in pair]))
    address = ACTIVATIONS[activation](dtype.name)
    out = np.empty((len(X), sizes[-1]), dtype)

    def take_chunks(chunks: deque[slice]) -> bool:
        finite = True
        buffers = aligned((3, BLOCK_ROWS * max(sizes)), dtype)
        while True:
            try:
                rows = chunks.popleft()
            except IndexError:
                return finite
            inputs = np.ascontiguousarray(X[rows], dtype)
            if not inputs.flags.writeable:  # another type to Numba, which would compile for it
                inputs = inputs.copy()
            finite &= predict_logits(inputs, network, address, buffers, out[rows])

    with thread_pool() as (pool, n_threads):
        n_blocks = -(-len(X) // (n_threads * BLOCK_ROWS))
        size = BLOCK_ROWS * max(1, min(_CHUNK_BLOCKS, n_blocks))
        chunks = deque(slice(start, start + size) for start in range(0, len(X), size))
        others = []
        try:
            for _ in range(n_threads - 1):
                # With the caller's `numpy.errstate`.
                others.append(pool.submit(copy_context().run, take_chunks, chunks))
            finite = [take_chunks(chunks), *(other.result() for other in others)]
        finally:
            chunks.clear()  # so that threads end, as after an interrupt
    return out, all(finite)
