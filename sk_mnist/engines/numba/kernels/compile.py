"""How kernels are compiled, and kept on disk."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit


@functools.cache
def _fingerprint() -> str:
    """Return what tells this package's kernels from those of another version."""
    digest = hashlib.sha256()
    for pattern in ("kernels/*.py", "predict.py", "csr.py"):
        for path in sorted(Path(__file__).parents[1].glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def entry_point(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """Compile a function to machine code that runs without Python's lock.

    The code is kept on disk for other processes, if there is a place that can be written to.
    """
    options = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}, **options}
    # Numba keeps code by this name until the file of the function changes, and does not look at
    # the files of the functions that it calls.
    function.__qualname__ = f"{function.__name__}_{_fingerprint()}"
    try:
        compiled = njit(cache=True, **options)(function)
    except RuntimeError:  # what Numba raises where it finds no such place
        compiled = njit(**options)(function)
    return compiled  # type: ignore[no-any-return]


# Without ways in from Python, which take long to compile.
kernel = functools.partial(entry_point, no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""Compile a function that only compiled functions call."""

inlined = functools.partial(kernel, inline="always")
"""Compile a function as a part of the one that calls it, once rather than twice."""
