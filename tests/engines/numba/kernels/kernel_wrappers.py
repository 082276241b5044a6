"""Functions that call kernels, and that Python can call with any arguments."""

from numba import njit

from sk_mnist.engines.numba.kernels.compile import OPTIONS


def wrapper(function):
    """Compile a function, which may call kernels, when it is called, by Numba alone."""
    return njit(**OPTIONS)(function)
