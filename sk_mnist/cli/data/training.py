"""What train and search train on, and what they test the network on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from rich.console import Console

from sk_mnist.cli.data.digits import load_splits, print_splits
from sk_mnist.cli.data.record import TrainingRecord
from sk_mnist.cli.data.request import DataRequest
from sk_mnist.cli.data.samples import LabeledRows


@dataclass(frozen=True)
class TrainingData:
    """What to train on and what to test on.

    Attributes
    ----------
    request : DataRequest
        What asks for it, from any directory.
    dataset : str
        "mnist", "sample", or the name of the file or folder.
    train, test : tuple of features and labels
    preparation : transformer or None
        The step of a pipeline before the network, not fitted. None for a network alone.
    record : TrainingRecord or None
        What the model has to remember. None for the digits, whose test set is known.
    info : dict of str to object
        Further entries of metrics.json.
    """

    request: DataRequest
    dataset: str
    train: LabeledRows
    test: LabeledRows
    preparation: Any = None
    record: TrainingRecord | None = None
    info: dict[str, Any] = field(default_factory=dict)


def load_training_data(request: DataRequest, console: Console) -> TrainingData:
    """Load what to train and test on, and print what it is.

    Parameters
    ----------
    request : DataRequest
        Checked.
    console : rich.console.Console
        Where to print.

    Returns
    -------
    TrainingData

    Raises
    ------
    CommandError
        If it is not available, or nothing that a network can be trained on.
    """
    if request.kind == "digits":
        dataset, splits = load_splits(request.data, ["train", "test"])
        print_splits(console, dataset, splits)
        request = replace(request, data=dataset)
        return TrainingData(request, dataset, splits["train"], splits["test"])
    from sk_mnist.cli.data.own_data import load_own_data  # what digits do not need

    return load_own_data(request, console)
