"""The progress of a fit: one line per epoch, above a progress bar."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class EpochProgress:
    """Callback that prints one line per epoch, above a progress bar.

    It follows scikit-learn's callback protocol, for an estimator whose `fit` has one task per
    epoch, and whose `history_` has the keys "loss" and "accuracy". If the output is not a
    terminal, only the lines are printed.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    """

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("epochs"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_interactive,
        )

    def setup(self, estimator: Any, context: Any) -> None:
        """Show the progress bar."""
        self._n_epochs = context.max_subtasks
        self._n_before = getattr(estimator, "n_iter_", 0) if estimator.warm_start else 0
        self._bar = self._progress.add_task(
            "Starting", total=self._n_epochs, completed=self._n_before
        )
        self._progress.start()

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Show the number of the epoch that begins."""
        if context.parent is not None:
            epoch = self._n_before + context.task_id + 1
            self._progress.update(self._bar, description=f"Epoch {epoch}")

    def on_fit_task_end(self, estimator: Any, context: Any, *, fitted_estimator: Any) -> None:
        """Print the loss and the accuracy of the epoch."""
        if context.parent is None:
            return
        history = fitted_estimator.history_
        epoch = str(fitted_estimator.n_iter_).rjust(len(str(self._n_epochs)))
        self._progress.console.print(
            f"Epoch {epoch}/{self._n_epochs}   loss {history['loss'][-1]:.4f}"
            f"   accuracy {100 * history['accuracy'][-1]:6.2f}%",
            highlight=False,
        )
        self._progress.advance(self._bar)

    def teardown(self, estimator: Any, context: Any) -> None:
        """Remove the progress bar. The lines stay."""
        if not self._progress.disable:  # rich 13 would end it by an empty line
            self._progress.stop()
