"""How training data reach an engine: all at once, or in chunks if they are sparse and large."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse

from sk_mnist.data.input_scaling import InputScaling
from sk_mnist.data.training_data import TrainingData

# Sparse data whose dense form is larger than this many bytes are made dense in chunks of a quarter
# of it.
DENSE_BYTES = 2**28


@dataclass(frozen=True)
class Chunk:
    """Some of the rows of an epoch, loaded, and the order in which to take them.

    Attributes
    ----------
    data : object
        What the engine made of them.
    order : ndarray of int
        Rows of `data`, batch after batch.
    first_step : int
        Number of the chunk's first step in the epoch.
    """

    data: Any
    order: npt.NDArray[np.intp]
    first_step: int


Chunks = Callable[[npt.NDArray[np.intp]], Iterator[Chunk]]
"""Takes the order of an epoch's rows and yields its chunks."""


class Load(Protocol):
    """Brings rows to where they are trained on."""

    def __call__(
        self,
        X: Any,
        labels: npt.NDArray[Any],
        row_weight: npt.NDArray[Any],
        scaling: InputScaling,
    ) -> Any:
        """Load rows."""


def chunk_rows(data: TrainingData, batch_size: int) -> int | None:
    """Return how many rows to load at a time, a whole number of batches; None for all."""
    n_rows, n_features = data.X.shape
    row_bytes = int(n_features * data.X.dtype.itemsize)
    if not sparse.issparse(data.X) or n_rows * row_bytes <= DENSE_BYTES:
        return None
    return batch_size * max(1, DENSE_BYTES // 4 // (batch_size * row_bytes))


def chunks_of(
    data: TrainingData, load: Load, batch_size: int, *, stays_sparse: bool = False
) -> Chunks:
    """Decide how the data reach an engine, and load them if that is all at once.

    Parameters
    ----------
    data : TrainingData
        The data.
    load : callable
        Loads rows for the engine.
    batch_size : int
        Rows per step.
    stays_sparse : bool
        Whether the data are never made dense, so that they are loaded at once however large.

    Returns
    -------
    callable
        Makes the chunks of an epoch from the order of its rows.
    """
    n_rows = None if stays_sparse else chunk_rows(data, batch_size)
    if n_rows is None:
        return _all_at_once(data, load)
    return _in_chunks(data, load, n_rows, batch_size)


def _all_at_once(data: TrainingData, load: Load) -> Chunks:
    loaded = load(data.X, data.labels, data.row_weight, data.scaling)

    def chunks(order: npt.NDArray[np.intp]) -> Iterator[Chunk]:
        yield Chunk(loaded, order, first_step=0)

    return chunks


def _in_chunks(data: TrainingData, load: Load, n_rows: int, batch_size: int) -> Chunks:
    def chunks(order: npt.NDArray[np.intp]) -> Iterator[Chunk]:
        for start in range(0, len(order), n_rows):
            rows = order[start : start + n_rows]
            loaded = load(data.X[rows], data.labels[rows], data.row_weight[rows], data.scaling)
            yield Chunk(loaded, np.arange(len(rows)), start // batch_size)

    return chunks
