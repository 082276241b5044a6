"""What the commands train and test on, by the options that ask for it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console

from sk_mnist.cli.console import CommandError
from sk_mnist.cli.data.array_files import read_arrays
from sk_mnist.cli.data.digits import load_splits, print_splits
from sk_mnist.cli.data.labels import check_classes, labels_like, make_labels
from sk_mnist.cli.data.record import TrainingRecord
from sk_mnist.cli.data.request import DataRequest, kind_of
from sk_mnist.cli.data.samples import Features, Samples
from sk_mnist.cli.data.split import held_out
from sk_mnist.cli.data.table_files import read_table, take_target, without_missing_labels
from sk_mnist.cli.preprocessing import Columns, choose_columns, make_imputer, make_preparation
from sk_mnist.datasets.bunch import N_PIXELS


@dataclass(frozen=True)
class TrainingData:
    """What to train on and what to test on.

    Attributes
    ----------
    request : DataRequest
        What asks for it, in any directory.
    dataset : str
        "mnist", "sample", or the name of the file or folder.
    train, test : tuple of features and labels
    preparation : transformer or None
        What a pipeline has before the network, not fitted. None for a network alone.
    record : TrainingRecord or None
        What the model has to remember. None for the digits, whose test set is known.
    info : dict of str to object
        Further entries of metrics.json.
    """

    request: DataRequest
    dataset: str
    train: tuple[Features, NDArray[Any]]
    test: tuple[Features, NDArray[Any]]
    preparation: Any = None
    record: TrainingRecord | None = None
    info: dict[str, Any] = field(default_factory=dict)


def load_training_data(request: DataRequest, console: Console) -> TrainingData:
    """Load what to train and test on, and print what it is.

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
        If it is not available, or nothing that a network can be trained on.
    """
    if request.kind == "digits":
        dataset, splits = load_splits(request.data, ["train", "test"])
        print_splits(console, dataset, splits)
        request = replace(request, data=dataset)
        return TrainingData(request, dataset, splits["train"], splits["test"])
    samples = read_samples(Path(request.data), request.target, console)
    samples = _without_ignored(samples, request.ignored)
    least = 1 if request.held_out is None else 2
    check_classes(samples.y, samples.labels_name, samples.name, least=least)
    if request.held_out is None:
        assert request.test is not None
        train = (samples.X, samples.y)
        other = read_samples(request.test, request.target, console)
        y = labels_like(other.y, np.unique(samples.y), other.labels_name, other.name)
        test, test_name = (other.X, y), f"{other.name}, "
    else:
        is_test = held_out(samples.y, request.held_out)
        train, test, test_name = samples.rows(~is_test), samples.rows(is_test), ""
    console.print(
        f"Data: {samples.name}, {len(train[1]):,} training {samples.unit}, {test_name}"
        f"{len(test[1]):,} test {samples.unit}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    record = TrainingRecord(samples.name, samples.sha256, request.target, request.held_out)
    data = TrainingData(request.resolved(), samples.name, train, test, record=record)
    return _prepared(data, console)


def read_samples(path: Path, target: str | None, console: Console) -> Samples:
    """Read a file or folder.

    Parameters
    ----------
    path : Path
        As checked by `request.check_path`.
    target : str or None
        The column or array of the labels.
    console : rich.console.Console
        Where to show the progress.

    Returns
    -------
    Samples

    Raises
    ------
    CommandError
        If it cannot be read.
    """
    kind = kind_of(path)
    if kind == "images":
        from sk_mnist.cli.data.image_folder import read_images

        X, y, sha256 = read_images(path, console)
        name = path.resolve().name
        return Samples(name, sha256, "images", X, y.to_numpy(), "the names of the sub-folders")
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    features: Features
    if kind == "arrays":
        features, labels = read_arrays(path, content, target)
        labels_name = f"array {labels.name!r}"
    else:
        frame = read_table(path, content)
        frame, labels = without_missing_labels(frame, take_target(frame, target, path), path)
        features = _as_pixels(frame)
        labels_name = f"column {labels.name!r}"
    y = make_labels(labels, labels_name, path.name)
    return Samples(path.name, sha256, "rows", features, y, labels_name)


def _as_pixels(frame: pd.DataFrame) -> Features:
    """Return a table of 784 bytes a row as the images that it has, else as it is."""
    if frame.shape[1] != N_PIXELS or not all(dtype.kind in "iu" for dtype in frame.dtypes):
        return frame
    pixels = frame.to_numpy()
    return pixels.astype(np.uint8) if pixels.min() >= 0 and pixels.max() <= 255 else frame


def _without_ignored(samples: Samples, ignored: tuple[str, ...]) -> Samples:
    if not ignored:
        return samples
    X = samples.X
    unknown = [name for name in ignored if name not in getattr(X, "columns", ())]
    if unknown:
        raise CommandError(f"{samples.name} has no column {unknown[0]!r} for --ignore")
    assert isinstance(X, pd.DataFrame)
    return samples.with_features(X.drop(columns=list(ignored)))


def _prepared(data: TrainingData, console: Console) -> TrainingData:
    """Add what has to be done to the features, and choose the columns."""
    (X, y), (X_test, y_test) = data.train, data.test
    if isinstance(X, np.ndarray):
        if not isinstance(X_test, np.ndarray) or X_test.shape[1] != X.shape[1]:
            raise CommandError(
                f"--test has other features than --data: {X_test.shape[1]}, expected {X.shape[1]}"
            )
        has_missing = X.dtype.kind == "f" and bool(np.isnan(X).any() or np.isnan(X_test).any())
        return replace(data, preparation=make_imputer() if has_missing else None)
    columns = choose_columns(X, data.dataset)
    _print_columns(columns, console)
    if isinstance(X_test, np.ndarray):
        X_test = pd.DataFrame(X_test, columns=X.columns)
    X_test = select_columns(X_test, columns.used, columns.numbers, "the file for --test")
    return replace(
        data,
        train=(X[columns.used], y),
        test=(X_test, y_test),
        preparation=make_preparation(columns),
        info={"columns": columns.used, "left_out": columns.left_out},
    )


def select_columns(
    frame: pd.DataFrame, used: list[str], numbers: list[str], file: str
) -> pd.DataFrame:
    """Return the columns that a model was trained on.

    Parameters
    ----------
    frame : DataFrame
        A table of any columns.
    used : list of str
        The columns to return.
    numbers : list of str
        Those that must have numbers.
    file : str
        Where the table comes from, for messages.

    Returns
    -------
    DataFrame

    Raises
    ------
    CommandError
        If a column is missing, or has text instead of numbers.
    """
    if missing := [name for name in used if name not in frame.columns]:
        raise CommandError(
            f"{file} has no column {', '.join(map(repr, missing[:10]))}, which the model was "
            "trained on"
        )
    for name in numbers:
        values = frame[name]
        if values.isna().all():
            frame = frame.assign(**{name: np.full(len(frame), np.nan)})
        elif not pd.api.types.is_numeric_dtype(values.dtype):
            raise CommandError(
                f"column {name!r} of {file} has no numbers, such as "
                f"{str(values.dropna().iloc[0])!r}, but the model was trained on numbers"
            )
        elif np.isinf(values.dropna().to_numpy(np.float64)).any():
            raise CommandError(f"column {name!r} of {file} has infinite values")
    return frame[used]


def _print_columns(columns: Columns, console: Console) -> None:
    counts = {"numbers": len(columns.numbers), "categories": len(columns.categories)}
    told = " and ".join(f"{count:,} of {kind}" for kind, count in counts.items() if count)
    console.print(f"Columns: {told}", highlight=False)
    if columns.left_out:
        reasons = ", ".join(f"{name} ({reason})" for name, reason in columns.left_out.items())
        console.print(f"Left out: {reasons}", highlight=False, markup=False, soft_wrap=True)
