"""Downloads of MNIST files."""

from __future__ import annotations

import io
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sk_mnist._utils.files import write_file
from sk_mnist.datasets.files import cache_directory
from sk_mnist.datasets.idx import largest_idx_file, verified_idx

logger = logging.getLogger(__name__)

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
DOWNLOAD_TIMEOUT = 15.0
"""Seconds to connect, and to wait for each next chunk of a response."""


def download_file(name: str, data_home: Path | None) -> bytes:
    """Download, verify and store an MNIST file.

    Parameters
    ----------
    name : str
        Name of the file, without ".gz".
    data_home : Path or None
        The directory to store it in, by default the user's cache. It is created if necessary.

    Returns
    -------
    bytes
        The uncompressed content.

    Raises
    ------
    OSError
        If the file cannot be downloaded or written.
    """
    directory = data_home or cache_directory()
    # Before the download, which would be in vain if the directory is not writable.
    with _explain_write_errors(directory):
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    stored, content = _download_from_mirrors(name)
    with _explain_write_errors(directory):
        write_file(directory / (name if stored == content else f"{name}.gz"), stored)
    return content


@contextmanager
def _explain_write_errors(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OSError(
            f"Cannot write to {directory}, the directory to download MNIST to: {error}.\n"
            f"Set data_home to a writable directory, or the environment variable SK_MNIST_DATA to "
            f"a directory that already contains the files."
        ) from error


class _LimitedBuffer(io.BytesIO):
    """Memory for a download, which ends when more bytes arrive than there can be."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def write(self, chunk: Any) -> int:
        """Append a chunk of the response."""
        n_written = super().write(chunk)
        if self.tell() > self._limit:
            raise OSError(f"more than {self._limit:,} bytes were sent")
        return n_written


def _download_from_mirrors(name: str) -> tuple[bytes, bytes]:
    """Return a file as delivered by the first mirror that works, and its uncompressed content."""
    from pooch import HTTPDownloader

    download = HTTPDownloader(chunk_size=2**16, timeout=DOWNLOAD_TIMEOUT)
    failures = []
    for mirror in MIRRORS:
        url = f"{mirror}{name}.gz"
        logger.info("Downloading %s", url)
        # To memory, so that an OSError can only come from the network.
        received = _LimitedBuffer(largest_idx_file(name))
        try:
            download(url, received, pooch=None)
            return received.getvalue(), verified_idx(received.getvalue(), name)
        except (OSError, ValueError) as error:
            failures.append(f"  {url}: {error}")
    raise OSError(
        f"MNIST's {name} was not found on this machine, and no mirror delivered it:\n"
        + "\n".join(failures)
        + "\nCheck the network connection, or set the environment variable SK_MNIST_DATA to a "
        "directory that contains the MNIST files. load_mnist_sample() returns 5,000 of the digits "
        "without a network connection."
    )
