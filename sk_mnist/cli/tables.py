"""Tables in the terminal: the scores of a classifier, and the candidates of a search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sk_mnist.cli.console import visible

if TYPE_CHECKING:
    import pandas as pd

    from sk_mnist.evaluation import EvaluationReport

MAX_CANDIDATES = 10
MAX_CONFUSED_PAIRS = 4


def print_scores(
    console: Console, report: EvaluationReport, *, class_noun: Literal["digit", "class"] = "digit"
) -> None:
    """Print the confusion matrix, the scores of each class, and the accuracy.

    Parameters
    ----------
    console : rich.console.Console
        Where to print. Ten classes fit into 80 columns; a confusion matrix that does not fit is
        left out.
    report : EvaluationReport
        Return value of `evaluate`.
    class_noun : {"digit", "class"}, default="digit"
        What a class is called.
    """
    console.print()
    confusion = _confusion_table(report.confusion_matrix, class_noun)
    if console.measure(confusion).maximum <= console.width:
        console.print(confusion)
    else:
        n_classes = len(report.confusion_matrix)
        console.print(f"The report shows the confusion matrix of the {n_classes} classes.")
    console.print(_report_table(report.classification_report, class_noun))
    if len(report.most_confused):
        worst = report.most_confused.head(MAX_CONFUSED_PAIRS).itertuples()
        pairs = (visible(f"{pair.true}->{pair.predicted} ({pair.count:,})") for pair in worst)
        told = f"Most confused (true->predicted): {', '.join(pairs)}"
        console.print(told, highlight=False, markup=False)
    console.print(
        f"[bold]Test accuracy: {100 * report.accuracy:.2f}%[/bold]"
        f" ({report.n_errors:,} of {report.n_samples:,} misclassified)",
        highlight=False,
    )


def print_candidates(console: Console, cv_results: dict[str, Any]) -> None:
    """Print the best candidates of a search.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    cv_results : dict
        The attribute `cv_results_` of a search.
    """
    order = cv_results["rank_test_score"].argsort(kind="stable")
    names = [name for name in cv_results if name.startswith("param_")]
    varied = [name for name in names if len({str(value) for value in cv_results[name]}) > 1]
    title = "Candidates, best first"
    if len(order) > MAX_CANDIDATES:
        title = f"Best {MAX_CANDIDATES} of {len(order)} candidates"
    table = Table(title=title, box=box.SIMPLE_HEAD)
    table.add_column("accuracy", justify="right", no_wrap=True)
    table.add_column("fit time", justify="right", no_wrap=True)
    for name in varied or names:
        table.add_column(name.removeprefix("param_"), overflow="fold")
    for index in order[:MAX_CANDIDATES]:
        mean, std = (cv_results[f"{statistic}_test_score"][index] for statistic in ("mean", "std"))
        score = "failed" if mean != mean else f"{100 * mean:.2f} ± {100 * std:.2f}%"
        values = (_format_value(cv_results[name][index]) for name in varied or names)
        table.add_row(score, f"{cv_results['mean_fit_time'][index]:.1f} s", *values)
    console.print()
    console.print(table)


def _format_value(value: Any) -> str:
    return _cell(",".join(map(str, value)) or "none" if isinstance(value, tuple) else value)


def _cell(value: Any) -> str:
    """Return what a file has, or an option, as it is: without colors and without markup."""
    return escape(visible(str(value)))


def _confusion_table(confusion: pd.DataFrame, class_noun: str) -> Table:
    title = f"Confusion matrix (columns: predicted {class_noun})"
    table = Table(title=title, box=box.SIMPLE_HEAD, min_width=len(title))
    table.add_column("true", style="bold")
    width = len(str(confusion.to_numpy().max()))
    for label in confusion.columns:
        table.add_column(_cell(label), justify="right", min_width=width)
    for true, counts in confusion.iterrows():
        cells = [_confusion_cell(count, predicted == true) for predicted, count in counts.items()]
        table.add_row(_cell(true), *cells)
    return table


def _confusion_cell(count: int, is_correct: bool) -> str:
    if is_correct:
        return f"[green]{count}[/green]"
    return f"[bold red]{count}[/bold red]" if count else "[dim].[/dim]"


def _report_table(report: pd.DataFrame, class_noun: str) -> Table:
    table = Table(title=f"Per-{class_noun} scores", box=box.SIMPLE_HEAD)
    table.add_column(class_noun, style="bold")
    for heading in ("precision", "recall", "F1", "support"):
        table.add_column(heading, justify="right")
    for name, scores in report.iterrows():
        if name == report.index[-2]:  # the averages
            table.add_section()
        cells = [f"{scores[measure]:.4f}" for measure in ("precision", "recall", "f1")]
        table.add_row(_cell(name), *cells, f"{scores['support']:,.0f}")
    return table
