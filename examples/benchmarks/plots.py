"""Plots of the report, one image per group."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import report_tables
import seaborn as sns
import summary
from contestants import OURS
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator
from options_cost import VARIANTS

# From the colorblind-safe palette of Okabe and Ito.
_OUR_COLOR = "#0072B2"
_OTHER_COLOR = "#999999"
_FIT_COLOR = "#D55E00"


@dataclass(frozen=True)
class Panel:
    """One bar plot: measure, title, label of the x-axis, and whether that is logarithmic."""

    measure: str
    title: str
    label: str
    logarithmic: bool = False


_NAMES_PANELS = [
    Panel("second fit", "Hidden layers (128, 64)", "seconds"),
    Panel("wide fit", "Hidden layers (512, 512)", "seconds"),
]
_PANELS = {
    "fit": [
        Panel("first fit", "First fit in a process", "seconds"),
        Panel("second fit", "Second fit", "seconds"),
    ],
    "fit_wide": [Panel("second fit", "Second fit, hidden layers (512, 512)", "seconds")],
    "names": _NAMES_PANELS,
    "names_256": _NAMES_PANELS,
    "options": [Panel("epoch", "Time per epoch", "seconds")],
    "search": [Panel("search", "Grid search with 18 fits", "seconds")],
    "predict": [Panel("one row", "predict_proba on one row", "microseconds", logarithmic=True)],
    "processes": [Panel("process", "Wall time of a process", "milliseconds", logarithmic=True)],
    "memory": [Panel("increase", "Increase of peak memory over baseline", "megabytes")],
    "small": [
        Panel("first fit", "First fit", "seconds"),
        Panel("median of later fits", "Median of later fits", "seconds"),
    ],
}
_DERIVED = {
    "memory": summary.over_baseline,
    "growth": report_tables.derived_growth,
}


def save_plot(frame: pd.DataFrame, group: str, path: Path) -> bool:
    """Plot a group.

    Parameters
    ----------
    frame : DataFrame
        Rows of the group.
    group : str
        Name of the group.
    path : Path
        PNG file to write.

    Returns
    -------
    bool
        Whether there was anything to plot.
    """
    rows = _DERIVED.get(group, pd.DataFrame.copy)(frame[frame["status"] == "ok"])
    if rows.empty:
        return False
    with sns.axes_style("whitegrid"):
        figure = _growth(rows) if group == "growth" else _bars(rows, group)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    return True


def _bars(frame: pd.DataFrame, group: str) -> Figure:
    panels = _PANELS[group]
    n_bars = frame["contestant"].nunique()
    figure = Figure(figsize=(4 + 3.6 * len(panels), 1.2 + 0.36 * n_bars), layout="constrained")
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for ax, panel in zip(axes, panels, strict=True):
        _bar_panel(ax, frame[frame["measure"] == panel.measure], panel)
    return figure


def _bar_panel(ax: Axes, rows: pd.DataFrame, panel: Panel) -> None:
    names = list(dict.fromkeys(rows["contestant"]))
    colors = {name: _OUR_COLOR if _is_ours(name) else _OTHER_COLOR for name in names}
    shared = {
        "x": "value",
        "y": "contestant",
        "order": names,
        "hue": "contestant",
        "palette": colors,
        "legend": False,
        "estimator": "median",
        "errorbar": ("pi", 100),
        "err_kws": {"linewidth": 1.2, "color": "black"},
        "ax": ax,
    }
    if panel.logarithmic:  # the length of a bar would be meaningless
        sns.pointplot(rows, linestyle="none", log_scale=(True, False), **shared)
        ax.xaxis.set_major_formatter("{x:,g}")
    else:
        sns.barplot(rows, saturation=1, **shared)
    for i, name in enumerate(names):
        values = rows.loc[rows["contestant"] == name, "value"]
        text = summary.spread([values.median()])
        ax.annotate(text, (values.max(), i), (6, 0), textcoords="offset points", va="center")
    ax.set(title=panel.title, xlabel=panel.label, ylabel="")
    ax.margins(x=0.15)
    ax.grid(visible=False, axis="y")


def _is_ours(name: str) -> bool:
    return OURS in name or name in VARIANTS


def _growth(rows: pd.DataFrame) -> Figure:
    kinds = list(dict.fromkeys(rows["contestant"]))
    figure = Figure(figsize=(9, 6.5), layout="constrained")
    axes = figure.subplots(2, len(kinds), squeeze=False, sharex="col")
    for column, kind in zip(axes.T, kinds, strict=True):
        own = rows[rows["contestant"] == kind]
        for ax, (measure, heading) in zip(
            column, report_tables.GROWTH_HEADINGS.items(), strict=True
        ):
            _growth_panel(ax, own[own["measure"] == measure], kind, heading)
    return figure


def _growth_panel(ax: Axes, rows: pd.DataFrame, kind: str, heading: str) -> None:
    rows = rows[rows["value"] > 0]
    sns.scatterplot(rows, x="size", y="value", color=_OUR_COLOR, s=45, ax=ax)
    exponent, factor = summary.exponent(rows["size"], rows["value"])
    if np.isfinite(exponent):
        sizes = np.geomspace(rows["size"].min(), rows["size"].max(), 2)
        ax.plot(sizes, factor * sizes**exponent, "--", color=_FIT_COLOR, linewidth=1.5)
        ax.set_title(f"fitted exponent {exponent:.2f}")
        ax.set(xscale="log", yscale="log")
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_locator(NullLocator())
        ticks = rows["size"].unique()
        ax.set_xticks(ticks, [f"{size:,.0f}" for size in ticks], rotation=30)
        ax.set_xticks([], minor=True)
    ax.set(xlabel=kind, ylabel=heading)
