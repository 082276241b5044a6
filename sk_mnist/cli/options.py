"""Options that several commands share, and the names of the options for classifier parameters."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from sk_mnist.cli.data.request import DEFAULT_TEST_SIZE, check_data_option

DataOption = Annotated[
    str,
    typer.Option(
        metavar="auto|mnist|sample|FILE|FOLDER",
        callback=check_data_option,
        help="mnist: all 70,000 digits, from the directory set in SK_MNIST_DATA, the cache or a "
        "download. sample: the bundled sample of 5,000 training digits. auto: mnist if it is "
        "available, else sample. FILE: data of your own, .csv, .parquet or .npz. FOLDER: images "
        "with a sub-folder for each class.",
    ),
]
TargetOption = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="The column of --data to predict; in an .npz file the array, by default y.",
    ),
]
TestOption = Annotated[
    Path | None,
    typer.Option(help="File or folder to test on. By default, a part of --data is held out."),
]
TestSizeOption = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        show_default=str(DEFAULT_TEST_SIZE),
        help="Share of --data that is held out for the test, the same of each class.",
    ),
]
IgnoreOption = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN", help="Column of --data to leave out; can be repeated."),
]

JsonOption = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print the metrics as JSON, and nothing else, to standard output; all that people "
        "read goes to standard error.",
    ),
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", help="Print errors and warnings only, and what --json prints.")
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


def option_of(parameter: str) -> str:
    """Return the option that sets a parameter of `KerasMLPClassifier`.

    Parameters
    ----------
    parameter : str
        Its name.

    Returns
    -------
    str
    """
    return OPTION_OF_PARAMETER.get(parameter, f"--param {parameter}")


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
