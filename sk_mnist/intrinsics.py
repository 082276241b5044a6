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
"""Columns that sparse products work on at a time; they stay in the processor's registers."""

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
    pitch: Any,
    first: Any,
    last: Any,
    rows: Any,
    factors: Any,
    start: Any,
    stop: Any,
) -> tuple[Any, Callable[..., Any]]:
    """Add to `total` the rows ``rows[k]`` of a matrix times ``factors[k]``, k up from `start`.

    It ends at `stop`, or where ``rows[k]`` is not below `last`, and returns where. `tile` is the
    matrix from row `first` on, of which `TILE` columns count; `pitch` numbers further is the next
    row. No row may lie before it.

    In Numba's own words the sum would go through memory at each k, and the loop over the columns
    would begin by asking whether its arrays overlap: together half of the time.
    """
    index = types.intp
    signature = index(total, tile, index, index, index, rows, factors, index, index)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        total, tile, rows, factors = _pointers(context, builder, signature, args, (0, 1, 5, 6))
        pitch, first, last = args[2:5]
        start, stop = args[7:]
        size = context.get_abi_sizeof(total.type.pointee)
        sums = [
            cgutils.alloca_once_value(builder, builder.load(part, align=size))
            for part in _vectors(builder, total)
        ]
        place = cgutils.alloca_once_value(builder, start)
        look, add, end = map(builder.append_basic_block, ("look", "add", "end"))
        builder.branch(look)
        builder.position_at_end(look)
        k = builder.load(place)
        inside = builder.append_basic_block("inside")
        builder.cbranch(builder.icmp_signed("<", k, stop), inside, end)
        builder.position_at_end(inside)
        row = builder.zext(builder.load(builder.gep(rows, [k])), k.type)
        builder.cbranch(builder.icmp_signed("<", row, last), add, end)
        builder.position_at_end(add)
        factor = _everywhere(builder, builder.load(builder.gep(factors, [k])))
        row_vectors = _row_vectors(builder, tile, pitch, row, first)
        for part_sum, part in zip(sums, row_vectors, strict=True):
            product = builder.fmul(factor, builder.load(part, align=size), flags=["contract"])
            part_total = builder.fadd(builder.load(part_sum), product, flags=["contract"])
            builder.store(part_total, part_sum)
        builder.store(builder.add(k, k.type(1)), place)
        builder.branch(look)
        builder.position_at_end(end)
        for part_sum, part in zip(sums, _vectors(builder, total), strict=True):
            builder.store(builder.load(part_sum), part, align=size)
        return builder.load(place)

    return signature, generate


@_intrinsic
def add_to_rows(
    typing_context: Any,
    tile: Any,
    pitch: Any,
    first: Any,
    rows: Any,
    factors: Any,
    added: Any,
    start: Any,
    stop: Any,
) -> tuple[Any, Callable[..., Any]]:
    """Add `added` times ``factors[k]`` to the rows ``rows[k]`` of a matrix, k from start to stop.

    The matrix is given as in `add_scaled_rows`.
    """
    index = types.intp
    signature = types.void(tile, index, index, rows, factors, added, index, index)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        tile, rows, factors, added = _pointers(context, builder, signature, args, (0, 3, 4, 5))
        pitch, first = args[1:3]
        start, stop = args[6:]
        size = context.get_abi_sizeof(tile.type.pointee)
        added = [builder.load(part, align=size) for part in _vectors(builder, added)]
        with cgutils.for_range_slice(builder, start, stop, start.type(1)) as (k, _):
            row = builder.zext(builder.load(builder.gep(rows, [k])), k.type)
            factor = _everywhere(builder, builder.load(builder.gep(factors, [k])))
            row_vectors = _row_vectors(builder, tile, pitch, row, first)
            for vector, part in zip(added, row_vectors, strict=True):
                product = builder.fmul(factor, vector, flags=["contract"])
                part_total = builder.fadd(
                    builder.load(part, align=size), product, flags=["contract"]
                )
                builder.store(part_total, part, align=size)
        return context.get_dummy_value()

    return signature, generate


def _pointers(context: Any, builder: Any, signature: Any, args: Any, which: Any) -> list[Any]:
    """Return where the numbers of some arguments, which are arrays, begin."""
    return [context.make_array(signature.args[i])(context, builder, args[i]).data for i in which]


def _vectors(builder: Any, pointer: Any) -> list[Any]:
    """Return the vectors that `TILE` numbers consist of."""
    integer = ir.IntType(64)
    vector = ir.VectorType(pointer.type.pointee, _LANES)
    pointers = [builder.gep(pointer, [integer(i)]) for i in range(0, TILE, _LANES)]
    return [builder.bitcast(p, vector.as_pointer()) for p in pointers]


def _row_vectors(builder: Any, tile: Any, pitch: Any, row: Any, first: Any) -> list[Any]:
    """Return the vectors of a row of a matrix, of which `tile` is what begins at row `first`."""
    place = builder.mul(builder.sub(row, first), pitch)
    return _vectors(builder, builder.gep(tile, [place]))


def _everywhere(builder: Any, number: Any) -> Any:
    """Return a vector with one number in all places."""
    vector = ir.Constant(ir.VectorType(number.type, _LANES), ir.Undefined)
    vector = builder.insert_element(vector, number, ir.IntType(32)(0))
    everywhere = ir.Constant(ir.VectorType(ir.IntType(32), _LANES), [0] * _LANES)
    return builder.shuffle_vector(vector, vector, everywhere)


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
