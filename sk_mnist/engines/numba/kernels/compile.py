"""Compilation of kernels to object code.

Whoever runs kernels does not import this module, nor Numba, unless something is to be compiled.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np
from llvmlite import ir
from numba import from_dtype, njit, types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target

from sk_mnist.engines.numba.kernels.interface import ObjectCode
from sk_mnist.engines.numba.kernels.llvm_views import array_value

# Kernels make no arrays. Without reference counts they compile in two thirds of the time.
OPTIONS = {"error_model": "numpy", "fastmath": {"contract"}, "_nrt": False}


class _KernelLibrary(JITCodeLibrary):
    """Code that is optimized and made machine code as a part of what calls it, not by itself, too.

    That would make compilation a third longer. Written for Numba 0.62 to 0.68; a test
    shows that a version still calls what is overridden here.
    """

    def _optimize_functions(self, module: Any) -> None:
        module.data_layout = self._codegen._data_layout

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """Return zero, as for any function that Python cannot call."""
        self._ensure_finalized()
        return 0

    @property
    def codegen(self) -> _KernelLibrary:
        """Where Numba sets the environment of machine code, of which there is none."""
        return self

    def set_env(self, name: str, environment: Any) -> None:
        """Do nothing."""


class _EntryLibrary(_KernelLibrary):
    """Code that can be called from outside by the name of the library, and all that it calls."""

    def _optimize_final_module(self) -> None:
        # What nobody else calls, is optimized for its callers and then left out.
        for function in self._final_module.functions:
            if not function.is_declaration and function.name != self.name:
                function.linkage = "internal"
        JITCodeLibrary._optimize_final_module(self)

    def object_code(self) -> ObjectCode:
        module = self._final_module
        needs = (f.name for f in module.functions if f.is_declaration)
        return ObjectCode(
            self._codegen._tm.emit_object(module),
            tuple(name for name in needs if not name.startswith("llvm.")),
        )


class _KernelCompiler(Compiler):
    """Numba's compiler, with a library of ours."""

    def __init__(self, typing_context: Any, target_context: Any, library: Any, *rest: Any) -> None:
        library = library or _KernelLibrary(target_context.codegen(), "kernel")
        super().__init__(typing_context, target_context, library, *rest)


def kernel(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """Compile a function that is called by compiled functions, or made an entry point."""
    options = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, **OPTIONS, **options}
    compiled = njit(pipeline_class=_KernelCompiler, **options)(function)
    template = compiled.get_call_template

    def template_without_literals(arguments: Any, keywords: Any) -> Any:
        return template(tuple(map(types.unliteral, arguments)), keywords)

    # Otherwise a call with the number 1 and another with 2 compile the function twice.
    compiled.get_call_template = template_without_literals
    return compiled  # type: ignore[no-any-return]


inlined = functools.partial(kernel, inline="always")
"""Compile a function as a part of its caller, so that it may return a view of an array."""


def compile_entry_point(name: str, symbol: str, arguments: tuple[Any, ...]) -> ObjectCode:
    """Compile a kernel for Python, which hands it its arguments as `interface.pack` packs them.

    Parameters
    ----------
    name : str
        Module and function, such as "csr.count_nonzero".
    symbol : str
        Name of the function in the object code. It takes the address of the packed arguments, and
        returns an integer: what the kernel returns, zero for nothing, -1 if it failed.
    arguments : tuple
        Arguments, for the types of which it is compiled.

    Returns
    -------
    ObjectCode
    """
    argument_types = tuple(map(_numba_type, arguments))
    integer = ir.IntType(64)

    def read(context: Any, builder: Any, memory: Any) -> list[Any]:
        places = count()

        def next_number() -> Any:
            return builder.load(builder.gep(memory, [integer(next(places))]))

        return [_value(context, builder, kind, next_number) for kind in argument_types]

    function_type = ir.FunctionType(integer, [integer.as_pointer()])
    code: ObjectCode = _object_code(_find(name)[1], symbol, argument_types, function_type, read)
    return code


