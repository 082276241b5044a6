"""Labeled samples that were read from a file or a folder of the user's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import pandas as pd
from numpy.typing import NDArray

Features: TypeAlias = pd.DataFrame | NDArray[Any]
"""A table, or an array of shape (n_samples, n_features)."""

LabeledRows: TypeAlias = tuple[Features, NDArray[Any]]
"""Features and labels."""


@dataclass(frozen=True)
class Samples:
    """Labeled samples.

    Attributes
    ----------
    name : str
        Name of the file or the folder.
    sha256 : str
        Digest of its content, by which it is known again.
    unit : {"rows", "images"}
        What a sample is called.
    X : DataFrame or ndarray of shape (n_samples, n_features)
        The features.
    y : ndarray of shape (n_samples,)
        The labels, of which none is missing: booleans, integers or text.
    target : str or None
        Name of the column or array of the labels, None for a folder.
    labels_from : str
        Where the labels are from, for messages, such as "column 'species' of penguins.csv".
    """

    name: str
    sha256: str
    unit: Literal["rows", "images"]
    X: Features
    y: NDArray[Any]
    target: str | None
    labels_from: str
