"""The arithmetic between measurements and tables."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

DASH = "\N{EN DASH}"
_KEYS = ["contestant", "size", "round"]


def spread(values: Sequence[float] | np.ndarray | pd.Series, digits: int = 3) -> str:
    """Return the median with the smallest and the largest value, e.g. "4.9 (4.5-5.3)".

    Parameters
    ----------
    values : array-like of float
        One value a round; a single one stands alone.
    digits : int, default=3
        Digits that the median gets; none before the point is ever left out.

    Returns
    -------
    str
        All with the decimals of the median; a dash where there is no value.
    """
    values = np.asarray(values, dtype=float)
    if not len(values):
        return DASH
    median = float(np.median(values))
    decimals = _decimals(median, digits)
    texts = [f"{value:,.{decimals}f}" for value in (median, values.min(), values.max())]
    return texts[0] if len(values) == 1 else f"{texts[0]} ({texts[1]}{DASH}{texts[2]})"


def _decimals(value: float, digits: int) -> int:
    """Return how many decimals give a number so many digits, leading zeros not counted."""
    if value == 0 or not np.isfinite(value):
        return 1
    digits_before_point = int(np.floor(np.log10(abs(value)))) + 1
    return max(0, digits - digits_before_point)


def ratios(frame: pd.DataFrame, measure: str, reference: str) -> dict[str, np.ndarray]:
    """Divide, round by round, what each contestant took by what the reference took.

    Parameters
    ----------
    frame : DataFrame
        With the columns contestant, measure, round and value.
    measure : str
        Which rows to compare.
    reference : str
        Contestant to divide by.

    Returns
    -------
    dict of str to ndarray
        The ratios of each contestant, over the rounds that both have.
    """
    rows = frame[frame["measure"] == measure]
    table = rows.pivot_table(index="round", columns="contestant", values="value")
    if reference not in table:
        return {}
    divided = table.div(table[reference], axis=0)
    return {name: divided[name].dropna().to_numpy() for name in divided}


def over_baseline(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the peak memory less what the process had before the fit."""
    columns = [*_KEYS, "value"]
    baseline, peak = (
        frame.loc[frame["measure"] == measure, columns] for measure in ("baseline", "peak")
    )
    both = peak.merge(baseline, on=_KEYS, suffixes=("", "_before"))
    value = both["value"] - both.pop("value_before")
    return both.assign(value=value, measure="over the baseline", unit="MB")


def exponent(sizes: Sequence[float], values: Sequence[float]) -> tuple[float, float]:
    """Fit value = factor * size ** exponent by least squares on the logarithms.

    Parameters
    ----------
    sizes, values : array-like of float
        Values that are not positive are left out.

    Returns
    -------
    exponent, factor : float
        NaN with fewer than two sizes left.
    """
    sizes, values = np.asarray(sizes, dtype=float), np.asarray(values, dtype=float)
    usable = values > 0
    if len(np.unique(sizes[usable])) < 2:
        return np.nan, np.nan
    slope, offset = np.polyfit(np.log(sizes[usable]), np.log(values[usable]), 1)
    return float(slope), float(np.exp(offset))


def forward_flops(layer_sizes: Sequence[int]) -> int:
    """Return the operations of a row's matrix products, forward: two a weight."""
    return sum(2 * a * b for a, b in pairwise(layer_sizes))


def training_flops(layer_sizes: Sequence[int]) -> int:
    """Return those of a training step: forward, and both gradients, but none of the input."""
    return 3 * forward_flops(layer_sizes) - 2 * layer_sizes[0] * layer_sizes[1]


def work_with_validation(layer_sizes: Sequence[int], fraction: float) -> float:
    """Return the share of the operations of an epoch when a part is only predicted.

    Parameters
    ----------
    layer_sizes : sequence of int
        Units of all layers, the input counted.
    fraction : float
        Share of the rows that is held out.
    """
    return 1 - fraction + fraction * forward_flops(layer_sizes) / training_flops(layer_sizes)
