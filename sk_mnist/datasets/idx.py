"""MNIST's IDX files: their names, their checksums and their format."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sk_mnist.datasets.checksum import largest_file, verified_content

FILE_PREFIXES = {"train": ("train",), "test": ("t10k",), "all": ("train", "t10k")}
"""Prefixes of the file names of each subset."""

IDX_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""SHA-256 of the uncompressed content of each file."""

IDX_SIZES = {
    "train-images-idx3-ubyte": 16 + 60_000 * 28 * 28,
    "train-labels-idx1-ubyte": 8 + 60_000,
    "t10k-images-idx3-ubyte": 16 + 10_000 * 28 * 28,
    "t10k-labels-idx1-ubyte": 8 + 10_000,
}
"""Number of bytes of the uncompressed content of each file."""


def image_files(subset: str) -> list[str]:
    """Return the names of the image files of a subset, without ".gz"."""
    return [f"{prefix}-images-idx3-ubyte" for prefix in FILE_PREFIXES[subset]]


def label_files(subset: str) -> list[str]:
    """Return the names of the label files of a subset, without ".gz"."""
    return [f"{prefix}-labels-idx1-ubyte" for prefix in FILE_PREFIXES[subset]]


def largest_idx_file(name: str) -> int:
    """Return how many bytes an MNIST file, plain or gzipped, has at most."""
    return largest_file(IDX_SIZES[name])


def verified_idx(stored: bytes, name: str) -> bytes:
    """Return the uncompressed content of an MNIST file if it has the original's checksum.

    Parameters
    ----------
    stored : bytes
        The bytes of the file, plain or gzipped.
    name : str
        Name of the MNIST file, a key of `IDX_SHA256`.

    Returns
    -------
    bytes
        The uncompressed content.

    Raises
    ------
    ValueError
        If it is not the content of that file. The message says what was found.
    """
    return verified_content(stored, IDX_SHA256[name], IDX_SIZES[name])


def parse_idx(content: bytes) -> NDArray[np.uint8]:
    """Return the array in an IDX file of unsigned bytes.

    Parameters
    ----------
    content : bytes
        The uncompressed content: three bytes for the dtype, one byte for the number of dimensions,
        the shape as big-endian 32-bit integers, and the elements in row-major order.

    Returns
    -------
    ndarray of uint8
        A read-only view of the content.

    Examples
    --------
    >>> from sk_mnist.datasets.idx import parse_idx
    >>> parse_idx(bytes([0, 0, 8, 1, 0, 0, 0, 3]) + bytes([5, 0, 4]))
    array([5, 0, 4], dtype=uint8)
    """
    n_dimensions = content[3]
    shape = np.frombuffer(content, dtype=">u4", count=n_dimensions, offset=4)
    return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * n_dimensions).reshape(shape)
