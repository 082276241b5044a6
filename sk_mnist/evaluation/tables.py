"""The tables of a report, which text and HTML share."""

from __future__ import annotations

from typing import Literal

import pandas as pd

# Of all pairs of confused classes.
_N_PAIRS = 10


def confused_pairs_title(most_confused: pd.DataFrame) -> str:
    """Return the title of the table, with the number of pairs if it does not show all."""
    n_pairs = len(most_confused)
    shown = f" (top {_N_PAIRS} of {n_pairs})" if n_pairs > _N_PAIRS else ""
    return f"Most confused pairs{shown}"


def confused_pairs_table(most_confused: pd.DataFrame, format: Literal["text", "html"]) -> str:
    """Return the most confused pairs."""
    shown = most_confused.head(_N_PAIRS)
    if format == "text":
        return shown.to_string(index=False, float_format=_four_digits)
    return shown.to_html(index=False, border=0, float_format=_four_digits)


def scores_table(classification_report: pd.DataFrame, format: Literal["text", "html"]) -> str:
    """Return the scores per class."""
    shown = classification_report.rename_axis(None)
    if format == "text":
        return shown.to_string(float_format=_four_digits)
    return shown.to_html(border=0, float_format=_four_digits)


def _four_digits(value: float) -> str:
    return f"{value:.4f}"
