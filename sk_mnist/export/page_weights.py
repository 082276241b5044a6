"""The weights of a classifier as bytes in a page to draw on."""

from __future__ import annotations

from math import ceil, log2
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from sk_mnist.network.input_limit import limit_of

WeightDtype = Literal["float32", "float16"]
_Array = npt.NDArray[Any]


def weight_bytes(
    estimator: Any, full_ink: float, weight_dtype: WeightDtype
) -> tuple[bytes, list[int]]:
    """Return the weights for inputs that are bytes.

    Parameters
    ----------
    estimator : KerasMLPClassifier
        Fitted.
    full_ink : float
        The value that a byte of 255 stands for.
    weight_dtype : {"float32", "float16"}
        Of the weights; biases and the input limit are float32.

    Returns
    -------
    content : bytes
        Of each layer the weights and the biases, row by row; before them, if inputs are limited,
        their offsets and widths. Little-endian.
    exponents : list of int
        Of each layer the power of two by which its weights are divided.

    Raises
    ------
    ValueError
        If these numbers are not finite, or too large or too small for float32.
    """
    coefs, intercepts = list(estimator.coefs_), list(estimator.intercepts_)
    if not all(np.isfinite(array).all() for array in (*coefs, *intercepts)):
        raise ValueError("The classifier has weights that are not finite.")
    unit = full_ink / 255
    limit = limit_of(estimator)
    arrays: list[_Array] = []
    with np.errstate(over="ignore", under="ignore", divide="ignore"):  # the results are checked
        if limit is None:
            coefs[0] = coefs[0] * np.float64(unit)
        else:
            offset, width = (part / unit for part in limit.offset_and_width(np.float64))
            arrays = [_as_float32(offset, full_ink), _as_float32(width, full_ink)]
            _as_float32(1 / arrays[1], full_ink)  # inputs are divided by it
        coefs = [_as_float32(coef, full_ink) for coef in coefs]
        intercepts = [_as_float32(intercept, full_ink) for intercept in intercepts]
    exponents = [_exponent(coef) if weight_dtype == "float16" else 0 for coef in coefs]
    for coef, exponent, intercept in zip(coefs, exponents, intercepts, strict=True):
        arrays += [np.ldexp(coef, -exponent).astype(weight_dtype), intercept]
    return b"".join(_little_endian(array) for array in arrays), exponents


def _as_float32(array: _Array, full_ink: float) -> _Array:
    """Convert an array, unless that would make it infinite or leave nothing of it."""
    single = array.astype(np.float32)
    if not np.isfinite(single).all() or (array.any() and not single.any()):
        raise ValueError(
            f"Weights are too large or too small for float32, if a pixel full of ink has the value "
            f"{full_ink:.3g}. Check pixel_max and the training data."
        )
    return single


def _exponent(coef: _Array) -> int:
    """Return the power of two that brings weights into the range of half precision."""
    largest = float(np.abs(coef).max())
    return ceil(log2(largest)) if largest > 0 else 0


def _little_endian(array: _Array) -> bytes:
    return array.astype("<f2" if array.dtype == np.float16 else "<f4").tobytes()
