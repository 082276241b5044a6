"""How training data reach a trainer: all at once, or a part at a time when they are sparse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse

from sk_mnist.data.input_scaling import InputScaling

# Sparse data whose dense form is larger than this many bytes are made dense a part at a time;
# a part has a quarter of it.
DENSE_BYTES = 2**28


@dataclass(frozen=True)
class TrainingData:
    """What to train on.

    Attributes
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Inputs as the user gave them, not scaled.
    labels : ndarray of shape (n_samples,), int32, or of shape (n_samples, n_outputs), uint8
        Class numbers for a softmax output, 0 or 1 for logistic outputs.
    row_weight : ndarray of shape (n_samples,), float64
        Weight of each row in the loss, in units of `weight_unit`.
    scaling : InputScaling
        Applied to X on its way into the network.
    train_rows : ndarray of int
        Rows to train on.
    validation_rows : ndarray of int or None
        Rows that decide when to stop; None trains all epochs.
    validation_weight : ndarray of shape (n_validation_rows,), float64, or None
        Weight of each validation row in its score, in some unit.
    weight_unit : float
        What a row weight of one stands for.
    """

    X: Any
    labels: npt.NDArray[Any]
    row_weight: npt.NDArray[np.float64]
    scaling: InputScaling
    train_rows: npt.NDArray[np.intp]
    validation_rows: npt.NDArray[np.intp] | None = None
    validation_weight: npt.NDArray[np.float64] | None = None
    weight_unit: float = 1.0


@dataclass(frozen=True)
class Part:
    """A part of an epoch: data as a trainer loads them, and the order in which to take their rows.

    Attributes
    ----------
    data : object
        What the trainer made of them.
    order : ndarray of int
        Rows of `data`, batch after batch.
    first_step : int
        Number of the part's first step in the epoch.
    """

    data: Any
    order: npt.NDArray[np.intp]
    first_step: int


Feed = Callable[[npt.NDArray[np.intp]], Iterator[Part]]
"""Takes the order of an epoch's rows and yields its parts."""


class Load(Protocol):
    """What brings rows to where they are trained on: a method of a trainer."""

    def __call__(
        self,
        X: Any,
        labels: npt.NDArray[Any],
        row_weight: npt.NDArray[Any],
        scaling: InputScaling,
    ) -> Any:
        """Load rows."""


def rows_at_once(data: TrainingData, batch_size: int) -> int | None:
    """Return how many rows to load at a time, a whole number of batches; None for all."""
    n_rows, n_features = data.X.shape
    row_bytes = int(n_features * data.X.dtype.itemsize)
    if not sparse.issparse(data.X) or n_rows * row_bytes <= DENSE_BYTES:
        return None
    return batch_size * max(1, DENSE_BYTES // 4 // (batch_size * row_bytes))


def feed(data: TrainingData, load: Load, batch_size: int, *, whole: bool = False) -> Feed:
    """Decide how the data reach a trainer.

    Parameters
    ----------
    data : TrainingData
        What to train on.
    load : callable
        The trainer's.
    batch_size : int
        Rows a step.
    whole : bool
        Whether sparse data are never made dense, and so loaded at once however large they are.

    Returns
    -------
    callable
        Makes the parts of an epoch from the order of its rows.
    """
    n_rows = None if whole else rows_at_once(data, batch_size)
    if n_rows is None:
        return _feed_at_once(data, load)
    return _feed_in_parts(data, load, n_rows, batch_size)


def _feed_at_once(data: TrainingData, load: Load) -> Feed:
    loaded = load(data.X, data.labels, data.row_weight, data.scaling)

    def parts(order: npt.NDArray[np.intp]) -> Iterator[Part]:
        yield Part(loaded, order, first_step=0)

    return parts


def _feed_in_parts(data: TrainingData, load: Load, n_rows: int, batch_size: int) -> Feed:
    def parts(order: npt.NDArray[np.intp]) -> Iterator[Part]:
        for start in range(0, len(order), n_rows):
            rows = order[start : start + n_rows]
            loaded = load(data.X[rows], data.labels[rows], data.row_weight[rows], data.scaling)
            yield Part(loaded, np.arange(len(rows)), start // batch_size)

    return parts
