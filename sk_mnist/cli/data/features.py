"""Features as a model takes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sk_mnist.cli.console import CommandError
from sk_mnist.cli.data.record import record_of
from sk_mnist.cli.data.samples import Features
from sk_mnist.cli.preprocessing import (
    known_categories,
    number_columns,
    select_columns,
    warn_of_unknown_categories,
)
from sk_mnist.datasets.bunch import N_PIXELS


def features_for(model: Any, model_path: Path, X: Features, file: str) -> Features:
    """Return what a model takes of a table or an array.

    Parameters
    ----------
    model : estimator
        A fitted classifier.
    model_path : Path
        Its file, for messages.
    X : DataFrame or ndarray of shape (n_samples, n_features)
        The features. A table may have others, too, in any order.
    file : str
        Where they come from, for messages.

    Returns
    -------
    DataFrame or ndarray

    Raises
    ------
    CommandError
        If the model takes other features.
    """
    names = getattr(model, "feature_names_in_", None)
    if isinstance(X, pd.DataFrame):
        if names is not None:
            X = select_columns(X, [*names], number_columns(model), file)
            warn_of_unknown_categories(X, known_categories(model), file)
            return X
        record = record_of(model)
        if record is not None and record.columns is not None:  # a table of pixels
            X = select_columns(X, record.columns, record.columns, file)
        elif record is not None:
            X = X.drop(columns=[*record.ignored, str(record.target)], errors="ignore")
        X = as_pixels(X)
    expected = getattr(model, "n_features_in_", X.shape[1])
    if expected != X.shape[1]:
        raise CommandError(f"{model_path} expects {expected} features, but {file} has {X.shape[1]}")
    if isinstance(X, np.ndarray):
        return X if names is None else pd.DataFrame(X, columns=names)
    return select_columns(X, [*X.columns], [*X.columns], file).to_numpy(dtype=np.float64)


def as_pixels(X: Features) -> Features:
    """Return a table of 784 bytes a row as the images that these are, and others as they are.

    Parameters
    ----------
    X : DataFrame or ndarray of shape (n_samples, n_features)
        Features.

    Returns
    -------
    ndarray of uint8 of shape (n_samples, 784), or X
    """
    if isinstance(X, np.ndarray) or X.shape[1] != N_PIXELS:
        return X
    if not all(pd.api.types.is_integer_dtype(dtype) for dtype in X.dtypes) or X.isna().any(
        axis=None
    ):
        return X
    pixels = X.to_numpy(dtype=np.int64)
    return pixels.astype(np.uint8) if pixels.min() >= 0 and pixels.max() <= 255 else X
