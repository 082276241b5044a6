"""Machine code in memory: loaded from disk, or else compiled.

llvmlite alone loads it, in milliseconds. Numba, whose import takes half a second and whose
registries take as long again when first used, is for compilation only.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import os
from collections.abc import Callable

from llvmlite import binding

from sk_mnist.engines.numba.kernels.interface import ObjectCode
from sk_mnist.engines.numba.machine_code import files


def compilation_is_enabled() -> bool:
    """Tell whether Numba compiles: NUMBA_DISABLE_JIT=1 has it run the Python code instead."""
    return os.environ.get("NUMBA_DISABLE_JIT", "0").strip() in ("", "0")


def load(name: str, kinds: tuple[str, ...], compiled: Callable[[str], ObjectCode]) -> int:
    """Return the address of a compiled function.

    Parameters
    ----------
    name : str
        Module and function, such as "csr.count_nonzero".
    kinds : tuple of str
        What it is compiled for.
    compiled : callable
        Compiles it. Its argument is the name that the function is to have in the object code.

    Returns
    -------
    int
    """
    variant = hashlib.sha256(repr(kinds).encode()).hexdigest()[:12]
    file, symbol = files.file_name(name, variant), f"{name.replace('.', '_')}_{variant}"
    _start_llvm()
    for path in (directory / file for directory in files.directories()):
        try:
            return _link(files.read(path), symbol)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError) as error:
            files.warn_of_unusable(path, error)
    code = compiled(symbol)
    address = _link(code, symbol)
    files.write(file, code)
    return address


@functools.cache
def _start_llvm() -> None:
    """Make LLVM ready; raise an OSError if the system does not let it make code executable."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    binding.check_jit_execution()


def _link(code: ObjectCode, symbol: str) -> int:
    """Return the address of a function of an object file, whose code stays in memory."""
    machine = binding.Target.from_triple(binding.get_process_triple()).create_target_machine(
        jit=True
    )
    # Made first: with it, LLVM looks for the symbols of this process.
    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
    if _missing(code):
        # Numba brings libraries of its own, such as Intel's SVML, if they are installed.
        importlib.import_module("sk_mnist.engines.numba.kernels.compile")
    if missing := _missing(code):  # LLVM would end the process
        raise ValueError(f"it needs {missing[0]}, which this process does not have")
    engine.add_object_file(binding.ObjectFileRef.from_data(code.content))
    engine.finalize_object()
    address = int(engine.get_function_address(symbol))
    if not address:
        raise ValueError(f"it has no function {symbol}")
    engine.detach()  # is never disposed of, not even when Python ends
    return address


def _missing(code: ObjectCode) -> list[str]:
    return [name for name in code.needs if binding.address_of_symbol(name) is None]
