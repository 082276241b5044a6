"""Plots of the results of a search: points, scatter plots and heatmaps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, Normalize
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from sk_mnist.displays._candidates import Candidates, Parameter
from sk_mnist.displays._common import ERROR_COLOR, shortened, write_title
from sk_mnist.displays._heatmap import (
    DIGIT_WIDTH,
    MAX_FONT_SIZE,
    MIN_FONT_SIZE,
    cell_sizes,
    write_cells,
    write_column_names,
    write_names,
    write_row_names,
)

# Up to this number of values, each value is a tick.
_MAX_TICKS = 10

# The color scale reaches below the median by this many times the distance from the median to the
# best score.
_RANGE_BELOW_MEDIAN = 3.0


def draw_candidates(
    ax: Axes | None,
    candidates: Candidates,
    parameters: Sequence[Parameter],
    *,
    cmap: str | Colormap,
    colorbar: bool,
) -> Axes:
    """Draw the scores over one or two parameters into axes, by default in a new figure."""
    rows = candidates.best_of_each(parameters)
    sizes = [len(parameter.values) for parameter in parameters]
    if len(parameters) == 1:
        ax = _new_axes((6.4, 4.4)) if ax is None else ax
        _draw_line(ax, candidates, parameters[0], rows)
    elif np.prod(sizes) > 2 * len(rows):
        ax = _new_axes((6.8, 5.0)) if ax is None else ax
        _draw_scatter(ax, candidates, parameters, rows, cmap, colorbar)
    else:
        ax = _new_axes(_heatmap_size(parameters, colorbar)) if ax is None else ax
        _draw_heatmap(ax, candidates, parameters, rows, cmap, colorbar)
    return ax


def _new_axes(figsize: tuple[float, float]) -> Axes:
    return plt.subplots(figsize=figsize, layout="constrained")[1]


def _heatmap_size(parameters: Sequence[Parameter], colorbar: bool) -> tuple[float, float]:
    """Return a size in inches with room for the score in each cell, up to a maximum."""
    columns, rows = (parameter.value_names for parameter in parameters)
    width = float(np.clip(0.62 * len(columns), 3.6, 12.0))
    height = float(np.clip(0.42 * len(rows), 2.0, 10.0))
    width += 0.09 * max(map(len, rows)) + (1.6 if colorbar else 0.6)
    return width, height + 0.07 * max(map(len, columns)) + 1.1


def _draw_line(
    ax: Axes, candidates: Candidates, parameter: Parameter, rows: NDArray[np.intp]
) -> None:
    rows = rows[np.argsort(parameter.codes[rows])]
    scores, errors = candidates.scores[rows], candidates.errors[rows]
    positions, failed = _positions(parameter, rows), np.isnan(scores)
    color = sns.color_palette("colorblind")[0]
    # Categories are not connected by lines.
    style = "o-" if parameter.is_numeric else "o"
    ax.errorbar(
        positions[~failed], scores[~failed], errors[~failed], fmt=style, color=color, capsize=3
    )
    if failed.any():
        ax.plot(
            positions[failed],
            np.full(failed.sum(), 0.04),
            "x",
            color=ERROR_COLOR,
            transform=ax.get_xaxis_transform(),  # y is relative to the height of the axes
            label="Failed",
        )
    best = rows == candidates.best
    ax.plot(
        positions[best], scores[best], "o", ms=11, mfc="none", mec="black", mew=1.5, label="Best"
    )
    ax.grid(axis="y", alpha=0.3)
    ax.set_ylabel(_score_label(candidates, [parameter]))
    ax.legend(loc="best", fontsize="small")
    write_title(ax, _title(candidates))
    _write_axis(ax, "x", parameter)


def _draw_scatter(
    ax: Axes,
    candidates: Candidates,
    parameters: Sequence[Parameter],
    rows: NDArray[np.intp],
    cmap: str | Colormap,
    colorbar: bool,
) -> None:
    scores = candidates.scores[rows]
    x, y = (_positions(parameter, rows) for parameter in parameters)
    norm, extend = _norm(scores)
    # The best candidates are drawn last, on top.
    order = np.argsort(np.nan_to_num(scores, nan=-np.inf), kind="stable")
    order = order[np.isfinite(scores[order])]
    points = ax.scatter(
        x[order], y[order], 60, scores[order], cmap=cmap, norm=norm, ec="0.4", lw=0.5
    )
    failed = np.isnan(scores)
    if failed.any():
        ax.plot(x[failed], y[failed], "x", color=ERROR_COLOR, label="Failed")
    best = rows == candidates.best
    ax.plot(x[best], y[best], "o", ms=14, mfc="none", mec="black", mew=1.5, label="Best")
    ax.grid(alpha=0.3)
    ax.set_axisbelow(True)
    if colorbar:
        label = _score_label(candidates, parameters)
        ax.figure.colorbar(points, ax=ax, extend=extend, label=label, aspect=30)
    ax.legend(loc="best", fontsize="small")
    write_title(ax, _title(candidates))
    _write_axis(ax, "y", parameters[1])
    _write_axis(ax, "x", parameters[0])


def _draw_heatmap(
    ax: Axes,
    candidates: Candidates,
    parameters: Sequence[Parameter],
    rows: NDArray[np.intp],
    cmap: str | Colormap,
    colorbar: bool,
) -> None:
    x, y = parameters
    cells = y.codes[rows], x.codes[rows]
    matrix = np.full((len(y.values), len(x.values)), np.nan)
    matrix[cells] = candidates.scores[rows]
    norm, extend = _norm(matrix)
    sns.heatmap(
        matrix,
        ax=ax,
        cmap=cmap,
        norm=norm,
        linecolor="white",
        linewidths=0.5,
        xticklabels=False,
        yticklabels=False,
        cbar=colorbar,
        cbar_kws={"extend": extend, "label": _score_label(candidates, parameters), "aspect": 30},
    )
    ax.set(xlabel=x.label, ylabel=y.label)
    write_title(ax, _title(candidates))
    write_names(ax, x.value_names, y.value_names)

    evaluated = np.zeros(matrix.shape, dtype=bool)
    evaluated[cells] = True
    failed = evaluated & np.isnan(matrix)
    for row, column in np.argwhere(failed):
        ax.add_patch(Rectangle((column, row), 1, 1, fc="0.93", ec="0.6", hatch="////", lw=0.5))
    best = candidates.best
    corner = x.codes[best], y.codes[best]
    ax.add_patch(Rectangle(corner, 1, 1, fill=False, ec="black", lw=2.5, clip_on=False, zorder=3))
    _write_scores(ax, matrix, failed)


def _write_scores(ax: Axes, matrix: NDArray[np.float64], failed: NDArray[np.bool_]) -> None:
    """Write the scores into the cells, if they fit."""
    known = matrix[np.isfinite(matrix)]
    # Enough digits to distinguish most of the good candidates.
    number_format = ".4g" if np.abs(known).max() >= 10 else ".4f" if np.ptp(known) < 0.01 else ".3f"
    texts = np.array(
        [
            ["" if np.isnan(score) else format(score, number_format) for score in row]
            for row in matrix
        ]
    )
    width, height = cell_sizes(ax, *matrix.shape[::-1])
    longest = max(max(len(text) for text in texts.flat), len("failed") if failed.any() else 0)
    font_size = min(MAX_FONT_SIZE, 0.7 * height, 0.9 * width / (DIGIT_WIDTH * longest))
    if font_size < MIN_FONT_SIZE:
        return
    write_cells(ax, texts, font_size)
    for row, column in np.argwhere(failed):
        ax.text(
            column + 0.5,
            row + 0.5,
            "failed",
            color="0.2",
            fontsize=font_size,
            ha="center",
            va="center",
            bbox={"fc": "0.93", "ec": "none", "pad": 1},
        )


def _positions(parameter: Parameter, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the positions of candidates on the axis of a parameter."""
    codes = parameter.codes[rows]
    if parameter.scale == "category":
        return np.asarray(codes + 0.5, dtype=np.float64)
    return np.array(parameter.values, dtype=np.float64)[codes]


