"""The contents of the result files."""

from __future__ import annotations

import csv
import io
import json
import platform
from collections.abc import Callable, Mapping
from importlib import metadata
from typing import TYPE_CHECKING, Any

import joblib
from sklearn.pipeline import Pipeline

import sk_mnist
from sk_mnist._utils.final_estimator import final_estimator
from sk_mnist.cli.console import print_error
from sk_mnist.persistence import to_bytes

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin
    from sklearn.model_selection._search import BaseSearchCV

    from sk_mnist.cli.data.record import TrainingRecord
    from sk_mnist.evaluation import EvaluationReport

REPORT_FILE = "report.html"
TRAINING_FILES = (
    "model.joblib",
    "model.safetensors",
    "metrics.json",
    "history.csv",
    "confusion_matrix.png",
    REPORT_FILE,
)
SEARCH_FILES = ("cv_results.csv", "cv_results.png")


def model_contents(model: ClassifierMixin, record: TrainingRecord | None) -> dict[str, bytes]:
    """Return the contents of the files that hold a trained classifier and its training.

    Parameters
    ----------
    model : KerasMLPClassifier or Pipeline that ends in one
        The fitted classifier.
    record : TrainingRecord or None
        What model.safetensors has to remember of the training data, as `model` does.

    Returns
    -------
    dict of str to bytes
        Contents by file name, for a pipeline without model.safetensors, which holds a network
        alone.
    """
    contents = {
        "model.joblib": _model_content(model),
        "history.csv": _history_content(final_estimator(model).history_),
    }
    if not isinstance(model, Pipeline):
        note = None if record is None else record.to_json()
        contents["model.safetensors"] = to_bytes(model, note=note)
    return contents


def training_contents(
    model: ClassifierMixin,
    report: EvaluationReport,
    metrics: Mapping[str, Any],
    record: TrainingRecord | None,
) -> dict[str, bytes]:
    """Return the contents of the files about a trained classifier.

    Parameters
    ----------
    model, record
        As for `model_contents`.
    report : EvaluationReport
        Return value of `evaluate` for the test set.
    metrics : mapping
        Return value of `training_metrics`.

    Returns
    -------
    dict of str to bytes
        Contents by file name. The keys are `TRAINING_FILES`, but for what `model_contents` and
        `drawn` leave out.
    """
    contents = {
        **model_contents(model, record),
        "metrics.json": json.dumps(metrics, indent=2).encode() + b"\n",
        **drawn(
            {
                "confusion_matrix.png": lambda: _confusion_content(report),
                REPORT_FILE: lambda: report_content(report),
            }
        ),
    }
    return {name: contents[name] for name in TRAINING_FILES if name in contents}


def drawn(pictures: Mapping[str, Callable[[], bytes]]) -> dict[str, bytes]:
    """Draw pictures, none of which is worth to lose a trained network for.

    Parameters
    ----------
    pictures : mapping of str to function
        What draws each file.

    Returns
    -------
    dict of str to bytes
        Contents by file name, without those that failed, of which a warning tells.
    """
    contents = {}
    for name, draw in pictures.items():
        try:
            contents[name] = draw()
        except Exception as error:  # of plotting libraries, which raise any
            reason = f"{type(error).__name__}: {error}"
            print_error(f"warning: {name} is left out, it cannot be drawn ({reason})")
    return contents


def training_metrics(
    model: ClassifierMixin, report: EvaluationReport, run_info: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what metrics.json holds.

    Parameters
    ----------
    model : KerasMLPClassifier or Pipeline that ends in one
        The fitted classifier.
    report : EvaluationReport
        Return value of `evaluate` for the test set.
    run_info : mapping
        Further entries, serializable as JSON.

    Returns
    -------
    dict
        Serializable as JSON.
    """
    parameters = final_estimator(model).get_params()
    return metrics_of(report) | {
        **run_info,
        "parameters": parameters,
        "versions": _versions(),
    }


def metrics_of(report: EvaluationReport) -> dict[str, Any]:
    """Return the metrics of a test.

    Parameters
    ----------
    report : EvaluationReport
        Return value of `evaluate`.

    Returns
    -------
    dict
        Serializable as JSON. "confusion_matrix" has the order of "classes".
    """
    scores = report.to_dict()
    return {
        "accuracy": report.accuracy,
        "n_errors": report.n_errors,
        "n_test": report.n_samples,
        "expected_calibration_error": report.expected_calibration_error,
        "classes": dict(list(scores["classification_report"].items())[:-2]),
        "confusion_matrix": scores["confusion_matrix"]["counts"],
    }


def search_contents(search: BaseSearchCV) -> dict[str, bytes]:
    """Return the contents of the files about a search.

    Parameters
    ----------
    search : fitted GridSearchCV
        The search.

    Returns
    -------
    dict of str to bytes
        Contents by file name, with the keys `SEARCH_FILES`, but for what `drawn` leaves out.
    """
    import pandas as pd

    table = pd.DataFrame(search.cv_results_).sort_values("rank_test_score", kind="stable")
    table_file, picture_file = SEARCH_FILES
    return {
        table_file: table.to_csv(index=False).encode(),
        **drawn({picture_file: lambda: _search_content(search)}),
    }


def _search_content(search: BaseSearchCV) -> bytes:
    from sk_mnist.displays import GridSearchDisplay

    return _png((7, 5), lambda ax: GridSearchDisplay.from_estimator(search, ax=ax))


def report_content(report: EvaluationReport) -> bytes:
    """Return a report as an HTML page.

    Parameters
    ----------
    report : EvaluationReport
        Return value of `evaluate`.

    Returns
    -------
    bytes
    """
    from sk_mnist.evaluation import html as _html

    return _html.page(report).encode()


def _versions() -> dict[str, str]:
    # From the metadata of the distributions: importing all packages would take seconds.
    packages = ("scikit-learn", "keras", "tensorflow", "numba", "numpy")
    return {
        "python": platform.python_version(),
        "sk_mnist": sk_mnist.__version__,
        **{name: metadata.version(name) for name in packages if _is_installed(name)},
    }


def _is_installed(package: str) -> bool:
    try:
        metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _model_content(classifier: ClassifierMixin) -> bytes:
    buffer = io.BytesIO()
    joblib.dump(classifier, buffer)
    return buffer.getvalue()


def _history_content(history: Mapping[str, list[float]]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["epoch", *history])
    writer.writerows(
        [epoch, *values] for epoch, values in enumerate(zip(*history.values(), strict=True), 1)
    )
    return buffer.getvalue().encode()


def _confusion_content(report: EvaluationReport) -> bytes:
    # Importing plots would delay the errors of `output_directory.prepare` noticeably.
    from sk_mnist.displays import ConfusionHeatmapDisplay

    confusion = report.confusion_matrix
    display = ConfusionHeatmapDisplay(confusion, display_labels=confusion.index)
    return _png((7, 6), display.plot)


def _png(size: tuple[int, int], plot: Callable[[Any], Any]) -> bytes:
    """Return a picture, of a size in inches, of what is plotted on its axes."""
    from matplotlib.figure import Figure

    # Not by pyplot, which may look for a screen.
    figure = Figure(figsize=size, layout="compressed")
    plot(figure.subplots())
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150)
    return buffer.getvalue()
