"""Compilation of kernels to machine code, and what this code depends on."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import llvmlite
import numba
from numba import njit, types
from numba.core.ccallback import CFunc

from sk_mnist.engines.numba.kernels.code_cache import code_cache

# Kernels make no arrays. Without reference counts they compile in two thirds of the time.
_OPTIONS = {"error_model": "numpy", "fastmath": {"contract"}, "_nrt": False}


def cache_key(directory: Traversable) -> str:
    """Return what the machine code of the kernels in a directory depends on, as a hash.

    Numba's own key covers the processor, the types of the arguments and the file of the function,
    but not the files of the functions that it calls, nor llvmlite. So this one covers all modules
    of the directory and the versions of both.
    """
    digest = hashlib.sha256(f"{numba.__version__} {llvmlite.__version__}".encode())
    for file in sorted(directory.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".py"):
            digest.update(file.name.encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


@functools.cache
def _own_cache_key() -> str:
    return cache_key(resources.files(__package__))


def is_enabled() -> bool:
    """Tell whether Numba compiles: NUMBA_DISABLE_JIT=1 has it run the Python code instead."""
    return not numba.config.DISABLE_JIT


def cache_directory() -> str | None:
    """Return the directory that machine code is kept in, None if there is none."""
    path: str | None = code_cache(cache_key).cache_path
    return path


def entry_point(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """Compile a function to machine code that Python can call and that releases the GIL.

    The code is cached on disk for other processes.
    """
    options = {"nogil": True, **_OPTIONS, **options}
    # Numba names the files of the cache after the function.
    function.__qualname__ = f"{function.__name__}_{_own_cache_key()}"
    compiled = njit(**options)(function)
    if is_enabled():
        compiled._cache = code_cache(function)
    return compiled  # type: ignore[no-any-return]


# Wrappers for calls from Python or C take long to compile.
kernel = functools.partial(entry_point, no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""Compile a function that is called by compiled functions only."""


def c_function(*argument_types: Any) -> Callable[[Callable[..., Any]], Callable[[str], int]]:
    """Decorate a function that compiled code calls by its address, of which there is one per dtype.

    So what a fit does not use is not compiled, and what it uses does not make `train_steps` another
    function. Its call costs nothing beside the loops over arrays in it.

    Parameters
    ----------
    *argument_types : callable or numba type
        Types of the arguments; a callable maps Numba's type of the network's scalars to one.

    Returns
    -------
    callable
        Turns the function into one that maps a dtype, "float32" or "float64", to the address.
    """

    def decorate(function: Callable[..., Any]) -> Callable[[str], int]:
        function.__qualname__ = f"{function.__name__}_{_own_cache_key()}"

        @functools.cache
        def address(dtype: str) -> int:
            scalar = getattr(types, dtype)
            arguments = [t(scalar) if not isinstance(t, types.Type) else t for t in argument_types]
            result: Any = CFunc(function, (tuple(arguments), types.void), {}, _OPTIONS)
            result._cache = code_cache(function)
            result.compile()
            _compiled.append(result)  # its machine code goes with it
            return int(result.address)

        return functools.update_wrapper(address, function)

    return decorate


_compiled: list[Any] = []

inlined = functools.partial(kernel, inline="always")
"""Compile a function as a part of its caller: once, where a kernel is optimized twice."""
