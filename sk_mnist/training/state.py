"""A network in training and the plan of its training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sk_mnist._utils.typing import FloatArray
from sk_mnist.engines.base import LoadedState, StepOptions


@dataclass(frozen=True)
class TrainingPlan:
    """How to train; the names are the estimator's.

    The optimizer may be an instance, and the learning rate a function that
    `sk_mnist.training.optimizers.rates_by_step` makes of a Keras schedule. Then
    `learning_rate_schedule` is not used.
    """

    epochs: int
    batch_size: int
    optimizer: Any
    learning_rate: float | Callable[[npt.NDArray[np.intp]], FloatArray]
    learning_rate_schedule: str
    alpha: float
    dropout: float
    label_smoothing: float
    n_iter_no_change: float
    tol: float

    @property
    def step_options(self) -> StepOptions:
        """The numbers that every step uses."""
        return StepOptions(self.alpha, self.dropout, self.label_smoothing)


@dataclass(frozen=True)
class TrainingState:
    """A network in training, between two epochs.

    Attributes
    ----------
    network : LoadedState
        Weights and optimizer state: a `NetworkState` at the start, at the end, and where callbacks
        have changed it, otherwise as the engine keeps it. ``network.state()`` gives NumPy arrays.
    history : dict of str to list of float
        One entry per epoch: "loss", "accuracy" and "learning_rate", with validation also
        "val_loss" and "val_accuracy".
    rate_factor : float
        Multiplies the learning rates of the plan.
    best_network : LoadedState or None
        In the middle of a training, the network of the best epoch, which it would end with now;
        None before the first epoch and after the last.
    random_numbers : tuple or None
        The state of the source of random numbers after the last epoch, if there was one.
    """

    network: LoadedState
    history: dict[str, list[float]] = field(default_factory=dict)
    rate_factor: float = 1.0
    best_network: LoadedState | None = None
    random_numbers: Any = None

    @property
    def n_epochs(self) -> int:
        """Number of finished epochs."""
        return len(self.history.get("loss", []))

    def record(self, metrics: dict[str, float]) -> TrainingState:
        """Return this state with one more epoch in the history; missing metrics are NaN."""
        missing = [np.nan] * self.n_epochs
        history = {
            name: [*self.history.get(name, missing), metrics.get(name, np.nan)]
            for name in {**self.history, **metrics}
        }
        return replace(self, history=history)
