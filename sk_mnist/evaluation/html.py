"""A report as a web page: one file, with its pictures inside."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from html import escape
from string import Template
from typing import TYPE_CHECKING, Any

import pandas as pd

from sk_mnist.evaluation import figures as _pictures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sk_mnist.evaluation.report import EvaluationReport

# Twice the pixels that a page shows, for screens that have them.
_DPI = 184

_N_PAIRS = 10

_CAPTIONS = {
    "Confusion matrix": "Rows are true classes, columns predicted ones.",
    "The surest mistakes": "In colour: what was predicted, and with which probability.",
    "Reliability of the probabilities": "How often a prediction is right, by its probability; "
    "below, how many there are.",
}

# Only elements inside the report are styled: a notebook shows it among other things.
_STYLE = """
.sk-mnist-report { color: #1f2933; background: #fff; max-width: 72rem; margin: 0 auto;
  padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; }
.sk-mnist-report h1 { font-size: 1.5rem; line-height: 1.2; margin: .5rem 0; }
.sk-mnist-report h2 { font-size: 1.15rem; margin: 1.5rem 0 .5rem; }
.sk-mnist-report pre { background: #f4f6f8; color: inherit; padding: .75rem; border-radius: .4rem;
  overflow-x: auto; font-size: .85rem; margin: 0; }
.sk-mnist-report dl { display: grid; gap: .6rem; margin: 1rem 0;
  grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); }
.sk-mnist-report dl > div { border: 1px solid #d5dce3; border-radius: .4rem;
  padding: .5rem .75rem; }
.sk-mnist-report dt { font-size: .85rem; color: #52606d; }
.sk-mnist-report dd { margin: 0; font-size: 1.25rem; font-weight: 600; }
.sk-mnist-report .sections { display: flex; flex-wrap: wrap; gap: 0 3rem; }
.sk-mnist-report section { min-width: 0; max-width: 100%; }
.sk-mnist-report .picture { width: 30rem; }
.sk-mnist-report p { margin: 0 0 .5rem; font-size: .9rem; color: #52606d; }
.sk-mnist-report img { display: block; max-width: 100%; height: auto; }
.sk-mnist-report .scroll { overflow-x: auto; }
.sk-mnist-report table { border-collapse: collapse; border: 0; font-size: .9rem;
  font-variant-numeric: tabular-nums; margin: 0; }
.sk-mnist-report th, .sk-mnist-report td { padding: .25rem .75rem; text-align: right;
  border: 0; border-bottom: 1px solid #e4e9ee; background: none; white-space: nowrap; }
.sk-mnist-report tbody th { text-align: left; }
@media (max-width: 30rem) {
  .sk-mnist-report table { font-size: .8rem; }
  .sk-mnist-report th, .sk-mnist-report td { padding: .25rem .2rem .25rem .4rem; }
}
"""

_PAGE = Template(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
</head>
<body style="margin: 0">
$content
</body>
</html>
"""
)


def page(report: EvaluationReport) -> str:
    """Return a whole web page."""
    title = f"Evaluation: accuracy {100 * report.accuracy:.2f} %"
    return _PAGE.substitute(title=escape(title), content=fragment(report))


def fragment(report: EvaluationReport) -> str:
    """Return what stands inside a page."""
    sections = [
        _section(title, _caption(title) + _picture(_pictures.single(plot), title), "picture")
        for title, plot in _pictures.panels(report).items()
    ]
    scores = report.classification_report.rename_axis(None)
    sections.append(_section("Scores of each class", _table(scores)))
    pairs = report.most_confused
    sections.append(
        _section(
            f"Most confused, the first {_N_PAIRS} of {len(pairs)}"
            if len(pairs) > _N_PAIRS
            else "Most confused",
            _table(pairs.head(_N_PAIRS), index=False) if len(pairs) else "<p>No mistakes.</p>",
        )
    )
    return "\n".join(
        [
            f'<style>{_STYLE}</style>\n<article class="sk-mnist-report">',
            "<h1>Evaluation</h1>",
            f"<pre>{escape(report.classifier)}</pre>",
            _headline(report.headline()),
            '<div class="sections">',
            *sections,
            "</div>\n</article>",
        ]
    )


def _headline(figures: dict[str, str]) -> str:
    items = (
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
        for name, value in figures.items()
    )
    return f"<dl>{''.join(items)}</dl>"


def _section(title: str, content: str, kind: str = "table") -> str:
    return f'<section class="{kind}"><h2>{escape(title)}</h2>{content}</section>'


def _caption(title: str) -> str:
    return f"<p>{escape(_CAPTIONS[title])}</p>" if title in _CAPTIONS else ""


def _table(frame: pd.DataFrame, **options: Any) -> str:
    four_digits: Callable[[float], str] = "{:.4f}".format
    table = frame.to_html(border=0, float_format=four_digits, **options)
    return f'<div class="scroll">{table}</div>'


def _picture(figure: Figure, title: str) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI)
    data = base64.b64encode(buffer.getvalue()).decode()
    width = round(figure.get_figwidth() * _DPI / 2)
    return f'<img alt="{escape(title)}" width="{width}" src="data:image/png;base64,{data}">'
