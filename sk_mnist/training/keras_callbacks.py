"""Keras callbacks, called at each epoch with a model that has the current weights."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from sk_mnist._utils.typing import FloatArray
from sk_mnist.data.input_scaling import InputScaling
from sk_mnist.engines.base import NetworkState
from sk_mnist.training.state import TrainingState

_REFUSED = {
    keras.callbacks.BackupAndRestore: (
        "it saves too little to resume from; use warm_start=True and joblib.dump the estimator"
    ),
    keras.callbacks.SwapEMAWeights: (
        "with use_ema=True the fit already ends with the averaged weights"
    ),
}


def check_callbacks(callbacks: Sequence[Any]) -> None:
    """Refuse objects that are not Keras callbacks, and callbacks that cannot work here."""
    for callback in callbacks:
        if not isinstance(callback, keras.callbacks.Callback):
            raise TypeError(
                "callbacks must be instances of keras.callbacks.Callback; got "
                f"{callback!r}. scikit-learn's callbacks are given by set_callbacks()."
            )
        for kind, reason in _REFUSED.items():
            if isinstance(callback, kind):
                raise ValueError(f"callbacks must not hold a {kind.__name__}; {reason}.")


class _InUse:
    """The callbacks that fits of this process use now: a callback has one model at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids: set[int] = set()

    def take(self, callbacks: Sequence[Any]) -> None:
        """Take callbacks for one fit, or raise an error if another fit has one of them."""
        with self._lock:
            for i, callback in enumerate(callbacks):
                if id(callback) in self._ids:
                    raise RuntimeError(
                        f"callbacks[{i}], a {type(callback).__name__}, is in use by another fit. "
                        "Give each estimator callbacks of its own; sklearn.base.clone(estimator) "
                        "copies them."
                    )
            self._ids |= set(map(id, callbacks))

    def give_back(self, callbacks: Sequence[Any]) -> None:
        """End the use of callbacks."""
        with self._lock:
            self._ids -= set(map(id, callbacks))


_in_use = _InUse()


