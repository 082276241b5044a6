"""The evaluate command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sk_mnist.cli.console import CommandError, make_console, print_json
from sk_mnist.cli.data.request import DataRequest
from sk_mnist.cli.options import DataOption, JsonOption, QuietOption, TargetOption


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
    target: TargetOption = None,
    report: Annotated[Path, typer.Option(help="HTML report to write.")] = Path("report.html"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing report.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Evaluate a saved classifier on the test set.

    Of the file that the model was trained on, only the rows that were held
    out are tested; of any other, all rows.

    A .safetensors file is safe to open. Any other is a pickle, and opening a
    pickle runs the code in it: only open files that you trust.
    """
    request = DataRequest(data, target)
    request.check()
    from sk_mnist.cli.data.evaluation import load_evaluation_data, load_evaluation_digits
    from sk_mnist.cli.file_contents import metrics_of, report_content
    from sk_mnist.cli.models import load_classifier, load_model, warn_of_other_units
    from sk_mnist.cli.output_directory import prepare, write
    from sk_mnist.cli.tables import print_scores
    from sk_mnist.evaluation import evaluate as evaluate_classifier

    prepare(report.parent, [report.name], overwrite=force, option="--report")
    console = make_console(as_json=as_json, quiet=quiet)
    if request.kind == "digits":
        classifier = load_classifier(model)
        tested = load_evaluation_digits(data, classifier, console)
    else:
        classifier = load_model(model)
        tested = load_evaluation_data(request, classifier, model, console)
    warn_of_other_units(tested.model, tested.X)
    try:
        scores = evaluate_classifier(tested.model, tested.X, tested.y)
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise CommandError(f"{model} cannot be evaluated on {tested.title}: {reason}") from error
    try:
        write(report.parent, {report.name: report_content(scores)}, overwrite=force)
    finally:
        print_scores(console, scores, class_noun=tested.class_noun)
        if as_json:
            print_json({"dataset": tested.dataset, **metrics_of(scores)})
    console.print(f"Saved {report}", markup=False, soft_wrap=True)
