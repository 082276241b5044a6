"""Classifiers that another version of this package has saved."""

from __future__ import annotations

import warnings

from sklearn.exceptions import InconsistentVersionWarning

from sk_mnist import __version__


def warn_of_other_version(kind: type, version: str, stacklevel: int) -> None:
    """Warn unless a saved classifier comes from this version.

    Parameters
    ----------
    kind : type
        The class of the classifier.
    version : str
        The version that has saved it.
    stacklevel : int
        As for `warnings.warn`, from the caller on.
    """
    if version != __version__:
        warnings.warn(
            InconsistentVersionWarning(
                estimator_name=f"{kind.__name__} (sk_mnist)",
                current_sklearn_version=__version__,
                original_sklearn_version=version,
            ),
            stacklevel=stacklevel + 1,
        )
