"""Digests of the rows that a model was trained on, by which it knows them again in another file."""

from __future__ import annotations

import base64
import binascii
import hashlib

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sk_mnist.cli.data.samples import Features
from sk_mnist.cli.preprocessing import AsText

# The smallest digests of more rows are a random sample of them, which shows an overlap as well.
MAX_ROWS = 10_000
_N_BYTES = 8
_DTYPE = np.dtype(">u8")


def rows_to_text(X: Features) -> str:
    """Return digests of rows as text of at most 110 kB.

    Rows that are there several times are left out: in a table of few categories every row is like
    another one, and that tells nothing.

    Parameters
    ----------
    X : DataFrame or ndarray of shape (n_samples, n_features)
        What a model is trained on.

    Returns
    -------
    str
        Base64 of 8 bytes for each row, in ascending order.
    """
    digests, counts = np.unique(_digests(X), return_counts=True)
    return base64.b64encode(digests[counts == 1][:MAX_ROWS].tobytes()).decode()


def find_known_rows(X: Features, text: str) -> NDArray[np.bool_]:
    """Tell which rows a model was trained on.

    Parameters
    ----------
    X : DataFrame or ndarray of shape (n_samples, n_features)
        What the model takes, of any file.
    text : str
        Return value of `rows_to_text`, or anything else from a file, which knows no rows.

    Returns
    -------
    ndarray of bool of shape (n_samples,)
        If the model was trained on more than `MAX_ROWS`, true for a sample of these rows.
    """
    try:
        content = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        content = b""
    known = np.frombuffer(content[: len(content) // _N_BYTES * _N_BYTES], dtype=_DTYPE)
    return np.isin(_digests(X), known) if len(known) else np.zeros(len(X), dtype=bool)


def _digests(X: Features) -> NDArray[np.uint64]:
    """Return a digest of each row, whatever the format of the file and its types."""
    texts = [""] * len(X)  # of an array
    if isinstance(X, pd.DataFrame):
        is_number = [
            pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)
            for dtype in X.dtypes
        ]
        categories = AsText().fit_transform(X.loc[:, [not number for number in is_number]])
        # In pandas 2, itertuples has no rows where there are no columns.
        texts = ["\0".join(row) for row in categories.to_numpy(dtype=object)]
        X = X.loc[:, is_number].to_numpy(dtype=np.float64, na_value=np.nan)
    with np.errstate(over="ignore"):
        # Rounded as many files are, and with one zero and one NaN.
        numbers = np.asarray(X, dtype=np.float32) + np.float32(0)
    numbers[np.isnan(numbers)] = np.nan
    joined = b"".join(
        hashlib.blake2b(
            row.tobytes() + text.encode("utf-8", "surrogatepass"), digest_size=_N_BYTES
        ).digest()
        for row, text in zip(numbers, texts, strict=True)
    )
    return np.frombuffer(joined, dtype=_DTYPE)
