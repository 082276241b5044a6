"""The memory layout of networks in training, and the working memory that kernels need."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from sk_mnist._utils.memory import CACHE_LINE, aligned
from sk_mnist._utils.typing import FloatArray
from sk_mnist.engines.base import NetworkState
from sk_mnist.engines.numba.kernels.structs import TILE, Network, Workspace
from sk_mnist.engines.numba.optimizers import KernelOptimizer
from sk_mnist.network.spec import NetworkSpec

# Largest weight blocks: inputs of a dense layer, bytes of weights of a tile. Smaller ones have more
# overhead, larger ones leave threads without work or do not fit in the cache.
_MAX_DENSE_INPUTS = 256
_MAX_TILE_BYTES = 2**16


class Layout:
    """Where in the kernels' vectors the layers of a network lie.

    Parameters
    ----------
    spec : NetworkSpec
        The network.
    sparse : bool
        Whether its inputs are in CSR format, so that the first layer lies in tiles.
    optimizer : KernelOptimizer
        Says which slots there are, and whether the workspace keeps the gradient.
    """

    def __init__(self, spec: NetworkSpec, *, sparse: bool, optimizer: KernelOptimizer) -> None:
        self._slot_groups = optimizer.slot_groups
        self._has_average = optimizer.has_average
        self._keeps_gradient = optimizer.clips_norm
        self._dtype = np.dtype(spec.dtype)
        self._layer_sizes = np.array(spec.layer_sizes, np.int64)
        self._shapes = list(pairwise(spec.layer_sizes))
        self._n_tiles = -(-spec.layer_sizes[1] // TILE) if sparse else 0
        most = _MAX_TILE_BYTES // (TILE * self._dtype.itemsize)
        self._range_size = _even_size(spec.layer_sizes[0], most, n_tasks=4)
        widths = np.array([n_units for _, n_units in self._shapes], np.int64)
        padding = CACHE_LINE // self._dtype.itemsize
        self._leading_dims = widths + padding * (widths > TILE)
        if self._n_tiles:
            self._leading_dims[0] = self._n_tiles * TILE
        sizes = [
            n
            for (n_in, _), n_out in zip(self._shapes, self._leading_dims, strict=True)
            for n in (n_in * n_out, n_out)
        ]
        starts = np.cumsum([0, *sizes])
        self._coef_starts, self._intercept_starts = starts[:-1:2].copy(), starts[1::2].copy()
        self._n_weights = int(starts[-1])
        self._n_slots = sum(map(len, self._slot_groups))
        self._gradient_buffers: dict[int, npt.NDArray[Any]] = {}

    def pack(self, state: NetworkState) -> Network:
        """Copy a network into vectors.

        Without an optimizer state, its slots are zero, but for the averages: those of one network.
        """
        network = Network(
            self._layer_sizes,
            self._leading_dims,
            self._coef_starts,
            self._intercept_starts,
            aligned((self._n_weights,), self._dtype),
            aligned((self._n_slots, self._n_weights), self._dtype),
        )
        self._fill(network.weights, state.weights)
        if state.optimizer_state is not None:
            for slot, arrays in self._slots_of(state.optimizer_state[2:]):
                self._fill(network.slots[slot], arrays)
        elif self._has_average:
            network.slots[-1] = network.weights
        return network

    def unpack(self, network: Network, n_steps: int, learning_rate: float) -> NetworkState:
        """Copy a network and the variables of Keras's optimizer out of vectors."""
        arrays = [self._arrays(slot) for slot in network.slots]
        variables = [
            arrays[slot][i]
            for group in self._slot_groups
            for i in range(2 * len(self._shapes))
            for slot in group
        ]
        step_count: npt.NDArray[Any] = np.asarray(n_steps, np.int64)
        rate: npt.NDArray[Any] = np.asarray(learning_rate, np.float32)
        return NetworkState(
            self._arrays(network.weights),
            [step_count, rate, *variables],
            [array.copy() for array in arrays[-1]] if self._has_average else None,
        )

    def copy(self, network: Network) -> Network:
        """Return the network with vectors of its own."""
        weights = aligned((self._n_weights,), self._dtype)
        slots = aligned((self._n_slots, self._n_weights), self._dtype)
        weights[:] = network.weights
        slots[:] = network.slots
        return network._replace(weights=weights, slots=slots)

    def workspace(self, batch_size: int) -> Workspace:
        """Allocate memory for the intermediate results of a step."""
        n_outputs = batch_size * int(self._layer_sizes.sum())
        n_ranges = -(-self._shapes[0][0] // self._range_size)
        return Workspace(
            layer_starts=batch_size * np.cumsum([0, *self._layer_sizes[:-1]]),
            outputs=aligned((n_outputs,), self._dtype),
            activation_gradients=aligned((n_outputs,), self._dtype),
            deltas=aligned((n_outputs,), self._dtype),
            transposed_deltas=aligned((n_outputs,), self._dtype),
            tiles=aligned((self._n_tiles, batch_size, TILE), self._dtype),
            range_size=self._range_size,
            range_bounds=np.empty((self._n_tiles, n_ranges + 1, batch_size), np.int64),
            losses=np.empty(batch_size),
            correct=np.empty(batch_size),
            gradient=aligned((self._n_weights if self._keeps_gradient else 0,), self._dtype),
            square_sums=np.zeros((len(self.weight_blocks), 2)),
        )

    @functools.cached_property
    def weight_blocks(self) -> npt.NDArray[np.int64]:
        """Tasks that update weights, as `train_steps` takes them.

        Those of tiles come first and cycle through the tiles, so that with as many workers as
        tiles each tile has one owner.
        """
        blocks = []
        for layer, (n_inputs, _) in enumerate(self._shapes):
            n_tiles = self._n_tiles if layer == 0 else 0
            size = _even_size(n_inputs, _MAX_DENSE_INPUTS, n_tasks=2)
            size = self._range_size if n_tiles else size
            for start in range(0, n_inputs, size):
                stop = min(n_inputs, start + size)
                blocks += [(layer, tile, start, stop) for tile in range(n_tiles or 1)]
        return np.array(blocks, np.int64)

    def gradient_buffers(self, n_workers: int) -> npt.NDArray[Any]:
        """Return memory for the gradient of the largest weight block, a row for each worker."""
        if n_workers not in self._gradient_buffers:
            # A multiple of the cache line, so that every row is aligned.
            shape = n_workers, -(-self._largest_weight_block // CACHE_LINE) * CACHE_LINE
            self._gradient_buffers[n_workers] = aligned(shape, self._dtype)
        return self._gradient_buffers[n_workers]

    @functools.cached_property
    def _largest_weight_block(self) -> int:
        widths = np.array(
            [TILE if self._n_tiles else self._leading_dims[0], *self._leading_dims[1:]]
        )
        layers, _, starts, stops = self.weight_blocks.T
        return int(((stops - starts) * widths[layers]).max())

    def _slots_of(
        self, variables: Sequence[npt.NDArray[Any]]
    ) -> Iterator[tuple[int, list[npt.NDArray[Any]]]]:
        """Yield each slot with its arrays among the variables of Keras's optimizer."""
        n_arrays = 2 * len(self._shapes)
        first = 0
        for group in self._slot_groups:
            last = first + n_arrays * len(group)
            for j, slot in enumerate(group):
                yield slot, list(variables[first + j : last : len(group)])
            first = last

    def _fill(self, vector: npt.NDArray[Any], arrays: Sequence[Any]) -> None:
        for i, units, view in self._views(vector):
            view[...] = arrays[i][..., units]

    def _arrays(self, vector: npt.NDArray[Any]) -> list[FloatArray]:
        shapes = [shape for n, units in self._shapes for shape in ((n, units), (units,))]
        arrays = [np.empty(shape, self._dtype) for shape in shapes]
        for i, units, view in self._views(vector):
            arrays[i][..., units] = view
        return arrays

    def _views(self, vector: npt.NDArray[Any]) -> Iterator[tuple[int, slice, npt.NDArray[Any]]]:
        """Yield the number of an array, some of its units, and where in the vector they are."""
        for layer, (n_inputs, n_units) in enumerate(self._shapes):
            coef = vector[self._coef_starts[layer] : self._intercept_starts[layer]]
            if layer == 0 and self._n_tiles:
                for t, tile in enumerate(coef.reshape(self._n_tiles, n_inputs, TILE)):
                    units = slice(t * TILE, min(n_units, (t + 1) * TILE))
                    yield 0, units, tile[:, : units.stop - units.start]
            else:
                yield 2 * layer, slice(None), coef.reshape(n_inputs, -1)[:, :n_units]
            start = self._intercept_starts[layer]
            yield 2 * layer + 1, slice(None), vector[start : start + n_units]


def _even_size(n_inputs: int, most: int, n_tasks: int) -> int:
    """Return how many inputs each task has: `n_tasks` tasks, or more if these exceed `most` inputs.

    It does not depend on the number of threads, so that any number of them computes the same.
    """
    return -(-n_inputs // max(n_tasks, -(-n_inputs // most)))
