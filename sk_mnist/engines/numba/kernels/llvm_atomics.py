"""What Numba has no words for: counters that threads share, and hints to the processor.

Each function here is LLVM code that Numba compiles into the kernels that call it.
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

# Numba calls such a function to have the code, whose arguments are the ones after the first.
coded: Any = intrinsic

yield_processor = types.ExternalFunction(
    "SwitchToThread" if sys.platform == "win32" else "sched_yield", types.int32()
)
"""Let another thread run that waits for the processor."""


@coded
def flush_denormals(typing_context: Any) -> tuple[Any, Callable[..., Any]]:
    """Take numbers next to zero for zero, in this thread from now on, where that is known how.

    Adam's averages become such numbers where a gradient is zero for long, and processors take many
    times as long for them.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if platform.machine().lower() in ("x86_64", "amd64"):
            integer = ir.IntType(32)
            place = cgutils.alloca_once(builder, integer)
            pointer = builder.bitcast(place, cgutils.voidptr_t)
            kind = ir.FunctionType(ir.VoidType(), [pointer.type])
            read, write = (
                cgutils.get_or_insert_function(builder.module, kind, f"llvm.x86.sse.{name}")
                for name in ("stmxcsr", "ldmxcsr")
            )
            builder.call(read, [pointer])
            # "Flush to zero" for results, "denormals are zeros" for what is read.
            builder.store(builder.or_(builder.load(place), integer(0x8040)), place)
            builder.call(write, [pointer])
        return context.get_dummy_value()

    return types.void(), generate


@coded
def fetch_add(typing_context: Any, counter: Any, amount: Any) -> tuple[Any, Callable[..., Any]]:
    """Add to the first element of an int64 array, and return what it was before."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        return builder.atomic_rmw("add", array.data, args[1], "seq_cst")

    return types.int64(counter, types.int64), generate


@coded
def load(typing_context: Any, counter: Any) -> tuple[Any, Callable[..., Any]]:
    """Return the first element of an int64 array that other threads may add to."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        return builder.load_atomic(array.data, "seq_cst", 8)

    return types.int64(counter), generate


@coded
def prefetch(typing_context: Any, vector: Any, place: Any) -> tuple[Any, Callable[..., Any]]:
    """Ask for an element of a vector to be brought into the cache, and do not wait for it."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = context.make_array(signature.args[0])(context, builder, args[0]).data
        pointer = builder.bitcast(builder.gep(pointer, [args[1]]), cgutils.voidptr_t)
        integer = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, integer, integer, integer])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        # To be read; to stay in all levels of the cache; data.
        builder.call(function, [pointer, integer(0), integer(3), integer(1)])
        return context.get_dummy_value()

    return types.void(vector, types.intp), generate
