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
from sk_mnist.engines.numba.csr import MAX_DENSITY, contiguous, index_dtype
from sk_mnist.engines.numba.kernels.structs import PREDICTED_ROWS, TILE, Buffers, FittedNetwork
from sk_mnist.engines.numba.machine_code.entry_points import ACTIVATIONS, predict_logits
from sk_mnist.engines.numba.machine_code.loading import compilation_is_enabled
from sk_mnist.network import forward
from sk_mnist.network.input_limit import LIMIT, InputLimit

# A thread takes at most this many blocks of rows at a time.
_CHUNK_BLOCKS = 10

# Layers with fewer units or weights gain nothing if zeros are left out, as these have to be found.
_MIN_UNITS = 16
_MIN_WEIGHTS = 2**14

# Activations whose outputs are often zero.
_WITH_ZEROS = ("relu",)


def logits(
    X: Any,
    coefs: Sequence[FloatArray],
    intercepts: Sequence[FloatArray],
    activation: str,
    limit: InputLimit | None = None,
) -> tuple[FloatArray, bool]:
    """Compute what `sk_mnist.network.forward.logits` computes, for a dense array.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Any numeric dtype; converted to the dtype of the weights, some rows at a time.
    coefs : sequence of ndarray of shape (n_inputs, n_units)
        Weights of each layer.
    intercepts : sequence of ndarray of shape (n_units,)
        Biases of each layer.
    activation : str
        A key of `ACTIVATIONS`.
    limit : InputLimit or None
        Applied to X.

    Returns
    -------
    logits : ndarray of shape (n_samples, n_outputs)
        In the dtype of the weights. Overflows do not warn.
    finite : bool
        Whether all of X is finite in the dtype of the weights.
    """
    dtype = coefs[0].dtype
    if not compilation_is_enabled():
        z = forward.logits(X, coefs, intercepts, activation, limit)
        return z, bool(np.isfinite(X.astype(dtype)).all())
    sizes = (X.shape[1], *(len(intercept) for intercept in intercepts))
    network = _fitted_network(sizes, coefs, intercepts, activation, limit)
    out = np.empty((len(X), sizes[-1]), dtype)

    def take_chunks(chunks: deque[slice]) -> bool:
        finite = True
        buffers = _buffers(sizes, dtype)
        while True:
            try:
                rows = chunks.popleft()
            except IndexError:
                return finite
            inputs = contiguous(X[rows], dtype)
            finite &= bool(predict_logits(inputs, network, buffers, out[rows]))

    with thread_pool() as (pool, n_threads):
        n_blocks = -(-len(X) // (n_threads * PREDICTED_ROWS))
        size = PREDICTED_ROWS * max(1, min(_CHUNK_BLOCKS, n_blocks))
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


def _fitted_network(
    sizes: Sequence[int],
    coefs: Sequence[FloatArray],
    intercepts: Sequence[FloatArray],
    activation: str,
    limit: InputLimit | None,
) -> FittedNetwork:
    dtype = coefs[0].dtype
    n_inputs, n_units = np.array(sizes[:-1]), np.array(sizes[1:])
    has_tiles = (n_units >= _MIN_UNITS) & (n_inputs * n_units >= _MIN_WEIGHTS)
    tile_widths = np.where(has_tiles, TILE, n_units)
    padded = -(-n_units // tile_widths) * tile_widths
    starts = np.cumsum([0, *np.column_stack([n_inputs * padded, padded]).ravel()])
    weights = aligned((int(starts[-1]),), dtype)
    for i, (coef, intercept) in enumerate(zip(coefs, intercepts, strict=True)):
        tiles = weights[starts[2 * i] : starts[2 * i + 1]].reshape(-1, len(coef), tile_widths[i])
        for tile, first in zip(tiles, range(0, len(intercept), tile_widths[i]), strict=True):
            units = coef[:, first : first + tile_widths[i]]
            tile[:, : units.shape[1]] = units
        weights[starts[2 * i + 1] :][: len(intercept)] = intercept
    offset, width = np.zeros(sizes[0], dtype), np.ones(sizes[0], dtype)
    if limit is not None:
        offset[:], width[:] = limit.offset_and_width(dtype)
    # A tile that is not full costs as much as a full one.
    max_densities = np.where(has_tiles, MAX_DENSITY * n_units / padded, -1)
    if activation not in _WITH_ZEROS:
        max_densities[1:] = -1
    # Where a zero does not stay zero, or where zero times a weight is not zero.
    if offset.any() or not width.all():
        max_densities[0] = -1
    if not np.isfinite(weights).all():
        max_densities[:] = -1
    return FittedNetwork(
        layer_sizes=np.array(sizes),
        tile_widths=tile_widths,
        coef_starts=starts[:-1:2].copy(),
        intercept_starts=starts[1::2].copy(),
        weights=weights,
        max_densities=max_densities,
        activation=ACTIVATIONS[activation].address(dtype.name),
        limit=dtype.type(0 if limit is None else LIMIT),
        tanh=ACTIVATIONS["tanh"].address(dtype.name) if limit is not None else 0,
        offset=offset,
        width=width,
        largest=np.finfo(dtype).max,
    )


def _buffers(sizes: Sequence[int], dtype: np.dtype[Any]) -> Buffers:
    size = PREDICTED_ROWS * max(sizes)
    return Buffers(
        outputs=aligned((3, size), dtype),
        sums=aligned((PREDICTED_ROWS, TILE), dtype),
        counts=np.empty(PREDICTED_ROWS, np.int64),
        starts=np.empty(PREDICTED_ROWS, np.int64),
        positions=np.empty(PREDICTED_ROWS, np.int64),
        indices=np.empty(size, index_dtype(max(sizes))),
        values=aligned((size,), dtype),
        ones=np.ones(max(sizes), dtype),
    )
