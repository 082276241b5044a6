"""How training data reach the device: all at once, or a part at a time when they are sparse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from sk_mnist import engine, optimizers
from sk_mnist.network import NetworkSpec
from sk_mnist.scaling import InputScaling

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
        Weight of each validation row in its score.
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
    """A part of an epoch: data on the device, and the order in which to take their rows.

    Attributes
    ----------
    data : list of tensors
        As `sk_mnist.engine.device_data` makes them.
    order : ndarray of int
        Rows of `data`, batch after batch.
    first_step : int
        Number of the part's first step in the epoch.
    """

    data: list[Any]
    order: npt.NDArray[np.intp]
    first_step: int


Feed = Callable[[npt.NDArray[np.intp]], Iterator[Part]]
"""Takes the order of an epoch's rows and yields its parts."""


def feed(
    spec: NetworkSpec, data: TrainingData, batch_size: int, optimizer: Any, use_dropout: bool
) -> tuple[engine.ProgramKey, Feed]:
    """Decide how the data reach the device.

    Parameters
    ----------
    spec : NetworkSpec
        The network.
    data : TrainingData
        What to train on.
    batch_size : int
        Rows a step; a program for fewer rows has smaller batches.
    optimizer : str or keras.optimizers.Optimizer
        Name of a Keras optimizer, or an instance.
    use_dropout : bool
        Whether the program draws dropout masks.

    Returns
    -------
    key : ProgramKey
        The program that fits the data.
    feed : callable
        Makes the parts of an epoch from the order of its rows.
    """
    n_rows, n_features = data.X.shape
    row_bytes = n_features * data.X.dtype.itemsize
    n_padded = engine.padded_rows(n_rows)
    batch_size = min(batch_size, n_padded)
    make_feed = _feed_at_once
    if sparse.issparse(data.X) and n_padded * row_bytes > DENSE_BYTES:
        n_padded = batch_size * max(1, DENSE_BYTES // 4 // (batch_size * row_bytes))
        make_feed = _feed_in_parts
    choice = optimizers.choose(optimizer)
    key = engine.ProgramKey(spec, n_padded, data.X.dtype.name, batch_size, choice, use_dropout)
    return key, make_feed(key, data)


def _feed_at_once(key: engine.ProgramKey, data: TrainingData) -> Feed:
    X = data.X.toarray() if sparse.issparse(data.X) else data.X
    on_device = engine.device_data(key, X, data.labels, data.row_weight, data.scaling)

    def parts(order: npt.NDArray[np.intp]) -> Iterator[Part]:
        yield Part(on_device, order, first_step=0)

    return parts


def _feed_in_parts(key: engine.ProgramKey, data: TrainingData) -> Feed:
    def parts(order: npt.NDArray[np.intp]) -> Iterator[Part]:
        for start in range(0, len(order), key.n_rows):
            rows = order[start : start + key.n_rows]
            X = data.X[rows].toarray()
            on_device = engine.device_data(
                key, X, data.labels[rows], data.row_weight[rows], data.scaling
            )
            yield Part(on_device, np.arange(len(rows)), start // key.batch_size)

    return parts
