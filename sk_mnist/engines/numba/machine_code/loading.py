"""Machine code in memory: loaded from disk, or else compiled.

llvmlite alone loads it, in milliseconds. Numba, whose import takes half a second and whose
registries take as long again when first used, is for compilation only.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from typing import Any

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
    path = files.find(file)
    if path is not None:
        try:
            return _link(files.read(path), symbol)
        except (OSError, ValueError) as error:
            files.warn_of_unusable(path, error)
    code = compiled(symbol)
    files.write(file, code)
    return _link(code, symbol)


def _link(code: ObjectCode, symbol: str) -> int:
    """Return the address of a function of an object file."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    missing = [name for name in code.needs if binding.address_of_symbol(name) is None]
    if missing:  # LLVM would end the process
        raise ValueError(f"it needs {missing[0]}, which this process does not have")
    machine = binding.Target.from_default_triple().create_target_machine(jit=True)
    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
    engine.add_object_file(binding.ObjectFileRef.from_data(code.content))
    engine.finalize_object()
    _engines.append(engine)  # the machine code goes with it
    return int(engine.get_function_address(symbol))


_engines: list[Any] = []
