"""Labeled samples from a file or a folder of any kind that the commands take."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

from sk_mnist.cli.data.array_files import read_arrays
from sk_mnist.cli.data.labels import make_labels
from sk_mnist.cli.data.request import kind_of
from sk_mnist.cli.data.samples import Features, Samples
from sk_mnist.cli.data.table_files import read_table, split_target
from sk_mnist.datasets.bunch import N_PIXELS
from sk_mnist.images.prepare import Polarity


def read_samples(path: Path, target: str | None, polarity: Polarity = "auto") -> Samples:
    """Read a file or folder.

    Parameters
    ----------
    path : Path
        As checked by `request.check_path`.
    target : str or None
        The column or array of the labels.
    polarity : {"auto", "dark", "light"}, default="auto"
        For images: whether ink is darker or lighter than the background.

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

        return read_images(path, polarity)
    content = path.read_bytes()
    X: Features
    if kind == "arrays":
        X, labels = read_arrays(path, content, target)
        where = f"array {labels.name!r} of {path.name}"
    else:
        X, labels = split_target(read_table(path, content), target, path)
        where = f"column {labels.name!r} of {path.name}"
    y, sha256 = make_labels(labels, where), hashlib.sha256(content).hexdigest()
    return Samples(path.name, sha256, "rows", X, y, str(labels.name), where)


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
