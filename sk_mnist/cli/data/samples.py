"""Labeled samples that were read from a file or a folder of the user's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Features: TypeAlias = pd.DataFrame | NDArray[Any]
"""A table, or an array of shape (n_samples, n_features)."""


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
        The labels, of which none is missing.
    labels_name : str
        What the labels are called in messages, such as "column 'species'".
    """

    name: str
    sha256: str
    unit: Literal["rows", "images"]
    X: Features
    y: NDArray[Any]
    labels_name: str

    def rows(self, which: NDArray[np.bool_]) -> tuple[Features, NDArray[Any]]:
        """Return features and labels of some rows.

        Parameters
        ----------
        which : ndarray of bool of shape (n_samples,)
            True for the rows to return.

        Returns
        -------
        X : DataFrame or ndarray
        y : ndarray
        """
        return self.X[which], self.y[which]

    def with_features(self, X: Features) -> Samples:
        """Return the same samples with other features.

        Parameters
        ----------
        X : DataFrame or ndarray
            One row per sample.

        Returns
        -------
        Samples
        """
        return replace(self, X=X)
