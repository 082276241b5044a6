"""What is done to the columns of a table before the network: a ColumnTransformer.

Numbers are taken as they are, text, categories and booleans are one-hot encoded, and missing values
are imputed. Columns from which nothing can be learned are left out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder

from sk_mnist.cli.console import CommandError, print_error

NUMBERS = "numbers"
"""The step of a `ColumnTransformer` that takes numbers."""

CATEGORIES = "categories"
"""The step that takes categories."""

MISSING = "missing"
"""The category of missing values."""

# A text of which most values are different, such as a name, is not a category.
_MOSTLY = 0.5
# More different values are no codes, such as "1", "2" and "X", but quantities.
_MAX_CODES = 20
# Fewer rows are in rising order by chance.
_MIN_ROWS_OF_IDENTIFIERS = 8
_IDENTIFIER_NAME = r"(?i:(.*[_\s-])?(id|index|key|uuid|nr|no|number))|.*[a-z\d](Id|ID)|Unnamed: \d+"
# What pandas takes for booleans.
_BOOLEANS = frozenset({"true", "TRUE", "false", "FALSE"})
_DATE = r"\s*(\d{4}([-/.])\d{1,2}\2\d{1,2}|\d{1,2}([-/.])\d{1,2}\3(\d{4}|\d{2}))([T ].*)?"


@dataclass(frozen=True)
class Columns:
    """The columns of a table by what is done to them.

    Attributes
    ----------
    numbers, categories : list of str
        Their names.
    left_out : dict of str to str
        Reasons, by the names of the columns that are not used.
    """

    numbers: list[str]
    categories: list[str]
    left_out: dict[str, str]

    @property
    def used(self) -> list[str]:
        """Return the names of the columns that the network learns from."""
        return self.numbers + self.categories


def choose_columns(frame: pd.DataFrame, file: str) -> Columns:
    """Decide by the training rows what is done to each column.

    Parameters
    ----------
    frame : DataFrame
        The features of the training rows.
    file : str
        Where they come from, for messages.

    Returns
    -------
    Columns

    Raises
    ------
    CommandError
        If no column can be used, or one has numbers among text or infinite values.
    """
    columns = Columns([], [], {})
    for name in frame.columns:
        values = frame[name]
        kind = _kind(values)
        if reason := _useless(values, kind):
            columns.left_out[name] = reason
        elif kind == "number":
            _as_numbers(values, f"column {name!r} of {file}")  # none of which is infinite
            columns.numbers.append(name)
        else:
            _check_no_numbers(values, name, file)
            if _mostly_different(values):
                columns.left_out[name] = "mostly different texts"
            else:
                columns.categories.append(name)
    if not columns.used:
        reasons = ", ".join(f"{name} ({reason})" for name, reason in columns.left_out.items())
        raise CommandError(f"{file} has no columns to learn from: {reasons or 'only the target'}")
    return columns


def make_preparation(columns: Columns) -> ColumnTransformer:
    """Return the transformer of a table.

    Parameters
    ----------
    columns : Columns
        Return value of `choose_columns`.

    Returns
    -------
    ColumnTransformer
        Not fitted.
    """
    categories = make_pipeline(AsText(), OneHotEncoder(handle_unknown="ignore"))
    steps = [
        (NUMBERS, make_imputer(), columns.numbers),
        (CATEGORIES, categories, columns.categories),
    ]
    return ColumnTransformer([step for step in steps if step[2]])


def make_imputer() -> SimpleImputer:
    """Return what takes the median for missing numbers, and adds a feature that says so.

    Returns
    -------
    SimpleImputer
        Not fitted.
    """
    return SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)


def select_columns(
    frame: pd.DataFrame, used: Sequence[str], numbers: Sequence[str], file: str
) -> pd.DataFrame:
    """Return the columns that a model was trained on.

    Parameters
    ----------
    frame : DataFrame
        A table of any columns.
    used : sequence of str
        The columns to return.
    numbers : sequence of str
        Those that must have numbers.
    file : str
        Where the table comes from, for messages.

    Returns
    -------
    DataFrame

    Raises
    ------
    CommandError
        If a column is missing, or has something else instead of numbers.
    """
    if missing := [name for name in used if name not in frame.columns]:
        raise CommandError(
            f"{file} lacks what the model was trained on: {', '.join(map(repr, missing[:10]))}"
        )
    return frame[[*used]].assign(
        **{name: _as_numbers(frame[name], f"column {name!r} of {file}") for name in numbers}
    )


def _as_numbers(values: pd.Series, where: str) -> pd.Series:
    """Return a column as finite numbers, some of which may be missing."""
    present = values.dropna()
    if not pd.api.types.is_numeric_dtype(values.dtype):
        parsed = pd.to_numeric(present.astype(str), errors="coerce")
        if parsed.isna().any():
            wrong = str(present[parsed.isna()].iloc[0])
            raise CommandError(f"{where} must have numbers, but has {wrong!r}")
        values, present = parsed.reindex(values.index), parsed
    if np.isinf(present.to_numpy(np.float64)).any():
        raise CommandError(f"{where} has infinite values")
    return values


def number_columns(model: Any) -> list[str]:
    """Return the columns that a model takes numbers from.

    Parameters
    ----------
    model : estimator
        Any; those other than pipelines of `make_preparation` tell nothing.

    Returns
    -------
    list of str
    """
    step = _step(model, NUMBERS)
    return [] if step is None else [*step[1]]


def known_categories(model: Any) -> dict[str, set[str]]:
    """Return the categories that a model knows, by column.

    Parameters
    ----------
    model : estimator
        Any; those other than pipelines of `make_preparation` tell nothing.

    Returns
    -------
    dict of str to set of str
    """
    step = _step(model, CATEGORIES)
    if step is None or not isinstance(step[0], Pipeline):
        return {}
    encoded = getattr(step[0][-1], "categories_", ())
    return {name: set(values) for name, values in zip(step[1], encoded, strict=False)}


def _step(model: Any, name: str) -> tuple[Any, Sequence[str]] | None:
    """Return a transformer of `make_preparation`, and its columns."""
    preparation = model[0] if isinstance(model, Pipeline) else None
    if not isinstance(preparation, ColumnTransformer):
        return None
    steps = {step: (fitted, columns) for step, fitted, columns in preparation.transformers_}
    return steps.get(name)


def categories_of(values: pd.Series) -> set[str]:
    """Return the categories in a column, as `AsText` tells them apart."""
    return {_text(value) for value in values.unique().tolist()}


def warn_of_unknown_categories(
    frame: pd.DataFrame, known: Mapping[str, Collection[str]], file: str
) -> None:
    """Print a warning for each column that has mostly categories that were not in training.

    Parameters
    ----------
    frame : DataFrame
        What is tested or predicted.
    known : mapping of str to collection of str
        The categories of training, by column.
    file : str
        Where the table comes from.
    """
    for name, categories in known.items():
        present = frame[name].dropna()
        unknown = present[[_text(value) not in categories for value in present.tolist()]]
        if len(unknown) > _MOSTLY * len(present):
            print_error(
                f"warning: {len(unknown):,} of {len(present):,} values of column {name!r} of "
                f"{file}, such as {_text(unknown.iloc[0])!r}, were not in training and are ignored"
            )


class AsText(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Transformer of categories to text, so that 1, 1.0 and "1" are the same one.

    So are True, "TRUE" and "true": a file whose values are all of this kind has booleans, as pandas
    reads it, and another has text.

    It has nothing to learn. Saved pipelines refer to this class by its name and its module.
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Remember the names of the columns.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
            Values of any types.
        y : Ignored
            Exists for pipelines.

        Returns
        -------
        AsText
        """
        frame = pd.DataFrame(X)
        self.n_features_in_ = frame.shape[1]
        self.feature_names_in_ = frame.columns.to_numpy(dtype=object)
        return self

    def transform(self, X: Any) -> pd.DataFrame:
        """Return the categories as text.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
            Values of any types, some of which may be missing.

        Returns
        -------
        DataFrame of shape (n_samples, n_columns)
            Text; "missing" for what is missing.
        """
        frame = pd.DataFrame(X)
        return pd.DataFrame(
            {name: [_text(value) for value in frame[name].tolist()] for name in frame.columns},
            index=frame.index,
            dtype=object,
        )


