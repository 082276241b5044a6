"""LLVM code that finds the nonzero elements of rows, many at a time.

`llvm_atomics` says what an intrinsic is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

MASK_BITS = 64
"""Elements that `nonzero_mask` looks at."""


@intrinsic
def nonzero_mask(
    typing_context: Any, matrix: Any, row: Any, column: Any
) -> tuple[Any, Callable[..., Any]]:
    """Look at `MASK_BITS` elements of a row of a C-contiguous matrix, from `column` on.

    Returns an uint64, whose lowest bit is set if the first of them is not zero.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        _, n_columns = cgutils.unpack_tuple(builder, array.shape)
        start = builder.add(builder.mul(args[1], n_columns), args[2])
        scalar = array.data.type.pointee
        vector_type = ir.VectorType(scalar, MASK_BITS)
        pointer = builder.bitcast(builder.gep(array.data, [start]), vector_type.as_pointer())
        vector = builder.load(pointer, align=context.get_abi_sizeof(scalar))
        zero = ir.Constant(vector_type, None)
        if isinstance(scalar, ir.IntType):
            is_nonzero = builder.icmp_unsigned("!=", vector, zero)
        else:
            is_nonzero = builder.fcmp_unordered("!=", vector, zero)
        return builder.bitcast(is_nonzero, ir.IntType(MASK_BITS))

    return types.uint64(matrix, types.intp, types.intp), generate


@intrinsic
def lowest_bit(typing_context: Any, mask: Any) -> tuple[Any, Callable[..., Any]]:
    """Return the position of the lowest bit of an uint64 that is set; it must not be zero."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.intp(types.uint64), generate
