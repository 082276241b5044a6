import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import classification_report

from sk_mnist.evaluation import (
    classification_report_frame,
    confusion_matrix_frame,
    most_confused,
)

ANIMALS_TRUE = ["cat", "ant", "cat", "cat", "ant", "bird"]
ANIMALS_PRED = ["ant", "ant", "cat", "cat", "ant", "cat"]


@pytest.fixture
def digit_labels():
    """True and predicted digits, most of them the same."""
    rng = np.random.RandomState(0)
    y_true = rng.randint(10, size=500)
    return y_true, np.where(rng.rand(500) < 0.9, y_true, rng.randint(10, size=500))


def test_confusion_counts_true_classes_down_and_predicted_across():
    frame = confusion_matrix_frame(ANIMALS_TRUE, ANIMALS_PRED)
    assert frame.loc["cat", "ant"] == 1
    assert frame.loc["ant", "cat"] == 0
    assert frame.to_numpy().tolist() == [[2, 0, 0], [0, 0, 1], [1, 0, 2]]


def test_confusion_axes_say_what_they_are():
    frame = confusion_matrix_frame(ANIMALS_TRUE, ANIMALS_PRED)
    assert (frame.index.name, frame.columns.name) == ("true", "predicted")


def test_confusion_counts_are_integers(digit_labels):
    assert (confusion_matrix_frame(*digit_labels).dtypes == np.int64).all()


def test_confusion_keeps_the_order_of_labels_and_leaves_out_the_others():
    frame = confusion_matrix_frame(ANIMALS_TRUE, ANIMALS_PRED, labels=["cat", "ant"])
    assert list(frame.index) == list(frame.columns) == ["cat", "ant"]
    assert frame.to_numpy().tolist() == [[2, 1], [0, 2]]


def test_confusion_shows_labels_that_do_not_occur():
    frame = confusion_matrix_frame([0, 1], [0, 1], labels=[0, 1, 2])
    assert frame.loc[2].sum() == 0


@pytest.mark.parametrize(("normalize", "axis"), [("true", 1), ("pred", 0), ("all", None)])
def test_confusion_is_normalized_over_rows_columns_or_all(digit_labels, normalize, axis):
    shares = confusion_matrix_frame(*digit_labels, normalize=normalize).to_numpy()
    assert_allclose(shares.sum(axis=axis), 1)


def test_confusion_counts_weights():
    frame = confusion_matrix_frame([0, 0, 1], [0, 1, 1], sample_weight=[0.5, 2.0, 1.0])
    assert_allclose(frame, [[0.5, 2.0], [0.0, 1.0]])


def test_report_has_a_row_a_class_and_then_the_averages(digit_labels):
    report = classification_report_frame(*digit_labels)
    assert list(report.index) == [*range(10), "macro avg", "weighted avg"]
    assert list(report.columns) == ["precision", "recall", "f1", "support"]


def test_report_agrees_with_sklearn(digit_labels):
    rng = np.random.RandomState(1)
    weight = rng.rand(500)
    report = classification_report_frame(*digit_labels, sample_weight=weight)
    expected = classification_report(*digit_labels, sample_weight=weight, output_dict=True)
    for label, row in report.iterrows():
        assert_allclose(row, list(expected[str(label)].values()))


def test_report_supports_are_integers(digit_labels):
    report = classification_report_frame(*digit_labels)
    assert report["support"].dtype == np.int64
    assert report.loc["macro avg", "support"] == 500


def test_report_keeps_the_order_of_labels():
    report = classification_report_frame(ANIMALS_TRUE, ANIMALS_PRED, labels=["cat", "ant"])
    assert list(report.index[:2]) == ["cat", "ant"]
    assert report.loc["weighted avg", "support"] == 5


def test_report_is_silent_about_classes_that_were_never_predicted():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = classification_report_frame(ANIMALS_TRUE, ANIMALS_PRED)
    assert report.loc["bird", "precision"] == 0


def test_report_takes_indicators_of_several_labels():
    y_true, y_pred = np.array([[1, 0], [1, 1], [0, 1]]), np.array([[1, 0], [0, 1], [0, 1]])
    report = classification_report_frame(y_true, y_pred)
    assert_allclose(report["recall"], [0.5, 1.0, 0.75, 0.75])


def test_most_confused_lists_the_pairs_from_the_most_frequent_on(digit_labels):
    y_true, y_pred = digit_labels
    pairs = most_confused(y_true, y_pred)
    assert len(pairs) == 10
    assert pairs["count"].is_monotonic_decreasing
    for pair in pairs.itertuples():
        assert pair.true != pair.predicted
        assert pair.count == ((y_true == pair.true) & (y_pred == pair.predicted)).sum()


def test_the_share_of_a_confusion_is_of_the_samples_of_its_true_class():
    pairs = most_confused(ANIMALS_TRUE, ANIMALS_PRED)
    assert pairs.set_index("true")["share"].to_dict() == {"bird": 1.0, "cat": 1 / 3}


def test_most_confused_is_sorted_by_share_where_the_counts_are_the_same():
    pairs = most_confused(ANIMALS_TRUE, ANIMALS_PRED)
    assert pairs[["true", "predicted"]].to_numpy().tolist() == [["bird", "cat"], ["cat", "ant"]]


def test_most_confused_lists_all_pairs_on_request(digit_labels):
    y_true, y_pred = digit_labels
    wrong = y_true != y_pred
    n_pairs = len(set(zip(y_true[wrong], y_pred[wrong], strict=True)))
    assert n_pairs > 10
    assert len(most_confused(y_true, y_pred, n=None)) == n_pairs
    assert len(most_confused(y_true, y_pred, n=0)) == 0


def test_most_confused_counts_weights():
    pairs = most_confused(["a", "a", "b"], ["b", "a", "b"], sample_weight=[0.5, 1.5, 1])
    assert pairs.to_numpy().tolist() == [["a", "b", 0.5, 0.25]]


def test_where_nothing_is_confused_the_frame_is_empty():
    pairs = most_confused([1, 2], [1, 2])
    assert pairs.shape == (0, 4)


def test_most_confused_refuses_a_negative_number_of_pairs():
    with pytest.raises(ValueError, match="n must be a number of pairs, zero or more"):
        most_confused([1, 2], [1, 2], n=-1)
