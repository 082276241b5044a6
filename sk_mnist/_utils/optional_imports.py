"""Packages that need not be there, and what their absence means."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

NATIVE_TRAINING = "engine='native' trains by adam, adamw, rmsprop and sgd without TensorFlow"
"""What error messages say to those for whom TensorFlow cannot train."""


def has_tensorflow() -> bool:
    """Tell whether TensorFlow is installed, which the newest versions of Python do not have."""
    return find_spec("tensorflow") is not None


def require_tensorflow() -> None:
    """Raise an error if TensorFlow is not installed.

    Raises
    ------
    ImportError
    """
    if not has_tensorflow():
        raise ImportError(
            "Training by this optimizer or engine needs TensorFlow, which is not installed: "
            f"install it with a version of Python that it supports. {NATIVE_TRAINING}."
        )


def import_keras() -> Any:
    """Import Keras, which needs one of its backends.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        If Keras or its backend is not installed.
    """
    try:
        import keras
    except ModuleNotFoundError as error:
        missing = str(error.name).partition(".")[0]
        raise ImportError(
            f"Keras cannot be imported without {missing}. Install tensorflow, or install torch "
            "or jax and set KERAS_BACKEND to its name before Keras is first imported."
        ) from error
    return keras
