"""The digits that the commands work on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from sk_mnist.cli.console import CommandError, print_error
from sk_mnist.datasets import fetch_mnist, load_mnist_sample

Dataset: TypeAlias = Literal["mnist", "sample"]
Subset: TypeAlias = Literal["train", "test"]
Splits: TypeAlias = dict[Subset, tuple[NDArray[np.uint8], NDArray[np.int64]]]
"""Images of shape (n_samples, 784) and labels of shape (n_samples,) of each subset."""

# Fixed, so that `evaluate` never tests on digits that `train` has trained on.
SAMPLE_SPLIT_SEED = 0
SAMPLE_TEST_SIZE = 1000


def load_splits(data: str, subsets: Sequence[Subset]) -> tuple[Dataset, Splits]:
    """Load MNIST, or the sample if it is requested or if MNIST is not available.

    Parameters
    ----------
    data : {"auto", "mnist", "sample"}
        The dataset. Only "auto" falls back to the sample, with a warning.
    subsets : sequence of {"train", "test"}
        The subsets to load.

    Returns
    -------
    dataset : {"mnist", "sample"}
        The dataset that was loaded.
    splits : dict of str to tuple of ndarray
        Images and labels of each subset.

    Raises
    ------
    CommandError
        If the data is not available or corrupted.
    """
    if data == "sample":
        return "sample", _split_sample(subsets)
    try:
        return "mnist", {subset: fetch_mnist(subset=subset, return_X_y=True) for subset in subsets}
    except ValueError as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        reason = f"MNIST is not available: {str(error).splitlines()[0].rstrip('.:')}"
        if data == "mnist":
            hint = "Set SK_MNIST_DATA to a directory that contains it, or use --data sample"
            raise CommandError(f"{reason}. {hint}") from error
    print_error(f"warning: {reason}. Using the bundled sample of 5,000 digits instead")
    return "sample", _split_sample(subsets)


def _split_sample(subsets: Sequence[Subset]) -> Splits:
    from sklearn.model_selection import train_test_split

    try:
        X, y = load_mnist_sample(return_X_y=True)
    except (ImportError, OSError, ValueError) as error:
        raise CommandError(str(error)) from error
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=SAMPLE_TEST_SIZE, stratify=y, random_state=SAMPLE_SPLIT_SEED
    )
    splits: Splits = {"train": (X_train, y_train), "test": (X_test, y_test)}
    return {subset: splits[subset] for subset in subsets}


def print_splits(console: Console, dataset: str, splits: Splits) -> None:
    """Print which digits were loaded.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    dataset : {"mnist", "sample"}
        The dataset.
    splits : dict of str to tuple of ndarray
        Images and labels of each subset.
    """
    name = {"mnist": "MNIST", "sample": "MNIST sample"}[dataset]
    adjective = {"train": "training", "test": "test"}
    sizes = [f"{len(y):,} {adjective[subset]} digits" for subset, (_, y) in splits.items()]
    console.print(f"Data: {name}, {', '.join(sizes)}", highlight=False)
