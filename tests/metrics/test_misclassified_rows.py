import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sk_mnist.metrics.misclassified import misclassified_rows, predicted_confidence


def test_misclassified_rows_most_confident_first():
    rows = misclassified_rows([0, 1, 1, 0], [1, 1, 0, 1], [0.6, 0.9, 0.8, 0.7])
    assert rows.tolist() == [2, 3, 0]


@pytest.mark.parametrize("confidence", [None, [0.5] * 4])
def test_misclassified_rows_without_ranking_stay_in_order(confidence):
    assert misclassified_rows(list("aabb"), list("abab"), confidence).tolist() == [1, 2]


def test_misclassified_rows_put_nan_last():
    assert misclassified_rows([0, 0], [1, 1], [np.nan, 0.1]).tolist() == [1, 0]


def test_misclassified_rows_without_errors_are_empty():
    assert misclassified_rows([0, 1], [0, 1], [0.5, 0.5]).shape == (0,)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_predicted_confidence_is_that_of_the_predicted_class(dtype):
    proba = np.array([[0.25, 0.75], [0.5, 0.5]], dtype)
    confidence = predicted_confidence(["b", "a"], proba, np.array(["a", "b"]))
    assert_array_equal(confidence, [0.75, 0.5])
    assert confidence.dtype == dtype


def test_predicted_confidence_of_unknown_class_is_nan():
    assert_array_equal(predicted_confidence([7, 1], [[0.2, 0.8]] * 2, [0, 1]), [np.nan, 0.8])
