"""What Python and machine code know of each other: object files, and how arguments are handed over.

All arguments of an entry point are packed into one block of memory. A number takes eight bytes, an
integer or a float64; an array is its address and its shape, a named tuple its fields. `compile`
generates the code that reads the block. This module does not import Numba.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import numpy as np


class ObjectCode(NamedTuple):
    """Machine code.

    Attributes
    ----------
    content : bytes
        An object file, such as ELF.
    needs : tuple of str
        The functions of others that it was compiled to call, such as ``sched_yield``. LLVM may have
        added functions of the C library.
    """

    content: bytes
    needs: tuple[str, ...]


def pack(arguments: tuple[Any, ...]) -> tuple[tuple[str, ...], bytes]:
    """Pack the arguments of an entry point.

    Parameters
    ----------
    arguments : tuple
        C-contiguous arrays, numbers, and named tuples of both.

    Returns
    -------
    kinds : tuple of str
        Dtypes, numbers of dimensions and names of tuples, on which the machine code depends.
    memory : bytes
        The arguments themselves. They have to be kept alive: arrays stand there as addresses.

    Raises
    ------
    ValueError
        If an array is not C-contiguous, or not aligned.
    """
    kinds: list[str] = []
    codes: list[str] = []
    values: list[Any] = []
    _append(arguments, kinds, codes, values)
    return tuple(kinds), struct.pack("".join(codes), *values)


def _append(
    arguments: tuple[Any, ...], kinds: list[str], codes: list[str], values: list[Any]
) -> None:
    for argument in arguments:
        if isinstance(argument, np.ndarray):
            if not (argument.flags.c_contiguous and argument.flags.aligned):
                raise ValueError("kernels take C-contiguous and aligned arrays only")
            kinds.append(f"{argument.dtype.str}{argument.ndim}")
            codes.append(f"{1 + argument.ndim}q")
            values.append(argument.ctypes.data)
            values += argument.shape
        elif isinstance(argument, tuple):
            fields = getattr(argument, "_fields", ())
            kinds.append(f"{type(argument).__name__}({','.join(fields)})")
            _append(argument, kinds, codes, values)
        else:
            dtype = np.result_type(argument)
            kinds.append(dtype.str)
            codes.append("d" if dtype.kind == "f" else "q")
            values.append(float(argument) if dtype.kind == "f" else int(argument))
