"""What evaluate tests a model on. It warns of rows that train has trained the model on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from sk_mnist.cli.console import CommandError, print_error, visible
from sk_mnist.cli.data.digits import load_splits, print_splits
from sk_mnist.cli.data.features import features_for
from sk_mnist.cli.data.known_rows import find_known_rows
from sk_mnist.cli.data.labels import labels_like, text_columns
from sk_mnist.cli.data.reading import read_samples
from sk_mnist.cli.data.record import TrainingRecord, record_of
from sk_mnist.cli.data.request import DataRequest, kind_of
from sk_mnist.cli.data.samples import Features, Samples
from sk_mnist.cli.data.split import held_out
from sk_mnist.cli.picture_classifier import split_off_preparation
from sk_mnist.cli.preprocessing import known_categories
from sk_mnist.images.prepare import Polarity


@dataclass(frozen=True)
class EvaluationData:
    """What to test a model on.

    Attributes
    ----------
    dataset : str
        "mnist", "sample", or the name of the file or folder.
    title : str
        What it is called in messages.
    model : estimator
        What takes X: the model, or the part of it that takes pixels.
    class_noun : {"digit", "class"}
        What a class is called.
    X : DataFrame or ndarray of shape (n_samples, n_features)
        What the model takes.
    y : ndarray of shape (n_samples,)
        The classes.
    """

    dataset: str
    title: str
    model: Any
    class_noun: Literal["digit", "class"]
    X: Features
    y: NDArray[Any]


def load_evaluation_digits(data: str, model: Any, console: Console) -> EvaluationData:
    """Load the test set of MNIST or of the sample, and print what it is.

    Parameters
    ----------
    data : {"auto", "mnist", "sample"}
        As for `load_splits`.
    model : estimator
        A fitted classifier of digits.
    console : rich.console.Console
        Where to print.

    Returns
    -------
    EvaluationData
    """
    dataset, splits = load_splits(data, ["test"])
    print_splits(console, dataset, splits)
    if dataset == "sample":
        print_error(
            "warning: the sample is part of MNIST's training set: scores on it are too optimistic "
            "for a classifier trained on MNIST"
        )
    return EvaluationData(dataset, "MNIST", model, "digit", *splits["test"])


def load_evaluation_data(
    request: DataRequest, model: Any, model_path: Path, console: Console
) -> EvaluationData:
    """Load what to test a model on from a file or folder, and print what it is.

    Of what the model was trained on, these are the rows that were held out; of all else, all rows,
    with a warning if the model was trained on some of them.

    Parameters
    ----------
    request : DataRequest
        Checked. Its target is that of the training unless it is given.
    model : estimator
        A fitted classifier.
    model_path : Path
        Its file, for messages.
    console : rich.console.Console
        Where to print.

    Returns
    -------
    EvaluationData

    Raises
    ------
    CommandError
        If the model cannot be tested on it.
    """
    record = record_of(model)
    polarity: Polarity = "auto"
    if request.kind == "images":
        polarity, model = split_off_preparation(model)
    target = request.target
    if target is None and record is not None and kind_of(Path(record.file)) == request.kind:
        target = record.target
    classes = getattr(model, "classes_", None)
    texts = text_columns(target, classes, known_categories(model))
    samples = read_samples(Path(request.data), target, polarity, texts=texts, quiet=console.quiet)
    rows = _rows_to_test(samples, record, model_path)
    classes = np.asarray(np.unique(samples.y) if classes is None else classes)
    y = labels_like(samples.y, classes, samples.labels_from)
    n_test = int(rows.sum())
    part = f"all {n_test:,}" if n_test == len(y) else f"the {n_test:,} of {len(y):,}"
    told = "" if n_test == len(y) else " that were not trained on"
    console.print(
        f"Data: {visible(samples.name)}, {part} {samples.unit}{told}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    X = features_for(model, model_path, samples.X, samples.name)
    tested = EvaluationData(samples.name, samples.name, model, "class", X[rows], y[rows])
    if record is not None and record.sha256 != samples.sha256:
        _warn_of_known_rows(tested.X, samples, record, model_path)
    return tested


def _warn_of_known_rows(
    X: Features, samples: Samples, record: TrainingRecord, model_path: Path
) -> None:
    if n_known := int(find_known_rows(X, record.rows).sum()):
        print_error(
            f"warning: {n_known:,} of {len(X):,} {samples.unit} of {samples.name} are "
            f"{samples.unit} that {model_path.name} was trained on ({record.file}): the scores are "
            "too optimistic"
        )


def _rows_to_test(
    samples: Samples, record: TrainingRecord | None, model_path: Path
) -> NDArray[np.bool_]:
    if record is not None and record.sha256 == samples.sha256:
        if record.test_size is None:
            raise CommandError(
                f"{model_path} was trained on all of {samples.name}; evaluate it on other data"
            )
        if samples.target != record.target:
            raise CommandError(
                f"{model_path} was trained on {samples.name} to predict {record.target!r}, not "
                f"{samples.target!r}"
            )
        return held_out(samples.y, record.test_size)
    if record is not None and record.file == samples.name:
        print_error(
            f"warning: {samples.name} has changed since {model_path.name} was trained on it. All "
            f"of it is tested, and scores on {samples.unit} that were trained on are too optimistic"
        )
    return np.ones(len(samples.y), dtype=bool)
