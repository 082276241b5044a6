"""Verification of file contents by SHA-256."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib

GZIP_MAGIC = b"\x1f\x8b"


def verified_content(stored: bytes, sha256: str, size: int) -> bytes:
    """Return the uncompressed content of a file if it has the expected checksum.

    Parameters
    ----------
    stored : bytes
        The bytes of the file, plain or gzipped.
    sha256 : str
        Expected SHA-256 of the uncompressed content, hexadecimal. Archives of the same content may
        differ in their gzip headers.
    size : int
        Expected number of bytes of the uncompressed content. No more is uncompressed, so that a
        small file cannot fill the memory.

    Returns
    -------
    bytes
        The uncompressed content.

    Raises
    ------
    ValueError
        If the content differs. The message says what was found.

    Examples
    --------
    >>> import gzip, hashlib
    >>> from sk_mnist.datasets.checksum import verified_content
    >>> verified_content(gzip.compress(b"digits"), hashlib.sha256(b"digits").hexdigest(), size=6)
    b'digits'
    """
    # Detected by content, not by name: browsers and servers decompress without renaming.
    is_gzip = stored.startswith(GZIP_MAGIC)
    try:
        content = _decompress(stored, size) if is_gzip else stored
    except EOFError:
        found = f"a truncated gzip file of {len(stored):,} bytes"
    except (gzip.BadGzipFile, zlib.error) as error:
        found = f"a damaged gzip file ({error})"
    else:
        digest = hashlib.sha256(content).hexdigest()
        if digest == sha256:
            return content
        found = f"a {'gzip' if is_gzip else 'plain'} file with "
        if len(content) > size:
            found += f"more than {size:,} bytes of content"
        else:
            found += f"{len(content):,} bytes of content and the SHA-256 {digest}"
    raise ValueError(f"found {found}, expected content of {size:,} bytes with the SHA-256 {sha256}")


def _decompress(stored: bytes, size: int) -> bytes:
    """Return the uncompressed content of a gzip file, at most one byte more than its size."""
    with gzip.GzipFile(fileobj=io.BytesIO(stored)) as file:
        return file.read(size + 1)


def largest_file(size: int) -> int:
    """Return how many bytes a file, plain or gzipped, has at most for its content to have `size`.

    Bytes that cannot be compressed are stored in blocks of at most 65,535 with 5 bytes more each;
    a header may have a name and comments, for which there is room.
    """
    return size + 5 * (size // 2**14 + 1) + 4096