def _text(value: Any) -> str:
    if pd.isna(value):
        return MISSING
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).strip()
    return text.capitalize() if text in _BOOLEANS else text


def _kind(values: pd.Series) -> str:
    """Return "number", "category", "date" or "other"."""
    if pd.api.types.is_bool_dtype(values.dtype):
        return "category"
    if pd.api.types.is_numeric_dtype(values.dtype):
        return "other" if pd.api.types.is_complex_dtype(values.dtype) else "number"
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind in ("string", "mixed-integer"):
        present = values.dropna().astype(str)
        if _are_quantities(present):
            return "number"
        return "date" if present.str.fullmatch(_DATE).all() else "category"
    if kind in ("integer", "floating", "mixed-integer-float", "decimal"):
        return "number"  # among them integers of more than 64 bits
    if kind in ("boolean", "categorical"):
        return "category"
    if kind in ("datetime64", "datetime", "date", "time", "timedelta", "timedelta64", "period"):
        return "date"
    return "other"


def _are_quantities(texts: pd.Series) -> bool:
    """Tell whether texts are numbers, of a Parquet file for example, and too many for codes."""
    return bool(
        texts.nunique() > _MAX_CODES and pd.to_numeric(texts, errors="coerce").notna().all()
    )


def _useless(values: pd.Series, kind: str) -> str | None:
    """Return why nothing can be learned from a column, if so."""
    if values.isna().all():
        return "no values"
    if kind == "other":
        return "neither numbers nor text"
    if kind == "date":
        return "dates"
    if len(values.unique()) == 1:
        return "one value only"
    if kind == "number" and _numbers_the_rows(values):
        return "numbers the rows"
    return None


def _numbers_the_rows(values: pd.Series) -> bool:
    """Tell whether integers are identifiers: all different, and in order or called so."""
    if not pd.api.types.is_integer_dtype(values.dtype) or len(values) < _MIN_ROWS_OF_IDENTIFIERS:
        return False
    if not values.is_unique:
        return False
    in_order = values.is_monotonic_increasing or values.is_monotonic_decreasing
    return in_order or bool(pd.Series([str(values.name)]).str.fullmatch(_IDENTIFIER_NAME).all())


def _mostly_different(values: pd.Series) -> bool:
    return bool(values.nunique() > _MOSTLY * values.notna().sum())


def _check_no_numbers(values: pd.Series, name: str, file: str) -> None:
    """Raise an error if a column of numbers was read as text because of a few other values."""
    present = values.dropna().astype(str)
    is_text = pd.to_numeric(present, errors="coerce").isna()
    if is_text.mean() < _MOSTLY and present.nunique() > _MAX_CODES:
        raise CommandError(
            f"column {name!r} of {file} has text among its numbers, such as "
            f"{present[is_text].iloc[0]!r}; correct it, or leave the column out by --ignore"
        )
