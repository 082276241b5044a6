"""scikit-learn's decorator of `fit` methods, with type hints.

scikit-learn has none, and a type checker takes what an untyped decorator returns for `Any`:
``classifier.fit(X, y)`` would lose its type.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from sklearn.base import _fit_context

_Method = TypeVar("_Method", bound=Callable[..., Any])


def fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[_Method], _Method]:
    """Return scikit-learn's decorator of `fit` and `partial_fit`, which validates the parameters.

    Parameters
    ----------
    prefer_skip_nested_validation : bool
        Whether to skip the validation of the parameters of estimators that the method fits.

    Returns
    -------
    callable
        The decorator.
    """
    decorator = _fit_context(prefer_skip_nested_validation=prefer_skip_nested_validation)
    return cast("Callable[[_Method], _Method]", decorator)
