"""LLVM code for exponentials, which the compiler can turn into SIMD code; calls of libm it cannot.

`llvm_atomics` says what an intrinsic is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LARGEST_EXPONENT = 87.0
"""`exp_parts` takes numbers from minus this to this, in any dtype."""


@dataclass(frozen=True)
class _Format:
    """What the code for a floating-point type depends on."""

    integer: Any
    mantissa_bits: int
    bias: int
    ln2: tuple[float, float]  # a few leading bits, and the rest
    n_exp_terms: int
    n_tail_terms: int


_FORMATS = {
    "float": _Format(ir.IntType(32), 23, 127, (0.693359375, -2.12194440e-4), 8, 12),
    "double": _Format(
        ir.IntType(64), 52, 1023, (0.693145751953125, 1.42860682030941723212e-6), 14, 28
    ),
}

# Interpolates ``scipy.special.erfcx(x / sqrt(2)) / 2`` at 60 nodes; a test compares.
# fmt: off
_TAIL_SERIES = (
    0.21000163987340084, -0.25014433395624075, 0.040915910579314846,
    0.00018236396963593101, -0.00094982346361134433, -4.3369472359231866e-05,
    3.3130512604397551e-05, 5.7804078563196875e-06, -8.234848049376575e-07,
    -4.6192931581479081e-07, -4.1258573273602235e-08, 2.0657888050168437e-08,
    7.7000479011453869e-09, 4.7826726190525197e-10, -4.4927579064453958e-10,
    -1.6606172363135368e-10, -1.3252986671060304e-11, 9.8641104543754445e-12,
    4.371789967076249e-12, 5.9045916304493553e-13, -1.9805361054873553e-13,
    -1.272583890118047e-13, -2.7638077012189417e-14, 2.011354046279242e-15,
    3.7692071686024068e-15, 1.1657341758564144e-15, 1.4247862149356177e-16,
    -1.1102230246251565e-16,
)
# fmt: on


@intrinsic
def exp_parts(typing_context: Any, x: Any) -> tuple[Any, Callable[..., Any]]:
    """Return `p` and `s` with ``exp(x) = s + s * p`` and ``exp(x) - 1 = s * p + (s - 1)``.

    s is the power of two nearest to exp(x), and p + 1 the Taylor series of the rest, so that both
    results are exact up to rounding. x is between minus and plus `LARGEST_EXPONENT`.
    """
    signature = types.UniTuple(x, 2)(x)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        (x,) = args
        form, constant = _FORMATS[str(x.type)], x.type
        # The last bits of a number as large as this are those of an integer, rounded.
        magic = constant(1.5 * 2**form.mantissa_bits)
        shifted = _multiply_add(builder, x, constant(1 / math.log(2)), magic)
        n = builder.fsub(shifted, magic)
        rest = x
        for part in form.ln2:
            rest = _multiply_add(builder, n, constant(-part), rest)
        series = [1 / math.factorial(k) for k in range(1, form.n_exp_terms)]
        p = builder.fmul(_horner(builder, rest, series), rest)
        exponent = builder.add(builder.bitcast(shifted, form.integer), form.integer(form.bias))
        bits = builder.shl(exponent, form.integer(form.mantissa_bits))
        return cgutils.pack_array(builder, [p, builder.bitcast(bits, x.type)])

    return signature, generate


@intrinsic
def normal_tail_factor(typing_context: Any, x: Any) -> tuple[Any, Callable[..., Any]]:
    """Return the probability that a normal variable is above x >= 0, divided by exp(-x * x / 2).

    That is ``erfcx(x / sqrt(2)) / 2``, by a Chebyshev series in ``(x - 2) / (x + 2)``, as in
    Schonfelder, "Chebyshev expansions for the error and related functions", 1978.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        (x,) = args
        two = x.type(2.0)
        t = builder.fdiv(builder.fsub(x, two), builder.fadd(x, two))
        return _clenshaw(builder, t, _TAIL_SERIES[: _FORMATS[str(x.type)].n_tail_terms])

    return x(x), generate


def _multiply_add(builder: Any, a: Any, b: Any, c: Any) -> Any:
    product = builder.fmul(a, b, flags=["contract"])
    return builder.fadd(product, c, flags=["contract"])


def _horner(builder: Any, x: Any, coefficients: Sequence[float]) -> Any:
    """Return a polynomial of x; the constant term comes first."""
    result = x.type(coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        result = _multiply_add(builder, result, x, x.type(coefficient))
    return result


def _clenshaw(builder: Any, x: Any, coefficients: Sequence[float]) -> Any:
    """Return a Chebyshev series of x."""
    twice = builder.fadd(x, x)
    last, before = x.type(0.0), x.type(0.0)
    for coefficient in coefficients[:0:-1]:
        rest = builder.fsub(x.type(coefficient), before)
        last, before = _multiply_add(builder, twice, last, rest), last
    return _multiply_add(builder, x, last, builder.fsub(x.type(coefficients[0]), before))
