"""The end of train and search: score on the test set, save and print the results."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from sklearn.base import ClassifierMixin

from sk_mnist._utils.files import remove_file
from sk_mnist.cli.console import CommandError, print_json
from sk_mnist.cli.data.training import TrainingData
from sk_mnist.cli.file_contents import (
    TRAINING_FILES,
    model_contents,
    training_contents,
    training_metrics,
)
from sk_mnist.cli.output_directory import write
from sk_mnist.cli.tables import print_scores
from sk_mnist.evaluation import evaluate


def evaluate_and_save(
    model: ClassifierMixin,
    data: TrainingData,
    run_info: Mapping[str, Any],
    console: Console,
    output: Path,
    *,
    overwrite: bool,
    as_json: bool,
    extra_contents: Mapping[str, bytes] | None = None,
) -> None:
    """Score a classifier on the test set, write all results and print the scores.

    The scores are printed even if a file cannot be written.

    Parameters
    ----------
    model : KerasMLPClassifier or Pipeline that ends in one
        The fitted classifier.
    data : TrainingData
        What it was trained on, and the test set.
    run_info : mapping
        Further entries of metrics.json, serializable as JSON.
    console : rich.console.Console
        Where to print.
    output : Path
        The output directory.
    overwrite : bool
        Whether existing files may be overwritten.
    as_json : bool
        Whether to print the metrics as JSON, too.
    extra_contents : mapping of str to bytes, default=None
        Contents of further files, by file name.

    Raises
    ------
    CommandError
        If the classifier cannot be tested. It is saved nevertheless.
    OSError
        If a file cannot be written, or exists and may not be overwritten.
    """
    if data.record is not None:
        data.record.attach(model)
    try:
        report = evaluate(model, *data.test)
    except ValueError as error:
        write(output, model_contents(model, data.record), overwrite=overwrite)
        reason = str(error).splitlines()[0]
        raise CommandError(
            f"the network is saved in {output}, but cannot be tested: {reason}"
        ) from error
    run_info = {"dataset": data.dataset, "n_train": len(data.train[1]), **data.info, **run_info}
    metrics = training_metrics(model, report, run_info)
    try:
        contents = training_contents(model, report, metrics, data.record)
        contents |= extra_contents or {}
        write(output, contents, overwrite=overwrite)
        for name in set(TRAINING_FILES).difference(contents):  # of an earlier run
            remove_file(output / name)
    finally:
        print_scores(console, report, class_noun="class" if data.record else "digit")
        if as_json:
            print_json(metrics)
    console.print(f"Saved in {output}: {', '.join(contents)}", markup=False, soft_wrap=True)
    if "model.safetensors" not in contents:
        console.print(
            "model.safetensors is left out: it holds a network alone, and this is a pipeline",
            highlight=False,
            soft_wrap=True,
        )
