"""Results file: one row per measurement, saved after every job."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FIELDS = (
    "group",
    "contestant",
    "measure",
    "size",
    "epochs",
    "round",
    "value",
    "unit",
    "accuracy",
    "status",
    "detail",
)
CONDITIONS = "conditions"
"""Status of the row with machine and settings of a group, as JSON."""


def start(path: Path, groups: Iterable[str]) -> None:
    """Create the file, or drop the groups that will be measured again.

    Parameters
    ----------
    path : Path
        CSV file.
    groups : iterable of str
        Groups to drop.
    """
    kept = []
    if path.exists():
        with path.open(newline="", encoding="utf-8") as file:
            kept = [row for row in csv.DictReader(file) if row["group"] not in set(groups)]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.DictWriter(file, FIELDS, lineterminator="\n").writeheader()
    append(path, kept)


def append(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Add rows to the file."""
    with path.open("a", newline="", encoding="utf-8") as file:
        csv.DictWriter(file, FIELDS, lineterminator="\n").writerows(rows)
