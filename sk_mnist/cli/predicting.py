"""What predict computes: the predictions of a saved model for pictures, and for rows of tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sk_mnist.cli.console import CommandError
from sk_mnist.cli.data.features import features_for
from sk_mnist.cli.data.reading import read_features
from sk_mnist.cli.data.record import record_of
from sk_mnist.cli.data.request import kind_of
from sk_mnist.cli.models import load_classifier, load_model, warn_of_other_units
from sk_mnist.cli.picture_classifier import (
    classify,
    has_digits,
    split_off_preparation,
    unfamiliar_rows,
)
from sk_mnist.cli.pictures import read_pictures
from sk_mnist.cli.predictions import Predictions, of_pictures, of_rows
from sk_mnist.cli.preprocessing import known_categories
from sk_mnist.images.prepare import Polarity


def predict_files(model: Path, files: Sequence[str], polarity: Polarity | None) -> Predictions:
    """Predict the classes of pictures, or of the rows of tables.

    Parameters
    ----------
    model : Path
        File of the model.
    files : sequence of str
        Pictures, or tables, which are known by their suffixes.
    polarity : {"auto", "dark", "light"} or None
        For pictures: whether ink is darker or lighter than the background. None leaves it to the
        model.

    Returns
    -------
    Predictions

    Raises
    ------
    CommandError
        If the model cannot predict them, or if there are both pictures and tables.
    """
    are_tables = {kind_of(Path(file)) != "images" for file in files}
    if len(are_tables) > 1:
        raise CommandError("pictures and tables cannot be predicted together; give one kind")
    if not are_tables.pop():
        return _predict_pictures(model, files, polarity)
    if polarity is not None:
        raise CommandError("--polarity has no meaning for tables")
    return _predict_tables(model, files)


def _predict_pictures(path: Path, files: Sequence[str], polarity: Polarity | None) -> Predictions:
    loaded = load_classifier(path)
    own_polarity, model = split_off_preparation(loaded)
    are_digits = has_digits(model)
    # Digits of one's own are like each other, not like those of MNIST.
    are_like_mnist = are_digits and record_of(loaded) is None
    pixels, failures = read_pictures(files, polarity or own_polarity)
    y_pred, y_proba = np.empty(0), np.empty((0, 0))
    unfamiliar: npt.NDArray[np.bool_] | None = None
    if len(pixels):
        y_pred, y_proba = _classify(model, path, pixels, "the pictures")
        unfamiliar = unfamiliar_rows(pixels) if are_like_mnist else None
    class_noun = "digit" if are_digits else "class"
    return of_pictures(files, failures, y_pred, y_proba, model.classes_, unfamiliar, class_noun)


def _predict_tables(path: Path, files: Sequence[str]) -> Predictions:
    model: Any = load_model(path)
    texts = known_categories(model)
    tables = {file: read_features(Path(file), texts=texts) for file in dict.fromkeys(files)}
    classified = {file: _classify(model, path, X, file) for file, X in tables.items()}
    return of_rows(classified, model.classes_)


def _classify(
    model: Any, path: Path, X: Any, source: str
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    X = features_for(model, path, X, source)
    warn_of_other_units(model, X)
    return classify(path, model, X, source)
