"""What a fit reports: printed epochs, scikit-learn's callbacks and Keras's callbacks."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sk_mnist._utils.typing import FloatArray
from sk_mnist.training.defaults import Settings
from sk_mnist.training.state import TrainingState

if TYPE_CHECKING:
    from sk_mnist.training.keras_callbacks import KerasCallbacks


class EpochReporter:
    """Prints epochs, and opens and closes a scikit-learn callback task for each.

    Parameters
    ----------
    estimator : KerasMLPClassifier
        The estimator in fit; its `verbose` says whether to print.
    context : sklearn.callback.CallbackContext or None
        The task of the whole fit. None calls no callbacks.
    fit_arguments : dict or None
        X, y and metadata, handed on to the callbacks.

    Attributes
    ----------
    fitted_attributes : callable
        Makes the estimator's fitted attributes from a TrainingState; set before training.
    keras_callbacks : KerasCallbacks or None
        The Keras callbacks, if there are any; set before training.
    """

    fitted_attributes: Callable[[TrainingState], dict[str, Any]]
    keras_callbacks: KerasCallbacks | None = None

    def __init__(
        self,
        estimator: Any,
        context: Any = None,
        fit_arguments: dict[str, Any] | None = None,
    ) -> None:
        self._estimator = estimator
        self._context = context
        self._fit_arguments = fit_arguments or {}
        self._epoch_context: Any = None
        self._started = 0.0

    def training_begins(self, settings: Settings, engine: str) -> None:
        """Print the resolved parameters."""
        if self._estimator.verbose:
            print(f"Training with {settings}, engine={engine!r}", flush=True)

    def epoch_begins(self, epoch: int, state: TrainingState, rates: FloatArray) -> TrainingState:
        """Open the epoch's task; Keras callbacks may change the state."""
        self._started = time.perf_counter()
        if self._context is not None:
            self._epoch_context = self._context.subcontext(task_name="epoch")
            self._epoch_context.call_on_fit_task_begin(
                estimator=self._estimator, **self._fit_arguments
            )
        if self.keras_callbacks is None:
            return state
        return self.keras_callbacks.begin_epoch(epoch, state, rates)

    def epoch_ends(self, state: TrainingState) -> tuple[TrainingState, bool]:
        """Print the epoch and close its task; a callback may ask to stop."""
        state, stop = self._end_epoch(state)
        if self._context is not None:
            stop |= bool(
                self._epoch_context.call_on_fit_task_end(
                    estimator=self._estimator,
                    reconstruction_attributes=lambda: self.fitted_attributes(state),
                    **self._fit_arguments,
                )
            )
        return state, stop

    def epoch_diverges(self, state: TrainingState) -> bool:
        """Print the epoch; only Keras's callbacks see it, as some of them exist for this case.

        scikit-learn's callbacks would fail on predictions that are not finite and hide the cause.
        """
        return self._end_epoch(state)[1]

    def training_ends(self, state: TrainingState) -> TrainingState:
        """End the training for the Keras callbacks, which may change the weights."""
        return state if self.keras_callbacks is None else self.keras_callbacks.end(state)

    def _end_epoch(self, state: TrainingState) -> tuple[TrainingState, bool]:
        """Print the epoch, and end it for the Keras callbacks."""
        if self._estimator.verbose:
            self._print_epoch(state)
        if self.keras_callbacks is None:
            return state, False
        return self.keras_callbacks.end_epoch(state)

    def _print_epoch(self, state: TrainingState) -> None:
        seconds = time.perf_counter() - self._started
        shown = [name for name in state.history if name != "learning_rate"]
        metrics = "".join(f" - {name}: {state.history[name][-1]:.4f}" for name in shown)
        total = "" if self._context is None else f"/{self._context.max_subtasks}"
        print(f"Epoch {state.n_epochs}{total} - {seconds:.2f} s{metrics}", flush=True)
