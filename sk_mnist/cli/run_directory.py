"""The directory in which the command line leaves its results."""

from __future__ import annotations

import csv
import io
import json
import os
import platform
import tempfile
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib

import sk_mnist

if TYPE_CHECKING:
    from sklearn.model_selection._search import BaseSearchCV

    from sk_mnist.classifier import KerasMLPClassifier
    from sk_mnist.evaluation import EvaluationReport

REPORT = "report.html"
TRAINING_FILES = ("model.joblib", "metrics.json", "history.csv", "confusion_matrix.png", REPORT)
SEARCH_FILES = ("cv_results.csv", "cv_results.png")


def prepare(directory: Path, names: Sequence[str], *, overwrite: bool, option: str) -> None:
    """Make sure that results can be written, before the work that leads to them.

    Parameters
    ----------
    directory : Path
        The directory, which is made if necessary.
    names : sequence of str
        Of the files that are to be written there.
    overwrite : bool
        Whether files of an earlier run may be replaced.
    option : str
        The option that would lead elsewhere.

    Raises
    ------
    OSError
        If the directory cannot be made or written to, or if one of the files is there already.
    """
    if directory.exists() and not directory.is_dir():
        raise NotADirectoryError(f"{directory} is not a directory")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise OSError(f"cannot write to {directory}: {error.strerror}") from error

    for path in (directory / name for name in names):
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a directory, where a file is to be written")
        if os.path.lexists(path) and not overwrite:
            raise FileExistsError(
                f"{path} exists already; use --force to replace it, or another {option}"
            )


def write(directory: Path, contents: Mapping[str, bytes], *, overwrite: bool) -> None:
    """Write the files, each of them wholly or not at all.

    Parameters
    ----------
    directory : Path
        An existing directory.
    contents : mapping of str to bytes
        What to write, by the names of the files.
    overwrite : bool
        Whether existing files may be replaced.

    Raises
    ------
    OSError
        If a file cannot be written, or exists and must not be replaced. The others are written.
    """
    failures = []
    for name, content in contents.items():
        try:
            _write_file(directory / name, content, overwrite)
        except OSError as error:
            failures.append(f"{name} ({error.strerror})")
    if failures:
        raise OSError(f"could not write in {directory}: {', '.join(failures)}")


def _write_file(path: Path, content: bytes, overwrite: bool) -> None:
    # An old file gives way only when the new one is complete.
    target = path.with_name(f".{path.name}.part") if overwrite else path
    with target.open("wb" if overwrite else "xb") as file:
        try:
            file.write(content)
            file.flush()
        except OSError:
            target.unlink()
            raise
    if overwrite:
        target.replace(path)


def training_files(
    classifier: KerasMLPClassifier, report: EvaluationReport, facts: Mapping[str, Any]
) -> dict[str, bytes]:
    """Turn what a training has brought into the contents of the files.

    Parameters
    ----------
    classifier : KerasMLPClassifier
        The fitted classifier.
    report : EvaluationReport
        As `evaluate` returns it, for the test set.
    facts : mapping
        Whatever else is to be told about the training, ready for JSON.

    Returns
    -------
    dict of str to bytes
        The contents by `TRAINING_FILES`.
    """
    metrics = _metrics(report) | dict(facts)
    metrics |= {"parameters": classifier.get_params(), "versions": _versions()}
    contents = (
        _model_file(classifier),
        json.dumps(metrics, indent=2).encode() + b"\n",
        _history_file(classifier.history_),
        _confusion_picture(report),
        report_file(report),
    )
    return dict(zip(TRAINING_FILES, contents, strict=True))


def search_files(search: BaseSearchCV) -> dict[str, bytes]:
    """Turn what a search has brought into the contents of the files.

    Parameters
    ----------
    search : fitted GridSearchCV
        The search.

    Returns
    -------
    dict of str to bytes
        The contents by `SEARCH_FILES`.
    """
    import pandas as pd
    from matplotlib.figure import Figure

    from sk_mnist.displays import GridSearchDisplay

    table = pd.DataFrame(search.cv_results_).sort_values("rank_test_score", kind="stable")
    # A figure of pyplot may look for a screen.
    figure = Figure(figsize=(7, 5), layout="compressed")
    GridSearchDisplay.from_estimator(search, ax=figure.subplots())
    contents = (table.to_csv(index=False).encode(), _png(figure))
    return dict(zip(SEARCH_FILES, contents, strict=True))


def report_file(report: EvaluationReport) -> bytes:
    """Turn a report into a web page.

    Parameters
    ----------
    report : EvaluationReport
        As `evaluate` returns it.

    Returns
    -------
    bytes
    """
    from sk_mnist.evaluation import html as _html

    return _html.page(report).encode()


def _metrics(report: EvaluationReport) -> dict[str, Any]:
    scores = report.to_dict()
    return {
        "accuracy": report.accuracy,
        "n_errors": report.n_errors,
        "n_test": report.n_samples,
        "expected_calibration_error": report.expected_calibration_error,
        "digits": dict(list(scores["classification_report"].items())[:-2]),
        "confusion_matrix": scores["confusion_matrix"]["counts"],
    }


def _versions() -> dict[str, str]:
    # As installed: to import them all would take seconds.
    packages = ("scikit-learn", "keras", "tensorflow", "numba", "numpy")
    return {
        "python": platform.python_version(),
        "sk_mnist": sk_mnist.__version__,
        **{name: metadata.version(name) for name in packages},
    }


def _model_file(classifier: KerasMLPClassifier) -> bytes:
    buffer = io.BytesIO()
    joblib.dump(classifier, buffer)
    return buffer.getvalue()


def _history_file(history: Mapping[str, list[float]]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["epoch", *history])
    writer.writerows(
        [epoch, *values] for epoch, values in enumerate(zip(*history.values(), strict=True), 1)
    )
    return buffer.getvalue().encode()


def _confusion_picture(report: EvaluationReport) -> bytes:
    # They take longer to import than a user waits for an answer of `prepare`.
    from matplotlib.figure import Figure

    from sk_mnist.displays import ConfusionHeatmapDisplay

    confusion = report.confusion_matrix
    # A figure of pyplot may look for a screen.
    figure = Figure(figsize=(7, 6), layout="compressed")
    display = ConfusionHeatmapDisplay(confusion, display_labels=confusion.index)
    display.plot(figure.subplots())
    return _png(figure)


def _png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150)
    return buffer.getvalue()
