"""Where in the vectors of `sk_mnist.engines.numba.kernels.train` the layers of a network lie, and what they need."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from sk_mnist.engines.base import NetworkState
from sk_mnist.engines.numba.csr import Vector
from sk_mnist.engines.numba.kernels.llvm_simd import TILE
from sk_mnist.engines.numba.kernels.structs import CACHE_LINE, Network, Workspace, aligned
from sk_mnist.network.spec import NetworkSpec

# Most inputs whose weights are a task, of a dense layer, and most bytes of weights, of a tile.
# Smaller tasks take longer, larger ones leave threads without work or fall out of the cache.
_PANEL_INPUTS = 256
_TILE_BYTES = 2**16


class Layout:
    """Where in the kernels' vectors the layers of a network lie.

    Parameters
    ----------
    spec : NetworkSpec
        The network.
    sparse : bool
        Whether its inputs are rows without zeros.
    """

    def __init__(self, spec: NetworkSpec, *, sparse: bool) -> None:
        self._dtype = np.dtype(spec.dtype)
        self._sizes = np.array(spec.layer_sizes, np.int64)
        self._shapes = list(pairwise(spec.layer_sizes))
        self._n_tiles = -(-spec.layer_sizes[1] // TILE) if sparse else 0
        most = _TILE_BYTES // (TILE * self._dtype.itemsize)
        self._tile_inputs = _evenly(spec.layer_sizes[0], most, n_tasks=4)
        widths = np.array([n_units for _, n_units in self._shapes], np.int64)
        gap = CACHE_LINE // self._dtype.itemsize
        self._pitches = widths + gap * (widths > TILE)
        if self._n_tiles:
            self._pitches[0] = self._n_tiles * TILE
        sizes = [
            n
            for (n_in, _), n_out in zip(self._shapes, self._pitches, strict=True)
            for n in (n_in * n_out, n_out)
        ]
        places = np.cumsum([0, *sizes])
        self._coefs, self._intercepts, self._n_weights = places[:-1:2], places[1::2], places[-1]

    def network(self, state: NetworkState) -> Network:
        """Lay out weights and first and second moments, if there are any."""
        variables = (state.optimizer_state or [])[2:]
        vectors = [
            self._vector(arrays) for arrays in (state.weights, variables[::2], variables[1::2])
        ]
        return Network(
            self._sizes,
            self._pitches,
            self._coefs,
            self._intercepts,
            *vectors,
        )

    def state(self, network: Network, n_steps: int, rate: float) -> NetworkState:
        """Return weights and the variables of Keras's Adam: the inverse of `network`."""
        weights, first, second = (
            self._arrays(vector)
            for vector in (network.weights, network.momenta, network.velocities)
        )
        moments = [moment for pair in zip(first, second, strict=True) for moment in pair]
        counters = [np.asarray(n_steps, np.int64), np.asarray(rate, np.float32)]
        return NetworkState(weights, [*counters, *moments])

    def initial_moments(self, network: Network) -> Network:
        """Add first and second moments of zero."""
        zeros = (aligned((self._n_weights,), self._dtype) for _ in range(2))
        return network._replace(**dict(zip(("momenta", "velocities"), zeros, strict=True)))

    def copy(self, network: Network) -> Network:
        """Return the network with weights and moments of its own."""
        names = ("weights", "momenta", "velocities")
        vectors = {name: aligned((self._n_weights,), self._dtype) for name in names}
        for name, vector in vectors.items():
            vector[:] = getattr(network, name)
        return network._replace(**vectors)

    def workspace(self, batch_size: int) -> Workspace:
        """Make room for what a step computes."""
        n_units = batch_size * int(self._sizes.sum())
        n_bounds = -(-self._shapes[0][0] // self._tile_inputs) + 1
        return Workspace(
            starts=batch_size * np.cumsum([0, *self._sizes[:-1]]),
            outputs=aligned((n_units,), self._dtype),
            slopes=aligned((n_units,), self._dtype),
            deltas=aligned((n_units,), self._dtype),
            turned=aligned((n_units,), self._dtype),
            tiles=aligned((self._n_tiles, batch_size, TILE), self._dtype),
            tile_inputs=self._tile_inputs,
            bounds=np.empty((self._n_tiles, n_bounds, batch_size), np.int64),
            losses=np.empty(batch_size),
            hits=np.empty(batch_size),
        )

    @functools.cached_property
    def parts(self) -> npt.NDArray[np.int64]:
        """Tasks that weights are cut into; first those of tiles, in turn, so each has one owner."""
        parts = []
        for layer, (n_inputs, _) in enumerate(self._shapes):
            n_tiles = self._n_tiles if layer == 0 else 0
            size = self._tile_inputs if n_tiles else _evenly(n_inputs, _PANEL_INPUTS, n_tasks=2)
            for i in range(0, n_inputs, size):
                last = min(n_inputs, i + size)
                parts += [(layer, tile, i, last) for tile in range(n_tiles or 1)]
        return np.array(parts, np.int64)

    def gradients(self, n_members: int) -> Vector:
        """Make room for the gradients of each member's largest task."""
        widths = np.array([TILE if self._n_tiles else self._pitches[0], *self._pitches[1:]])
        layers, _, firsts, lasts = self.parts.T
        largest = ((lasts - firsts) * widths[layers]).max()
        # So many that each member's begins at a line of the cache.
        return aligned((n_members, -(-largest // CACHE_LINE) * CACHE_LINE), self._dtype)

    def _vector(self, arrays: Sequence[Any]) -> Vector:
        if not arrays:
            return np.zeros(0, self._dtype)
        vector = aligned((self._n_weights,), self._dtype)
        for i, units, place in self._places(vector):
            place[...] = arrays[i][..., units]
        return vector

    def _arrays(self, vector: Vector) -> list[Vector]:
        shapes = [shape for n, units in self._shapes for shape in ((n, units), (units,))]
        arrays = [np.empty(shape, self._dtype) for shape in shapes]
        for i, units, place in self._places(vector):
            arrays[i][..., units] = place
        return arrays

    def _places(self, vector: Vector) -> Iterator[tuple[int, slice, Vector]]:
        """Yield the number of an array, some of its units, and where in the vector they are."""
        for layer, (n_inputs, n_units) in enumerate(self._shapes):
            place = vector[self._coefs[layer] : self._intercepts[layer]]
            if layer == 0 and self._n_tiles:
                for t, tile in enumerate(place.reshape(self._n_tiles, n_inputs, TILE)):
                    units = slice(t * TILE, min(n_units, (t + 1) * TILE))
                    yield 0, units, tile[:, : units.stop - units.start]
            else:
                yield 2 * layer, slice(None), place.reshape(n_inputs, -1)[:, :n_units]
            start = self._intercepts[layer]
            yield 2 * layer + 1, slice(None), vector[start : start + n_units]


def _evenly(n_inputs: int, most: int, n_tasks: int) -> int:
    """Return how many inputs a task has if there are so many tasks, or more if it had too many.

    The number of threads has no say, so that any number of them computes the same.
    """
    return -(-n_inputs // max(n_tasks, -(-n_inputs // most)))
