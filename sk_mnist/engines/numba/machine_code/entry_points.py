"""The kernels that Python calls, and those that compiled code calls by their addresses."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

from sk_mnist.engines.numba.kernels.interface import ObjectCode, pack
from sk_mnist.engines.numba.machine_code.loading import load
from sk_mnist.network.activations import ACTIVATIONS as REFERENCES

# Python's lock is released while it runs.
_EntryFunction = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_char_p)


class EntryPoint:
    """A kernel for Python. It is loaded or compiled for each kind of arguments when first called.

    Parameters
    ----------
    name : str
        Module and function, such as "csr.count_nonzero".
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._functions: dict[tuple[str, ...], Callable[[bytes], int]] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave machine code behind: addresses mean nothing to another process."""
        return type(self), (self._name,)

    def __call__(self, *arguments: Any) -> int:
        """Call it with C-contiguous arrays, numbers, and named tuples of both."""
        kinds, memory = pack(arguments)
        function = self._functions.get(kinds)
        if function is None:
            function = self._load(kinds, arguments)
        result = function(memory)
        if result < 0:
            raise IndexError(f"{self._name} was called with an index that is out of bounds")
        return result

    @property
    def n_variants(self) -> int:
        """For how many kinds of arguments it is loaded."""
        return len(self._functions)

    def _load(self, kinds: tuple[str, ...], arguments: tuple[Any, ...]) -> Callable[[bytes], int]:
        def compiled(symbol: str) -> ObjectCode:
            code: ObjectCode = _compiler().compile_entry_point(self._name, symbol, arguments)
            return code

        with _lock:
            if kinds not in self._functions:
                self._functions[kinds] = _EntryFunction(load(self._name, kinds, compiled))
            return self._functions[kinds]


class CalledByAddress:
    """A kernel for other compiled code. It is loaded or compiled when its address is first needed.

    Parameters
    ----------
    name : str
        Module and function, such as "activations.relu".
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._addresses: dict[str, int] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave addresses behind: they mean nothing to another process."""
        return type(self), (self._name,)

    def address(self, dtype: str) -> int:
        """Return the address of its code for networks of a dtype, "float32" or "float64"."""

        def compiled(symbol: str) -> ObjectCode:
            code: ObjectCode = _compiler().compile_called_by_address(self._name, symbol, dtype)
            return code

        with _lock:
            if dtype not in self._addresses:
                self._addresses[dtype] = load(self._name, (dtype,), compiled)
            return self._addresses[dtype]


def _compiler() -> ModuleType:
    """Return the module that compiles kernels. To import it, and Numba with it, takes a while."""
    from sk_mnist.engines.numba.kernels import compile as compiler

    return compiler


_lock = threading.RLock()
if hasattr(os, "register_at_fork"):
    # A process that is forked while a thread compiles would have locks that nobody ever releases.
    os.register_at_fork(
        before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
    )

count_nonzero = EntryPoint("csr.count_nonzero")
copy_nonzero = EntryPoint("csr.copy_nonzero")
predict_logits = EntryPoint("predict.predict_logits")
train_steps = EntryPoint("train.train_steps")

ACTIVATIONS = {name: CalledByAddress(f"activations.{name}") for name in REFERENCES}
OPTIMIZERS = {
    name: CalledByAddress(f"optimizers.{name}") for name in ("adam", "momentum", "rmsprop", "sgd")
}
