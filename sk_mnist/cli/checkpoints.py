"""Trainings that were ended, and how they go on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sk_mnist.callbacks import Checkpoint
from sk_mnist.classifier import KerasMLPClassifier
from sk_mnist.cli.console import CommandError
from sk_mnist.cli.data.request import DataRequest
from sk_mnist.cli.models import unpickled
from sk_mnist.cli.options import option_of

if TYPE_CHECKING:
    from sk_mnist.cli.data.training import TrainingData

CHECKPOINT_FILE = "checkpoint.joblib"


@dataclass(frozen=True)
class UnfinishedTraining:
    """What a checkpoint of the command line holds.

    Attributes
    ----------
    classifier : KerasMLPClassifier
        Goes on training when it is fitted again.
    request : DataRequest
        Asks for what it is trained on.
    sha256 : str or None
        Digest of the file of the user's own that it is trained on.
    seconds : float
        How long it has trained.
    """

    classifier: KerasMLPClassifier
    request: DataRequest
    sha256: str | None
    seconds: float

    def check(self, data: TrainingData) -> None:
        """Check that data are those that the training began with.

        Parameters
        ----------
        data : TrainingData
            What `request` has loaded.

        Raises
        ------
        CommandError
        """
        if data.record is not None and data.record.sha256 != self.sha256:
            raise CommandError(
                f"{data.dataset} has changed since the training to resume was begun; train anew "
                "with --force"
            )


class TrainingCheckpoint(Checkpoint):
    """A checkpoint that also says what the classifier is trained on.

    Parameters
    ----------
    path : Path
        The file.
    data : TrainingData
        What the classifier is trained on.
    seconds : float
        How long it had trained before.
    every : int
        Number of epochs between checkpoints.
    """

    def __init__(self, path: Path, data: TrainingData, seconds: float, *, every: int = 1) -> None:
        super().__init__(path, every=every)
        self._request = data.request
        self._sha256 = None if data.record is None else data.record.sha256
        self._started = time.perf_counter() - seconds

    @property
    def seconds(self) -> float:
        """How long the classifier has trained."""
        return time.perf_counter() - self._started

    def _content(self, estimator: Any) -> Any:
        """Return what the file is to hold."""
        return UnfinishedTraining(estimator, self._request, self._sha256, self.seconds)


def resume(path: Path, parameters: Mapping[str, Any], request: DataRequest) -> UnfinishedTraining:
    """Load a training that was ended.

    Parameters
    ----------
    path : Path
        File that `TrainingCheckpoint` has written. Loading it can execute arbitrary code.
    parameters : mapping
        Parameters that options have set, which must be those of the classifier.
    request : DataRequest
        What options ask for, which must be what it is trained on unless nothing is asked for.

    Returns
    -------
    UnfinishedTraining

    Raises
    ------
    CommandError
        If there is no such file, or if it has other parameters or other data.
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
                f"{option_of(name)} is {saved[name]} in the training to resume, got "
                f"{value}; leave it out, or train anew without --resume"
            )
    if request != DataRequest() and request.resolved() != training.request:
        raise CommandError(
            f"the training to resume is on {training.request.data}; leave out --data and what "
            "belongs to it, or train anew without --resume"
        )
    return training
