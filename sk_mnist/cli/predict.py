"""The predict command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from sk_mnist.cli.console import CommandError, ResultConsole

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from sk_mnist.cli.predictions import Prediction

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
    images: Annotated[
        list[str],
        typer.Argument(
            metavar="IMAGE...",
            help="Pictures of one digit each: files, directories, patterns such as '*.jpg'.",
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
    """Predict the digits in pictures.

    A picture that is unlike any digit in MNIST is marked as unfamiliar. A file
    that is no picture, or shows no digit, is listed with the reason, and the
    exit status is 1.

    A .safetensors file is safe to open. Any other is a pickle, and opening a
    pickle runs the code in it: only open files that you trust.
    """
    if as_json and as_csv:
        raise CommandError("--json and --csv exclude each other")
    from sk_mnist.cli.models import load_classifier
    from sk_mnist.cli.pictures import find_pictures
    from sk_mnist.cli.predictions import print_predictions, to_csv, to_json

    files = find_pictures(images)
    classifier = load_classifier(model)
    predictions, heading = _predict(model, classifier, files, polarity)
    console = ResultConsole()
    if as_json or as_csv:
        write = to_json if as_json else to_csv
        console.out(write(predictions), highlight=False)
    else:
        print_predictions(console, predictions, heading)
    if any(prediction.error is not None for prediction in predictions):
        raise typer.Exit(EXIT_SOME_FAILED)


def _predict(
    path: Path,
    classifier: Any,
    files: list[str],
    polarity: Literal["auto", "dark", "light"] | None,
) -> tuple[list[Prediction], str]:
    """Return the predictions, and what the classes are."""
    import numpy as np

    from sk_mnist.cli.models import warn_of_other_units
    from sk_mnist.cli.picture_classifier import (
        classify,
        has_digits,
        split_off_preparation,
        unfamiliar_rows,
    )
    from sk_mnist.cli.pictures import read_pictures
    from sk_mnist.cli.predictions import collect_predictions

    own_polarity, classifier = split_off_preparation(classifier)
    are_digits = has_digits(classifier)
    pixels, failures = read_pictures(files, polarity or own_polarity)
    y_pred, y_proba = np.empty(0), np.empty((0, 0))
    unfamiliar: npt.NDArray[np.bool_] | None = None
    if len(pixels):
        warn_of_other_units(classifier, pixels)
        y_pred, y_proba = classify(path, classifier, pixels)
        unfamiliar = unfamiliar_rows(pixels) if are_digits else None
    predictions = collect_predictions(
        files, failures, y_pred, y_proba, classifier.classes_, unfamiliar
    )
    return predictions, "digit" if are_digits else "class"
