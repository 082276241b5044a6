"""What a model remembers of the data that it was trained on, so that it is never tested on them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

ATTRIBUTE = "trained_on_"
"""The attribute of a saved model that holds the record, as a dict."""


@dataclass(frozen=True)
class TrainingRecord:
    """What a model was trained on.

    Attributes
    ----------
    file : str
        Name of the file or the folder.
    sha256 : str
        Digest of its content.
    target : str or None
        The column or array of the labels, None for a folder.
    test_size : float or None
        The share that was held out, as `split.held_out` takes it. None if nothing was.
    ignored : list of str
        The columns that were left out by an option.
    columns : list of str or None
        The columns of pixels in the order that the network takes them. None for all else: a
        pipeline knows its columns.
    rows : str
        Digests of the rows that it was trained on, as `known_rows.rows_to_text` returns them.
    """

    file: str
    sha256: str
    target: str | None
    test_size: float | None
    ignored: list[str]
    columns: list[str] | None = None
    rows: str = ""

    def attach(self, model: Any) -> None:
        """Make a model remember it.

        Parameters
        ----------
        model : estimator
            Fitted.
        """
        setattr(model, ATTRIBUTE, asdict(self))

    def to_json(self) -> str:
        """Return it as text, for model files that hold nothing else."""
        return json.dumps(asdict(self))


def record_of(model: Any) -> TrainingRecord | None:
    """Return what a model remembers.

    Parameters
    ----------
    model : estimator
        From any file.

    Returns
    -------
    TrainingRecord or None
        None if it remembers nothing that can be understood.
    """
    return _from_mapping(getattr(model, ATTRIBUTE, None))


def record_from_json(text: str | None) -> TrainingRecord | None:
    """Return a record from text.

    Parameters
    ----------
    text : str or None
        From a file of any origin.

    Returns
    -------
    TrainingRecord or None
        None if it is no such text.
    """
    try:
        return _from_mapping(json.loads(text or "null"))
    except (ValueError, RecursionError):
        return None


def _from_mapping(entries: Any) -> TrainingRecord | None:
    if not isinstance(entries, Mapping) or set(entries) != set(TrainingRecord.__annotations__):
        return None
    record = TrainingRecord(**entries)
    is_valid = (
        isinstance(record.file, str)
        and isinstance(record.sha256, str)
        and isinstance(record.target, str | None)
        and (record.test_size is None or _is_share(record.test_size))
        and _is_texts(record.ignored)
        and (record.columns is None or _is_texts(record.columns))
        and isinstance(record.rows, str)
    )
    return record if is_valid else None


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


def _is_share(value: Any) -> bool:
    return isinstance(value, float) and 0 < value < 1
