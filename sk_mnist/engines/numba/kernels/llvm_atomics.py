"""LLVM code for what Numba does not offer: atomic counters, prefetching, denormals, yielding.

Numba calls an `intrinsic` for its signature and a function that generates the code. The arguments
of the compiled function are those behind the first one.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

yield_processor = types.ExternalFunction(
    "SwitchToThread" if sys.platform == "win32" else "sched_yield", types.int32()
)
"""Let another thread run that waits for the processor."""


def _is_x86_64() -> bool:
    return platform.machine().lower() in ("x86_64", "amd64")


def _sse_control(builder: Any, name: str, register: Any) -> None:
    """Call "stmxcsr" or "ldmxcsr", which write or read the control register at a pointer."""
    pointer = builder.bitcast(register, cgutils.voidptr_t)
    function_type = ir.FunctionType(ir.VoidType(), [pointer.type])
    function = cgutils.get_or_insert_function(builder.module, function_type, f"llvm.x86.sse.{name}")
    builder.call(function, [pointer])


@intrinsic
def flush_denormals(typing_context: Any) -> tuple[Any, Callable[..., Any]]:
    """Treat denormal numbers as zero in this thread from now on; x86-64 only.

    Adam's moments become denormal if a gradient is zero for long, and computing with denormals
    takes many times as long. Returns what `restore_denormals` needs.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        integer = ir.IntType(32)
        if not _is_x86_64():
            return integer(0)
        register = cgutils.alloca_once(builder, integer)
        _sse_control(builder, "stmxcsr", register)
        before = builder.load(register)
        # "Flush to zero" for results, "denormals are zeros" for operands.
        builder.store(builder.or_(before, integer(0x8040)), register)
        _sse_control(builder, "ldmxcsr", register)
        return before

    return types.int32(), generate


@intrinsic
def restore_denormals(typing_context: Any, before: Any) -> tuple[Any, Callable[..., Any]]:
    """Treat denormal numbers in this thread as before `flush_denormals`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if _is_x86_64():
            register = cgutils.alloca_once(builder, ir.IntType(32))
            builder.store(args[0], register)
            _sse_control(builder, "ldmxcsr", register)
        return context.get_dummy_value()

    return types.void(before), generate


@intrinsic
def fetch_add(typing_context: Any, counter: Any, amount: Any) -> tuple[Any, Callable[..., Any]]:
    """Add to the first element of an int64 array, and return its value before."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        return builder.atomic_rmw("add", array.data, args[1], "seq_cst")

    return types.int64(counter, types.int64), generate


@intrinsic
def load(typing_context: Any, counter: Any) -> tuple[Any, Callable[..., Any]]:
    """Return the first element of an int64 array that other threads may write to."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        return builder.load_atomic(array.data, "seq_cst", 8)

    return types.int64(counter), generate


@intrinsic
def prefetch(typing_context: Any, vector: Any, index: Any) -> tuple[Any, Callable[..., Any]]:
    """Ask for an element of a vector to be brought into the cache, and do not wait for it."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = context.make_array(signature.args[0])(context, builder, args[0]).data
        pointer = builder.bitcast(builder.gep(pointer, [args[1]]), cgutils.voidptr_t)
        integer = ir.IntType(32)
        function_type = ir.FunctionType(ir.VoidType(), [pointer.type, integer, integer, integer])
        function = cgutils.get_or_insert_function(builder.module, function_type, "llvm.prefetch.p0")
        # For reading; to be kept in all levels of the cache; data, not instructions.
        builder.call(function, [pointer, integer(0), integer(3), integer(1)])
        return context.get_dummy_value()

    return types.void(vector, types.intp), generate
