"""What predict tells about each picture or row, and how it is written: a table, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sk_mnist.cli.console import encodable, visible


@dataclass(frozen=True)
class Prediction:
    """The prediction for one picture or row, or why there is none.

    Attributes
    ----------
    file : str
        The picture, or the table, as it was named.
    row : int
        The number of the row in the table, from 1. None for a picture.
    prediction : object
        The predicted class. None if the file failed.
    probability : float
        Its probability.
    runner_up : object
        The most probable of the other classes. None if there is no other.
    runner_up_probability : float
        Its probability.
    unfamiliar : bool
        Whether the picture is unlike all digits of MNIST. None if that is not known.
    error : str
        What is wrong with the file. None if nothing is.
    """

    file: str
    row: int | None = None
    prediction: Any = None
    probability: float | None = None
    runner_up: Any = None
    runner_up_probability: float | None = None
    unfamiliar: bool | None = None
    error: str | None = None


@dataclass(frozen=True)
class Predictions:
    """The predictions for all pictures, or for all rows of tables.

    Attributes
    ----------
    records : list of Prediction
        In order.
    columns : tuple of str
        The attributes of `Prediction` that have a meaning for this kind of files.
    class_noun : {"digit", "class"}
        What a class is called.
    """

    records: list[Prediction]
    columns: tuple[str, ...]
    class_noun: str

    @property
    def n_failed(self) -> int:
        """Return the number of files that failed."""
        return sum(record.error is not None for record in self.records)


_COMMON = ("prediction", "probability", "runner_up", "runner_up_probability")
_OF_PICTURES = ("file", *_COMMON, "unfamiliar", "error")
_OF_ROWS = ("file", "row", *_COMMON)


def of_pictures(
    files: Sequence[str],
    failures: Mapping[int, str],
    y_pred: npt.NDArray[Any],
    y_proba: npt.NDArray[Any],
    classes: npt.NDArray[Any],
    unfamiliar: npt.NDArray[np.bool_] | None,
    class_noun: str,
) -> Predictions:
    """Put together what is known about each picture.

    Parameters
    ----------
    files : sequence of str
        All files.
    failures : mapping of int to str
        What is wrong with those that failed, by position.
    y_pred : ndarray of shape (n_readable,)
        The predicted classes of the others.
    y_proba : ndarray of shape (n_readable, n_classes)
        The probabilities of all classes.
    classes : ndarray of shape (n_classes,)
        The class of each column.
    unfamiliar : ndarray of shape (n_readable,), dtype=bool, or None
        Which pictures are unlike all digits of MNIST, if that is known.
    class_noun : {"digit", "class"}
        What a class is called.

    Returns
    -------
    Predictions
    """
    predicted = _predictions(y_pred, y_proba, classes.tolist())
    known = iter([None] * len(y_pred) if unfamiliar is None else unfamiliar.tolist())
    records = [
        Prediction(file, error=failures[position])
        if position in failures
        else Prediction(file, None, *next(predicted), unfamiliar=next(known))
        for position, file in enumerate(files)
    ]
    return Predictions(records, _OF_PICTURES, class_noun)


def of_rows(
    classified: Mapping[str, tuple[npt.NDArray[Any], npt.NDArray[Any]]], classes: npt.NDArray[Any]
) -> Predictions:
    """Put together what is known about each row of tables.

    Parameters
    ----------
    classified : mapping of str to tuple of ndarray
        The predicted classes and the probabilities of the rows of each file.
    classes : ndarray of shape (n_classes,)
        The class of each column.

    Returns
    -------
    Predictions
    """
    records = [
        Prediction(file, row, *predicted)
        for file, (y_pred, y_proba) in classified.items()
        for row, predicted in enumerate(_predictions(y_pred, y_proba, classes.tolist()), 1)
    ]
    return Predictions(records, _OF_ROWS, "class")


def _predictions(
    y_pred: npt.NDArray[Any], y_proba: npt.NDArray[Any], classes: list[Any]
) -> Iterator[tuple[Any, float, Any, float | None]]:
    for label, row in zip(y_pred.tolist(), y_proba, strict=True):
        column = classes.index(label)
        others = np.delete(np.arange(len(classes)), column)
        if len(others) == 0:
            yield label, float(row[column]), None, None
            continue
        second = others[row[others].argmax()]
        yield label, float(row[column]), classes[second], float(row[second])


def to_json(predictions: Predictions) -> str:
    """Return predictions as a JSON array of objects."""
    records = [_selected(record, predictions.columns) for record in predictions.records]
    return json.dumps(records, indent=2, default=str)


def to_csv(predictions: Predictions) -> str:
    """Return predictions as CSV: None as an empty cell, `unfamiliar` as "true" or "false"."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(predictions.columns)
    for prediction in predictions.records:
        record = _selected(prediction, predictions.columns)
        record["file"] = encodable(prediction.file)
        writer.writerow([_cell(value) for value in record.values()])
    return buffer.getvalue().removesuffix("\n")


def _selected(prediction: Prediction, columns: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(prediction, name) for name in columns}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def print_predictions(console: Console, predictions: Predictions) -> None:
    """Print predictions as a table, and below it what the marks mean.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    predictions : Predictions
        What to print.
    """
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("file", overflow="fold")
    has_rows = "row" in predictions.columns
    if has_rows:
        table.add_column("row", justify="right", no_wrap=True)
    table.add_column(predictions.class_noun, justify="right", style="bold")
    table.add_column("probability", justify="right", no_wrap=True)
    table.add_column("runner-up", justify="right")
    if not has_rows:
        table.add_column("note", overflow="fold")
    for record in predictions.records:
        file, cells = Text(visible(record.file)), _result_cells(record)
        if has_rows:
            table.add_row(file, Text(f"{record.row:,}"), *cells)
        else:
            table.add_row(file, *cells, _note(record))
    console.print(table)
    _print_counts(console, predictions)


def _print_counts(console: Console, predictions: Predictions) -> None:
    n_files, n_failed = len(predictions.records), predictions.n_failed
    n_unfamiliar = sum(bool(record.unfamiliar) for record in predictions.records)
    if n_unfamiliar:
        console.print(
            f"Unfamiliar, unlike any digit in MNIST: {n_unfamiliar:,} of "
            f"{n_files - n_failed:,} pictures (and about 1 in 100 of MNIST's own digits).",
            highlight=False,
        )
    if n_failed:
        console.print(f"{n_failed:,} of {n_files:,} files could not be read.", highlight=False)


def _result_cells(record: Prediction) -> list[Text]:
    if record.error is not None:
        return [Text()] * 3
    label, runner_up = Text(visible(str(record.prediction))), Text()
    if record.runner_up is not None:
        percent = _percent(record.runner_up_probability)
        runner_up = Text(f"{visible(str(record.runner_up))} ({percent})")
    return [label, Text(_percent(record.probability)), runner_up]


def _note(record: Prediction) -> Text:
    if record.error is not None:
        return Text(visible(record.error), style="red")
    return Text("unfamiliar", style="yellow") if record.unfamiliar else Text()


def _percent(probability: float | None) -> str:
    return "" if probability is None else f"{100 * probability:.1f}%"
