"""Parameters as Python numbers."""

from __future__ import annotations

import sys
from typing import TypeVar

import numpy as np
from sklearn.base import BaseEstimator

_Estimator = TypeVar("_Estimator", bound=BaseEstimator)


def with_python_numbers(estimator: _Estimator) -> _Estimator:
    """Return a shallow copy of an estimator in whose parameters NumPy scalars are Python numbers.

    A grid over ``np.array([64, 1000], dtype=np.int16)`` sets parameters that overflow where they
    are computed with.

    Parameters
    ----------
    estimator : BaseEstimator
        With any parameters; left alone.

    Returns
    -------
    BaseEstimator
        Of the same class, with the same fitted attributes.

    Raises
    ------
    ValueError
        If an integer is more than a float holds.
    """
    copy = object.__new__(type(estimator))
    vars(copy).update(vars(estimator))
    for name, value in estimator.get_params(deep=False).items():
        if isinstance(value, np.number | np.bool_):
            setattr(copy, name, value.item())
        elif isinstance(value, int) and abs(value) > sys.float_info.max:
            raise ValueError(
                f"The {name!r} parameter of {type(estimator).__name__} must not be more than "
                f"{sys.float_info.max:.3g}; got an integer of {value.bit_length()} bits."
            )
    return copy
