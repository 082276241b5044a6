"""What the command line shows: the progress of a training, and scores as tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table


class EpochProgress:
    """Callback that shows a fit: one line for each epoch, above a live bar.

    It follows scikit-learn's callback protocol and watches an estimator whose fit has one task an
    epoch, and whose `history_` has the keys "loss" and "accuracy". Where the output is not a
    terminal there are only the lines.

    Parameters
    ----------
    console : rich.console.Console
        Where to show it.
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
        """Show the bar at once: before the first epoch, TensorFlow takes seconds to load."""
        self._n_epochs = context.max_subtasks
        self._bar = self._progress.add_task("Starting TensorFlow", total=self._n_epochs)
        self._progress.start()

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Name the epoch that begins."""
        if context.parent is not None:
            self._progress.update(self._bar, description=f"Epoch {context.task_id + 1}")

    def on_fit_task_end(self, estimator: Any, context: Any, *, fitted_estimator: Any) -> None:
        """Print loss and accuracy of the epoch."""
        if context.parent is None:
            return
        history = fitted_estimator.history_
        epoch = str(context.task_id + 1).rjust(len(str(self._n_epochs)))
        self._progress.console.print(
            f"Epoch {epoch}/{self._n_epochs}   loss {history['loss'][-1]:.4f}"
            f"   accuracy {history['accuracy'][-1]:7.2%}",
            highlight=False,
        )
        self._progress.advance(self._bar)

    def teardown(self, estimator: Any, context: Any) -> None:
        """Take the bar away; the lines stay."""
        self._progress.stop()


def print_scores(console: Console, confusion: pd.DataFrame, report: pd.DataFrame) -> None:
    """Print the accuracy, the confusion matrix and the scores of each class.

    Parameters
    ----------
    console : rich.console.Console
        Where to print; 80 columns hold ten classes.

    confusion : DataFrame of shape (n_classes, n_classes)
        As `confusion_matrix_frame` returns it.

    report : DataFrame of shape (n_classes + 2, 4)
        As `classification_report_frame` returns it.
    """
    n_samples = int(confusion.to_numpy().sum())
    n_errors = n_samples - int(np.trace(confusion))
    console.print(_confusion_table(confusion))
    console.print(_report_table(report))
    console.print(
        f"[bold]Test accuracy: {1 - n_errors / n_samples:.2%}[/bold]"
        f" ({n_errors:,} of {n_samples:,} wrong)",
        highlight=False,
    )


def _confusion_table(confusion: pd.DataFrame) -> Table:
    table = Table(
        title="Confusion matrix: true digits down, predicted digits across", box=box.SIMPLE_HEAD
    )
    table.add_column("", style="bold")
    for label in confusion.columns:
        table.add_column(str(label), justify="right")
    for label, counts in confusion.iterrows():
        table.add_row(
            str(label),
            *(
                _confusion_cell(count, is_right=predicted == label)
                for predicted, count in counts.items()
            ),
        )
    return table


def _confusion_cell(count: int, *, is_right: bool) -> str:
    if is_right:
        return f"[green]{count}[/green]"
    return f"[bold red]{count}[/bold red]" if count else "[dim].[/dim]"


def _report_table(report: pd.DataFrame) -> Table:
    table = Table(title="Scores of each digit", box=box.SIMPLE_HEAD)
    table.add_column("digit", style="bold")
    for heading in ("precision", "recall", "F1", "images"):
        table.add_column(heading, justify="right")
    averages = report.index[-2:]
    for label, row in report.iterrows():
        if label == averages[0]:
            table.add_section()
        table.add_row(
            str(label),
            *(f"{row[measure]:.4f}" for measure in ("precision", "recall", "f1")),
            f"{row['support']:,.0f}",
        )
    return table
