"""The pictures of a report."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from sk_mnist.displays import (
    ConfusionHeatmapDisplay,
    MisclassifiedDisplay,
    ReliabilityDisplay,
    TrainingCurveDisplay,
)

if TYPE_CHECKING:
    from sk_mnist.evaluation.report import EvaluationReport

# In inches. An overview has up to two columns of panels; a picture alone is smaller, so that its
# text can be read at the width of a phone.
_PANEL_SIZE = (6.4, 5.6)
_SINGLE_SIZE = (5.2, 4.6)


def panels(report: EvaluationReport) -> dict[str, Callable[[Any], Any]]:
    """Return what draws each picture of a report into given axes, by its title."""
    confusion = report.confusion_matrix
    drawn: dict[str, Callable[[Any], Any]] = {
        "Confusion matrix": ConfusionHeatmapDisplay(confusion, display_labels=confusion.index).plot
    }
    if report.images is not None:
        drawn["The surest mistakes"] = MisclassifiedDisplay(
            report.images,
            report.mistakes["true"].to_numpy(),
            report.mistakes["predicted"].to_numpy(),
            report.mistakes["probability"].to_numpy(),
        ).plot
    if report.calibration is not None:
        drawn["Reliability of the probabilities"] = ReliabilityDisplay(report.calibration).plot
    if report.history is not None:
        drawn["Training"] = TrainingCurveDisplay(report.history).plot
    return drawn


def overview(report: EvaluationReport) -> Figure:
    """Draw all pictures of a report into one figure of pyplot."""
    drawn = panels(report)
    n_columns = min(2, len(drawn))
    n_rows = -(-len(drawn) // n_columns)
    size = (_PANEL_SIZE[0] * n_columns, _PANEL_SIZE[1] * n_rows)
    figure = plt.figure(figsize=size, layout="constrained")
    for number, (title, plot) in enumerate(drawn.items(), 1):
        ax = figure.add_subplot(n_rows, n_columns, number)
        plot(ax)
        ax.set_title(title)
    return figure


def single(plot: Callable[[Any], Any]) -> Figure:
    """Draw one picture of a report into a figure that pyplot does not know."""
    figure = Figure(figsize=_SINGLE_SIZE, layout="constrained")
    plot(figure.subplots())
    return figure
