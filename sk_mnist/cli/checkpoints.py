"""Trainings that were ended, and how they go on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sk_mnist.callbacks import Checkpoint
from sk_mnist.classifier import KerasMLPClassifier
from sk_mnist.cli.console import CommandError
from sk_mnist.cli.data import Dataset
from sk_mnist.cli.models import unpickled
from sk_mnist.cli.options import OPTION_OF_PARAMETER

CHECKPOINT_FILE = "checkpoint.joblib"


@dataclass(frozen=True)
class UnfinishedTraining:
    """What a checkpoint of the command line holds.

    Attributes
    ----------
    classifier : KerasMLPClassifier
        Goes on training when it is fitted again.
    dataset : {"mnist", "sample"}
        What it is trained on.
    seconds : float
        How long it has trained.
    """

    classifier: KerasMLPClassifier
    dataset: Dataset
    seconds: float


class TrainingCheckpoint(Checkpoint):
    """A checkpoint that also says what the classifier is trained on.

    Parameters
    ----------
    path : Path
        The file.
    dataset : {"mnist", "sample"}
        What the classifier is trained on.
    seconds : float
        How long it had trained before.
    every : int
        Number of epochs between checkpoints.
    """

    def __init__(self, path: Path, dataset: Dataset, seconds: float, *, every: int = 1) -> None:
        super().__init__(path, every=every)
        self._dataset = dataset
        self._started = time.perf_counter() - seconds

    @property
    def seconds(self) -> float:
        """How long the classifier has trained."""
        return time.perf_counter() - self._started

    def _content(self, estimator: Any) -> Any:
        """Return what the file is to hold."""
        return UnfinishedTraining(estimator, self._dataset, self.seconds)


def resume(path: Path, parameters: Mapping[str, Any]) -> UnfinishedTraining:
    """Load a training that was ended.

    Parameters
    ----------
    path : Path
        File that `TrainingCheckpoint` has written. Loading it can execute arbitrary code.
    parameters : mapping
        Parameters that options have set, which must be those of the classifier.

    Returns
    -------
    UnfinishedTraining

    Raises
    ------
    CommandError
        If there is no such file, or if it has other parameters.
    """
    if not path.exists():
        raise CommandError(
            f"there is nothing to resume: {path} does not exist. Train without --resume"
        )
    training = unpickled(path, "a checkpoint")
    if not isinstance(training, UnfinishedTraining):
        raise CommandError(f"{path} is not a checkpoint of sk_mnist train")
    saved = training.classifier.get_params()
    for name, value in parameters.items():
        if saved[name] != value:
            raise CommandError(
                f"{OPTION_OF_PARAMETER[name]} is {saved[name]} in the training to resume, got "
                f"{value}; leave it out, or train anew without --resume"
            )
    return training
