import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.calibration import calibration_curve
from sklearn.metrics import top_k_accuracy_score

from sk_mnist.evaluation import calibration_frame, expected_calibration_error, top_k_accuracy


@pytest.fixture
def predictions():
    """Return classes and the probabilities of an overconfident classifier of four classes."""
    rng = np.random.RandomState(0)
    proba = rng.dirichlet(np.full(4, 0.5), size=400)
    y = np.where(rng.rand(400) < 0.5, proba.argmax(axis=1), rng.randint(4, size=400))
    return y, proba


def test_calibration_bins_have_count_confidence_and_accuracy(predictions):
    y, proba = predictions
    frame = calibration_frame(y, proba, n_bins=5)
    confidence, correct = proba.max(axis=1), proba.argmax(axis=1) == y
    for interval, row in frame.iterrows():
        inside = (confidence > interval.left) & (confidence <= interval.right)
        assert row["count"] == inside.sum()
        assert row["confidence"] == pytest.approx(confidence[inside].mean())
        assert row["accuracy"] == pytest.approx(correct[inside].mean())
    assert frame["count"].sum() == 400


def test_calibration_of_two_classes_agrees_with_sklearn():
    rng = np.random.RandomState(0)
    p = 0.5 + rng.rand(300) / 2  # always the second class, which is the one of calibration_curve
    y = (rng.rand(300) < p).astype(int)
    accuracy, confidence = calibration_curve(y, p, n_bins=10)
    frame = calibration_frame(y, p, n_bins=10)
    assert_allclose(frame["accuracy"], accuracy)
    assert_allclose(frame["confidence"], confidence)


def test_calibration_leaves_out_empty_bins():
    frame = calibration_frame([0, 1, 1], [[0.95, 0.05], [0.05, 0.95], [0.45, 0.55]])
    assert frame.index.left.tolist() == pytest.approx([0.5, 0.9])


def test_calibration_quantile_bins_have_similar_counts(predictions):
    frame = calibration_frame(*predictions, n_bins=8, strategy="quantile")
    assert frame["count"].between(45, 55).all()


def test_calibration_quantile_bins_are_fewer_with_ties():
    y, proba = [0, 1, 1, 0], [[0.8, 0.2], [0.2, 0.8], [0.2, 0.8], [0.1, 0.9]]
    assert len(calibration_frame(y, proba, n_bins=10, strategy="quantile")) == 2


def test_calibration_rounding_above_one_is_in_last_bin():
    frame = calibration_frame([0, 1], [[1 + 1e-7, 0], [0, 1]])
    assert frame["count"].tolist() == [2]
    assert frame["confidence"].tolist() == [1.0]


def test_expected_calibration_error_is_weighted_mean_gap(predictions):
    frame = calibration_frame(*predictions)
    gaps = np.abs(frame["confidence"] - frame["accuracy"])
    expected = (gaps * frame["count"]).sum() / 400
    assert expected_calibration_error(*predictions) == pytest.approx(expected)
    assert frame.attrs["expected_calibration_error"] == pytest.approx(expected)
    assert expected > 0.1


@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
def test_calibration_and_top_k_integer_weights_are_repeated_samples(predictions, strategy):
    y, proba = predictions
    weight = np.random.RandomState(1).randint(0, 3, size=400)
    weighted = calibration_frame(y, proba, strategy=strategy, sample_weight=weight)
    rows = np.repeat(np.arange(400), weight)
    repeated = calibration_frame(y[rows], proba[rows], strategy=strategy)
    pd.testing.assert_frame_equal(weighted, repeated, check_dtype=False)
    assert_allclose(
        top_k_accuracy(y, proba, sample_weight=weight), top_k_accuracy(y[rows], proba[rows])
    )


def test_top_k_accuracy_labels_name_columns():
    y, proba = ["b", "a"], [[0.9, 0.1], [0.2, 0.8]]
    assert top_k_accuracy(y, proba, k=1, labels=["b", "a"]).tolist() == [1.0]
    assert top_k_accuracy(y, proba, k=1).tolist() == [0.0]


def test_calibration_and_top_k_unknown_class_is_an_error():
    y, proba = ["a", "new"], [[0.9, 0.1], [0.2, 0.8]]
    assert top_k_accuracy(y, proba, k=2, labels=["a", "b"]).tolist() == [0.5]
    assert calibration_frame(y, proba, labels=["a", "b"])["accuracy"].tolist() == [0.0, 1.0]


@pytest.mark.parametrize("k", [1, 2, 3])
def test_top_k_accuracy_agrees_with_sklearn(predictions, k):
    y, proba = predictions
    assert top_k_accuracy(y, proba, k=k)[k] == top_k_accuracy_score(y, proba, k=k)


def test_top_k_accuracy_ignores_k_above_number_of_classes(predictions):
    assert top_k_accuracy(*predictions).index.tolist() == [1, 2, 3]
    assert top_k_accuracy(*predictions, k=9).tolist() == [1.0]


def test_top_k_accuracy_ties_go_to_first_class():
    shares = top_k_accuracy([0, 1, 2], [[3, 1, 1], [3, 1, 1], [3, 1, 1]], k=[1, 2, 3])
    assert shares.tolist() == pytest.approx([1 / 3, 2 / 3, 1])


@pytest.mark.parametrize("function", [calibration_frame, expected_calibration_error])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"strategy": "equal"}, 'strategy must be "uniform" or "quantile", got \'equal\''),
        ({"n_bins": 0}, "n_bins must be a positive integer, got 0"),
        ({"y_proba": [[1.5, -0.5]] * 3}, "y_proba must hold probabilities.*from -0.5 to 1.5"),
        ({"labels": [0, 1, 2]}, "y_proba has 2 columns, but there are 3 labels"),
        ({"y_true": [0, 1, 2]}, "2 columns, but there are 3 classes in y_true. Pass labels"),
        ({"y_true": [0, 1]}, "inconsistent numbers of samples"),
        ({"y_proba": [[np.nan, 1]] * 3}, "y_proba contains NaN"),
    ],
)
def test_calibration_rejects_invalid_input(function, arguments, message):
    given = {"y_true": [0, 1, 1], "y_proba": [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]]} | arguments
    with pytest.raises(ValueError, match=message):
        function(given.pop("y_true"), given.pop("y_proba"), **given)


@pytest.mark.parametrize("k", [0, [], 1.5, [1, -2]])
def test_top_k_accuracy_rejects_invalid_k(predictions, k):
    with pytest.raises(ValueError, match="k must be one or more positive integers"):
        top_k_accuracy(*predictions, k=k)
