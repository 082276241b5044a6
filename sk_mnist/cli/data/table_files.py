"""Tables in CSV and Parquet files."""

from __future__ import annotations

import csv
import difflib
import io
import re
import warnings
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from sk_mnist.cli.console import CommandError, first_of
from sk_mnist.cli.data.labels import is_labeled

_SEPARATORS = (",", ";", "\t", "|")
_N_NAMED = 10
# Beside what pandas takes for missing, such as an empty field, NA and nan.
_MISSING = ["?"]


def read_table(path: Path, content: bytes, *, texts: Collection[str] = ()) -> pd.DataFrame:
    """Read a table, with the types of its columns as pandas finds them.

    Parameters
    ----------
    path : Path
        The file, for its suffix and for messages.
    content : bytes
        Its content.
    texts : collection of str, default=()
        The columns of a CSV file to read as text, so that 01 remains so. Those that the file does
        not have are no error.

    Returns
    -------
    DataFrame
        With rows and with columns of different names.

    Raises
    ------
    CommandError
        If it is no such table.
    """
    frame = (
        _read_parquet(path, content)
        if path.suffix.lower() == ".parquet"
        else _read_csv(path, content, texts)
    )
    if len(frame) == 0:
        raise CommandError(f"{path} has no rows")
    return frame


def split_target(
    frame: pd.DataFrame, target: str | None, path: Path
) -> tuple[pd.DataFrame, pd.Series]:
    """Separate the column of the classes from the others, and leave out rows without a class.

    Parameters
    ----------
    frame : DataFrame
        A table.
    target : str or None
        Name of the column.
    path : Path
        The file, for messages.

    Returns
    -------
    features : DataFrame
        The other columns.
    labels : Series
        The column, without missing values.

    Raises
    ------
    CommandError
        If there is no such column.
    """
    if target not in frame.columns:
        raise CommandError(_missing_target([*frame.columns], target, path))
    labeled = is_labeled(frame[target], path)
    return frame.loc[labeled].drop(columns=[target]), frame.loc[labeled, target]


def _missing_target(names: list[str], target: str | None, path: Path) -> str:
    columns = first_of(names, _N_NAMED)
    if target is None:
        return f"--target is missing: the column of {path} to predict, one of {columns}"
    message = f"{path} has no column {target!r} for --target; its columns are {columns}"
    if close := difflib.get_close_matches(target, names, n=1):
        return f"{message}. Did you mean {close[0]!r}?"
    if any(_is_number(name) for name in names):
        return f"{message}. The first line must have the names of the columns"
    return message


def _read_csv(path: Path, content: bytes, texts: Collection[str]) -> pd.DataFrame:
    text = _decoded(path, content)
    if not text.strip():
        raise CommandError(f"{path} is empty")
    separator = _separator(text)
    names = _names(path, text, separator)
    try:
        with warnings.catch_warnings():
            # A row that is longer than the first loses its end.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                io.StringIO(text),
                sep=separator,
                decimal=_decimal(text, separator),
                header=0,
                names=names,
                dtype={name: str for name in names if name in texts},
                index_col=False,
                skipinitialspace=True,
                na_values=_MISSING,
                low_memory=False,
            )
    except pd.errors.ParserWarning as error:
        raise CommandError(
            f"{path} has rows with more fields than its first line has names, which are "
            f"{len(names):,}"
        ) from error
    except ValueError as error:  # of which ParserError is one
        reason = str(error).strip().removeprefix("Error tokenizing data. C error: ")
        raise CommandError(f"{path} is not a CSV file that can be read: {reason}") from error


def _decoded(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise CommandError(
            f"{path} is not UTF-8 text: line {line:,} has the byte 0x{content[error.start]:02x}. "
            "Save it as UTF-8"
        ) from error


def _separator(text: str) -> str:
    """Return what separates the fields of the first line: a comma unless another is there."""
    outside = re.sub(r'"[^"]*"', "", text.lstrip().partition("\n")[0])
    return max(_SEPARATORS, key=outside.count)


def _decimal(text: str, separator: str) -> str:
    """Return the decimal point, which is a comma in many files with semicolons."""
    has_commas = separator == ";" and re.search(r"(^|;)-?\d+,\d+(;|\r?$)", text, re.MULTILINE)
    return "," if has_commas else "."


def _names(path: Path, text: str, separator: str) -> list[str]:
    """Return the names of the columns, which pandas would change where two are the same."""
    lines = csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True)
    header = next(line for line in lines if any(line))
    names = [name.strip() or f"Unnamed: {i}" for i, name in enumerate(header)]
    _check_distinct(path, names)
    return names


def _check_distinct(path: Path, names: Sequence[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise CommandError(f"{path} has several columns of the name {twice[0]!r}; rename them")


def _read_parquet(path: Path, content: bytes) -> pd.DataFrame:
    try:
        import pyarrow.parquet as pq
    except ImportError as error:
        raise CommandError(
            f"{path} cannot be read without pyarrow: "
            'python -m pip install "sk_mnist[parquet]", or save it as .csv'
        ) from error
    try:
        table = pq.read_table(io.BytesIO(content))
        _check_distinct(path, table.column_names)
        frame: pd.DataFrame = table.to_pandas()
    except CommandError:
        raise
    except Exception as error:  # pyarrow raises many kinds for invalid bytes
        raise CommandError(f"{path} is not a Parquet file that can be read: {error}") from error
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    frame.columns = frame.columns.map(str)
    decimals = [
        name
        for name in frame.columns
        if frame[name].dtype == object
        and pd.api.types.infer_dtype(frame[name], skipna=True) == "decimal"
    ]
    return frame.astype(dict.fromkeys(decimals, np.float64))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
