"""The end of train and search: score on the test set, save and print the results."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from rich.console import Console

from sk_mnist.classifier import KerasMLPClassifier
from sk_mnist.cli.file_contents import training_contents
from sk_mnist.cli.output_directory import write
from sk_mnist.cli.tables import print_scores
from sk_mnist.evaluation import evaluate


def evaluate_and_save(
    classifier: KerasMLPClassifier,
    X: NDArray[Any],
    y: NDArray[Any],
    run_info: Mapping[str, Any],
    console: Console,
    output: Path,
    *,
    overwrite: bool,
    extra_contents: Mapping[str, bytes] | None = None,
) -> None:
    """Score a classifier on the test set, write all results and print the scores.

    The scores are printed even if a file cannot be written.

    Parameters
    ----------
    classifier : KerasMLPClassifier
        The fitted classifier.
    X : ndarray of shape (n_samples, n_features)
        Test images.
    y : ndarray of shape (n_samples,)
        Test labels.
    run_info : mapping
        As for `training_contents`.
    console : rich.console.Console
        Where to print.
    output : Path
        The output directory.
    overwrite : bool
        Whether existing files may be overwritten.
    extra_contents : mapping of str to bytes, default=None
        Contents of further files, by file name.

    Raises
    ------
    OSError
        If a file cannot be written, or exists and may not be overwritten.
    """
    report = evaluate(classifier, X, y)
    try:
        contents = {**training_contents(classifier, report, run_info), **(extra_contents or {})}
        write(output, contents, overwrite=overwrite)
    finally:
        print_scores(console, report)
    console.print(f"Saved in {output}: {', '.join(contents)}", markup=False, soft_wrap=True)
