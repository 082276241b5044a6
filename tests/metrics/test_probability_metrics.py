import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.calibration import calibration_curve
from sklearn.metrics import top_k_accuracy_score

from sk_mnist.evaluation import calibration_frame, expected_calibration_error, top_k_accuracy


@pytest.fixture
def predictions():
    """Classes and the probabilities of an overconfident classifier of four classes."""
    rng = np.random.RandomState(0)
    proba = rng.dirichlet(np.full(4, 0.5), size=400)
    y = np.where(rng.rand(400) < 0.5, proba.argmax(axis=1), rng.randint(4, size=400))
    return y, proba


def test_each_bin_has_its_samples_their_mean_confidence_and_their_accuracy(predictions):
    y, proba = predictions
    frame = calibration_frame(y, proba, n_bins=5)
    confidence, right = proba.max(axis=1), proba.argmax(axis=1) == y
    for interval, row in frame.iterrows():
        inside = (confidence > interval.left) & (confidence <= interval.right)
        assert row["count"] == inside.sum()
        assert row["confidence"] == pytest.approx(confidence[inside].mean())
        assert row["accuracy"] == pytest.approx(right[inside].mean())
    assert frame["count"].sum() == 400


def test_two_classes_are_binned_as_in_scikit_learns_calibration_curve():
    rng = np.random.RandomState(0)
    p = 0.5 + rng.rand(300) / 2  # always the second class, so that both look at the same
    y = (rng.rand(300) < p).astype(int)
    accuracy, confidence = calibration_curve(y, p, n_bins=10)
    frame = calibration_frame(y, p, n_bins=10)
    assert_allclose(frame["accuracy"], accuracy)
    assert_allclose(frame["confidence"], confidence)


def test_empty_bins_are_left_out():
    frame = calibration_frame([0, 1, 1], [[0.95, 0.05], [0.05, 0.95], [0.45, 0.55]])
    assert frame.index.left.tolist() == pytest.approx([0.5, 0.9])


def test_bins_by_quantiles_hold_about_the_same_number_of_samples(predictions):
    frame = calibration_frame(*predictions, n_bins=8, strategy="quantile")
    assert frame["count"].between(45, 55).all()


def test_bins_by_quantiles_may_be_fewer_where_many_confidences_are_the_same():
    y, proba = [0, 1, 1, 0], [[0.8, 0.2], [0.2, 0.8], [0.2, 0.8], [0.1, 0.9]]
    assert len(calibration_frame(y, proba, n_bins=10, strategy="quantile")) == 2


def test_a_sure_and_right_prediction_is_in_the_last_bin_in_spite_of_rounding():
    frame = calibration_frame([0, 1], [[1 + 1e-7, 0], [0, 1]])
    assert frame["count"].tolist() == [2]
    assert frame["confidence"].tolist() == [1.0]


def test_calibration_error_is_the_weighted_mean_distance(predictions):
    frame = calibration_frame(*predictions)
    gaps = np.abs(frame["confidence"] - frame["accuracy"])
    expected = (gaps * frame["count"]).sum() / 400
    assert expected_calibration_error(*predictions) == pytest.approx(expected)
    assert frame.attrs["expected_calibration_error"] == pytest.approx(expected)
    assert expected > 0.1


@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
def test_integer_weights_are_repeated_samples(predictions, strategy):
    y, proba = predictions
    weight = np.random.RandomState(1).randint(0, 3, size=400)
    weighted = calibration_frame(y, proba, strategy=strategy, sample_weight=weight)
    rows = np.repeat(np.arange(400), weight)
    repeated = calibration_frame(y[rows], proba[rows], strategy=strategy)
    pd.testing.assert_frame_equal(weighted, repeated, check_dtype=False)
    assert_allclose(
        top_k_accuracy(y, proba, sample_weight=weight), top_k_accuracy(y[rows], proba[rows])
    )


def test_labels_name_the_columns():
    y, proba = ["b", "a"], [[0.9, 0.1], [0.2, 0.8]]
    assert top_k_accuracy(y, proba, k=1, labels=["b", "a"]).tolist() == [1.0]
    assert top_k_accuracy(y, proba, k=1).tolist() == [0.0]


def test_a_class_that_the_classifier_does_not_know_is_always_wrong():
    y, proba = ["a", "new"], [[0.9, 0.1], [0.2, 0.8]]
    assert top_k_accuracy(y, proba, k=2, labels=["a", "b"]).tolist() == [0.5]
    assert calibration_frame(y, proba, labels=["a", "b"])["accuracy"].tolist() == [0.0, 1.0]


@pytest.mark.parametrize("k", [1, 2, 3])
def test_top_k_accuracy_is_scikit_learns(predictions, k):
    y, proba = predictions
    assert top_k_accuracy(y, proba, k=k)[k] == top_k_accuracy_score(y, proba, k=k)


def test_top_k_accuracy_leaves_out_what_is_more_than_all_classes(predictions):
    assert top_k_accuracy(*predictions).index.tolist() == [1, 2, 3]
    assert top_k_accuracy(*predictions, k=9).tolist() == [1.0]


def test_the_first_of_equal_scores_is_ranked_first():
    shares = top_k_accuracy([0, 1, 2], [[3, 1, 1], [3, 1, 1], [3, 1, 1]], k=[1, 2, 3])
    assert shares.tolist() == pytest.approx([1 / 3, 2 / 3, 1])


@pytest.mark.parametrize("function", [calibration_frame, expected_calibration_error])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"strategy": "equal"}, 'strategy must be "uniform" or "quantile", got \'equal\''),
        ({"n_bins": 0}, "n_bins must be a positive whole number, got 0"),
        ({"y_proba": [[1.5, -0.5]] * 3}, "y_proba must hold probabilities.*from -0.5 to 1.5"),
        ({"labels": [0, 1, 2]}, "y_proba has 2 columns, but there are 3 labels"),
        ({"y_true": [0, 1, 2]}, "2 columns, but there are 3 classes in y_true. Give labels"),
        ({"y_true": [0, 1]}, "inconsistent numbers of samples"),
        ({"y_proba": [[np.nan, 1]] * 3}, "y_proba contains NaN"),
    ],
)
def test_bad_input_gets_a_clear_error(function, arguments, message):
    given = {"y_true": [0, 1, 1], "y_proba": [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]]} | arguments
    with pytest.raises(ValueError, match=message):
        function(given.pop("y_true"), given.pop("y_proba"), **given)


@pytest.mark.parametrize("k", [0, [], 1.5, [1, -2]])
def test_k_that_is_no_number_of_classes_gets_a_clear_error(predictions, k):
    with pytest.raises(ValueError, match="k must be one or more positive whole numbers"):
        top_k_accuracy(*predictions, k=k)
