"""Fits with a progress bar, clean interrupts and errors of one line."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from sk_mnist.classifier import KerasMLPClassifier
from sk_mnist.cli.console import CommandError, silent_stderr
from sk_mnist.cli.options import name_options
from sk_mnist.cli.progress import EpochProgress


def fit(
    classifier: KerasMLPClassifier, X: NDArray[Any], y: NDArray[Any], console: Console
) -> float:
    """Fit a classifier.

    Parameters
    ----------
    classifier : KerasMLPClassifier
        The classifier.
    X : ndarray of shape (n_samples, n_features)
        Images.
    y : ndarray of shape (n_samples,)
        Labels.
    console : rich.console.Console
        Where to show the progress.

    Returns
    -------
    float
        The fit time in seconds.

    Raises
    ------
    CommandError
        If training diverges, or memory runs out.
    KeyboardInterrupt
        If the user interrupts the fit.
    """
    warm_up(console)
    classifier.set_callbacks(EpochProgress(console))
    start = time.perf_counter()
    try:
        with warnings.catch_warnings():
            # It says that the finished epochs are kept, but an interrupted command saves nothing.
            warnings.filterwarnings("ignore", "Training interrupted by user")
            classifier.fit(X, y)
    except ValueError as error:
        raise CommandError(name_options(str(error))) from error
    except MemoryError as error:
        raise CommandError(f"out of memory, try a smaller --hidden: {error}") from error
    finally:
        classifier.set_callbacks()  # otherwise they would be saved with the classifier
    if classifier.n_iter_ < classifier.epochs_:
        raise KeyboardInterrupt
    return time.perf_counter() - start


def warm_up(console: Console) -> None:
    """Fit a tiny network, so that compilation does not count towards the first epoch.

    If this starts TensorFlow, its first log lines appear before `TF_CPP_MIN_LOG_LEVEL` takes
    effect. They are discarded.

    Parameters
    ----------
    console : rich.console.Console
        Where to show a message meanwhile.
    """
    message = "Compiling kernels (first run only, a few seconds)..."
    with console.status(message), silent_stderr():
        blank = np.zeros((10, 4), np.uint8)  # the dtype and the sparsity of MNIST images
        KerasMLPClassifier((4,)).partial_fit(blank, np.arange(10), range(10))
