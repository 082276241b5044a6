"""What is given as pictures: one by one, each with a name."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.sparse import issparse

from sk_mnist.images.placement import SIDE

N_PIXELS = SIDE * SIDE


def as_pictures(X: Any) -> list[Any]:
    """Return the pictures one by one.

    Parameters
    ----------
    X : iterable of pictures, or array-like of shape (n_samples, 784)
        As described in :class:`~sk_mnist.DigitImageTransformer`.

    Returns
    -------
    list

    Raises
    ------
    ValueError
        If X is one picture, or no sequence.
    """
    if isinstance(X, str | os.PathLike | bytes | bytearray | memoryview | Image.Image):
        raise ValueError(
            f"X must be a sequence of pictures, got one of type {type(X).__name__}. Put it into a "
            "list: [picture]."
        )
    if issparse(X):
        raise ValueError("X is a sparse matrix. Pictures have to be dense: X.toarray().")
    if hasattr(X, "columns"):  # of a DataFrame, whose iterator would give their names
        X = np.asarray(X.to_numpy())
    if not isinstance(X, Iterable):
        raise ValueError(f"X must be a sequence of pictures, got {X!r}.")
    if getattr(X, "ndim", None) == 0:
        raise ValueError(f"X must be a sequence of pictures, got {X!r}.")
    if getattr(X, "ndim", None) == 2:
        return _pictures_of_rows(np.asarray(X))
    shape = tuple(getattr(X, "shape", ()))
    if len(shape) == 3 and shape[2] <= 4 < shape[1]:
        raise ValueError(
            f"X is an array of shape {shape}, which is one picture in color. Put it into a "
            "list: [picture]. If it is many pictures of a few columns, pass list(X)."
        )
    return [_as_square(picture) for picture in X]


def _pictures_of_rows(rows: NDArray[Any]) -> list[Any]:
    if rows.shape[1] == N_PIXELS:
        return [_as_square(row) for row in rows]
    if len(rows) == 0:
        return []
    if rows.shape[1] == 1 and rows.dtype.kind not in "buif":
        return list(rows[:, 0])
    raise ValueError(
        f"X is an array of shape {rows.shape}. Rows of {N_PIXELS} pixels are pictures of {SIDE} x "
        f"{SIDE}; reshape others to (n_samples, height, width), and put a single picture into a "
        "list: [picture]."
    )


def _as_square(picture: Any) -> Any:
    """Return 784 numbers in one dimension as 28 x 28 pixels, and anything else as it is."""
    is_sequence = isinstance(picture, list | tuple) or getattr(picture, "ndim", None) == 1
    if not is_sequence or len(picture) != N_PIXELS:
        return picture
    try:
        # From a list, because the columns of a DataFrame can be objects that are numbers.
        pixels = (
            picture
            if isinstance(picture, np.ndarray) and picture.dtype.kind != "O"
            else (np.array(list(picture)))
        )
    except ValueError:  # rows of different lengths
        return picture
    return pixels.reshape(SIDE, SIDE) if pixels.ndim == 1 else picture


def name_of(image: Any, position: int | None = None) -> str:
    """Return how an error names a picture: by its path, or by its position among others.

    Parameters
    ----------
    image : str, path-like, bytes, PIL.Image.Image or array-like
    position : int, default=None

    Returns
    -------
    str
    """
    if isinstance(image, str | os.PathLike):
        return os.fsdecode(image)
    if isinstance(image, Image.Image) and (filename := getattr(image, "filename", "")):
        return os.fsdecode(filename)
    return "The picture" if position is None else f"Picture {position}"
