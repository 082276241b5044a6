"""The machine code of kernels on disk, for other processes."""

from __future__ import annotations

import hashlib
import os
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba.core.caching import FunctionCache, IndexDataCacheFile, NullCache

_ADVICE = (
    "every process compiles them anew, which takes seconds. Set NUMBA_CACHE_DIR to a directory "
    "that can be written to, and fill it once with `sk-mnist compile`."
)


def code_cache(function: Callable[..., Any]) -> NullCache | FunctionCache:
    """Return the cache of a function that is to be compiled.

    Code that cannot be read or written costs compilation, and one warning, never an error.
    """
    try:
        return _CodeCache(function)
    except RuntimeError:  # raised if no directory can be written to
        return _NoDirectory()


class _CodeFiles(IndexDataCacheFile):
    """One file for each signature of a function: a SHA-256 digest, and what it is the digest of.

    Numba's own files have no digests, and are not flushed to disk: after a loss of power, one that
    is empty or has a wrong bit would break the process, or its results.
    """

    def load(self, key: Any) -> Any:
        try:
            content = self.path(key).read_bytes()
        except FileNotFoundError:
            return None
        digest, code = content[:32], content[32:]
        if hashlib.sha256(code).digest() != digest:
            raise ValueError("not what was written")
        return pickle.loads(code)  # noqa: S301 - as safe as the directory, see SECURITY.md

    def save(self, key: Any, data: Any) -> None:
        code = self._dump(data)
        with self._open_for_write(str(self.path(key))) as file:
            file.write(hashlib.sha256(code).digest() + code)

    def path(self, key: Any) -> Path:
        """Return the file for a signature, a processor and the code of the function."""
        digest = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
        return Path(self._cache_path, f"{Path(self._index_name).stem}.{digest}.nbc")


class _CodeCache(FunctionCache):
    """Numba's cache with files of our own."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        locator, name = self._impl.locator, self._impl.filename_base
        self._cache_file = _CodeFiles(self._cache_path, name, locator.get_source_stamp())

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        target_context.refresh()
        try:
            return self._load_overload(sig, target_context)
        except Exception as error:  # unpickling may raise any
            path = self._cache_file.path(self._index_key(sig, target_context.codegen()))
            _warn_once(
                f"The compiled code in {path} cannot be read ({_reason(error)}). It is compiled "
                "anew, which takes seconds, and replaced."
            )
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            self._save_overload(sig, data)
        except OSError as error:
            _warn_once(
                f"Compiled kernels cannot be kept in {self.cache_path} ({_reason(error)}): "
                f"{_ADVICE}"
            )


class _NoDirectory(NullCache):
    """Keeps nothing."""

    def save_overload(self, sig: Any, data: Any) -> None:
        home = os.path.expanduser("~")
        _warn_once(
            "Compiled kernels cannot be kept, as neither the package directory nor one in "
            f"{home} can be written to: {_ADVICE}"
        )


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def _warn_once(message: str) -> None:
    """Warn about the first trouble of this process: all kernels are in the same directory."""
    if not _warned:
        _warned.append(message)
        warnings.warn(message, RuntimeWarning, stacklevel=2)


_warned: list[str] = []
