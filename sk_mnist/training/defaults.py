"""The default recipe: what "auto" stands for, by what the data show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

# A network needs steps, however few the rows.
MIN_STEPS = 600
MIN_EPOCHS = 10

# A power of two near 1/32 of the rows.
ROWS_PER_BATCH_ROW = 32
MIN_BATCH_SIZE = 32
MAX_BATCH_SIZE = 128

# From MANY_ROWS rows on the hidden layers are twice as wide and need less regularization, and some
# rows are held out for the temperature.
MANY_ROWS = 10_000
WIDE_LAYERS: tuple[int, ...] = (512, 256)
NARROW_LAYERS: tuple[int, ...] = (256, 128)

# Many rows of so many features start from small weights, which is better on MNIST and worse on a
# table of 22 features: `python examples/benchmarks/small_start.py`.
MANY_FEATURES = 100

MAX_UNITS = 2**31

# Half of the units hold a wide network back that could learn few rows by heart. On iris, a hidden
# layer of 16 units loses two percent by it, one of 100 nothing.
DROPOUT_OF_FEW = 0.5
DROPOUT = 0.2
DROPOUT_OF_MANY = 0.1
FEW_ROWS = 1_000
WIDE_UNITS = 100

# Fewer rows than this are one batch.
ONE_BATCH_ROWS = 64

# Fewer rows than this train without dropout, too. Nothing is then drawn at random but the initial
# weights, and integer weights train the same network as repeated rows.
DROPOUT_ROWS = 48


@dataclass(frozen=True)
class Settings:
    """Parameters of an estimator with "auto" resolved; the names are the estimator's."""

    hidden_layer_sizes: tuple[int, ...]
    dropout: float
    epochs: int
    batch_size: int

    def __str__(self) -> str:
        """Return the settings as they are printed by `verbose`."""
        return ", ".join(f"{name}={value!r}" for name, value in vars(self).items())


def resolve(estimator: Any, X: Any, *, streaming: bool) -> Settings:
    """Resolve what is "auto".

    Parameters
    ----------
    estimator : KerasMLPClassifier
        With parameters.
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Training data, without rows of weight zero.
    streaming : bool
        Whether this is `partial_fit`, to which the number of rows says nothing: it is as if there
        were many.

    Returns
    -------
    Settings

    Raises
    ------
    ValueError
        If `hidden_layer_sizes` holds anything but positive integers, or more than any memory has
        room for.
    """
    n_rows = X.shape[0]
    dropout, epochs, batch_size = estimator.dropout, estimator.epochs, estimator.batch_size
    many = streaming or n_rows >= MANY_ROWS
    if is_auto(estimator.hidden_layer_sizes):
        hidden = WIDE_LAYERS if many else NARROW_LAYERS
    else:
        hidden = _as_sizes(estimator.hidden_layer_sizes)
    if is_auto(dropout):
        dropout = DROPOUT_OF_MANY if many else _dropout(n_rows, hidden)
    if is_auto(batch_size):
        batch_size = MAX_BATCH_SIZE if streaming else _batch_size(n_rows)
    if is_auto(epochs):
        steps_per_epoch = -(-n_rows // batch_size)
        epochs = max(MIN_EPOCHS, -(-MIN_STEPS // steps_per_epoch))
    return Settings(hidden, dropout, epochs, batch_size)


def starts_small(X: Any, *, streaming: bool) -> bool:
    """Tell whether a network for these data starts from small weights."""
    n_rows, n_features = X.shape
    return n_features >= MANY_FEATURES and (streaming or n_rows >= MANY_ROWS)


def is_auto(value: Any) -> bool:
    """Tell whether a parameter is "auto"; others may be arrays, which compare by element."""
    return isinstance(value, str) and value == "auto"


def _as_sizes(hidden_layer_sizes: Any) -> tuple[int, ...]:
    sizes = tuple(np.atleast_1d(np.asarray(hidden_layer_sizes)).tolist())
    if not all(type(n) is int and 0 < n < MAX_UNITS for n in sizes):  # bool is an int, too
        raise ValueError(
            "The 'hidden_layer_sizes' parameter of KerasMLPClassifier must be 'auto' or hold "
            f"positive integers below {MAX_UNITS:,}, one per hidden layer. Got "
            f"{hidden_layer_sizes!r} instead."
        )
    return sizes


def _dropout(n_rows: int, hidden: tuple[int, ...]) -> float:
    if n_rows < DROPOUT_ROWS:
        return 0.0
    is_wide = min(hidden, default=0) >= WIDE_UNITS
    return DROPOUT_OF_FEW if n_rows < FEW_ROWS and is_wide else DROPOUT


def _batch_size(n_rows: int) -> int:
    if n_rows < ONE_BATCH_ROWS:
        return ONE_BATCH_ROWS
    nearest = 1 << round(math.log2(n_rows / ROWS_PER_BATCH_ROW))
    return min(max(nearest, MIN_BATCH_SIZE), MAX_BATCH_SIZE)
