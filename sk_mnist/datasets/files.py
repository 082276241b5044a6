"""MNIST files on this machine: where they are searched for, and how they are read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from sk_mnist.datasets.idx import largest_idx_file, verified_idx


def cache_directory() -> Path:
    """Return the directory for downloads in the user's cache. It may not exist."""
    import pooch

    return Path(pooch.os_cache("sk_mnist"))


def search_directories(data_home: Path | None) -> Iterator[Path]:
    """Yield the directories to search for MNIST files, in order.

    Parameters
    ----------
    data_home : Path or None
        The directory that the user has passed, which comes first.

    Yields
    ------
    Path
        A directory.

    Raises
    ------
    OSError
        If ``SK_MNIST_DATA`` is reached and is not a directory. A complete `data_home` works
        whatever the value of the environment variable.
    """
    if data_home:
        yield data_home
    if from_environment := os.environ.get("SK_MNIST_DATA"):
        directory = Path(from_environment).expanduser().absolute()
        if not directory.is_dir():
            raise OSError(
                f"The environment variable SK_MNIST_DATA is set to {directory}, which is not a "
                f"directory. Correct or unset it."
            )
        yield directory
    yield cache_directory()


def find_file(name: str, data_home: Path | None) -> Path | None:
    """Find an MNIST file on this machine.

    Parameters
    ----------
    name : str
        Name of the file, such as "train-images-idx3-ubyte". The spelling "train-images.idx3-ubyte"
        and the suffix ".gz" are found, too.
    data_home : Path or None
        The directory to search first.

    Returns
    -------
    Path or None
        None if there is no such file.
    """
    dotted = name.replace("-idx", ".idx")
    for directory in search_directories(data_home):
        for spelling in (name, f"{name}.gz", dotted, f"{dotted}.gz"):
            if (directory / spelling).is_file():
                return directory / spelling
    return None


def read_file(path: Path, name: str) -> bytes:
    """Read and verify an MNIST file.

    Parameters
    ----------
    path : Path
        The file, plain or gzipped.
    name : str
        Name of the MNIST file that it has to be.

    Returns
    -------
    bytes
        The uncompressed content.

    Raises
    ------
    ValueError
        If the content is not that of MNIST's file.
    """
    try:
        with path.open("rb") as file:
            # No more than it can have: who knows what lies there.
            return verified_idx(file.read(largest_idx_file(name) + 1), name)
    except ValueError as error:
        raise ValueError(
            f"{path} is not MNIST's {name}: {error}.\n"
            f"Delete it, or set data_home or SK_MNIST_DATA to another directory, then call "
            f"fetch_mnist again."
        ) from None