def _write_axis(ax: Axes, which: str, parameter: Parameter) -> None:
    """Set the label, the scale and the ticks of an axis."""
    axis = getattr(ax, f"{which}axis")
    axis.set_label_text(parameter.label)
    if parameter.scale == "category":
        ax.set(**{f"{which}lim": (0, len(parameter.values))})
        write = write_column_names if which == "x" else write_row_names
        write(ax, parameter.value_names)
        return
    ax.set(**{f"{which}scale": parameter.scale})
    if len(parameter.values) <= _MAX_TICKS:
        axis.set_ticks(np.array(parameter.values, dtype=float), parameter.value_names)
        axis.set_ticks([], minor=True)


def _norm(scores: NDArray[np.float64]) -> tuple[Normalize, str]:
    """Return the norm of the color scale, and the ends of the color bar that exceed it."""
    lowest, median, highest = np.nanquantile(scores, [0.0, 0.5, 1.0])
    lower_end = median - _RANGE_BELOW_MEDIAN * (highest - median)
    if lowest < lower_end < highest:
        return Normalize(lower_end, highest), "min"
    return Normalize(lowest, highest), "neither"


def _score_label(candidates: Candidates, parameters: Sequence[Parameter]) -> str:
    label = f"Mean test {shortened(candidates.metric)}"
    others = [other.label for other in candidates.parameters if other not in parameters]
    if not others:
        return label
    listed = ", ".join(others) if len(others) <= 3 else f"{len(others)} other parameters"
    return f"{label}\n(best over {listed})"


def _title(candidates: Candidates) -> str:
    best = candidates.best
    values = ", ".join(
        f"{parameter.label}={parameter.value_names[parameter.codes[best]]}"
        for parameter in candidates.parameters
    )
    return f"Best: {candidates.scores[best]:.4g} with {values}"
