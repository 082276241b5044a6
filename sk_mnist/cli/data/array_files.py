"""Arrays in .npz files: X, and y or another name for the labels."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sk_mnist.cli.console import CommandError
from sk_mnist.cli.data.labels import is_labeled

FEATURES = "X"
LABELS = "y"


def read_arrays(path: Path, content: bytes, target: str | None) -> tuple[NDArray[Any], pd.Series]:
    """Read features and labels.

    Parameters
    ----------
    path : Path
        The file, for messages.
    content : bytes
        Its content, which is never unpickled.
    target : str or None
        Name of the array of labels, by default "y".

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        Numbers, of the dtype in the file. Images of more dimensions become rows.
    y : Series of shape (n_samples,)
        Of the rows that have a label.

    Raises
    ------
    CommandError
        If it is no such file.
    """
    with _opened(path, content) as archive:
        X = _features(path, _array(path, archive, FEATURES))
        y = _array(path, archive, target or LABELS)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.shape != (len(X),):
        raise CommandError(
            f"{target or LABELS} in {path} must have one label for each of the {len(X):,} rows of "
            f"{FEATURES}, but has the shape {y.shape}"
        )
    labels = pd.Series(y, name=target or LABELS)
    labeled = is_labeled(labels, path)
    return X[labeled.to_numpy()], labels[labeled]


def read_features(path: Path, content: bytes) -> NDArray[Any]:
    """Read features alone.

    Parameters
    ----------
    path, content
        As for `read_arrays`.

    Returns
    -------
    ndarray of shape (n_samples, n_features)

    Raises
    ------
    CommandError
        If it is no such file.
    """
    with _opened(path, content) as archive:
        return _features(path, _array(path, archive, FEATURES))


def _opened(path: Path, content: bytes) -> Any:
    try:
        archive = np.load(io.BytesIO(content), allow_pickle=False)
    except Exception as error:  # zipfile and NumPy raise many kinds for invalid bytes
        raise CommandError(f"{path} is not an .npz file as numpy.savez writes it") from error
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise CommandError(f"{path} has one array; numpy.savez writes files with X and y")
    return archive


def _array(path: Path, archive: Any, name: str) -> NDArray[Any]:
    if name not in archive.files:
        raise CommandError(
            f"{path} has no array {name!r}; it has {', '.join(archive.files) or 'none'}. Features "
            f"are in {FEATURES}, and labels in {LABELS} or the array that --target names"
        )
    try:
        _check_size(archive, name)
        return np.asarray(archive[name])
    except Exception as error:  # as above, and MemoryError
        reason = "is damaged"
        if "allow_pickle" in str(error):
            reason = "has Python objects, which would have to run code; save numbers or text"
        raise CommandError(f"{name} in {path} {reason}") from error


def _check_size(archive: Any, name: str) -> None:
    """Raise an error if an array has less content than its shape, before NumPy allocates it."""
    names = archive.zip.namelist()
    member = archive.zip.getinfo(f"{name}.npy" if f"{name}.npy" in names else name)
    with archive.zip.open(member) as file:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        elif version == (2, 0):
            shape, _, dtype = np.lib.format.read_array_header_2_0(file)
        else:  # of structured arrays, which are refused
            return
    if not dtype.hasobject and math.prod(shape) * dtype.itemsize > member.file_size:
        raise ValueError(f"{name} has the shape {shape}, but {member.file_size:,} bytes")


def _features(path: Path, X: NDArray[Any]) -> NDArray[Any]:
    if X.ndim < 2 or X.dtype.kind not in "biuf":
        raise CommandError(
            f"{FEATURES} in {path} must have numbers and the shape (rows, columns), but has "
            f"{X.dtype} and {X.shape}"
        )
    if X.size == 0:
        raise CommandError(f"{FEATURES} in {path} is empty, its shape is {X.shape}")
    if X.dtype.kind == "f" and np.isinf(X).any():
        raise CommandError(f"{FEATURES} in {path} has infinite values; NaN is taken for missing")
    return X.reshape(len(X), -1)
