"""What the commands do with classifiers, in sight of the user: make, train and search."""

from __future__ import annotations

import re
import signal
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from sklearn.callback import ProgressBar
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GridSearchCV, ParameterGrid, StratifiedKFold

from sk_mnist.classifier import KerasMLPClassifier
from sk_mnist.cli.console import (
    CommandError,
    EpochProgress,
    complain,
    silent_standard_error,
)

# By the parameters of KerasMLPClassifier that they set.
OPTIONS = {
    "hidden_layer_sizes": "--hidden",
    "epochs": "--epochs",
    "batch_size": "--batch-size",
    "learning_rate": "--learning-rate",
    "dropout": "--dropout",
    "random_state": "--seed",
}


def make_classifier(parameters: Mapping[str, Any]) -> KerasMLPClassifier:
    """Make a classifier of parameters that a user has given as options.

    Parameters
    ----------
    parameters : mapping
        By the names in `OPTIONS`.

    Returns
    -------
    KerasMLPClassifier

    Raises
    ------
    CommandError
        If one of them is out of its range.
    """
    classifier = KerasMLPClassifier(**parameters)
    try:
        # As `fit` does, but before the digits are loaded.
        classifier._validate_params()
    except ValueError as error:
        raise CommandError(_with_options(str(error))) from error
    return classifier


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
        Digits.
    console : rich.console.Console
        Where to show the epochs.

    Returns
    -------
    float
        The seconds that it took.

    Raises
    ------
    CommandError
        If training diverges, or there is not enough memory.
    KeyboardInterrupt
        If the user has ended it early.
    """
    _get_ready(console)
    classifier.set_callbacks(EpochProgress(console))
    start = time.perf_counter()
    try:
        with warnings.catch_warnings():
            # That finished epochs are kept is no news for somebody who ends the command.
            warnings.filterwarnings("ignore", "Training interrupted by user")
            classifier.fit(X, y)
    except ValueError as error:
        raise CommandError(_with_options(str(error))) from error
    except MemoryError as error:
        raise CommandError(f"out of memory, try a smaller --hidden: {error}") from error
    finally:
        classifier.set_callbacks()  # else they would be saved with it
    if classifier.n_iter_ < classifier.epochs:
        raise KeyboardInterrupt
    return time.perf_counter() - start


def search(
    grid: Mapping[str, list[Any]],
    X: NDArray[Any],
    y: NDArray[Any],
    console: Console,
    *,
    cv: int,
    jobs: int,
    random_state: int,
) -> GridSearchCV:
    """Search a grid by cross-validation, and fit the best candidate to all samples.

    Parameters
    ----------
    grid : mapping of str to list
        As `sk_mnist.cli.grid.make_grid` returns it.
    X : ndarray of shape (n_samples, n_features)
        Images.
    y : ndarray of shape (n_samples,)
        Digits.
    console : rich.console.Console
        Where to show the progress.
    cv : int
        Number of folds, stratified and shuffled.
    jobs : int
        Number of processes.
    random_state : int
        Seed of the folds and of each fit.

    Returns
    -------
    GridSearchCV
        Fitted.

    Raises
    ------
    CommandError
        If no candidate could be trained, or the digits are too few.
    KeyboardInterrupt
        If the user has ended it early.
    """
    _get_ready(console)
    found = GridSearchCV(
        KerasMLPClassifier(random_state=random_state),
        dict(grid),
        cv=StratifiedKFold(cv, shuffle=True, random_state=random_state),
        n_jobs=jobs,
    )
    n_candidates = len(ParameterGrid(dict(grid)))
    console.print(
        f"Search: {n_candidates} candidates x {cv} folds = {n_candidates * cv} fits, then the best "
        "on all digits",
        highlight=False,
    )
    found.set_callbacks(ProgressBar(max_propagation_depth=0))
    try:
        with (
            warnings.catch_warnings(record=True) as caught,
            silent_standard_error(),  # other processes start TensorFlow, too; it writes a log
            _interrupts_end_everything(),
        ):
            warnings.simplefilter("always", FitFailedWarning)
            found.fit(X, y)
    except ValueError as error:
        raise CommandError(_failures(str(error))) from error
    finally:
        found.set_callbacks()
    for warning in caught:
        if issubclass(warning.category, FitFailedWarning):
            complain(f"warning: some fits failed: {_failures(str(warning.message))}")
    return found


def _get_ready(console: Console) -> None:
    """Train a trifle, so that what training starts and compiles is no part of an epoch.

    Where TensorFlow starts, it writes a log that no setting turns off: it is written before the
    log is set up. From then on TF_CPP_MIN_LOG_LEVEL counts.
    """
    starting = "Starting; for the first time after an installation, this compiles for some seconds"
    with console.status(starting), silent_standard_error():
        blank = np.zeros((10, 4), np.uint8)  # bytes, and most of them zero, as digits are
        KerasMLPClassifier((), epochs=1).fit(blank, np.arange(10))


def _with_options(message: str) -> str:
    """Name the options where the estimator names the parameters that they set."""
    for parameter, option in OPTIONS.items():
        message = re.sub(rf"The '{parameter}' parameter of \w+|\b{parameter}(?==)", option, message)
    return message


def _failures(message: str) -> str:
    """Pick the errors, each once, from scikit-learn's account of fits that failed."""
    lines = re.findall(r"^\w*Error: (.*)", message, flags=re.MULTILINE)
    return " ".join(dict.fromkeys(lines)) or message


@contextmanager
def _interrupts_end_everything() -> Iterator[None]:
    """Let Ctrl-C end a search: one fit would merely keep its epochs, and the next one begin."""

    def end(*_: Any) -> None:
        raise SystemExit

    before = signal.signal(signal.SIGINT, end)
    try:
        yield
    except SystemExit as error:
        raise KeyboardInterrupt from error
    finally:
        signal.signal(signal.SIGINT, before)
