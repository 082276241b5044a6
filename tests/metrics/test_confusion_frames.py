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
    """Return true and predicted digits, most of them equal."""
    rng = np.random.RandomState(0)
    y_true = rng.randint(10, size=500)
    return y_true, np.where(rng.rand(500) < 0.9, y_true, rng.randint(10, size=500))


def test_confusion_matrix_rows_are_true_classes():
    frame = confusion_matrix_frame(ANIMALS_TRUE, ANIMALS_PRED)
    assert frame.loc["cat", "ant"] == 1
    assert frame.loc["ant", "cat"] == 0
    assert frame.to_numpy().tolist() == [[2, 0, 0], [0, 0, 1], [1, 0, 2]]


def test_confusion_matrix_axes_are_named():
    frame = confusion_matrix_frame(ANIMALS_TRUE, ANIMALS_PRED)
    assert (frame.index.name, frame.columns.name) == ("true", "predicted")


def test_confusion_matrix_counts_are_integers(digit_labels):
    assert (confusion_matrix_frame(*digit_labels).dtypes == np.int64).all()


def test_confusion_matrix_keeps_order_of_labels():
    frame = confusion_matrix_frame(ANIMALS_TRUE, ANIMALS_PRED, labels=["cat", "ant"])
    assert list(frame.index) == list(frame.columns) == ["cat", "ant"]
    assert frame.to_numpy().tolist() == [[2, 1], [0, 2]]


def test_confusion_matrix_shows_labels_that_do_not_occur():
    frame = confusion_matrix_frame([0, 1], [0, 1], labels=[0, 1, 2])
    assert frame.loc[2].sum() == 0


@pytest.mark.parametrize(("normalize", "axis"), [("true", 1), ("pred", 0), ("all", None)])
def test_confusion_matrix_normalize(digit_labels, normalize, axis):
    shares = confusion_matrix_frame(*digit_labels, normalize=normalize).to_numpy()
    assert_allclose(shares.sum(axis=axis), 1)


def test_confusion_matrix_sums_sample_weights():
    frame = confusion_matrix_frame([0, 0, 1], [0, 1, 1], sample_weight=[0.5, 2.0, 1.0])
    assert_allclose(frame, [[0.5, 2.0], [0.0, 1.0]])


def test_classification_report_has_classes_and_averages(digit_labels):
    report = classification_report_frame(*digit_labels)
    assert list(report.index) == [*range(10), "macro avg", "weighted avg"]
    assert list(report.columns) == ["precision", "recall", "f1", "support"]


def test_classification_report_agrees_with_sklearn(digit_labels):
    rng = np.random.RandomState(1)
    weight = rng.rand(500)
    report = classification_report_frame(*digit_labels, sample_weight=weight)
    expected = classification_report(*digit_labels, sample_weight=weight, output_dict=True)
    for label, row in report.iterrows():
        assert_allclose(row, list(expected[str(label)].values()))


def test_classification_report_support_is_integer(digit_labels):
    report = classification_report_frame(*digit_labels)
    assert report["support"].dtype == np.int64
    assert report.loc["macro avg", "support"] == 500


def test_classification_report_keeps_order_of_labels():
    report = classification_report_frame(ANIMALS_TRUE, ANIMALS_PRED, labels=["cat", "ant"])
    assert list(report.index[:2]) == ["cat", "ant"]
    assert report.loc["weighted avg", "support"] == 5


def test_classification_report_does_not_warn_of_undefined_precision():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = classification_report_frame(ANIMALS_TRUE, ANIMALS_PRED)
    assert report.loc["bird", "precision"] == 0


def test_classification_report_takes_multilabel_indicators():
    y_true, y_pred = np.array([[1, 0], [1, 1], [0, 1]]), np.array([[1, 0], [0, 1], [0, 1]])
    report = classification_report_frame(y_true, y_pred)
    assert_allclose(report["recall"], [0.5, 1.0, 0.75, 0.75])


def test_most_confused_sorts_by_count(digit_labels):
    y_true, y_pred = digit_labels
    pairs = most_confused(y_true, y_pred)
    assert len(pairs) == 10
    assert pairs["count"].is_monotonic_decreasing
    for pair in pairs.itertuples():
        assert pair.true != pair.predicted
        assert pair.count == ((y_true == pair.true) & (y_pred == pair.predicted)).sum()


def test_most_confused_share_is_of_true_class():
    pairs = most_confused(ANIMALS_TRUE, ANIMALS_PRED)
    assert pairs.set_index("true")["share"].to_dict() == {"bird": 1.0, "cat": 1 / 3}


def test_most_confused_sorts_equal_counts_by_share():
    pairs = most_confused(ANIMALS_TRUE, ANIMALS_PRED)
    assert pairs[["true", "predicted"]].to_numpy().tolist() == [["bird", "cat"], ["cat", "ant"]]


def test_most_confused_n_is_none_lists_all_pairs(digit_labels):
    y_true, y_pred = digit_labels
    wrong = y_true != y_pred
    n_pairs = len(set(zip(y_true[wrong], y_pred[wrong], strict=True)))
    assert n_pairs > 10
    assert len(most_confused(y_true, y_pred, n=None)) == n_pairs
    assert len(most_confused(y_true, y_pred, n=0)) == 0


def test_most_confused_sums_sample_weights():
    pairs = most_confused(["a", "a", "b"], ["b", "a", "b"], sample_weight=[0.5, 1.5, 1])
    assert pairs.to_numpy().tolist() == [["a", "b", 0.5, 0.25]]


def test_most_confused_without_errors_is_empty():
    pairs = most_confused([1, 2], [1, 2])
    assert pairs.shape == (0, 4)


def test_most_confused_rejects_negative_n():
    with pytest.raises(ValueError, match="n must be a non-negative number of pairs"):
        most_confused([1, 2], [1, 2], n=-1)
