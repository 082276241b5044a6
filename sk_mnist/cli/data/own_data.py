"""Data of the user's own to train on: split, and with what has to be done to their columns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console

from sk_mnist.cli.console import CommandError, visible
from sk_mnist.cli.data.features import as_pixels
from sk_mnist.cli.data.known_rows import rows_to_text
from sk_mnist.cli.data.labels import check_classes, labels_like, text_columns
from sk_mnist.cli.data.reading import read_samples
from sk_mnist.cli.data.record import TrainingRecord
from sk_mnist.cli.data.request import DataRequest
from sk_mnist.cli.data.samples import Features, LabeledRows, Samples
from sk_mnist.cli.data.split import held_out
from sk_mnist.cli.data.training import TrainingData
from sk_mnist.cli.preprocessing import (
    Columns,
    categories_of,
    choose_columns,
    make_imputer,
    make_preparation,
    select_columns,
    warn_of_unknown_categories,
)


def load_own_data(request: DataRequest, console: Console) -> TrainingData:
    """Load what to train and test on from a file or folder, and print what it is.

    Parameters
    ----------
    request : DataRequest
        Checked.
    console : rich.console.Console
        Where to print.

    Returns
    -------
    TrainingData

    Raises
    ------
    CommandError
        If it cannot be read, or nothing that a network can be trained on.
    """
    samples = read_samples(Path(request.data), request.target, quiet=console.quiet)
    samples = replace(samples, X=_without(samples, request.ignored))
    train, test, source = _split(samples, request, quiet=console.quiet)
    n_train, n_test = (f"{len(y):,}" for _, y in (train, test))
    console.print(
        visible(
            f"Data: {samples.name}, {n_train} training {samples.unit}, {n_test} test "
            f"{samples.unit} {source}"
        ),
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    share = request.share if request.test is None else None
    record = TrainingRecord(
        samples.name, samples.sha256, samples.target, share, list(request.ignored)
    )
    data = TrainingData(request.resolved(), samples.name, train, test, record=record)
    return _with_rows(_with_preparation(data, console))


def _with_rows(data: TrainingData) -> TrainingData:
    """Add the digests of the training rows to what the model has to remember."""
    if data.record is None:
        return data
    return replace(data, record=replace(data.record, rows=rows_to_text(data.train[0])))


def _without(samples: Samples, ignored: tuple[str, ...]) -> Features:
    if not isinstance(samples.X, pd.DataFrame):
        return samples.X
    for name in ignored:
        if name not in samples.X.columns:
            raise CommandError(f"{samples.name} has no column {name!r} for --ignore")
    return samples.X.drop(columns=list(ignored))


def _split(
    samples: Samples, request: DataRequest, *, quiet: bool
) -> tuple[LabeledRows, LabeledRows, str]:
    """Return what to train on, what to test on, and where the latter is from."""
    least = 1 if request.test else 2
    check_classes(samples.y, samples.labels_from, least=least)
    if request.test is None:
        is_test = held_out(samples.y, request.share)
        train, test = ((samples.X[rows], samples.y[rows]) for rows in (~is_test, is_test))
        return train, test, f"(held out: {request.share:.4g} of each class)"
    categories: list[str] = []
    if isinstance(samples.X, pd.DataFrame):
        categories = [*samples.X.select_dtypes(exclude="number").columns]
    texts = text_columns(samples.target, samples.y, categories)
    other = read_samples(request.test, request.target, texts=texts, quiet=quiet)
    if other.sha256 == samples.sha256:
        raise CommandError(
            f"--test {other.name} has the same content as --data {samples.name}: the network would "
            "be tested on what it was trained on. Leave --test out, and a part is held out"
        )
    y = labels_like(other.y, np.unique(samples.y), other.labels_from)
    return (samples.X, samples.y), (other.X, y), f"from {other.name}"


def _with_preparation(data: TrainingData, console: Console) -> TrainingData:
    """Add what has to be done to the features before the network, if anything."""
    (X, y), (X_test, y_test) = data.train, data.test
    if isinstance(X, pd.DataFrame) and isinstance(X_test, pd.DataFrame):
        if set(X.columns) <= set(X_test.columns):
            X_test = X_test[X.columns]
        pixels, test_pixels = as_pixels(X), as_pixels(X_test)
        if isinstance(pixels, pd.DataFrame) or isinstance(test_pixels, pd.DataFrame):
            return _with_columns(data, X, X_test, console)
        record = data.record and replace(data.record, columns=[*X.columns])
        return replace(data, train=(pixels, y), test=(test_pixels, y_test), record=record)
    if X.shape[1] != X_test.shape[1]:
        raise CommandError(f"--test has {X_test.shape[1]} features, and --data {X.shape[1]}")
    has_missing = any(_has_missing(np.asarray(part)) for part in (X, X_test))
    return replace(data, preparation=make_imputer() if has_missing else None)


def _has_missing(X: NDArray[Any]) -> bool:
    return X.dtype.kind == "f" and bool(np.isnan(X).any())


def _with_columns(
    data: TrainingData, X: pd.DataFrame, X_test: pd.DataFrame, console: Console
) -> TrainingData:
    """Choose the columns of a table, by its training rows."""
    columns = choose_columns(X, data.dataset)
    _print_columns(columns, console)
    file = data.dataset if data.request.test is None else data.request.test.name
    X_test = select_columns(X_test, columns.used, columns.numbers, file)
    if data.request.test is not None:
        known = {name: categories_of(X[name]) for name in columns.categories}
        warn_of_unknown_categories(X_test, known, file)
    return replace(
        data,
        train=(select_columns(X, columns.used, columns.numbers, data.dataset), data.train[1]),
        test=(X_test, data.test[1]),
        preparation=make_preparation(columns),
        info={"columns": columns.used, "left_out": columns.left_out},
    )


def _print_columns(columns: Columns, console: Console) -> None:
    counts = {"numbers": len(columns.numbers), "categories": len(columns.categories)}
    told = " and ".join(f"{count:,} of {kind}" for kind, count in counts.items() if count)
    console.print(f"Columns: {told}", highlight=False)
    if columns.left_out:
        reasons = ", ".join(f"{name} ({reason})" for name, reason in columns.left_out.items())
        console.print(
            f"Left out: {visible(reasons)}", highlight=False, markup=False, soft_wrap=True
        )
