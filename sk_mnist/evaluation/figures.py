"""The figures of a report."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sk_mnist.displays import (
    ConfusionHeatmapDisplay,
    MisclassifiedDisplay,
    ReliabilityDisplay,
    TrainingCurveDisplay,
)

if TYPE_CHECKING:
    from sk_mnist.evaluation.report import EvaluationReport

# In inches. An overview has up to two columns of panels. A single panel is smaller, so that its
# text is readable at the width of a phone.
_PANEL_SIZE = (6.4, 5.6)
_SINGLE_SIZE = (5.2, 4.6)


class Panel(NamedTuple):
    """A plot of a report.

    Attributes
    ----------
    title, caption : str
    plot : callable
        Draws the plot into axes.
    """

    title: str
    caption: str
    plot: Callable[[Axes], Any]


def panels(report: EvaluationReport) -> list[Panel]:
    """Return the plots of what a report contains."""
    confusion = report.confusion_matrix
    found = [
        Panel(
            "Confusion matrix",
            "Rows are true classes, columns are predicted classes.",
            ConfusionHeatmapDisplay(confusion, display_labels=confusion.index).plot,
        )
    ]
    if report.images is not None:
        errors = report.mistakes
        display = MisclassifiedDisplay(
            report.images,
            errors["true"].to_numpy(),
            errors["predicted"].to_numpy(),
            errors["probability"].to_numpy(),
        )
        caption = "Orange: predicted class (probability)."
        found.append(Panel("Most confident errors", caption, display.plot))
    if report.calibration is not None:
        caption = "Accuracy by predicted confidence; the histogram shows samples per bin."
        reliability = ReliabilityDisplay(report.calibration)
        found.append(Panel("Reliability diagram", caption, reliability.plot))
    if report.history is not None:
        curves = TrainingCurveDisplay(report.history)
        found.append(Panel("Training curves", "", curves.plot))
    return found


def overview(report: EvaluationReport) -> Figure:
    """Draw all plots of a report into one figure, created by pyplot."""
    shown = panels(report)
    n_columns = min(2, len(shown))
    n_rows = -(-len(shown) // n_columns)
    size = (_PANEL_SIZE[0] * n_columns, _PANEL_SIZE[1] * n_rows)
    figure = plt.figure(figsize=size, layout="constrained")
    for number, panel in enumerate(shown, 1):
        ax = figure.add_subplot(n_rows, n_columns, number)
        panel.plot(ax)
        ax.set_title(panel.title)
    return figure


def single(panel: Panel) -> Figure:
    """Draw one plot of a report into a figure that pyplot does not manage."""
    figure = Figure(figsize=_SINGLE_SIZE, layout="constrained")
    panel.plot(figure.subplots())
    return figure
