"""The evaluate command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sk_mnist.cli.console import CommandError, ResultConsole, print_error
from sk_mnist.cli.options import DataOption


def evaluate(
    model: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="Model file written by train, search, save or joblib.dump.",
        ),
    ],
    data: DataOption = "auto",
    report: Annotated[Path, typer.Option(help="HTML report to write.")] = Path("report.html"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing report.")] = False,
) -> None:
    """Evaluate a saved classifier on the test set.

    A .safetensors file is safe to open. Any other is a pickle, and opening a
    pickle runs the code in it: only open files that you trust.
    """
    from sk_mnist.cli.data import load_splits, print_splits
    from sk_mnist.cli.file_contents import report_content
    from sk_mnist.cli.models import load_classifier, warn_of_other_units
    from sk_mnist.cli.output_directory import prepare, write
    from sk_mnist.cli.tables import print_scores
    from sk_mnist.evaluation import evaluate as evaluate_classifier

    prepare(report.parent, [report.name], overwrite=force, option="--report")
    classifier = load_classifier(model)
    console = ResultConsole()
    dataset, splits = load_splits(data, ["test"])
    print_splits(console, dataset, splits)
    if dataset == "sample":
        print_error(
            "warning: the sample is part of MNIST's training set: scores on it are too optimistic "
            "for a classifier trained on MNIST"
        )
    warn_of_other_units(classifier, splits["test"][0])
    try:
        scores = evaluate_classifier(classifier, *splits["test"])
    except ValueError as error:
        raise CommandError(f"{model} cannot be evaluated on MNIST: {error}") from error
    try:
        write(report.parent, {report.name: report_content(scores)}, overwrite=force)
    finally:
        print_scores(console, scores)
    console.print(f"Saved {report}", markup=False, soft_wrap=True)
