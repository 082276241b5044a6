"""LLVM code that calls functions by their addresses, as `machine_code.entry_points` gives them.

`llvm_atomics` says what an intrinsic is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


@intrinsic
def call_activation(
    typing_context: Any, address: Any, logits: Any, gradients: Any, n: Any
) -> tuple[Any, Callable[..., Any]]:
    """Call ``activation(logits, gradients, n)``, the first two as pointers to their data."""
    signature = types.void(types.intp, logits, gradients, types.intp)
    return signature, _call


@intrinsic
def call_optimizer(
    typing_context: Any,
    address: Any,
    weights: Any,
    slots: Any,
    stride: Any,
    gradient: Any,
    n: Any,
    options: Any,
) -> tuple[Any, Callable[..., Any]]:
    """Call ``optimizer(weights, slots, stride, gradient, n, options)``, arrays as pointers."""
    index = types.intp
    return types.void(index, weights, slots, index, gradient, index, options), _call


def _call(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """Generate the call of the address that comes first, with the data of arrays."""
    values = [
        context.make_array(kind)(context, builder, value).data
        if isinstance(kind, types.Array)
        else value
        for kind, value in zip(signature.args[1:], args[1:], strict=True)
    ]
    function_type = ir.FunctionType(ir.VoidType(), [value.type for value in values])
    builder.call(builder.inttoptr(args[0], function_type.as_pointer()), values)
    return context.get_dummy_value()
