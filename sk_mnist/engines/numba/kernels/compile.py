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
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler

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


class _KernelLibrary(JITCodeLibrary):
    """Code that is optimized and made machine code as a part of what calls it, not by itself, too.

    That would make compilation a third longer. Written for Numba 0.62 to 0.68; a test
    shows that a version still calls what is overridden here.
    """

    def _optimize_functions(self, module: Any) -> None:
        module.data_layout = self._codegen._data_layout

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """Return zero, as for any function that Python cannot call."""
        self._ensure_finalized()
        return 0

    @property
    def codegen(self) -> _KernelLibrary:
        """Where Numba sets the environment of machine code, of which there is none."""
        return self

    def set_env(self, name: str, environment: Any) -> None:
        """Do nothing."""


class _KernelCompiler(Compiler):
    """Numba's compiler, with a library of ours."""

    def __init__(self, typing_context: Any, target_context: Any, library: Any, *rest: Any) -> None:
        library = library or _KernelLibrary(target_context.codegen(), "kernel")
        super().__init__(typing_context, target_context, library, *rest)


def kernel(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """Compile a function that is called by compiled functions only."""
    options = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, **_OPTIONS, **options}
    compiled = njit(pipeline_class=_KernelCompiler, **options)(function)
    if not is_enabled():
        return function
    template = compiled.get_call_template

    def template_without_literals(arguments: Any, keywords: Any) -> Any:
        return template(tuple(map(types.unliteral, arguments)), keywords)

    # Otherwise a call with the number 1 and another with 2 compile the function twice.
    compiled.get_call_template = template_without_literals
    return compiled  # type: ignore[no-any-return]


inlined = functools.partial(kernel, inline="always")
"""Compile a function as a part of its caller, so that it may return a view of an array."""


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
