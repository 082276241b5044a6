"""Keras's callbacks, called at each epoch with a model that has the current weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from sk_mnist.inference import FloatArray
from sk_mnist.scaling import InputScaling
from sk_mnist.training import TrainingState


class KerasCallbacks:
    """Calls Keras's callbacks as `keras.Model.fit` with ``steps_per_execution`` of an epoch would.

    Hooks of batches, that is, are called once an epoch, with the number of its last batch.

    What they change counts: the learning rate, the weights of the model, `stop_training`.

    Parameters
    ----------
    callbacks : sequence of keras.callbacks.Callback
        The callbacks.
    model : keras.Sequential
        Compiled, for unscaled inputs, with the weights at the start.
    scaling : InputScaling
        What stands between the model's weights and those in training.
    epochs, steps : int
        Number of epochs of the whole training, and of batches in each.
    verbose : int
        As the estimator's.
    """

    def __init__(
        self,
        callbacks: Sequence[Any],
        model: Any,
        scaling: InputScaling,
        *,
        epochs: int,
        steps: int,
        verbose: int,
    ) -> None:
        self._model = model
        self._scaling = scaling
        self._steps = steps
        self._rate_factor = 1.0
        self._epoch = 0
        self._logs: dict[str, float] = {}
        # As in Keras, a schedule's learning rate cannot be set.
        self._has_schedule = isinstance(model.optimizer.get_config()["learning_rate"], dict)
        model.stop_training = False
        self._list = keras.callbacks.CallbackList(
            callbacks, model=model, epochs=epochs, steps=steps, verbose=verbose
        )
        self._list.on_train_begin()

    def begin(self, epoch: int, rates: FloatArray) -> FloatArray:
        """Begin an epoch; return the learning rates, times what callbacks made of them so far."""
        self._epoch = epoch
        self._model.optimizer.iterations.assign(epoch * self._steps)
        if not self._has_schedule:
            self._model.optimizer.learning_rate = rates[0] * self._rate_factor
        with self._rate_taken():
            self._list.on_epoch_begin(epoch)
            self._list.on_train_batch_begin(self._steps - 1)
        return rates * self._rate_factor

    def end_epoch(self, state: TrainingState) -> tuple[TrainingState, bool]:
        """End an epoch; return the state, and whether to stop."""
        self._logs = {name: values[-1] for name, values in state.history.items()}

        def hooks() -> None:
            self._list.on_train_batch_end(self._steps - 1, dict(self._logs))
            self._list.on_epoch_end(self._epoch, dict(self._logs))

        fetched = state.fetched()
        with self._rate_taken():
            weights = self._weights_after(hooks, fetched.weights)
        changed = state if weights is None else replace(state, weights=weights).entered()
        return changed, bool(self._model.stop_training)

    def end(self, state: TrainingState) -> TrainingState:
        """End the training; return the state to keep."""
        weights = self._weights_after(
            lambda: self._list.on_train_end(dict(self._logs)), state.weights
        )
        return state if weights is None else replace(state, weights=weights)

    def release(self) -> None:
        """Let go of the model, which would else be saved with the estimator."""
        for callback in self._list.callbacks:
            keras.callbacks.Callback.set_model(callback, None)

    @contextmanager
    def _rate_taken(self) -> Iterator[None]:
        """Multiply all later learning rates by as much as callbacks change this one."""
        shown = float(self._model.optimizer.learning_rate)
        yield
        rate = float(self._model.optimizer.learning_rate)
        if rate != shown:
            self._rate_factor *= rate / shown

    def _weights_after(
        self, hooks: Callable[[], None], weights: Sequence[FloatArray]
    ) -> list[FloatArray] | None:
        """Show weights to callbacks; return those that they leave, None if they are the same."""
        shown = list(weights)
        shown[:2] = self._scaling.fold(*shown[:2])
        self._model.set_weights(shown)
        hooks()
        left: list[FloatArray] = self._model.get_weights()
        if all(np.array_equal(*pair, equal_nan=True) for pair in zip(shown, left, strict=True)):
            return None
        left[:2] = self._scaling.unfold(*left[:2])
        return left
