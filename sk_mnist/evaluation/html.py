"""A report as HTML: one page, or the part of it that notebooks show.

The templates are in `templates/`.
"""

from __future__ import annotations

import base64
import io
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from sk_mnist.evaluation.figures import panels, single
from sk_mnist.evaluation.tables import confused_pairs_table, confused_pairs_title, scores_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sk_mnist.evaluation.report import EvaluationReport

# Twice the pixels of the image on the page, for screens of high resolution.
_DPI = 184


def page(report: EvaluationReport) -> str:
    """Return a complete HTML page."""
    return _environment().get_template("page.html").render(_context(report))


def fragment(report: EvaluationReport) -> str:
    """Return the content of the page, to be shown inside of another one."""
    return _environment().get_template("report.html").render(_context(report))


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("sk_mnist.evaluation"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _context(report: EvaluationReport) -> dict[str, Any]:
    """Return the values of the variables in the templates."""
    pairs = report.most_confused
    return {
        "classifier": report.classifier,
        "headline": report.headline(),
        "figures": [
            {"title": panel.title, "caption": panel.caption} | _png(single(panel))
            for panel in panels(report)
        ],
        # In the tables pandas has escaped the names of classes.
        "scores": scores_table(report.classification_report, "html"),
        "pairs_title": confused_pairs_title(pairs),
        "pairs": confused_pairs_table(pairs, "html") if len(pairs) else None,
    }


def _png(figure: Figure) -> dict[str, Any]:
    """Return a figure as a base64-encoded PNG, and its width on the page in pixels."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI)
    png = base64.b64encode(buffer.getvalue()).decode()
    return {"png": png, "width": round(figure.get_figwidth() * _DPI / 2)}