class KerasCallbacks:
    """Calls Keras callbacks as `keras.Model.fit` does with ``steps_per_execution`` of an epoch.

    Batch hooks are therefore called once per epoch, with the number of its last batch. Where rows
    are held out, the hooks of validation are called, too.

    Changes to the learning rate, to the weights of the model and to `stop_training` take effect.
    The optimizer of the model has the variables of the one in training, which are for scaled
    inputs; changes to them, except for the learning rate, have no effect.

    Parameters
    ----------
    callbacks : sequence of keras.callbacks.Callback
        The callbacks.
    model : keras.Sequential
        Compiled, for unscaled inputs.
    scaling : InputScaling
        Relates the weights of the model to those in training.
    epochs, steps : int
        Number of epochs of the whole training, and of batches per epoch.
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
        self._callbacks = list(callbacks)
        _in_use.take(self._callbacks)
        self._before = [dict(vars(callback)) for callback in callbacks]
        self._model = model
        self._scaling = scaling
        self._params = {"epochs": epochs, "steps": steps, "verbose": verbose}
        self._last_batch = steps - 1
        self._list: Any = None
        self._epoch = 0
        self._planned_rate = 0.0
        self._logs: dict[str, float] = {}
        # As in Keras, a schedule's learning rate cannot be set.
        self._has_schedule = isinstance(
            model.optimizer._learning_rate, keras.optimizers.schedules.LearningRateSchedule
        )

    def begin_epoch(self, epoch: int, state: TrainingState, rates: FloatArray) -> TrainingState:
        """Begin an epoch, and before the first one the training; return the state to train."""
        self._epoch = epoch
        self._planned_rate = float(rates[0])

        def hooks() -> None:
            if self._list is None:
                self._begin_training()
            self._list.on_epoch_begin(epoch)
            self._list.on_train_batch_begin(self._last_batch)

        return self._call(hooks, state)

    def end_epoch(self, state: TrainingState) -> tuple[TrainingState, bool]:
        """End an epoch; return the state to continue with, and whether to stop."""
        self._logs = {name: values[-1] for name, values in state.history.items()}

        def hooks() -> None:
            self._list.on_train_batch_end(self._last_batch, dict(self._logs))
            if "val_loss" in self._logs:
                self._validate()
            self._list.on_epoch_end(self._epoch, dict(self._logs))

        return self._call(hooks, state), bool(self._model.stop_training)

    def end(self, state: TrainingState) -> TrainingState:
        """End the training; return the state to keep."""
        # As in Keras, the model has the averages, if there are any, when training ends.
        trained = state.network.state()
        shown = replace(state, network=NetworkState(trained.final_weights, trained.optimizer_state))
        left = self._call(lambda: self._list.on_train_end(dict(self._logs)), shown)
        if left.network is shown.network:
            return replace(state, rate_factor=left.rate_factor)
        return left

    def release(self) -> None:
        """Release the model and open files, which would prevent the estimator from being saved."""
        called = self._callbacks if self._list is None else self._list.callbacks
        for callback in called:
            keras.callbacks.Callback.set_model(callback, None)
        for callback, before in zip(self._callbacks, self._before, strict=True):
            _drop_what_cannot_be_saved(vars(callback), before)
        _in_use.give_back(self._callbacks)

    def _validate(self) -> None:
        """Call the hooks of validation, with names as in `keras.Model.evaluate`."""
        logs = {name: self._logs[f"val_{name}"] for name in ("loss", "accuracy")}
        self._list.on_test_begin()
        self._list.on_test_batch_begin(0)
        self._list.on_test_batch_end(0, dict(logs))
        self._list.on_test_end(logs)

    def _begin_training(self) -> None:
        self._model.stop_training = False
        self._list = keras.callbacks.CallbackList(
            self._callbacks, add_history=True, model=self._model, **self._params
        )
        self._list.on_train_begin()

    def _call(self, hooks: Callable[[], None], state: TrainingState) -> TrainingState:
        """Call hooks on a state; return the state as they leave it."""
        network = state.network.state()
        shown = list(network.weights)
        shown[:2] = self._scaling.fold(*shown[:2])
        self._model.set_weights(shown)
        self._show_optimizer(network, state.rate_factor)
        shown_rate = self._learning_rate()
        hooks()
        rate = self._learning_rate()
        if rate is not None and rate != shown_rate:
            state = replace(state, rate_factor=rate / self._planned_rate)
        left: list[FloatArray] = self._model.get_weights()
        if all(np.array_equal(*pair, equal_nan=True) for pair in zip(shown, left, strict=True)):
            return state
        left[:2] = self._scaling.unfold(*left[:2])
        return replace(state, network=replace(network, weights=left))

    def _learning_rate(self) -> float | None:
        return None if self._has_schedule else float(self._model.optimizer.learning_rate)

    def _show_optimizer(self, network: NetworkState, rate_factor: float) -> None:
        """Give the model's optimizer the variables of the one in training."""
        optimizer = self._model.optimizer
        values = list(network.optimizer_state or ())
        if self._has_schedule:
            del values[1:2]  # the learning rate, which is not a variable of the model
        for variable, value in zip(optimizer.variables, values, strict=False):
            # Adafactor's variables for rows and columns have no counterpart in the transposed
            # network of the TensorFlow engine.
            if variable.shape == value.shape:
                variable.assign(value)
        if not self._has_schedule:
            optimizer.learning_rate = self._planned_rate * rate_factor


def _drop_what_cannot_be_saved(attributes: dict[str, Any], before: dict[str, Any]) -> None:
    """Restore attributes that cannot be pickled, such as open files, to their previous values."""
    for name, value in list(attributes.items()):
        if value is not before.get(name) and not _can_be_pickled(value):
            if name in before:
                attributes[name] = before[name]
            else:
                del attributes[name]


def _can_be_pickled(value: Any) -> bool:
    try:
        pickle.dumps(value)
    except Exception:  # user-defined types can raise anything
        return False
    return True
