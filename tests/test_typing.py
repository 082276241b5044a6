"""The type hints that users see: mypy in strict mode, on a file of correct and incorrect uses."""

import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

CORRECT = """\
from typing import Any, assert_type

import numpy as np
import numpy.typing as npt
import pandas as pd

import sk_mnist
from sk_mnist import (
    ConfusionHeatmapDisplay,
    KerasMLPClassifier,
    TrainingCurveDisplay,
    evaluate,
    fetch_mnist,
    load_mnist_sample,
    top_k_accuracy,
)
from sk_mnist.cli import main
from sk_mnist.datasets import fetch_mnist as fetch
from sk_mnist.evaluation import EvaluationReport
from sk_mnist.export import to_onnx

X, y = fetch_mnist(return_X_y=True)
assert_type(X, npt.NDArray[np.uint8])
assert_type(y, npt.NDArray[np.int64])
assert_type(load_mnist_sample(return_X_y=True), tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]])
frame, _ = fetch(subset="test", data_home="data", return_X_y=True, as_frame=True)
assert_type(frame, pd.DataFrame)
images = load_mnist_sample().data
labels = fetch_mnist(subset="train", download_if_missing=False).target

clf = KerasMLPClassifier(hidden_layer_sizes=(8,)).fit(X, y)
assert_type(clf, KerasMLPClassifier)
assert_type(clf.predict_proba(X), npt.NDArray[np.floating[Any]])
assert_type(clf.history_["loss"], list[float])
assert_type(clf.coefs_, list[npt.NDArray[np.floating[Any]]])
KerasMLPClassifier(
    np.array([64, 32]),
    activation="gelu",
    input_scaling=None,
    optimizer="sgd",
    learning_rate_schedule="cosine",
    class_weight={0: 2.0, 1: 1.0},
    n_iter_no_change=float("inf"),
    callbacks=[],
    random_state=np.random.RandomState(0),
    verbose=True,
)

report = evaluate(clf, X, y, image_shape=(28, 28))
assert_type(report, EvaluationReport)
assert_type(report.accuracy, float)
assert_type(report.confusion_matrix, pd.DataFrame)
assert_type(sk_mnist.evaluation.evaluate(clf, X, y), EvaluationReport)
top_k_accuracy(y, clf.predict_proba(X))
assert_type(ConfusionHeatmapDisplay.from_estimator(clf, X, y), ConfusionHeatmapDisplay)
assert_type(TrainingCurveDisplay.from_estimator(clf), TrainingCurveDisplay)
assert_type(sk_mnist.displays.TrainingCurveDisplay(clf.history_), TrainingCurveDisplay)
assert_type(sk_mnist.__version__, str)
assert_type(main(["--help"]), int)
sk_mnist.export.to_sklearn(clf)
to_onnx(clf, X[:1])
"""

# Each line is one incorrect use, with the error code that mypy has to print for it.
INCORRECT = """\
import sk_mnist  # ok
from sk_mnist import KerasMLPClassifier, TrainingCurveDisplay, evaluate  # ok
from sk_mnist import fetch_mnist, load_mnist_sample  # ok
from sk_mnist import KerasClassifier  # attr-defined
KerasMLPClassifier(epoks=3)  # call-arg
KerasMLPClassifier((8,), "relu")  # call-arg
KerasMLPClassifier(activation="rellu")  # arg-type
KerasMLPClassifier(optimizer="addam")  # arg-type
KerasMLPClassifier(learning_rate_schedule="cosin")  # arg-type
KerasMLPClassifier(input_scaling="minmax")  # arg-type
KerasMLPClassifier(class_weight="balance")  # arg-type
KerasMLPClassifier(epochs="3")  # arg-type
KerasMLPClassifier(hidden_layer_sizes="8")  # arg-type
KerasMLPClassifier().fit()  # call-arg
KerasMLPClassifier().history_.loss  # attr-defined
load_mnist_sample(return_Xy=True)  # call-overload
fetch_mnist(subset="validation")  # call-overload
fetch_mnist("test")  # call-overload
fetch_mnist(return_X_y=True).data  # attr-defined
evaluate(KerasMLPClassifier(), [[0.0]])  # call-arg
evaluate(KerasMLPClassifier(), [[0.0]], [0]).acuracy  # attr-defined
TrainingCurveDisplay.from_estimater(KerasMLPClassifier())  # attr-defined
sk_mnist.datasets.fetch_minst()  # attr-defined
sk_mnist.no_such_name  # attr-defined
"""


@pytest.fixture(scope="module")
def mypy_errors(tmp_path_factory):
    """Return a function that returns the errors of mypy in a file, as pairs of line and code."""
    directory = tmp_path_factory.mktemp("typing")
    files = {"correct.py": CORRECT, "incorrect.py": INCORRECT}
    for name, source in files.items():
        (directory / name).write_text(source)
    process = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary", *files],
        cwd=directory,
        capture_output=True,
        text=True,
    )
    assert process.stderr == ""

    def errors(name):
        found = re.findall(rf"^{name}:(\d+): error: .*\[([\w-]+)\]$", process.stdout, re.M)
        return [(int(line), code) for line, code in found]

    return errors


def test_typing_accepts_correct_uses(mypy_errors):
    assert mypy_errors("correct.py") == []


@pytest.mark.parametrize(
    ("line", "source", "code"),
    [
        (number, *line.split("  # "))
        for number, line in enumerate(INCORRECT.splitlines(), 1)
        if not line.endswith("# ok")
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_typing_rejects_incorrect_use(mypy_errors, line, source, code):
    assert [found for number, found in mypy_errors("incorrect.py") if number == line] == [code]


def test_typing_reports_no_other_errors(mypy_errors):
    expected = [line for line, text in enumerate(INCORRECT.splitlines(), 1) if "# ok" not in text]
    assert [line for line, _ in mypy_errors("incorrect.py")] == expected
