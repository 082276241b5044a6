"""Classifiers of pictures: what they predict for rows of pixels, and what they cannot know."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.pipeline import Pipeline

from sk_mnist.cli.console import CommandError, print_error
from sk_mnist.datasets import load_mnist_sample
from sk_mnist.images import DigitImageTransformer, UnfamiliarDigitDetector
from sk_mnist.images.prepare import Polarity

# With the sample as reference, this rate among its own digits, half of which have neighbors by the
# same writer, is 1% among other digits: see examples/handwriting/unfamiliar.py.
FALSE_ALARM_RATE = 0.008


def split_off_preparation(classifier: Any) -> tuple[Polarity, Any]:
    """Return how a classifier wants pictures prepared, and the part of it that takes pixels.

    Parameters
    ----------
    classifier : fitted classifier
        Perhaps a pipeline that begins with a DigitImageTransformer.

    Returns
    -------
    polarity : {"auto", "dark", "light"}
        That of the transformer, if there is one.
    classifier : fitted classifier
        Takes rows of 784 pixels.
    """
    if isinstance(classifier, Pipeline):
        first = classifier.steps[0][1]
        if isinstance(first, DigitImageTransformer):
            return first.polarity, classifier[1:]
    return "auto", classifier


def has_digits(classifier: Any) -> bool:
    """Return whether the classes are digits, as numbers or as text."""
    labels = {str(label) for label in np.asarray(classifier.classes_).tolist()}
    return labels <= set("0123456789")


def classify(
    path: Path, classifier: Any, X: Any, source: str
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the predicted classes, and the probabilities of all classes.

    Parameters
    ----------
    path : Path
        File of the classifier, for error messages.
    classifier : fitted classifier
        Of pictures, or of anything else.
    X : DataFrame or ndarray of shape (n_samples, n_features)
        What it takes.
    source : str
        Where X is from, for error messages.

    Returns
    -------
    y_pred : ndarray of shape (n_samples,)
    y_proba : ndarray of shape (n_samples, n_classes)

    Raises
    ------
    CommandError
        If the classifier has no probabilities, predicts several labels per picture, or fails.
    """
    if not hasattr(classifier, "predict_proba"):
        raise CommandError(
            f"{path} contains a {type(classifier).__name__}, which has no predict_proba; "
            "CalibratedClassifierCV adds one"
        )
    try:
        y_pred, y_proba = np.asarray(classifier.predict(X)), classifier.predict_proba(X)
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise CommandError(f"{path} cannot predict {source}: {reason}") from error
    if y_pred.ndim != 1:
        raise CommandError(f"{path} predicts several labels at once, not one class")
    return y_pred, np.asarray(y_proba)


def unfamiliar_rows(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_] | None:
    """Tell which pictures are unlike all digits of MNIST.

    Parameters
    ----------
    pixels : ndarray of shape (n_samples, 784)
        The pictures.

    Returns
    -------
    ndarray of shape (n_samples,), dtype=bool, or None
        None, with a warning, if the sample of MNIST is not available for comparison.
    """
    try:
        detector = _detector_of_mnist()
    except (ImportError, OSError, ValueError) as error:
        print_error(f"warning: unfamiliar pictures are not marked: {error}")
        return None
    return np.asarray(detector.predict(pixels) == -1)


@cache
def _detector_of_mnist() -> UnfamiliarDigitDetector:
    digits, _ = load_mnist_sample(return_X_y=True)
    return UnfamiliarDigitDetector(false_alarm_rate=FALSE_ALARM_RATE).fit(digits)
