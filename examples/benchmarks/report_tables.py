"""Tables of the report as DataFrames of formatted text, one function per group."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import summary
from contestants import OURS, OURS_BYTES
from options_cost import EARLY_STOPPING, HIDDEN, PLAIN, VALIDATION_FRACTION
from settings import LARGE, LARGE_LOKY, LARGE_THREADS, MLP_NAMED, OURS_NAMED
from summary import DASH, spread

_OPTIONS_SIZES = (784, *HIDDEN, 10)

Tables = dict[str, pd.DataFrame]
"""Tables by caption."""


def comparison(
    frame: pd.DataFrame, measures: dict[str, str], reference: str, *, compared: Sequence[str] = ()
) -> pd.DataFrame:
    """Compare the contestants.

    Parameters
    ----------
    frame : DataFrame
        Rows of one group, including those of missing and failed contestants.
    measures : dict of str to str
        Column headings by measure.
    reference : str
        Contestant with ratio 1.
    compared : sequence of str, default=()
        Measures with ratios; all by default.

    Returns
    -------
    DataFrame
        Formatted text, one row per contestant.
    """
    rows = []
    ratios = {name: summary.ratios(frame, name, reference) for name in compared or measures}
    for contestant, own in frame.groupby("contestant", sort=False):
        row = {"": contestant}
        for measure, heading in measures.items():
            row[heading] = spread(own.loc[own["measure"] == measure, "value"])
            if measure in ratios:
                name = f"{_without_unit(heading)}: ratio"
                row[name] = spread(ratios[measure].get(contestant, []), digits=2)
        if frame["accuracy"].notna().any():
            row["accuracy (%)"] = spread_percent(own["accuracy"].dropna())
        rows.append(row | _absence(own, next(iter(measures.values()))))
    return pd.DataFrame(rows, columns=None if rows else [""])


def _without_unit(heading: str) -> str:
    return heading.rpartition(" (")[0]


def spread_percent(shares: pd.Series) -> str:
    """Return the median and the range of shares, in percent with two decimals."""
    if not len(shares):
        return DASH
    low, middle, high = (f"{100 * s:.2f}" for s in (shares.min(), shares.median(), shares.max()))
    return middle if low == high else f"{middle} ({low}{DASH}{high})"


def _absence(own: pd.DataFrame, heading: str) -> dict[str, str]:
    """Explain in the first column why values of a contestant are missing."""
    absent = own[own["status"].isin(["missing", "failed"])]
    if absent.empty:
        return {}
    first = absent.iloc[0]
    n_measured = own.loc[own["status"] == "ok", "round"].nunique()
    note = f"{first['status']}: {first['detail']}"
    return {heading: note if n_measured == 0 else f"in {n_measured} rounds; else {note}"}


def fit_tables(frame: pd.DataFrame) -> Tables:
    """Return times of imports, first and second fit."""
    measures = {
        "first fit": "first fit (s)",
        "second fit": "second fit (s)",
        "imports": "imports (s)",
    }
    table = comparison(frame, measures, OURS, compared=["first fit", "second fit"])
    return {"Hidden layers (128, 64)": table}


def fit_wide_tables(frame: pd.DataFrame) -> Tables:
    """Return times of the second fit of a wide network."""
    measures = {"second fit": "second fit (s)"}
    return {"Hidden layers (512, 512)": comparison(frame, measures, OURS)}


def names_tables(frame: pd.DataFrame) -> Tables:
    """Return times of fits with other activations and optimizers."""
    measures = {
        "first fit": "(128, 64), first fit (s)",
        "second fit": "(128, 64), later fit (s)",
        "wide fit": "(512, 512) (s)",
    }
    ours = frame[frame["contestant"].isin(OURS_NAMED)]
    tables = {"sk_mnist": comparison(ours, measures, OURS)}
    rows = []
    for theirs, same in zip(MLP_NAMED, OURS_NAMED, strict=False):
        pair = comparison(frame[frame["contestant"].isin([theirs, same])], measures, same)
        rows.append(pair[pair[""] == theirs])
    tables["Relative to sk_mnist with the same activation or optimizer"] = pd.concat(rows)
    return tables


def options_tables(frame: pd.DataFrame) -> Tables:
    """Return seconds per epoch and relative FLOPs of each option."""
    epochs = frame[frame["measure"] != "matrix products"]
    table = comparison(epochs, {"epoch": "time per epoch (s)"}, PLAIN)
    work = {EARLY_STOPPING: summary.work_with_validation(_OPTIONS_SIZES, VALIDATION_FRACTION)}
    table["FLOPs relative to plain"] = [f"{work.get(name, 1.0):.3f}" for name in table[""]]
    return {"Options": table}


def limit_shares(frame: pd.DataFrame, n_rows: int, name: str) -> tuple[pd.Series, pd.Series]:
    """Return the rate of matrix products, and the fraction of it that epochs reach.

    Parameters
    ----------
    frame : DataFrame
        Rows of the group "options".
    n_rows : int
        Number of rows of the training set.
    name : str
        Option to evaluate.

    Returns
    -------
    rates : Series
        GFLOP/s, measured repeatedly during the group.
    shares : Series
        Fraction of the rate measured right before the epoch, one per epoch.
    """
    rates = frame[frame["measure"] == "matrix products"].set_index("round")["value"]
    epochs = frame[(frame["measure"] == "epoch") & (frame["contestant"] == name)]
    seconds = epochs.set_index("round")["value"]
    gigaflops = n_rows * summary.training_flops(_OPTIONS_SIZES) / 1e9
    return rates, (gigaflops / seconds / rates).dropna()


def search_tables(frame: pd.DataFrame) -> Tables:
    """Return times of all contestants, and of sk_mnist with more rows and workers."""
    columns = {"search": "search (s)"}
    large = frame["contestant"].isin([LARGE, LARGE_LOKY, LARGE_THREADS])
    tables = {}
    if not large.all():
        table = comparison(frame[~large], columns, OURS)
        tables["All libraries"] = _with_programs(table, frame)
    if large.any():
        table = _with_programs(comparison(frame[large], columns, LARGE), frame)
        same = [_same_scores(frame, name) for name in table[""]]
        tables["More rows, more workers"] = table.assign(**{"same scores as one worker": same})
    return tables


def _with_programs(table: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    programs = frame[frame["measure"] == "compiled programs"].groupby("contestant")["value"].max()
    counts = [f"{programs[name]:.0f}" if name in programs else DASH for name in table[""]]
    return table.assign(**{"compiled programs": counts})


def _same_scores(frame: pd.DataFrame, name: str) -> str:
    digests = frame[frame["measure"] == "search"].set_index(["contestant", "round"])["detail"]
    if name not in digests or LARGE not in digests:
        return DASH
    shared = digests[name].index.intersection(digests[LARGE].index)
    return "yes" if (digests[name][shared] == digests[LARGE][shared]).all() else "no"


def predict_tables(frame: pd.DataFrame) -> Tables:
    """Return times for one row, and for all test rows with both networks."""
    headings = {"one row": "one row (µs)"}
    for measure in frame["measure"].dropna().unique():
        if measure.startswith("all rows"):
            headings[measure] = f"{measure} (ms)"
    return {"Probabilities": comparison(frame, headings, OURS)}


def processes_tables(frame: pd.DataFrame) -> Tables:
    """Return wall times of processes and file sizes."""
    times = frame[frame["measure"] != "file"]
    table = comparison(times, {"process": "process (ms)"}, "load sk_mnist, predict")
    sizes = frame[frame["measure"] == "file"].groupby("contestant")["value"].first()
    table["file (bytes per weight)"] = [
        f"{sizes[name]:.2f}" if name in sizes else DASH for name in table[""]
    ]
    return {"Whole processes": table}


def memory_tables(frame: pd.DataFrame) -> Tables:
    """Return the increase of the peak memory over the baseline."""
    columns = {
        "increase": "increase over baseline (MB)",
        "baseline": "baseline (MB)",
        "peak": "peak (MB)",
    }
    both = pd.concat([frame, summary.over_baseline(frame)])
    table = comparison(both, columns, OURS_BYTES, compared=["increase"])
    return {"Peak memory": table}


def small_tables(frame: pd.DataFrame) -> Tables:
    """Return times of the fits of a cross-validation."""
    names = ("first fit", "median of later fits", "slowest later fit")
    return {"5-fold cross-validation": comparison(frame, {n: f"{n} (s)" for n in names}, OURS)}


def growth_tables(frame: pd.DataFrame) -> Tables:
    """Return seconds per epoch and memory for each size, with the fitted exponents."""
    tables = {}
    for kind, own in derived_growth(frame).groupby("contestant", sort=False):
        rows = [
            {
                kind: f"{size:,.0f}",
                **{
                    heading: spread(part.loc[part["measure"] == measure, "value"])
                    for measure, heading in GROWTH_HEADINGS.items()
                },
            }
            for size, part in own.groupby("size")
        ]
        exponents = {
            heading: _exponent_text(own[own["measure"] == measure])
            for measure, heading in GROWTH_HEADINGS.items()
        }
        tables[f"Scaling with {kind}"] = pd.DataFrame(
            [*rows, {kind: "fitted exponent", **exponents}]
        )
    return tables


GROWTH_HEADINGS = {"epoch": "time per epoch (s)", "increase": "memory increase over baseline (MB)"}


def derived_growth(frame: pd.DataFrame) -> pd.DataFrame:
    """Return seconds per epoch and memory increase for each size."""
    parts = [frame[frame["measure"] == "epoch"], summary.over_baseline(frame)]
    return pd.concat([part for part in parts if len(part)] or parts)


def _exponent_text(rows: pd.DataFrame) -> str:
    exponent, _ = summary.exponent(rows["size"], rows["value"])
    return DASH if np.isnan(exponent) else f"{exponent:.2f}"


TABLES: dict[str, Callable[[pd.DataFrame], Tables]] = {
    "fit": fit_tables,
    "fit_wide": fit_wide_tables,
    "names": names_tables,
    "names_256": names_tables,
    "options": options_tables,
    "search": search_tables,
    "predict": predict_tables,
    "processes": processes_tables,
    "memory": memory_tables,
    "small": small_tables,
    "growth": growth_tables,
}
