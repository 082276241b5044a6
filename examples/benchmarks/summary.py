"""Statistics of the measurements for the tables."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

DASH = "\N{EN DASH}"
_KEYS = ["contestant", "size", "round"]


def spread(values: Sequence[float] | np.ndarray | pd.Series, digits: int = 3) -> str:
    """Return the median with minimum and maximum, e.g. "4.9 (4.5-5.3)".

    Parameters
    ----------
    values : array-like of float
        One value per round; a single value is printed without a range.
    digits : int, default=3
        Significant digits of the median; digits before the decimal point are always kept.

    Returns
    -------
    str
        Minimum and maximum have as many decimals as the median; a dash if there are no values.
    """
    values = np.asarray(values, dtype=float)
    if not len(values):
        return DASH
    median = float(np.median(values))
    decimals = _decimals(median, digits)
    texts = [f"{value:,.{decimals}f}" for value in (median, values.min(), values.max())]
    return texts[0] if len(values) == 1 else f"{texts[0]} ({texts[1]}{DASH}{texts[2]})"


def spread_percentage(shares: Sequence[float] | np.ndarray | pd.Series) -> str:
    """Return shares in percent, e.g. "167% (160-172)"; see `spread`."""
    median, _, others = spread(100 * np.asarray(shares, dtype=float)).partition(" ")
    return f"{median}% {others}".rstrip()


def _decimals(value: float, digits: int) -> int:
    """Return the decimals that print a number with this many significant digits."""
    if value == 0 or not np.isfinite(value):
        return 1
    digits_before_point = int(np.floor(np.log10(abs(value)))) + 1
    return max(0, digits - digits_before_point)


def ratios(frame: pd.DataFrame, measure: str, reference: str) -> dict[str, np.ndarray]:
    """Return the ratio of each contestant to the reference, round by round.

    Parameters
    ----------
    frame : DataFrame
        Measurements, with columns contestant, measure, round and value.
    measure : str
        Measure to compare.
    reference : str
        Contestant in the denominator.

    Returns
    -------
    dict of str to ndarray
        Ratios of each contestant, over the rounds that both contestants have.
    """
    rows = frame[frame["measure"] == measure]
    table = rows.pivot_table(index="round", columns="contestant", values="value")
    if reference not in table:
        return {}
    divided = table.div(table[reference], axis=0)
    return {name: divided[name].dropna().to_numpy() for name in divided}


def over_baseline(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the increase of the peak memory during the fit."""
    columns = [*_KEYS, "value"]
    baseline, peak = (
        frame.loc[frame["measure"] == measure, columns] for measure in ("baseline", "peak")
    )
    both = peak.merge(baseline, on=_KEYS, suffixes=("", "_before"))
    value = both["value"] - both.pop("value_before")
    return both.assign(value=value, measure="increase", unit="MB")


def exponent(sizes: Sequence[float], values: Sequence[float]) -> tuple[float, float]:
    """Fit value = factor * size ** exponent by least squares on the logarithms.

    Parameters
    ----------
    sizes, values : array-like of float
        Nonpositive values are ignored.

    Returns
    -------
    exponent, factor : float
        NaN if fewer than two sizes remain.
    """
    sizes, values = np.asarray(sizes, dtype=float), np.asarray(values, dtype=float)
    usable = values > 0
    if len(np.unique(sizes[usable])) < 2:
        return np.nan, np.nan
    slope, offset = np.polyfit(np.log(sizes[usable]), np.log(values[usable]), 1)
    return float(slope), float(np.exp(offset))


def forward_flops(layer_sizes: Sequence[int]) -> int:
    """Return the FLOPs of the forward pass per row: two per weight."""
    return sum(2 * a * b for a, b in pairwise(layer_sizes))


def training_flops(layer_sizes: Sequence[int]) -> int:
    """Return the FLOPs of a training step per row, without the gradient of the input."""
    return 3 * forward_flops(layer_sizes) - 2 * layer_sizes[0] * layer_sizes[1]


def work_with_validation(layer_sizes: Sequence[int], fraction: float) -> float:
    """Return the share of the FLOPs of an epoch that remains if some rows are only predicted.

    Parameters
    ----------
    layer_sizes : sequence of int
        Units of all layers, including the input.
    fraction : float
        Fraction of the rows that is held out.
    """
    return 1 - fraction + fraction * forward_flops(layer_sizes) / training_flops(layer_sizes)
