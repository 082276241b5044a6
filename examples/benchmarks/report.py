"""Write the page, the terminal tables and the plots from a results file."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import plots
import report_tables
from markdown_tables import markdown_table
from options_cost import DENSE, PLAIN
from results import CONDITIONS
from rich.console import Console
from rich.table import Table
from settings import GROUPS
from summary import spread, spread_percentage
from texts import INTRODUCTION, TEXTS, TINY_WARNING


@dataclass(frozen=True)
class Section:
    """Section of the report about one group of measurements.

    Attributes
    ----------
    group : str
        Name of the group.
    paragraphs : list of str
        Explanation, and findings that are not in a table.
    tables : dict of str to DataFrame
        Formatted tables by caption.
    has_plot : bool
        Whether the group has a plot.
    """

    group: str
    paragraphs: list[str]
    tables: report_tables.Tables
    has_plot: bool


def write_report(results: Path, page: Path, images: Path, console: Console) -> None:
    """Write the page and the plots and print the tables.

    Parameters
    ----------
    results : Path
        CSV file written by `run.py`.
    page : Path
        Markdown file to write.
    images : Path
        Directory of the plots, next to the page.
    console : Console
        Console for the tables.
    """
    frame = pd.read_csv(results, dtype={"detail": str, "contestant": str})
    conditions = _conditions(frame)
    sections = []
    for group in GROUPS:
        rows = frame[(frame["group"] == group) & (frame["status"] != CONDITIONS)]
        if rows.empty or group not in conditions:
            continue
        has_plot = plots.save_plot(rows, group, images / _image_name(group))
        settings = conditions[group]["settings"]
        paragraphs = [_explanation(group, settings), *_findings(group, rows, settings)]
        sections.append(Section(group, paragraphs, report_tables.TABLES[group](rows), has_plot))
    parts = [INTRODUCTION, _machines(conditions), *map(_markdown, sections)]
    if any(condition["settings"]["one_process"] for condition in conditions.values()):
        parts.insert(1, TINY_WARNING)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n".join(parts), encoding="utf-8")
    for section in sections:
        for caption, table in section.tables.items():
            console.print(_rich_table(f"{TEXTS[section.group].heading}: {caption}", table))
    console.print(f"Results: {results}\nPage: {page}", soft_wrap=True)


def _conditions(frame: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return machine and settings per group."""
    rows = frame[frame["status"] == CONDITIONS]
    texts = zip(rows["group"], rows["detail"], strict=True)
    return {group: json.loads(text) for group, text in texts}


def _explanation(group: str, settings: dict[str, Any]) -> str:
    text = TEXTS[group].explanation.format(**settings)
    n_rounds = min(settings["rounds"], settings["most_rounds"].get(group, settings["rounds"]))
    return f"{text} Rounds: {n_rounds}."


def _findings(group: str, rows: pd.DataFrame, settings: dict[str, Any]) -> Iterator[str]:
    """Yield findings that are not in the table."""
    if group == "options":
        rates, shares = report_tables.limit_shares(rows, settings["n_train"], PLAIN)
        _, dense_shares = report_tables.limit_shares(rows, settings["n_train"], DENSE)
        if len(shares):
            yield (
                "In the same process, NumPy multiplies float32 matrices of "
                f"{settings['matrix_size']:,} x {settings['matrix_size']:,} at {spread(rates)} "
                "GFLOP/s. Counting only the matrix products of the training steps (forward, and "
                "backward without the gradient of the input), including the multiplications by "
                f"zero that are skipped, a plain epoch runs at {spread_percentage(shares)} of this "
                f"rate, and an epoch on dense input at {spread_percentage(dense_shares)}."
            )
            yield (
                "NumPy uses its bundled OpenBLAS with default settings. On AMD processors with "
                "512-bit registers, OpenBLAS only uses 256-bit instructions unless "
                "`OPENBLAS_CORETYPE=SkylakeX` is set, which makes matrix products, and therefore "
                "`MLPClassifier`, faster."
            )


def _machines(conditions: dict[str, dict[str, Any]]) -> str:
    """Describe the machine, or each machine if groups were measured on several."""
    groups_of: dict[str, list[str]] = {}
    for group, condition in conditions.items():
        facts = ", ".join(f"{name} {value}" for name, value in condition["machine"].items())
        groups_of.setdefault(facts, []).append(f"{TEXTS[group].heading!r}")
    if len(groups_of) == 1:
        text = f"Measured on: {next(iter(groups_of))}."
        return textwrap.fill(text, 100, break_on_hyphens=False) + "\n"
    lines = [f"- {', '.join(groups)}: {facts}." for facts, groups in groups_of.items()]
    return "\n".join(["Measured on:\n", *lines, ""])


def _image_name(group: str) -> str:
    return f"performance-{group.replace('_', '-')}.png"


def _markdown(section: Section) -> str:
    """Return a section of the page as Markdown."""
    heading = TEXTS[section.group].heading
    paragraphs = [textwrap.fill(text, 100, break_on_hyphens=False) for text in section.paragraphs]
    parts = [f"## {heading}", *paragraphs]
    for caption, table in section.tables.items():
        parts += [f"**{caption}**", markdown_table(table)]
    if section.has_plot:
        parts.append(f"![{heading}: plot of the table above]({_image_path(section.group)})")
    return "\n\n".join(parts) + "\n"


def _image_path(group: str) -> str:
    return f"images/{_image_name(group)}"


def _rich_table(title: str, table: pd.DataFrame) -> Table:
    printed = Table(title=title, title_justify="left")
    for name in table.columns:
        printed.add_column(name, overflow="fold")
    for line in table.to_numpy():
        printed.add_row(*map(str, line))
    return printed
