"""Verification of file contents by SHA-256."""

from __future__ import annotations

import gzip
import hashlib
import zlib

GZIP_MAGIC = b"\x1f\x8b"


def verified_content(stored: bytes, sha256: str) -> bytes:
    """Return the uncompressed content of a file if it has the expected checksum.

    Parameters
    ----------
    stored : bytes
        The bytes of the file, plain or gzipped.
    sha256 : str
        Expected SHA-256 of the uncompressed content, hexadecimal. Archives of the same content may
        differ in their gzip headers.

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
    >>> verified_content(gzip.compress(b"digits"), hashlib.sha256(b"digits").hexdigest())
    b'digits'
    """
    # Detected by content, not by name: browsers and servers decompress without renaming.
    is_gzip = stored.startswith(GZIP_MAGIC)
    try:
        content = gzip.decompress(stored) if is_gzip else stored
    except EOFError:
        found = f"a truncated gzip file of {len(stored):,} bytes"
    except (gzip.BadGzipFile, zlib.error) as error:
        found = f"a damaged gzip file ({error})"
    else:
        digest = hashlib.sha256(content).hexdigest()
        if digest == sha256:
            return content
        kind = "gzip" if is_gzip else "plain"
        found = f"a {kind} file with {len(content):,} bytes of content and the SHA-256 {digest}"
    raise ValueError(f"found {found}, expected content with the SHA-256 {sha256}")
