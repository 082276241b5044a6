"""The predict command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from sk_mnist.cli.console import CommandError, ResultConsole

EXIT_SOME_FAILED = 1


def predict(
    model: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="Model file written by train, search, save or joblib.dump.",
        ),
    ],
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="IMAGE",
            help="Pictures of one digit each: files, directories, patterns such as '*.jpg'. For a "
            "model of a table: .csv, .parquet or .npz files with its columns.",
        ),
    ],
    polarity: Annotated[
        Literal["auto", "dark", "light"] | None,
        typer.Option(
            help="Whether ink is darker or lighter than the background. By default, this is found "
            "out for each picture.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of a table.")] = False,
) -> None:
    """Predict the digits in pictures, or the classes of the rows of a table.

    A picture that is unlike any digit in MNIST is marked as unfamiliar, unless
    the classifier was trained on data of your own. A file that is no picture,
    or shows no digit, is listed with the reason, and the exit status is 1.

    A .safetensors file is safe to open. Any other is a pickle, and opening a
    pickle runs the code in it: only open files that you trust.
    """
    if as_json and as_csv:
        raise CommandError("--json and --csv exclude each other")
    from sk_mnist.cli.pictures import find_files
    from sk_mnist.cli.predicting import predict_files
    from sk_mnist.cli.predictions import print_predictions, to_csv, to_json

    predictions = predict_files(model, find_files(files), polarity)
    console = ResultConsole()
    if as_json or as_csv:
        write = to_json if as_json else to_csv
        console.out(write(predictions), highlight=False)
    else:
        print_predictions(console, predictions)
    if predictions.n_failed:
        raise typer.Exit(EXIT_SOME_FAILED)
