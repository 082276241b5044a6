"""What the command line works on: the digits, and classifiers that were saved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import joblib
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import check_is_fitted

from sk_mnist.cli.console import CommandError, complain
from sk_mnist.datasets.mnist import N_PIXELS, fetch_mnist, load_mnist_sample

Splits: TypeAlias = dict[str, tuple[NDArray[Any], NDArray[Any]]]
"""Images of shape (n_samples, 784) and labels of shape (n_samples,), by "train" and "test"."""

# The same in every run, or `evaluate` would test on digits that `train` has trained on.
SAMPLE_SPLIT_SEED = 0
SAMPLE_TEST_SIZE = 1000


def load_digits(data: str, subsets: Sequence[str]) -> tuple[str, Splits]:
    """Load MNIST, or the sample where that is wanted or all that can be had.

    Parameters
    ----------
    data : {"auto", "mnist", "sample"}
        What is wanted. Only "auto" falls back on the sample, and tells the user so.
    subsets : sequence of {"train", "test"}
        The subsets to load.

    Returns
    -------
    dataset : {"mnist", "sample"}
        What was loaded.
    splits : dict of str to tuple of ndarray
        Images and labels of each subset.

    Raises
    ------
    CommandError
        If the data cannot be had, or are damaged.
    """
    if data == "sample":
        return "sample", _split_sample(subsets)
    try:
        return "mnist", {subset: fetch_mnist(subset=subset, return_X_y=True) for subset in subsets}
    except ValueError as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        reason = f"MNIST cannot be had: {str(error).splitlines()[0].rstrip('.:')}"
        if data == "mnist":
            hint = "Set SK_MNIST_DATA to a directory that holds it, or use --data sample"
            raise CommandError(f"{reason}. {hint}") from error
    complain(f"warning: {reason}. Using the sample of 5,000 of its digits instead")
    return "sample", _split_sample(subsets)


def _split_sample(subsets: Sequence[str]) -> Splits:
    try:
        X, y = load_mnist_sample(return_X_y=True)
    except (ImportError, OSError, ValueError) as error:
        raise CommandError(str(error)) from error
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=SAMPLE_TEST_SIZE, stratify=y, random_state=SAMPLE_SPLIT_SEED
    )
    splits = {"train": (X_train, y_train), "test": (X_test, y_test)}
    return {subset: splits[subset] for subset in subsets}


def load_classifier(path: Path) -> ClassifierMixin:
    """Load a classifier that can tell digits apart.

    Parameters
    ----------
    path : Path
        A file that `joblib.dump` has written. Code in it is run.

    Returns
    -------
    ClassifierMixin
        A fitted classifier of 784 features.

    Raises
    ------
    CommandError
        If something else is in the file.
    """
    try:
        model = joblib.load(path)
    # Bytes that are not a model can make the unpickler raise anything.
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise CommandError(f"{path} cannot be read as a model ({reason})") from error
    if not _is_fitted_classifier(model):
        raise CommandError(f"{path} holds a {type(model).__name__}, not a fitted classifier")
    n_features = getattr(model, "n_features_in_", N_PIXELS)
    if n_features != N_PIXELS:
        raise CommandError(f"{path} expects {n_features} features, a digit has {N_PIXELS} pixels")
    return model


def _is_fitted_classifier(candidate: object) -> bool:
    try:
        check_is_fitted(candidate)
        return bool(is_classifier(candidate))
    except (AttributeError, TypeError, NotFittedError):  # the first two if it is no estimator
        return False
