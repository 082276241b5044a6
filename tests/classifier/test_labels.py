"""Class labels of all kinds, and probabilities."""

import datetime
import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from classifier_checks import assert_same_network
from scipy import sparse
from sklearn.exceptions import DataConversionWarning


def test_predict_gives_the_most_probable_class(fitted, digits):
    X, _ = digits
    expected = fitted.classes_[fitted.predict_proba(X).argmax(axis=1)]
    np.testing.assert_array_equal(fitted.predict(X), expected)


def test_probabilities_sum_to_one(fitted, digits):
    p = fitted.predict_proba(digits[0])
    assert p.shape == (500, 10)
    assert p.min() >= 0
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize(
    "rename",
    [
        lambda y: np.array([f"digit {label}" for label in y]),
        lambda y: np.array([f"digit {label}" for label in y], dtype=object),
        lambda y: y * 7 - 30,
        lambda y: y.astype(float),
        lambda y: y.tolist(),
        lambda y: pd.Series(y),
        lambda y: pd.Series([f"digit {label}" for label in y], dtype="category"),
    ],
    ids=["str", "object", "int", "float", "list", "Series", "category"],
)
def test_labels_may_be_of_all_usual_types(small, fitted, digits, rename):
    X, y = digits
    clf = small().fit(X, rename(y))
    np.testing.assert_array_equal(clf.classes_, np.unique(np.asarray(rename(y))))
    assert_same_network(clf, fitted)
    np.testing.assert_array_equal(clf.predict(X), clf.classes_[fitted.predict(X)])
    assert clf.score(X, rename(y)) == fitted.score(X, y)


def test_bool_labels_are_predicted_as_bool(small, digits):
    X, y = digits
    clf = small().fit(X, y > 4)
    assert clf.predict(X).dtype == bool
    np.testing.assert_array_equal(clf.classes_, [False, True])


def test_a_binary_problem_has_one_logistic_output(small, digits):
    X, y = digits
    clf = small(epochs=10, learning_rate=0.01).fit(X, np.where(y > 4, "high", "low"))
    assert (clf.n_outputs_, clf.out_activation_) == (1, "logistic")
    p = clf.predict_proba(X)
    assert p.shape == (500, 2)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(clf.predict(X), np.where(p[:, 0] >= 0.5, "high", "low"))
    assert clf.score(X, np.where(y > 4, "high", "low")) > 0.8


def test_a_single_class_is_predicted_with_certainty(small, digits):
    X, _ = digits
    clf = small().fit(X, np.full(500, "seven"))
    np.testing.assert_array_equal(clf.predict_proba(X), np.ones((500, 1)))
    np.testing.assert_array_equal(clf.predict_log_proba(X), np.zeros((500, 1)))
    assert set(clf.predict(X)) == {"seven"}


def test_a_single_sample_is_enough(small):
    clf = small().fit(np.ones((1, 4), np.float32), ["only"])
    assert clf.predict(np.zeros((2, 4), np.float32)).tolist() == ["only", "only"]


def test_a_column_of_labels_is_taken_with_a_warning(small, fitted, digits):
    X, y = digits
    with pytest.warns(DataConversionWarning, match="column-vector y"):
        clf = small().fit(X, y.reshape(-1, 1))
    assert_same_network(clf, fitted)


def test_an_ordinary_fit_does_not_warn(small, digits):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small(epochs=20, early_stopping=True).fit(*digits).predict(digits[0])


@pytest.mark.parametrize("sparse_labels", [False, True])
def test_several_labels_have_a_logistic_output_each(small, digits, sparse_labels):
    X, y = digits
    Y = np.c_[y > 4, y % 2 == 0, np.ones(500)].astype(int)
    clf = small(epochs=10, learning_rate=0.01)
    clf.fit(X, sparse.csr_matrix(Y) if sparse_labels else Y)
    assert (clf.n_outputs_, clf.out_activation_) == (3, "logistic")
    np.testing.assert_array_equal(clf.classes_, [0, 1, 2])
    p = clf.predict_proba(X)
    assert p.shape == (500, 3)
    np.testing.assert_array_equal(clf.predict(X), p > 0.5)
    assert clf.score(X, Y) > 0.8


def test_log_probabilities_are_the_logarithms_of_the_probabilities(small, digits):
    X, y = digits
    for labels in (y, y > 4, np.c_[y > 4, y > 7].astype(int)):
        clf = small().fit(X.astype(np.float64), labels)
        np.testing.assert_allclose(
            clf.predict_log_proba(X), np.log(clf.predict_proba(X)), rtol=1e-9, atol=1e-12
        )


def test_log_probabilities_stay_finite_where_probabilities_round_to_zero(small, digits):
    X, y = digits
    for labels in (y, y > 4, np.c_[y > 4, y > 7].astype(int)):
        clf = small().fit(X, labels)
        assert np.any(clf.predict_proba(1e4 * X) == 0)
        assert np.isfinite(clf.predict_log_proba(1e4 * X)).all()


def test_predictions_do_not_depend_on_the_number_of_rows(fitted, digits):
    X = np.tile(digits[0], (5, 1))
    p = fitted.predict_proba(X)
    one_by_one = np.vstack([fitted.predict_proba(X[i : i + 1]) for i in (0, 1023, 1024, 2499)])
    np.testing.assert_allclose(p[[0, 1023, 1024, 2499]], one_by_one, rtol=1e-5)


@pytest.mark.parametrize(
    "label", [datetime.date(2026, 1, 1), Decimal("1.5"), None], ids=lambda label: str(label)
)
def test_labels_of_other_types_are_refused_with_what_to_do(small, label):
    y = np.empty(6, object)
    y[:] = [label] * 6
    with pytest.raises(
        ValueError, match=rf"objects of the type {type(label).__name__}\. Labels must be"
    ):
        small().fit(np.eye(6), y)


def test_labels_may_be_datetime64(small, digits):
    X, y = digits
    dates = np.datetime64("2026-01-01") + y
    predicted = small().fit(X, dates).predict(X)
    assert predicted.dtype == dates.dtype
    np.testing.assert_array_equal(
        predicted - np.datetime64("2026-01-01"), small().fit(X, y).predict(X)
    )


@pytest.mark.parametrize("weights", [np.full(500, 1.0), np.linspace(1, 2, 500), [1.0] * 500])
def test_weights_in_the_place_of_classes_are_refused(small, digits, weights):
    with pytest.raises(ValueError, match="third argument of partial_fit is `classes`"):
        small().partial_fit(*digits, weights)
    clf = small().partial_fit(*digits, range(10))
    with pytest.raises(ValueError, match="third argument of partial_fit is `classes`"):
        clf.partial_fit(*digits, weights)


def test_float_labels_are_declared_as_floats(small, digits):
    X, y = digits
    clf = small().partial_fit(X, y.astype(float), np.arange(10.0))
    assert clf.classes_.dtype == np.float64
