"""How the results of a search are drawn."""

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

# Up to this many numbers each of them is a tick.
_MAX_TICKS = 10

# How far below the median the colours reach, in distances from the median to the best.
_REACH = 3.0


def draw_candidates(
    ax: Axes | None,
    candidates: Candidates,
    parameters: Sequence[Parameter],
    *,
    cmap: str | Colormap,
    colorbar: bool,
) -> Axes:
    """Draw the scores over one or two parameters into axes, by default new ones."""
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
    """Size in inches that gives each cell room for its score, up to a sensible whole."""
    across, down = (parameter.value_names for parameter in parameters)
    width = float(np.clip(0.62 * len(across), 3.6, 12.0))
    height = float(np.clip(0.42 * len(down), 2.0, 10.0))
    width += 0.09 * max(map(len, down)) + (1.6 if colorbar else 0.6)
    return width, height + 0.07 * max(map(len, across)) + 1.1


def _draw_line(
    ax: Axes, candidates: Candidates, parameter: Parameter, rows: NDArray[np.intp]
) -> None:
    rows = rows[np.argsort(parameter.codes[rows])]
    scores, errors = candidates.scores[rows], candidates.errors[rows]
    places, failed = _places(parameter, rows), np.isnan(scores)
    color = sns.color_palette("colorblind")[0]
    # Between categories there is nothing.
    style = "o-" if parameter.is_numeric else "o"
    ax.errorbar(
        places[~failed], scores[~failed], errors[~failed], fmt=style, color=color, capsize=3
    )
    if failed.any():
        at_the_bottom = ax.get_xaxis_transform()
        ax.plot(
            places[failed],
            np.full(failed.sum(), 0.04),
            "x",
            color=ERROR_COLOR,
            transform=at_the_bottom,
            label="Failed",
        )
    best = rows == candidates.best
    ax.plot(places[best], scores[best], "o", ms=11, mfc="none", mec="black", mew=1.5, label="Best")
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
    across, down = (_places(parameter, rows) for parameter in parameters)
    norm, extend = _scale(scores)
    # The best on top.
    order = np.argsort(np.nan_to_num(scores, nan=-np.inf), kind="stable")
    order = order[np.isfinite(scores[order])]
    dots = ax.scatter(
        across[order], down[order], 60, scores[order], cmap=cmap, norm=norm, ec="0.4", lw=0.5
    )
    failed = np.isnan(scores)
    if failed.any():
        ax.plot(across[failed], down[failed], "x", color=ERROR_COLOR, label="Failed")
    best = rows == candidates.best
    ax.plot(across[best], down[best], "o", ms=14, mfc="none", mec="black", mew=1.5, label="Best")
    ax.grid(alpha=0.3)
    ax.set_axisbelow(True)
    if colorbar:
        label = _score_label(candidates, parameters)
        ax.figure.colorbar(dots, ax=ax, extend=extend, label=label, aspect=30)
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
    across, down = parameters
    cells = down.codes[rows], across.codes[rows]
    matrix = np.full((len(down.values), len(across.values)), np.nan)
    matrix[cells] = candidates.scores[rows]
    norm, extend = _scale(matrix)
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
    ax.set(xlabel=across.label, ylabel=down.label)
    write_title(ax, _title(candidates))
    write_names(ax, across.value_names, down.value_names)

    tried = np.zeros(matrix.shape, dtype=bool)
    tried[cells] = True
    failed = tried & np.isnan(matrix)
    for row, column in np.argwhere(failed):
        ax.add_patch(Rectangle((column, row), 1, 1, fc="0.93", ec="0.6", hatch="////", lw=0.5))
    best = candidates.best
    corner = across.codes[best], down.codes[best]
    ax.add_patch(Rectangle(corner, 1, 1, fill=False, ec="black", lw=2.5, clip_on=False, zorder=3))
    _write_scores(ax, matrix, failed)


def _write_scores(ax: Axes, matrix: NDArray[np.float64], failed: NDArray[np.bool_]) -> None:
    """Write the scores into the cells if they fit."""
    known = matrix[np.isfinite(matrix)]
    # As many digits as tell most of the good candidates apart.
    style = ".4g" if np.abs(known).max() >= 10 else ".4f" if np.ptp(known) < 0.01 else ".3f"
    texts = np.array(
        [["" if np.isnan(score) else format(score, style) for score in row] for row in matrix]
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


def _places(parameter: Parameter, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return where candidates stand along the axis of a parameter."""
    codes = parameter.codes[rows]
    if parameter.scale == "category":
        return np.asarray(codes + 0.5, dtype=np.float64)
    return np.array(parameter.values, dtype=np.float64)[codes]


def _write_axis(ax: Axes, which: str, parameter: Parameter) -> None:
    """Name an axis and what stands along it."""
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


def _scale(scores: NDArray[np.float64]) -> tuple[Normalize, str]:
    """Return the scale of the colours, and which ends go on beyond it."""
    lowest, middle, highest = np.nanquantile(scores, [0.0, 0.5, 1.0])
    reach = middle - _REACH * (highest - middle)
    if lowest < reach < highest:
        return Normalize(reach, highest), "min"
    return Normalize(lowest, highest), "neither"


def _score_label(candidates: Candidates, parameters: Sequence[Parameter]) -> str:
    label = f"Mean test {shortened(candidates.metric)}"
    others = [other.label for other in candidates.parameters if other not in parameters]
    if not others:
        return label
    listed = ", ".join(others) if len(others) <= 3 else f"{len(others)} other parameters"
    return f"{label}\n(the best over {listed})"


def _title(candidates: Candidates) -> str:
    best = candidates.best
    values = ", ".join(
        f"{parameter.label}={parameter.value_names[parameter.codes[best]]}"
        for parameter in candidates.parameters
    )
    return f"Best: {candidates.scores[best]:.4g} with {values}"
