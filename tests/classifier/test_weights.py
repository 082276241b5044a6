"""Sample weights and class weights."""

import numpy as np
import pytest
from classifier_checks import assert_close_networks, assert_same_network
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.utils.class_weight import compute_class_weight

from sk_mnist import KerasMLPClassifier


@pytest.mark.parametrize("input_scaling", ["rms", "standard", None])
@pytest.mark.parametrize("labels", ["three classes", "two classes", "several labels"])
def test_integer_weights_are_as_repeated_rows(small, iris, input_scaling, labels):
    X, y = iris[0][40:110], iris[1][40:110]
    if labels == "two classes":
        y = y > 0
    elif labels == "several labels":
        y = np.c_[y > 0, X[:, 0] > 5.5].astype(int)
    repeats = np.random.RandomState(0).randint(0, 4, len(X))
    clf = small(input_scaling=input_scaling, batch_size=300, epochs=5)
    weighted = clone(clf).fit(X, y, sample_weight=repeats)
    repeated = clone(clf).fit(np.repeat(X, repeats, axis=0), np.repeat(y, repeats, axis=0))
    assert_close_networks(weighted, repeated, 1e-10)
    assert weighted.loss_curve_ == pytest.approx(repeated.loss_curve_, abs=1e-10)


@pytest.mark.parametrize("params", [{}, {"dropout": 0.3}, {"early_stopping": True}], ids=str)
def test_rows_of_weight_zero_are_as_if_absent(small, digits, params):
    X, y = digits
    weight = np.random.RandomState(0).uniform(0.5, 2, 500)
    weight[::3] = 0
    kept = weight > 0
    clf = small(**params).fit(X, y, sample_weight=weight)
    assert_same_network(clf, small(**params).fit(X[kept], y[kept], sample_weight=weight[kept]))


@pytest.mark.parametrize("labels", [{0, 1, 2}, {0, 1}], ids=["three classes", "two classes"])
def test_classes_are_those_of_y_even_without_positive_weight(small, iris, labels):
    X, y = (array[np.isin(iris[1], list(labels))] for array in iris)
    clf = small(epochs=30, learning_rate=0.01).fit(X, y, sample_weight=np.where(y == 0, 0, 1))
    np.testing.assert_array_equal(clf.classes_, sorted(labels))
    assert clf.predict_proba(X).shape == (len(X), len(labels))
    assert clf.predict_proba(X)[:, 0].max() < 0.05
    assert clf.score(X[y > 0], y[y > 0]) > 0.9


def test_a_class_of_weight_zero_keeps_its_place_in_a_vote_and_in_calibration(iris):
    X, y = iris
    weight = (y != 0) * 1.0
    settings = {"hidden_layer_sizes": (16,), "epochs": 50, "batch_size": 16, "random_state": 0}
    clf = KerasMLPClassifier(**settings, input_scaling="standard")
    vote = VotingClassifier([("a", clf), ("b", GaussianNB())], voting="soft")
    for model in (vote, CalibratedClassifierCV(clf, cv=3)):
        assert model.fit(X, y, sample_weight=weight).score(X, y, weight) > 0.9


def test_rows_of_weight_zero_are_as_if_absent_in_partial_fit(small, digits):
    X, y = digits
    weight = np.where(np.arange(500) % 3, 1.5, 0)
    clf = small().partial_fit(X, y, classes=range(10), sample_weight=weight)
    kept = weight > 0
    other = small().partial_fit(X[kept], y[kept], classes=range(10), sample_weight=weight[kept])
    assert_same_network(clf, other)


def test_an_undeclared_label_of_weight_zero_does_not_matter_to_partial_fit(small, digits):
    X, y = digits
    clf = small().partial_fit(X, y, classes=range(9), sample_weight=np.where(y == 9, 0, 1))
    np.testing.assert_array_equal(clf.classes_, range(9))


@pytest.mark.parametrize("factor", [1e-60, 1e-30, 1e-3, 1e3, 1e30, 1e60])
def test_only_the_proportions_of_weights_count(small, digits, factor):
    X, y = digits
    weight = np.random.RandomState(0).uniform(0.5, 2, 500)
    a = small().partial_fit(X, y, classes=range(10), sample_weight=weight)
    b = small().partial_fit(X, y, classes=range(10), sample_weight=factor * weight)
    np.testing.assert_allclose(a.predict_proba(X), b.predict_proba(X), rtol=0, atol=1e-5)


