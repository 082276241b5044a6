"""What Numba has no words for: counters that threads share, and two kinds of matrix products.

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
_intrinsic: Any = intrinsic

TILE = 64
"""Columns that `add_scaled_rows` works on at a time; they stay in the processor's registers."""

# Numbers a vector, for the compiler to cut as the processor has it: one of 512 bits of float32.
_LANES = 16

yield_processor = types.ExternalFunction(
    "SwitchToThread" if sys.platform == "win32" else "sched_yield", types.int32()
)
"""Let another thread run that waits for the processor."""


@_intrinsic
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


@_intrinsic
def fetch_add(typing_context: Any, counter: Any, amount: Any) -> tuple[Any, Callable[..., Any]]:
    """Add to the first element of an int64 array, and return what it was before."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        return builder.atomic_rmw("add", array.data, args[1], "seq_cst")

    return types.int64(counter, types.int64), generate


@_intrinsic
def load(typing_context: Any, counter: Any) -> tuple[Any, Callable[..., Any]]:
    """Return the first element of an int64 array that other threads may add to."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        return builder.load_atomic(array.data, "seq_cst", 8)

    return types.int64(counter), generate


@_intrinsic
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


@_intrinsic
def add_scaled_rows(
    typing_context: Any,
    total: Any,
    tile: Any,
    rows: Any,
    factors: Any,
    start: Any,
    stop: Any,
) -> tuple[Any, Callable[..., Any]]:
    """Add to `total` the rows ``rows[k]`` of `tile` times ``factors[k]``, k from start to stop.

    Both have `TILE` columns. In Numba's own words the sum would go through memory at each k, and
    the loop over the columns would begin by asking whether its arrays overlap: together half of
    the time.
    """
    signature = types.void(total, tile, rows, factors, types.intp, types.intp)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        total, tile, rows, factors = (
            context.make_array(kind)(context, builder, value).data
            for kind, value in zip(signature.args[:4], args[:4], strict=True)
        )
        start, stop = args[4:]
        intp, number = start.type, total.type.pointee
        size = context.get_abi_sizeof(number)
        vector = ir.VectorType(number, _LANES)
        everywhere = ir.Constant(ir.VectorType(ir.IntType(32), _LANES), [0] * _LANES)
        undefined = ir.Constant(vector, ir.Undefined)

        def parts(pointer: Any) -> list[Any]:
            pointers = [builder.gep(pointer, [intp(i)]) for i in range(0, TILE, _LANES)]
            return [builder.bitcast(p, vector.as_pointer()) for p in pointers]

        loaded = [builder.load(part, align=size) for part in parts(total)]
        sums = [cgutils.alloca_once_value(builder, part) for part in loaded]
        with cgutils.for_range_slice(builder, start, stop, intp(1)) as (k, _):
            row = builder.zext(builder.load(builder.gep(rows, [k])), intp)
            row = builder.gep(tile, [builder.mul(row, intp(TILE))])
            factor = builder.load(builder.gep(factors, [k]))
            factor = builder.insert_element(undefined, factor, ir.IntType(32)(0))
            factor = builder.shuffle_vector(factor, undefined, everywhere)
            for place, part in zip(sums, parts(row), strict=True):
                product = builder.fmul(factor, builder.load(part, align=size), flags=["contract"])
                builder.store(builder.fadd(builder.load(place), product, flags=["contract"]), place)
        for place, part in zip(sums, parts(total), strict=True):
            builder.store(builder.load(place), part, align=size)
        return context.get_dummy_value()

    return signature, generate


@_intrinsic
def multiply(
    typing_context: Any,
    gemm: Any,
    turned: Any,
    shape: Any,
    left: Any,
    right: Any,
    total: Any,
) -> tuple[Any, Callable[..., Any]]:
    """Compute ``total = left @ right`` by BLAS, matrices row by row in parts of vectors.

    Numba's own `dot` copies what is not contiguous.

    Parameters
    ----------
    gemm : int
        Address of BLAS's function for the number type of the vectors.
    turned : (bool, bool)
        Whether `left` and `right` lie there transposed.
    shape : (int, int, int)
        Rows of `total`, its columns, and the length of the sums.
    left, right, total : (ndarray, int, int)
        A vector, where in it the matrix begins, and from one row to the next.
    """
    signature = types.void(gemm, turned, shape, left, right, total)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        number = context.get_value_type(signature.args[3][0].dtype)
        letter, integer = ir.IntType(8), ir.IntType(32)

        def place(value: Any) -> Any:
            return cgutils.alloca_once_value(builder, value)

        def matrix(position: int) -> tuple[Any, Any]:
            vector, start, step = cgutils.unpack_tuple(builder, args[position])
            array = context.make_array(signature.args[position][0])(context, builder, vector)
            return builder.gep(array.data, [start]), place(builder.trunc(step, integer))

        flags = cgutils.unpack_tuple(builder, args[1])
        left_turned, right_turned = (
            place(builder.select(cgutils.is_true(builder, flag), letter(84), letter(78)))
            for flag in flags  # "T" and "N"
        )
        n_rows, n_columns, length = (
            place(builder.trunc(size, integer)) for size in cgutils.unpack_tuple(builder, args[2])
        )
        (left, left_step), (right, right_step), (total, total_step) = map(matrix, (3, 4, 5))
        one, zero = place(ir.Constant(number, 1.0)), place(ir.Constant(number, 0.0))
        # BLAS has matrices column by column: to it, they are all transposed.
        values = [
            *(right_turned, left_turned, n_columns, n_rows, length, one),
            *(right, right_step, left, left_step, zero, total, total_step),
        ]
        kind = ir.FunctionType(ir.VoidType(), [value.type for value in values])
        builder.call(builder.inttoptr(args[0], kind.as_pointer()), values)
        return context.get_dummy_value()

    return signature, generate
