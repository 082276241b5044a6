"""Kernels compile as the parts of the functions that call them, and once for each type."""

import numpy as np
import pytest
from kernel_wrappers import wrapper
from numba.core.errors import TypingError

from sk_mnist.engines.numba.kernels.compile import kernel
from sk_mnist.engines.numba.kernels.llvm_views import matrix, part, tail


def test_kernel_is_compiled_once_for_all_literal_arguments():
    @kernel
    def multiply(x, factor):
        return x * factor

    @wrapper
    def call(x):
        return multiply(x, 2) + multiply(x, 3) + multiply(x, len("four"))

    assert call(10) == 90
    assert len(multiply.signatures) == 1


def test_kernel_is_neither_optimized_nor_made_machine_code_by_itself():
    @kernel
    def add_up(vector):
        total = 0.0
        for x in vector:
            total += x
        return total

    @wrapper
    def call(vector):
        return add_up(vector)

    assert call(np.arange(4.0)) == 6
    (compiled,) = add_up.overloads.values()
    assert "alloca" in compiled.library.get_llvm_str()  # optimization takes all of them away
    assert compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name) == 0
    (compiled,) = call.overloads.values()
    assert compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name) != 0


@wrapper
def change_views(array):
    part(array, 2, 3)[0] = 20
    tail(array, 7)[0] = len(tail(array, 7))
    matrix(array, 4, 2, 3)[1, 2] = 40


def test_views_count_the_elements_of_an_array_as_they_lie_in_memory():
    array = np.zeros((3, 4))
    change_views(array)
    assert np.flatnonzero(array).tolist() == [2, 7, 9]
    assert array.ravel()[[2, 7, 9]].tolist() == [20, 5, 40]


def test_views_refuse_arrays_that_are_not_contiguous():
    with pytest.raises(TypingError, match="not C-contiguous"):
        change_views(np.zeros((3, 8))[:, ::2])
