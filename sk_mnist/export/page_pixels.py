"""In which unit a classifier takes the pixels of a page to draw on."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

SIDE = 28
N_PIXELS = SIDE * SIDE

# Where digits have ink, and where they hardly ever have.
_CENTER = (slice(9, 19), slice(9, 19))
_CORNERS = np.ix_([0, 1, 26, 27], [0, 1, 26, 27])

# The scale of the pixels in the center, in parts of full ink. That of MNIST is 0.33 as one number
# for all pixels (Fashion-MNIST: 0.45), and 0.37 to 0.44 for each pixel. Pixels from 0 to 1 that
# have a scale each cannot exceed 0.75. X / 127.5 - 1, X / 255 - 0.5, 1 - X / 255 and standardized
# images exceed 0.47 as one number. Tenths or hundredths are below both.
_LOWEST_SCALE = 0.2
_HIGHEST_COMMON_SCALE = 0.47
_HIGHEST_SCALE = 0.75

# A background of so many parts of full ink is not black.
_DARKEST_GRAY = 0.1

_GIVE = "Give the value of a pixel full of ink as pixel_max."


def full_ink(estimator: Any, pixel_max: Any) -> float:
    """Return the value of a pixel full of ink in the training data of a classifier.

    Parameters
    ----------
    estimator : KerasMLPClassifier
        Fitted on 784 pixels.
    pixel_max : float or None
        If not None, this is it.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If `pixel_max` is no positive number, if it is None and the scale of the data does not tell,
        or if the background of the data is not black.
    """
    unit = _unit_of(estimator) if pixel_max is None else _checked(pixel_max)
    background = float(np.median(_image(estimator.input_offset_)[_CORNERS]))
    if abs(background) > _DARKEST_GRAY * unit:
        raise ValueError(
            f"A page gives light ink on a background of 0, and the classifier was fitted on images "
            f"with a background of {background:.3g}. Fit it on pixels from 0 to {unit:.3g}."
        )
    return unit


def _unit_of(estimator: Any) -> float:
    """Return 255 for bytes, or 1 for parts."""
    if estimator._input_scaling is None:
        raise ValueError(
            f"Without input_scaling, a classifier does not know the unit of its pixels. {_GIVE}"
        )
    scale = float(np.median(_image(estimator.input_scale_)[_CENTER]))
    is_common = estimator.input_scale_.size == 1
    highest = _HIGHEST_COMMON_SCALE if is_common else _HIGHEST_SCALE
    for unit in (255.0, 1.0):
        if _LOWEST_SCALE <= scale / unit <= highest:
            return unit
    raise ValueError(
        "The classifier was fitted on pixels that are neither bytes from 0 to 255 nor parts from 0 "
        f"to 1. {_GIVE}"
    )


def _image(statistics: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.broadcast_to(statistics, N_PIXELS).reshape(SIDE, SIDE)


def _checked(pixel_max: Any) -> float:
    try:
        value = np.nan if isinstance(pixel_max, bool | np.bool_) else float(pixel_max)
    except (TypeError, ValueError, OverflowError):
        value = np.nan
    if not 0 < value < np.inf:
        raise ValueError(f"pixel_max must be a positive number or None, got {pixel_max!r}.")
    return value