def compile_called_by_address(name: str, symbol: str, dtype: str) -> ObjectCode:
    """Compile a kernel for compiled code that calls it by its address, an activation for example.

    So what a fit does not use is not compiled, and what it uses does not make `train_steps` another
    function. Its call costs nothing beside the loops over arrays in it.

    Parameters
    ----------
    name : str
        Module and function, such as "activations.relu". The function returns nothing; the module
        has a function `argument_types`.
    symbol : str
        Name of the function in the object code.
    dtype : {"float32", "float64"}
        Dtype of the network.

    Returns
    -------
    ObjectCode
    """
    module, function = _find(name)
    argument_types = module.argument_types(getattr(types, dtype))
    context = cpu_target.target_context
    function_type = ir.FunctionType(
        ir.VoidType(), [context.get_value_type(kind) for kind in argument_types]
    )

    def read(context: Any, builder: Any, *values: Any) -> list[Any]:
        return list(values)

    code: ObjectCode = _object_code(function, symbol, argument_types, function_type, read)
    return code


def _find(name: str) -> tuple[Any, Any]:
    """Return the module and the function of a name."""
    module, function = name.split(".")
    found = importlib.import_module(f"{__package__}.{module}")
    return found, getattr(found, function)


@global_compiler_lock
def _object_code(
    kernel: Any,
    symbol: str,
    argument_types: tuple[Any, ...],
    function_type: ir.FunctionType,
    read_arguments: Callable[..., list[Any]],
) -> ObjectCode:
    """Compile a function that calls a kernel, and the kernel as a part of it."""
    kernel.compile(argument_types)
    compiled = kernel.overloads[argument_types]
    context, result_type = compiled.target_context, compiled.fndesc.restype
    module = context.create_module(symbol)
    callee_type = context.call_conv.get_function_type(result_type, argument_types)
    callee = ir.Function(module, callee_type, compiled.fndesc.llvm_func_name)
    function = ir.Function(module, function_type, symbol)
    builder = ir.IRBuilder(function.append_basic_block())
    arguments = read_arguments(context, builder, *function.args)
    status, result = context.call_conv.call_function(
        builder, callee, result_type, argument_types, arguments
    )
    if isinstance(function_type.return_type, ir.VoidType):
        builder.ret_void()
    else:
        integer = function_type.return_type
        result = integer(0) if result_type == types.none else builder.zext(result, integer)
        builder.ret(builder.select(status.is_error, integer(-1), result))
    library = _EntryLibrary(context.codegen(), symbol)
    library.add_ir_module(module)
    library.add_linking_library(compiled.library)
    library.finalize()
    if library.has_dynamic_globals:
        raise RuntimeError(f"{symbol} has addresses of this process in its code")
    return library.object_code()


def _numba_type(argument: Any) -> Any:
    """Return the type of an argument, as `interface.pack` understands it."""
    if isinstance(argument, np.ndarray):
        return types.Array(from_dtype(argument.dtype), argument.ndim, "C")
    if isinstance(argument, tuple):
        return types.NamedTuple(list(map(_numba_type, argument)), type(argument))
    return from_dtype(np.result_type(argument))


def _value(context: Any, builder: Any, kind: Any, next_number: Callable[[], Any]) -> Any:
    """Generate a value of a type from the next numbers of packed arguments."""
    if isinstance(kind, types.Array):
        pointer = context.get_data_type(kind.dtype).as_pointer()
        data = builder.inttoptr(next_number(), pointer)
        shape = [next_number() for _ in range(kind.ndim)]
        return array_value(context, builder, kind, data, shape)
    if isinstance(kind, types.NamedTuple):
        fields = [_value(context, builder, field, next_number) for field in kind.types]
        return context.make_tuple(builder, kind, fields)
    number, value_type = next_number(), context.get_value_type(kind)
    if isinstance(kind, types.Float):
        number = builder.bitcast(number, ir.DoubleType())
        return number if kind == types.float64 else builder.fptrunc(number, value_type)
    return number if value_type == number.type else builder.trunc(number, value_type)
