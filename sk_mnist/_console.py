"""What the command line shows: complaints, the progress of a training, and scores."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    import pandas as pd


class CommandError(typer.TyperException):
    """Something that the user can mend. Its message is shown in one line."""


def complain(text: str) -> None:
    """Print one line to standard error."""
    print(f"sk_mnist: {' '.join(text.split())}", file=sys.stderr)


def load_tensorflow(console: Console) -> None:
    """Import TensorFlow, which takes seconds, without the log that it writes meanwhile.

    No setting can turn that part of its log off: it is written before the log is set up. From
    then on TF_CPP_MIN_LOG_LEVEL counts.
    """
    with console.status("Starting TensorFlow"), _silent_standard_error():
        import_module("tensorflow")


@contextmanager
def _silent_standard_error() -> Iterator[None]:
    """Send to nowhere what the process, libraries in C++ included, writes to standard error."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


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
        """Show the bar."""
        self._n_epochs = context.max_subtasks
        self._bar = self._progress.add_task("Starting", total=self._n_epochs)
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
            f"   accuracy {100 * history['accuracy'][-1]:6.2f} %",
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
    n_errors = n_samples - int(confusion.to_numpy().trace())
    console.print()
    console.print(_confusion_table(confusion))
    console.print(_report_table(report))
    console.print(
        f"[bold]Test accuracy: {100 * (1 - n_errors / n_samples):.2f} %[/bold]"
        f" ({n_errors:,} of {n_samples:,} wrong)",
        highlight=False,
    )


def _confusion_table(confusion: pd.DataFrame) -> Table:
    table = Table(title="Confusion matrix (columns: predicted digit)", box=box.SIMPLE_HEAD)
    table.add_column("true", style="bold")
    widest = len(str(confusion.to_numpy().max()))
    for label in confusion.columns:
        table.add_column(str(label), justify="right", min_width=widest)
    for true, counts in confusion.iterrows():
        cells = [_confusion_cell(count, predicted == true) for predicted, count in counts.items()]
        table.add_row(str(true), *cells)
    return table


def _confusion_cell(count: int, is_right: bool) -> str:
    if is_right:
        return f"[green]{count}[/green]"
    return f"[bold red]{count}[/bold red]" if count else "[dim].[/dim]"


def _report_table(report: pd.DataFrame) -> Table:
    table = Table(title="Scores of each digit", box=box.SIMPLE_HEAD)
    table.add_column("digit", style="bold")
    for heading in ("precision", "recall", "F1", "images"):
        table.add_column(heading, justify="right")
    for name, scores in report.iterrows():
        if name == report.index[-2]:  # the averages
            table.add_section()
        cells = [f"{scores[measure]:.4f}" for measure in ("precision", "recall", "f1")]
        table.add_row(str(name), *cells, f"{scores['support']:,.0f}")
    return table
