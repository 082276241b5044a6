"""Classifiers: made from options, and loaded from files."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import joblib
from sklearn.base import ClassifierMixin, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from sk_mnist.classifier import KerasMLPClassifier
from sk_mnist.cli.console import CommandError, print_error
from sk_mnist.cli.data.record import record_from_json, record_of
from sk_mnist.cli.options import name_options
from sk_mnist.datasets.bunch import N_PIXELS
from sk_mnist.loading import load
from sk_mnist.persistence import ModelFileError, read_note

PREPARATION, NETWORK = "preparation", "network"
"""The steps of a pipeline."""


def make_classifier(parameters: Mapping[str, Any]) -> KerasMLPClassifier:
    """Make a classifier from the parameters that options have set.

    Parameters
    ----------
    parameters : mapping
        Values by the names of parameters of `KerasMLPClassifier`.

    Returns
    -------
    KerasMLPClassifier

    Raises
    ------
    CommandError
        If a value is not valid.
    """
    classifier = KerasMLPClassifier(**parameters)
    try:
        # As in `fit`, but before the digits are loaded.
        classifier._validate_params()
    except ValueError as error:
        raise CommandError(name_options(str(error))) from error
    return classifier


def make_model(preparation: Any, classifier: KerasMLPClassifier) -> Pipeline:
    """Put what has to be done to the features before the network into one model with it.

    Parameters
    ----------
    preparation : transformer
        Fitted if the network is.
    classifier : KerasMLPClassifier
        The network.

    Returns
    -------
    Pipeline
    """
    return Pipeline([(PREPARATION, preparation), (NETWORK, classifier)])


def load_classifier(path: Path) -> ClassifierMixin:
    """Load a classifier of MNIST images.

    Parameters
    ----------
    path : Path
        File written by `KerasMLPClassifier.save`, if its name ends in ".safetensors", otherwise by
        `joblib.dump`. Loading the latter can execute arbitrary code.

    Returns
    -------
    ClassifierMixin
        A fitted classifier with 784 input features.

    Raises
    ------
    CommandError
        If the file does not contain such a classifier.
    """
    model = _loaded(path)
    n_features = getattr(model, "n_features_in_", N_PIXELS)
    if n_features != N_PIXELS:
        record = record_of(model)
        hint = "" if record is None else f"; it was trained on {record.file}"
        raise CommandError(
            f"{path} expects {n_features} features, but MNIST images have {N_PIXELS} pixels{hint}"
        )
    _warn_of_pickle(path, model)
    return model


def load_model(path: Path) -> ClassifierMixin:
    """Load a classifier of any features.

    Parameters
    ----------
    path : Path
        As for `load_classifier`.

    Returns
    -------
    ClassifierMixin
        A fitted classifier, with what it remembers of its training data (`data.record`).

    Raises
    ------
    CommandError
        If the file does not contain a classifier.
    """
    model = _loaded(path)
    _warn_of_pickle(path, model)
    return model


def _loaded(path: Path) -> ClassifierMixin:
    if path.suffix == ".safetensors":
        try:
            model = load(path)
            record = record_from_json(read_note(path))
        except ModelFileError as error:
            raise CommandError(str(error)) from error
        if record is not None:
            record.attach(model)
        return model
    model = unpickled(path, "a model")
    if not _is_fitted_classifier(model):
        raise CommandError(f"{path} contains a {type(model).__name__}, not a fitted classifier")
    return model


def _warn_of_pickle(path: Path, model: ClassifierMixin) -> None:
    if path.suffix == ".safetensors":
        return
    has_safe_file = isinstance(model, KerasMLPClassifier)
    safe = "; a .safetensors file, as train writes it, is safe to open" if has_safe_file else ""
    print_error(f"warning: {path.name} is a pickle, and opening a pickle runs the code in it{safe}")


def unpickled(path: Path, kind: str) -> Any:
    """Return the object in a pickle.

    Parameters
    ----------
    path : Path
        The file. Loading it can execute arbitrary code.
    kind : str
        What it should be, for the error message.

    Returns
    -------
    object

    Raises
    ------
    CommandError
        If it cannot be loaded.
    """
    try:
        return joblib.load(path)
    # Invalid bytes can make the unpickler raise any exception.
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise CommandError(f"{path} cannot be loaded as {kind} ({reason})") from error


def warn_of_other_units(classifier: ClassifierMixin, X: Any) -> None:
    """Print a warning if a network was trained on features in other units.

    Parameters
    ----------
    classifier : ClassifierMixin
        Fitted; only networks of this package are looked at.
    X : ndarray of shape (n_samples, n_features)
        Samples that it is to predict.
    """
    if not isinstance(classifier, KerasMLPClassifier):
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        classifier._warn_of_other_units(X)
    for warning in caught:
        print_error(f"warning: {warning.message}")


def _is_fitted_classifier(candidate: object) -> bool:
    try:
        check_is_fitted(candidate)
        return bool(is_classifier(candidate))
    # AttributeError and TypeError if it is not an estimator.
    except (AttributeError, TypeError, NotFittedError):
        return False