@pytest.mark.parametrize("factor", [1e-310, 1e-60, 1e60, 1e300])
def test_only_the_proportions_of_the_weights_of_held_out_rows_count(small, digits, factor):
    X, y = digits
    # Whole numbers, so that sums of them are exact, and powers of two, so that products are.
    weight = np.random.RandomState(0).choice([1.0, 2.0, 4.0], 500)
    clf = small(early_stopping=True, epochs=2, input_scaling=None)
    expected = clone(clf).fit(X, y, sample_weight=weight).validation_scores_
    clf.fit(X, y, sample_weight=2.0 ** np.round(np.log2(factor)) * weight)
    assert clf.validation_scores_ == pytest.approx(expected, abs=1e-12)


def test_weights_that_are_all_one_are_as_no_weights(small, fitted, digits):
    assert_same_network(small().fit(*digits, sample_weight=np.ones(500)), fitted)


def test_score_weighs_its_samples(fitted, digits):
    X, y = digits
    right = fitted.predict(X) == y
    assert fitted.score(X, y, sample_weight=np.where(right, 3, 1)) == pytest.approx(
        3 * right.sum() / (3 * right.sum() + (~right).sum())
    )


def test_class_weights_multiply_sample_weights(small, digits):
    X, y = digits
    class_weight = {label: 1.0 + label for label in range(10)}
    weight = np.random.RandomState(0).uniform(0.5, 2, 500)
    a = small(input_scaling=None, class_weight=class_weight).fit(X, y, sample_weight=weight)
    b = small(input_scaling=None).fit(X, y, sample_weight=weight * (1.0 + y))
    assert_same_network(a, b)


def test_classes_that_class_weight_does_not_name_weigh_one(small, digits):
    X, y = digits
    named = small(class_weight={2: 5.0}).fit(X, y)
    all_named = small(class_weight={**dict.fromkeys(range(10), 1.0), 2: 5.0}).fit(X, y)
    assert_same_network(named, all_named)


def test_balanced_classes_have_equal_shares_of_the_loss(small, digits):
    X, y = digits
    rows = np.flatnonzero((y > 2) | (np.arange(500) % 4 == 0))
    X, y = X[rows], y[rows]
    weights = compute_class_weight("balanced", classes=np.arange(10), y=y)
    balanced = small(class_weight="balanced").fit(X, y)
    assert_same_network(balanced, small(class_weight=dict(enumerate(weights))).fit(X, y))


def test_balance_counts_sample_weights(small, iris):
    X, y = iris[0][30:], iris[1][30:]
    repeats = np.random.RandomState(0).randint(1, 4, len(X))
    clf = small(class_weight="balanced", batch_size=300)
    weighted = clone(clf).fit(X, y, sample_weight=repeats)
    repeated = clone(clf).fit(np.repeat(X, repeats, axis=0), np.repeat(y, repeats))
    assert_close_networks(weighted, repeated, 1e-10)


def test_balance_makes_a_rare_class_found_more_often(small, digits):
    X, y = digits
    y = (y == 8).astype(int)
    settings = {"epochs": 2, "hidden_layer_sizes": (16,)}
    plain = small(**settings).fit(X, y).predict(X).sum()
    balanced = small(**settings, class_weight="balanced").fit(X, y).predict(X).sum()
    assert balanced > plain


def test_partial_fit_balances_a_call_that_lacks_a_class(small, digits):
    X, y = digits
    clf = small(class_weight="balanced").partial_fit(X[y < 5], y[y < 5], classes=range(10))
    assert np.isfinite(clf.predict_proba(X)).all()


def test_a_class_of_weight_zero_is_known_but_never_trained(small, digits):
    X, y = digits
    clf = small(class_weight={3: 0.0}, epochs=10, learning_rate=0.01).fit(X, y)
    np.testing.assert_array_equal(clf.classes_, range(10))
    assert clf.t_ == 10 * np.sum(y != 3)
    assert not np.any(clf.predict(X) == 3)
