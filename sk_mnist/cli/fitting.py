"""Fits with a progress bar, clean interrupts and errors of one line."""

from __future__ import annotations

import shlex
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from sklearn.base import ClassifierMixin

from sk_mnist.classifier import KerasMLPClassifier
from sk_mnist.cli.checkpoints import TrainingCheckpoint
from sk_mnist.cli.console import CommandError, print_error, silent_stderr
from sk_mnist.cli.data.training import TrainingData
from sk_mnist.cli.file_contents import TRAINING_FILES
from sk_mnist.cli.models import make_model
from sk_mnist.cli.options import name_options
from sk_mnist.cli.progress import EpochProgress


def fit_model(
    classifier: KerasMLPClassifier,
    data: TrainingData,
    console: Console,
    checkpoint: TrainingCheckpoint,
    *,
    saves_epochs: bool,
) -> ClassifierMixin:
    """Fit what a classifier needs before it, and the classifier as `fit` does.

    Parameters
    ----------
    classifier : KerasMLPClassifier
        The classifier.
    data : TrainingData
        What to train on.
    console, checkpoint, saves_epochs
        As for `fit`.

    Returns
    -------
    KerasMLPClassifier or Pipeline
        The classifier itself, or a pipeline that ends in it.
    """
    X, y = data.train
    if data.preparation is None:
        fit(classifier, X, y, console, checkpoint, saves_epochs=saves_epochs)
        return classifier
    prepared = data.preparation.fit_transform(X)
    fit(classifier, prepared, y, console, checkpoint, saves_epochs=saves_epochs)
    return make_model(data.preparation, classifier)


def fit(
    classifier: KerasMLPClassifier,
    X: Any,
    y: NDArray[Any],
    console: Console,
    checkpoint: TrainingCheckpoint | None,
    *,
    saves_epochs: bool,
) -> None:
    """Fit a classifier, and save what is finished if the user interrupts the fit.

    Parameters
    ----------
    classifier : KerasMLPClassifier
        The classifier.
    X : {ndarray, sparse matrix} of shape (n_samples, n_features)
        Features.
    y : ndarray of shape (n_samples,)
        Labels.
    console : rich.console.Console
        Where to show the progress.
    checkpoint : TrainingCheckpoint or None
        Where to save it; None not to.
    saves_epochs : bool
        Whether to save it during the fit, too.

    Raises
    ------
    CommandError
        If training diverges, or memory runs out.
    KeyboardInterrupt
        If the user interrupts the fit.
    """
    if hasattr(classifier, "set_callbacks"):
        classifier.set_callbacks(EpochProgress(console), *([checkpoint] if saves_epochs else []))
    elif saves_epochs:
        raise CommandError("--checkpoint needs the callbacks of scikit-learn 1.9 or later")
    classifier.set_params(warm_start=True)  # keeps what the training could go on with
    try:
        with warnings.catch_warnings():
            # What is said below says more.
            warnings.filterwarnings("ignore", "Training interrupted by user")
            classifier.fit(X, y)
    except ValueError as error:
        raise CommandError(name_options(str(error))) from error
    except MemoryError as error:
        raise CommandError(f"out of memory, try a smaller --hidden: {error}") from error
    finally:
        if hasattr(classifier, "set_callbacks"):
            classifier.set_callbacks()  # otherwise they would be saved with the classifier
    if classifier.n_iter_ < classifier.epochs_:
        if checkpoint is None:
            raise KeyboardInterrupt
        checkpoint.save(classifier)
        print_error(
            f"the {classifier.n_iter_} finished epochs of {classifier.epochs_} are in "
            f"{checkpoint.path}; go on with: sk-mnist train --resume --output "
            f"{shlex.quote(str(checkpoint.path.parent))}{_force(checkpoint.path.parent)}"
        )
        raise KeyboardInterrupt
    classifier.set_params(warm_start=False)
    classifier._resume = None


def _force(output: Path) -> str:
    """Return the option that resuming needs, as the files of an earlier run are to be replaced."""
    return " --force" if any((output / name).exists() for name in TRAINING_FILES) else ""


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
    with (
        warnings.catch_warnings(record=True) as caught,
        console.status(message),
        silent_stderr(),
    ):
        blank = np.zeros((10, 4), np.uint8)  # the dtype and the sparsity of MNIST images
        KerasMLPClassifier((4,)).partial_fit(blank, np.arange(10), range(10))
    for warning in caught:
        print_error(f"warning: {warning.message}")
