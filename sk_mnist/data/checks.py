"""Checks of X in addition to scikit-learn's, and when scikit-learn's can be skipped."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse


def check_before_validation(X: Any) -> Any:
    """Check and convert what `sklearn.utils.validation.validate_data` does not.

    Parameters
    ----------
    X : object
        Samples as given by the user.

    Returns
    -------
    object
        X, in native byte order; tensors as arrays.

    Raises
    ------
    ValueError
        If rows have different lengths, or if indices of a sparse matrix lie outside it.
    """
    check_rectangular(X)
    check_sparse_indices(X)
    return in_native_byte_order(as_numpy(X))


def as_numpy(X: Any) -> Any:
    """Return tensors of other libraries, such as PyTorch and JAX, as NumPy arrays.

    Parameters
    ----------
    X : object
        As given by the user; anything without DLPack's protocol is returned as it is.

    Returns
    -------
    object

    Raises
    ------
    TypeError
        If it cannot be converted, as where it is on a GPU.
    """
    if isinstance(X, np.ndarray | np.generic) or not hasattr(X, "__dlpack__"):
        return X
    try:
        return np.asarray(X)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(
            f"a {type(X).__module__}.{type(X).__name__} cannot be converted to a NumPy array "
            f"({error}). Give it as one; networks are trained and predict from memory."
        ) from error


@contextmanager
def integers_in_range(name: str) -> Iterator[None]:
    """Name the argument that holds an integer which is more than a float holds.

    Parameters
    ----------
    name : str
        The argument that the body converts.

    Raises
    ------
    ValueError
        In place of the OverflowError of Python or NumPy.
    """
    try:
        yield
    except OverflowError as error:
        raise ValueError(
            f"{name} holds an integer that is more than a float holds, which is at most "
            f"{sys.float_info.max:.3g}."
        ) from error


def check_rectangular(X: Any) -> None:
    """Raise a clearer error for ragged lists than NumPy does.

    Parameters
    ----------
    X : object
        Samples as given by the user; anything but a list or a tuple passes.

    Raises
    ------
    ValueError
        If rows have different lengths.
    """
    if isinstance(X, (list, tuple)):
        lengths = {len(row) for row in X if isinstance(row, (list, tuple, np.ndarray))}
        if len(lengths) > 1:
            raise ValueError(
                "X must be a table of shape (n_samples, n_features), with rows of equal length; "
                f"got rows of lengths {sorted(lengths)}."
            )


def in_native_byte_order(X: Any) -> Any:
    """Return X with numbers in the byte order of this machine, so that float64 is known as such.

    Parameters
    ----------
    X : object
        Samples as given by the user; anything but an array is returned as it is.

    Returns
    -------
    object
        X itself if its byte order is native.
    """
    if isinstance(X, np.ndarray) and not X.dtype.isnative:
        return X.astype(X.dtype.newbyteorder("="))
    return X


def check_sparse_indices(X: Any) -> None:
    """Raise if indices of a sparse matrix lie outside it, which SciPy does not check.

    SciPy and the kernels would read and write out of bounds.

    Parameters
    ----------
    X : object
        Samples as given by the user; anything but a sparse matrix passes.

    Raises
    ------
    ValueError
        If an index is negative or too large, or if the index pointer is no partition of the
        elements.
    """
    if not sparse.issparse(X) or X.ndim != 2:
        return
    n_rows, n_columns = X.shape
    if X.format == "coo":
        _check_range(X.row, n_rows, "row")
        _check_range(X.col, n_columns, "column")
    elif X.format in ("csr", "csc", "bsr"):
        compressed, other = ("column", "row") if X.format == "csc" else ("row", "column")
        n_compressed, n_other = (n_columns, n_rows) if X.format == "csc" else (n_rows, n_columns)
        if X.format == "bsr":
            n_compressed, n_other = n_rows // X.blocksize[0], n_columns // X.blocksize[1]
        indptr, n_elements = X.indptr, min(len(X.indices), len(X.data))
        if (
            len(indptr) != n_compressed + 1
            or indptr[0] != 0
            or indptr[-1] > n_elements
            or (np.diff(indptr) < 0).any()
        ):
            raise ValueError(
                f"X is a {X.format} matrix whose `indptr` is invalid: it must have one number more "
                f"than X has {compressed}s, and ascend from 0 to the number of elements."
            )
        _check_range(X.indices[: indptr[-1]], n_other, other)


def _check_range(indices: npt.NDArray[Any], size: int, axis: str) -> None:
    if len(indices) and not 0 <= indices.min() <= indices.max() < size:
        wrong = indices.min() if indices.min() < 0 else indices.max()
        raise ValueError(
            f"X is a sparse matrix with the {axis} index {wrong}; {axis} indices must be from 0 to "
            f"{size - 1}. SciPy does not check them when a matrix is made from arrays."
        )


def is_plain(X: Any, n_features: int, dtype: npt.DTypeLike) -> bool:
    """Return whether `sklearn.utils.validation.validate_data` would return X unchanged.

    This holds if X `is_surely_finite`, too, and takes microseconds: validating one row takes
    several times as long as predicting it. All other input, including invalid input, goes through
    full validation, so that errors and warnings are the same.

    Parameters
    ----------
    X : object
        Samples to predict.
    n_features : int
        Number of features of the fitted network, which was fitted without feature names.
    dtype : dtype
        Floating-point dtype of the network.

    Returns
    -------
    bool
        True only for a non-empty NumPy array of shape (n_samples, n_features) and of that dtype
        or uint8.
    """
    if type(X) is not np.ndarray or X.ndim != 2 or X.shape[1] != n_features or not len(X):
        return False
    return bool(X.dtype == np.uint8 or X.dtype == dtype)


def is_surely_finite(X: npt.NDArray[Any]) -> bool:
    """Return True if a quick check shows that all values are finite.

    It is also False for very large finite values and for arrays that are not contiguous; full
    validation accepts these.
    """
    if X.dtype == np.uint8:
        return True
    if not X.flags.forc:
        return False
    numbers = X.ravel(order="K")
    with np.errstate(over="ignore", invalid="ignore"):
        return math.isfinite(np.dot(numbers, numbers))  # np.sum would not use all cores
