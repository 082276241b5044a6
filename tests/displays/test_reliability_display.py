import warnings

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import same_color
from numpy.testing import assert_allclose
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LinearRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC

from sk_mnist.displays import ReliabilityDisplay
from sk_mnist.evaluation import calibration_frame

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data():
    X, y = load_digits(return_X_y=True)
    return X[:600], y[:600]


@pytest.fixture(scope="module")
def classifier(data):
    return GaussianNB(var_smoothing=1.0).fit(*data)


def frame(counts=(10, 30), attrs=True):
    """Return a frame like that of calibration_frame: two bins, each with a gap of 0.1."""
    made = pd.DataFrame(
        {"count": counts, "confidence": [0.6, 0.9], "accuracy": [0.7, 0.8]},
        index=pd.IntervalIndex.from_tuples([(0.5, 0.75), (0.75, 1.0)], name="bin"),
    )
    if attrs:
        made.attrs["expected_calibration_error"] = 0.123
    return made


def points(display):
    return display.axes_[0].lines[-1]


def labels(display):
    return [text.get_text() for text in display.axes_[0].get_legend().get_texts()]


def test_reliability_points_are_bins():
    line = points(ReliabilityDisplay(frame()).plot())
    assert_allclose(line.get_xydata(), [[0.6, 0.7], [0.9, 0.8]])
    assert line.get_marker() == "o"


def test_reliability_histogram_counts_samples_per_bin():
    bars = ReliabilityDisplay(frame()).plot().axes_[1].patches
    assert [bar.get_height() for bar in bars] == [10, 30]
    assert [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in bars] == [
        (0.5, 0.75),
        (0.75, 1.0),
    ]


def test_reliability_small_bars_are_visible():
    display = ReliabilityDisplay(frame(counts=(2, 9000))).plot()
    display.figure_.canvas.draw()
    assert display.axes_[1].patches[0].get_window_extent().height > 2


def test_reliability_shows_expected_calibration_error():
    assert "ECE = 0.123" in labels(ReliabilityDisplay(frame()).plot())


def test_reliability_computes_expected_calibration_error_without_attrs():
    assert "ECE = 0.100" in labels(ReliabilityDisplay(frame(attrs=False)).plot())


def test_reliability_shows_name():
    assert "Bayes (ECE = 0.123)" in labels(ReliabilityDisplay(frame(), name="Bayes").plot())


def test_reliability_ref_line():
    assert "Perfectly calibrated" in labels(ReliabilityDisplay(frame()).plot())
    assert "Perfectly calibrated" not in labels(ReliabilityDisplay(frame()).plot(ref_line=False))


def test_reliability_x_axis_leaves_out_empty_bins():
    left, right = ReliabilityDisplay(frame()).plot().axes_[0].get_xlim()
    assert 0.45 < left < 0.5
    assert 1.0 < right < 1.05


def test_reliability_x_axis_cuts_wide_first_bin():
    wide = frame().set_index(pd.IntervalIndex.from_tuples([(0.0, 0.89), (0.89, 1.0)]))
    wide["confidence"] = [0.88, 0.95]
    assert ReliabilityDisplay(wide).plot().axes_[0].get_xlim()[0] > 0.7


def test_reliability_of_confidence_one():
    certain = frame().set_index(pd.IntervalIndex.from_tuples([(0.0, 0.5), (0.5, 1.0)])).iloc[1:]
    certain["confidence"] = 1.0
    # Matplotlib warns if the limits of an axis are equal.
    with warnings.catch_warnings(action="error"):
        left, right = ReliabilityDisplay(certain).plot().axes_[0].get_xlim()
    assert left < 0.95 < 1.0 < right


def test_reliability_compares_classifiers_in_the_same_axes():
    first = ReliabilityDisplay(frame(), name="one").plot()
    second = ReliabilityDisplay(frame(), name="two").plot(first.axes_)
    assert labels(second) == ["Perfectly calibrated", "one (ECE = 0.123)", "two (ECE = 0.123)"]
    first_line, second_line = (line for line in second.axes_[0].lines if line.get_marker() == "o")
    assert not same_color(first_line.get_color(), second_line.get_color())


def test_reliability_comparison_shows_all_bins():
    low = frame().set_index(pd.IntervalIndex.from_tuples([(0.2, 0.4), (0.8, 1.0)]))
    low["confidence"] = [0.3, 0.9]
    display = ReliabilityDisplay(frame()).plot(ReliabilityDisplay(low).plot().axes_)
    assert display.axes_[0].get_xlim()[0] < 0.2


def test_reliability_takes_a_color():
    assert same_color(points(ReliabilityDisplay(frame()).plot(color="red")).get_color(), "red")


def test_reliability_from_predictions_shows_calibration_frame(classifier, data):
    X, y = data
    display = ReliabilityDisplay.from_predictions(y, classifier.predict_proba(X), n_bins=5)
    expected = calibration_frame(y, classifier.predict_proba(X), n_bins=5)
    assert_allclose(points(display).get_xydata(), expected[["confidence", "accuracy"]])


@pytest.mark.parametrize("options", [{"n_bins": 4}, {"strategy": "quantile"}])
def test_reliability_from_estimator_passes_options_on(classifier, data, options):
    X, y = data
    weight = np.arange(len(y)) + 1.0
    display = ReliabilityDisplay.from_estimator(classifier, X, y, sample_weight=weight, **options)
    proba = classifier.predict_proba(X)
    expected = calibration_frame(y, proba, sample_weight=weight, **options)
    pd.testing.assert_frame_equal(display.calibration, expected)


def test_reliability_from_estimator_with_classes_missing_in_y(classifier, data):
    X, y = data
    few = y < 3
    display = ReliabilityDisplay.from_estimator(classifier, X[few], y[few])
    assert display.calibration["count"].sum() == few.sum()


def test_reliability_from_estimator_names_the_classifier(classifier, data):
    assert labels(ReliabilityDisplay.from_estimator(classifier, *data))[1].startswith("GaussianNB")


def test_reliability_of_two_classes():
    X, y = load_breast_cancer(return_X_y=True)
    display = ReliabilityDisplay.from_estimator(GaussianNB().fit(X, y), X, y)
    assert points(display).get_xdata().min() >= 0.5


def test_reliability_rejects_regressors(data):
    with pytest.raises(ValueError, match="needs a classifier, got LinearRegression"):
        ReliabilityDisplay.from_estimator(LinearRegression(), *data)


def test_reliability_needs_predict_proba(data):
    with pytest.raises(ValueError, match=r"predict_proba, but LinearSVC.* does not have it"):
        ReliabilityDisplay.from_estimator(LinearSVC(), *data)


@pytest.mark.parametrize(
    "calibration",
    [frame().drop(columns="count"), frame().reset_index(drop=True), frame().iloc[:0], [1, 2]],
    ids=["column", "index", "empty", "list"],
)
def test_reliability_rejects_other_frames(calibration):
    with pytest.raises(ValueError, match="must be a frame as returned by calibration_frame"):
        ReliabilityDisplay(calibration).plot()
