"""Options that several commands share, and the names of the options for classifier parameters."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

DataOption = Annotated[
    Literal["auto", "mnist", "sample"],
    typer.Option(
        help="mnist: all 70,000 digits, from the directory set in SK_MNIST_DATA, the cache or a "
        "download. sample: the bundled sample of 5,000 training digits. auto: mnist if it is "
        "available, else sample."
    ),
]

SEED_HELP = "Random seed; the same seed gives the same network."
SeedOption = Annotated[int, typer.Option("--seed", min=0, help=SEED_HELP)]
OutputOption = Annotated[
    Path, typer.Option(help="Directory for the results; created if it does not exist.")
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Overwrite the results of an earlier run.")
]

OPTION_OF_PARAMETER = {
    "hidden_layer_sizes": "--hidden",
    "epochs": "--epochs",
    "batch_size": "--batch-size",
    "learning_rate": "--learning-rate",
    "dropout": "--dropout",
    "random_state": "--seed",
}
"""The option that sets each of these parameters of `KerasMLPClassifier`."""


def name_options(message: str) -> str:
    """Replace the names of parameters in an error message of the estimator by their options.

    Parameters
    ----------
    message : str
        The error message.

    Returns
    -------
    str
    """
    for parameter, option in OPTION_OF_PARAMETER.items():
        message = re.sub(rf"The '{parameter}' parameter of \w+|\b{parameter}(?==)", option, message)
    return message
