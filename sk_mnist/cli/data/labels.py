"""Classes: from the values of a column or the names of folders to an array of labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sk_mnist.cli.console import CommandError, first_of, print_error

_N_NAMED = 3
# From here on, different integers are the same float64.
_END_OF_EXACT = 2.0**53


def is_labeled(values: pd.Series, path: Path) -> pd.Series:
    """Tell which rows have a label, and warn that the others are left out.

    Parameters
    ----------
    values : Series of shape (n_samples,)
        The labels.
    path : Path
        Where they come from, for the warning.

    Returns
    -------
    Series of bool of shape (n_samples,)
    """
    labeled = values.notna()
    if n_missing := int((~labeled).sum()):
        print_error(
            f"warning: {n_missing:,} of {len(values):,} rows of {path} have no {values.name!r} and "
            "are left out"
        )
    return labeled


def make_labels(values: pd.Series, where: str) -> NDArray[Any]:
    """Return the labels in a column.

    Parameters
    ----------
    values : Series
        The column, without missing values.
    where : str
        What it is called in messages, such as "column 'species' of penguins.csv".

    Returns
    -------
    ndarray of shape (n_samples,)
        Booleans, integers or text.

    Raises
    ------
    CommandError
        If there are none, or they are no classes.
    """
    if len(values) == 0:
        raise CommandError(f"{where} has no labels")
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    kind = pd.api.types.infer_dtype(values, skipna=False)
    if kind == "boolean":
        return values.to_numpy(dtype=bool)
    if kind == "integer":
        return integer_labels(values.tolist())
    if kind == "floating":  # as pandas reads integers beside missing ones
        return _whole_numbers(values.to_numpy(dtype=np.float64), where)
    if kind in ("string", "mixed", "mixed-integer"):
        return np.array([str(value) for value in values], dtype=np.str_)
    raise CommandError(f"{where} has values of type {kind}, which are no classes")


def integer_labels(values: Sequence[int]) -> NDArray[Any]:
    """Return integers as labels: as text if there are some of more than 64 bits."""
    limits = np.iinfo(np.int64)
    fit = all(limits.min <= value <= limits.max for value in values)
    return np.array(values, dtype=np.int64) if fit else np.array([str(value) for value in values])


def _whole_numbers(numbers: NDArray[np.float64], where: str) -> NDArray[np.int64]:
    if np.isinf(numbers).any():
        raise CommandError(f"{where} has infinite values, which are no classes")
    if not np.equal(np.mod(numbers, 1), 0).all():
        raise CommandError(
            f"{where} has fractions, such as {numbers[np.mod(numbers, 1) != 0][0]:g}: "
            "the network predicts classes, not quantities"
        )
    if (np.abs(numbers) >= _END_OF_EXACT).any():
        raise CommandError(
            f"{where} has numbers beyond 2^53, which are not exact as the file, or a missing label "
            "among them, makes fractions of them; save them as text, or remove missing ones"
        )
    return numbers.astype(np.int64)


def check_classes(y: NDArray[Any], where: str, *, least: int) -> None:
    """Check that there are classes to tell apart, and enough rows of each.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        The labels.
    where : str
        As for `make_labels`.
    least : int
        The number of rows that a class needs.

    Raises
    ------
    CommandError
    """
    classes, counts = np.unique(y, return_counts=True)
    if len(classes) == 1:
        raise CommandError(
            f"{where} has a single class, {_shown(classes)}: there is nothing to tell apart"
        )
    if len(classes) > max(20, len(y) / 2):
        raise CommandError(
            f"{where} has {len(classes):,} different values in {len(y):,} rows: the "
            "network predicts classes, of which each needs several rows"
        )
    rare = classes[counts < least]
    if len(rare):
        raise CommandError(
            f"{where} has classes of a single row: {_shown(rare)}. A class needs one to "
            "train on and one to test on: remove such rows, or give a file to test on by --test"
        )


def text_columns(target: str | None, classes: Any, categories: Iterable[str]) -> set[str]:
    """Return the columns of another file to read as text, as they were in training.

    Parameters
    ----------
    target : str or None
        The column of the labels.
    classes : array-like or None
        The classes of training.
    categories : iterable of str
        The columns that had categories in training.

    Returns
    -------
    set of str
    """
    has_texts = target is not None and np.asarray(classes).dtype.kind in "UO"
    return {*categories, *([str(target)] if has_texts and classes is not None else [])}


def labels_like(y: NDArray[Any], classes: NDArray[Any], where: str) -> NDArray[Any]:
    """Return labels as a classifier has them, so that 1 and "1" are the same class.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        The labels.
    classes : ndarray of shape (n_classes,)
        The classes of the classifier.
    where : str
        As for `make_labels`.

    Returns
    -------
    ndarray of shape (n_samples,)
        Of the dtype of `classes`.

    Raises
    ------
    CommandError
        If there are labels that the classifier does not have.
    """
    known = {_as_text(label): label for label in classes.tolist()}
    unknown = [label for label in np.unique(y).tolist() if _as_text(label) not in known]
    if unknown:
        n_rows = np.isin(y, unknown).sum()
        raise CommandError(
            f"{where} has labels that the network does not know, in {n_rows:,} of "
            f"{len(y):,} rows: {_shown(np.array(unknown))}; its classes are {_shown(classes)}"
        )
    return np.array([known[_as_text(label)] for label in y.tolist()], dtype=classes.dtype)


def _as_text(label: Any) -> str:
    return str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)


def _shown(labels: NDArray[Any]) -> str:
    return first_of([repr(label) for label in labels.tolist()], _N_NAMED)
