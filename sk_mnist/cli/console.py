"""What the command line shows: complaints, the progress of a training, and scores."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    import pandas as pd

    from sk_mnist.evaluation import EvaluationReport

MAX_CANDIDATES = 10


class CommandError(typer.TyperException):
    """Something that the user can mend. Its message is shown in one line."""


def complain(text: str) -> None:
    """Print one line to standard error."""
    print(f"sk_mnist: {' '.join(text.split())}", file=sys.stderr)


@contextmanager
def silent_standard_error() -> Iterator[None]:
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


def print_scores(console: Console, report: EvaluationReport) -> None:
    """Print the confusion matrix, the scores of each class, and the accuracy.

    Parameters
    ----------
    console : rich.console.Console
        Where to print; 80 columns hold ten classes.

    report : EvaluationReport
        As `evaluate` returns it.
    """
    console.print()
    console.print(_confusion_table(report.confusion_matrix))
    console.print(_report_table(report.classification_report))
    if len(report.most_confused):
        worst = report.most_confused.head(4).itertuples()
        pairs = (f"{pair.true} for {pair.predicted} ({pair.count:,})" for pair in worst)
        console.print(f"Most often taken: {', '.join(pairs)}", highlight=False)
    console.print(
        f"[bold]Test accuracy: {100 * report.accuracy:.2f} %[/bold]"
        f" ({report.n_errors:,} of {report.n_samples:,} wrong)",
        highlight=False,
    )


def print_candidates(console: Console, cv_results: dict[str, Any]) -> None:
    """Print the best candidates of a search.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.

    cv_results : dict
        As `cv_results_` of a search.
    """
    order = cv_results["rank_test_score"].argsort(kind="stable")
    names = [name for name in cv_results if name.startswith("param_")]
    varied = [name for name in names if len({str(value) for value in cv_results[name]}) > 1]
    title = "Candidates, the best first"
    if len(order) > MAX_CANDIDATES:
        title = f"The best {MAX_CANDIDATES} of {len(order)} candidates"
    table = Table(title=title, box=box.SIMPLE_HEAD)
    table.add_column("accuracy", justify="right", no_wrap=True)
    table.add_column("seconds", justify="right", no_wrap=True)
    for name in varied or names:
        table.add_column(name.removeprefix("param_"), overflow="fold")
    for number in order[:MAX_CANDIDATES]:
        mean, deviation = (cv_results[f"{kind}_test_score"][number] for kind in ("mean", "std"))
        score = "failed" if mean != mean else f"{100 * mean:.2f} ± {100 * deviation:.2f} %"
        values = (_shown(cv_results[name][number]) for name in varied or names)
        table.add_row(score, f"{cv_results['mean_fit_time'][number]:.1f}", *values)
    console.print()
    console.print(table)


def _shown(value: Any) -> str:
    return ",".join(map(str, value)) or "none" if isinstance(value, tuple) else str(value)


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
