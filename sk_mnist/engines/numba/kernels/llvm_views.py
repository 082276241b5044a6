"""LLVM code for arrays that are parts of vectors.

A vector is any C-contiguous array here, its elements counted as they lie in memory.

Slices and `reshape` do the same, but their checks of bounds, strides and reference counts are code
that takes most of the time of compilation. `llvm_atomics` says what an intrinsic is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types
from numba.core.errors import NumbaTypeError
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array


@intrinsic
def part(typing_context: Any, vector: Any, first: Any, n: Any) -> tuple[Any, Callable[..., Any]]:
    """Return `n` elements of a vector, or behind a pointer, from `first` on."""
    index = types.intp
    return _array_type(vector, 1)(vector, index, index), _view


@intrinsic
def tail(typing_context: Any, vector: Any, first: Any) -> tuple[Any, Callable[..., Any]]:
    """Return all elements of a vector from `first` on."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vector, first = args
        array = context.make_array(signature.args[0])(context, builder, vector)
        args = vector, first, builder.sub(array.nitems, first)
        return _view(context, builder, signature, args)

    return _array_type(vector, 1)(vector, types.intp), generate


@intrinsic
def matrix(
    typing_context: Any, vector: Any, first: Any, n_rows: Any, n_columns: Any
) -> tuple[Any, Callable[..., Any]]:
    """Return a matrix whose rows lie behind each other in a vector, from element `first` on."""
    index = types.intp
    return _array_type(vector, 2)(vector, index, index, index), _view


def _array_type(vector: Any, n_dimensions: int) -> Any:
    if isinstance(vector, types.Array) and vector.layout != "C":
        raise NumbaTypeError(f"{vector} is not C-contiguous")
    return types.Array(vector.dtype, n_dimensions, "C")


def _view(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """Generate an array of the shape in the third and later arguments."""
    source, first, *shape = args
    if isinstance(signature.args[0], types.Array):
        source = context.make_array(signature.args[0])(context, builder, source).data
    data = builder.gep(source, [first])
    return array_value(context, builder, signature.return_type, data, shape)


def array_value(context: Any, builder: Any, array_type: Any, data: Any, shape: list[Any]) -> Any:
    """Generate a C-contiguous array from the pointer to its data, and its shape."""
    array = context.make_array(array_type)(context, builder)
    integer = shape[0].type
    size = integer(context.get_abi_sizeof(data.type.pointee))
    strides = [size]
    for length in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], length))
    populate_array(array, data=data, shape=shape, strides=strides, itemsize=size, meminfo=None)
    return array._getvalue()
