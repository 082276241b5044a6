"""What predict tells about each picture, and how it is written: as a table, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True)
class Prediction:
    """The prediction for one picture, or why there is none.

    Attributes
    ----------
    file : str
        The picture, as it was named.
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
    prediction: Any = None
    probability: float | None = None
    runner_up: Any = None
    runner_up_probability: float | None = None
    unfamiliar: bool | None = None
    error: str | None = None


def collect_predictions(
    files: Sequence[str],
    failures: Mapping[int, str],
    y_pred: npt.NDArray[Any],
    y_proba: npt.NDArray[Any],
    classes: npt.NDArray[Any],
    unfamiliar: npt.NDArray[np.bool_] | None,
) -> list[Prediction]:
    """Put together what is known about each file.

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

    Returns
    -------
    list of Prediction
        One for each file.
    """
    predicted = _predictions(y_pred, y_proba, classes.tolist())
    known = iter([None] * len(y_pred) if unfamiliar is None else unfamiliar.tolist())
    return [
        Prediction(file, error=failures[position])
        if position in failures
        else Prediction(file, *next(predicted), unfamiliar=next(known))
        for position, file in enumerate(files)
    ]


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


def to_json(predictions: Sequence[Prediction]) -> str:
    """Return predictions as a JSON array of objects with the attributes of `Prediction`."""
    records = [asdict(prediction) for prediction in predictions]
    return json.dumps(records, indent=2, default=str)


def to_csv(predictions: Sequence[Prediction]) -> str:
    """Return predictions as CSV with one column for each attribute of `Prediction`.

    What is None is an empty cell, and `unfamiliar` is "true" or "false".
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([field.name for field in fields(Prediction)])
    for prediction in predictions:
        record = asdict(prediction) | {"file": _encodable(prediction.file)}
        writer.writerow([_cell(value) for value in record.values()])
    return buffer.getvalue().removesuffix("\n")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def print_predictions(
    console: Console, predictions: Sequence[Prediction], class_heading: str
) -> None:
    """Print predictions as a table, and below it what the marks mean.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    predictions : sequence of Prediction
        What to print.
    class_heading : str
        What the classes are: "digit" or "class".
    """
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("file", overflow="fold")
    table.add_column(class_heading, justify="right", style="bold")
    table.add_column("probability", justify="right", no_wrap=True)
    table.add_column("runner-up", justify="right")
    table.add_column("", overflow="fold")
    for prediction in predictions:
        table.add_row(*_table_row(prediction))
    console.print(table)
    n_failed = sum(prediction.error is not None for prediction in predictions)
    n_unfamiliar = sum(bool(prediction.unfamiliar) for prediction in predictions)
    if n_unfamiliar:
        console.print(
            f"{n_unfamiliar:,} of {len(predictions) - n_failed:,} pictures are unfamiliar: unlike "
            "any digit in MNIST. Of MNIST's own digits, 1 in 100 is called so.",
            highlight=False,
        )
    if n_failed:
        console.print(
            f"{n_failed:,} of {len(predictions):,} files could not be read.", highlight=False
        )


def _table_row(prediction: Prediction) -> list[Text]:
    file = Text(_visible(prediction.file))
    if prediction.error is not None:
        return [file, *[Text()] * 3, Text(_visible(prediction.error), style="red")]
    runner_up = Text()
    if prediction.runner_up is not None:
        runner_up = Text(f"{prediction.runner_up} ({_percent(prediction.runner_up_probability)})")
    mark = Text("unfamiliar", style="yellow") if prediction.unfamiliar else Text()
    label = Text(_visible(str(prediction.prediction)))
    return [file, label, Text(_percent(prediction.probability)), runner_up, mark]


def _percent(probability: float | None) -> str:
    return "" if probability is None else f"{100 * probability:.1f}%"


def _visible(text: str) -> str:
    """Escape what would move the cursor or change colors of a terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in _encodable(text))


def _encodable(text: str) -> str:
    """Replace bytes of file names that are not Unicode."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
