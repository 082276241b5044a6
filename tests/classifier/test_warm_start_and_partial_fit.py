"""Training that continues: `warm_start` and `partial_fit`."""

import numpy as np
import pytest
from classifier_checks import NO_LEARNING, assert_same_network


def test_partial_fit_trains_an_epoch_a_call(small, digits):
    clf = small(epochs=7)
    for calls in range(1, 4):
        clf.partial_fit(*digits, classes=range(10))
        assert (clf.n_iter_, clf.t_, len(clf.loss_curve_)) == (calls, 500 * calls, calls)
    assert clf.loss_curve_[2] < clf.loss_curve_[0]


def test_partial_fit_learns_classes_one_after_the_other(small, digits):
    X, y = digits
    clf = small().partial_fit(X[y < 5], y[y < 5], classes=range(10))
    clf.partial_fit(X[y >= 5], y[y >= 5])
    assert clf.predict_proba(X).shape == (500, 10)


def test_partial_fit_keeps_the_scaling_of_its_first_call(small, wide_digits):
    X, y = wide_digits
    clf = small(learning_rate=NO_LEARNING).partial_fit(X, y, classes=range(10))
    p = clf.predict_proba(X)
    clf.partial_fit(1000 * X, y)
    np.testing.assert_allclose(clf.predict_proba(X), p, rtol=0, atol=1e-12)


def test_partial_fit_goes_on_from_fit(small, digits):
    clf = small(epochs=5).fit(*digits)
    loss = clf.loss_
    clf.partial_fit(*digits)
    assert clf.n_iter_ == 6
    assert clf.loss_ < loss


def test_partial_fit_takes_several_labels(small, digits):
    X, y = digits
    Y = np.c_[y > 4, y > 7, y % 2].astype(int)
    clf = small().partial_fit(X, Y, classes=[0, 1, 2]).partial_fit(X, Y)
    assert clf.predict(X).shape == (500, 3)
    assert clf.n_iter_ == 2


@pytest.mark.parametrize("params", [{}, {"dropout": 0.3}, {"optimizer": "sgd"}], ids=str)
def test_warm_start_goes_on_as_if_it_had_not_stopped(small, digits, params):
    # Without scaling, nothing is rounded between the fits.
    settings = {"input_scaling": None, "learning_rate_schedule": "constant", **params}
    at_once = small(**settings, epochs=5).fit(*digits)
    clf = small(**settings, epochs=2, warm_start=True).fit(*digits)
    clf.set_params(epochs=5).fit(*digits)
    assert_same_network(clf, at_once)
    assert (clf.n_iter_, clf.t_, clf.history_) == (5, at_once.t_, at_once.history_)


def test_warm_start_holds_the_same_rows_out_and_goes_on_from_the_best(small, digits, held_out):
    clf = small(early_stopping=True, warm_start=True, epochs=2).fit(*digits)
    clf.set_params(epochs=5).fit(*digits)
    (_, first), (_, second) = held_out
    np.testing.assert_array_equal(first, second)
    assert clf.n_iter_ == len(clf.validation_scores_) == 5
    assert clf.best_validation_score_ == max(clf.validation_scores_)
    X, y = digits
    assert clf.best_validation_score_ == pytest.approx(clf.score(X[first], y[first]), abs=1e-12)


def test_epochs_of_a_warm_start_are_the_total(small, digits):
    clf = small(epochs=2, warm_start=True).fit(*digits)
    before = clf.loss_curve_
    clf.set_params(epochs=6).fit(*digits)
    assert clf.n_iter_ == len(clf.loss_curve_) == 6
    assert clf.loss_curve_[:2] == before


def test_warm_start_goes_on_in_its_schedule(small, digits):
    clf = small(epochs=2, warm_start=True, learning_rate=0.01).fit(*digits)
    clf.set_params(epochs=4).fit(*digits)
    rates = [0.01, 0.005, 0.005, 0.0025]
    assert clf.history_["learning_rate"] == pytest.approx(rates)


def test_warm_start_with_nothing_left_to_train_warns_and_changes_nothing(small, digits):
    clf = small(warm_start=True).fit(*digits)
    p = clf.predict_proba(digits[0])
    with pytest.warns(UserWarning, match="all epochs=3 have been trained"):
        clf.fit(*digits)
    np.testing.assert_array_equal(clf.predict_proba(digits[0]), p)
    assert clf.n_iter_ == 3


def test_a_cold_start_forgets_what_partial_fit_learned(small, fitted, digits):
    clf = small().partial_fit(*digits, classes=range(10))
    assert_same_network(clf.fit(*digits), fitted)


def test_warm_start_refuses_other_classes(small, digits):
    X, y = digits
    clf = small(warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="warm_start=True needs the classes of the previous fit"):
        clf.set_params(epochs=5).fit(X, y + 1)


def test_going_on_refuses_other_layers(small, digits):
    clf = small().partial_fit(*digits, classes=range(10))
    with pytest.raises(ValueError, match=r"hidden_layer_sizes=\(8,\)"):
        clf.set_params(hidden_layer_sizes=(8,)).partial_fit(*digits)


def test_a_network_for_several_labels_refuses_one_column_of_classes(small, digits):
    X, y = digits
    Y = np.c_[y > 4, y > 7, y % 2].astype(int)
    clf = small().fit(X, Y)
    with pytest.raises(ValueError, match="label"):
        clf.partial_fit(X, y % 3)
    assert clf.predict(X).shape == (500, 3)


def test_a_network_for_classes_refuses_several_labels(small, digits):
    X, y = digits
    clf = small().fit(X, y % 3)
    with pytest.raises(ValueError, match="label"):
        clf.partial_fit(X, np.c_[y > 4, y > 7, y % 2].astype(int))
    assert clf.predict(X).shape == (500,)


def test_partial_fit_refuses_fewer_columns_of_labels_than_declared(small, digits):
    X, y = digits
    with pytest.raises(ValueError, match="classes"):
        small().partial_fit(X, np.c_[y > 4, y > 7].astype(int), classes=[0, 1, 2])


def test_another_optimizer_starts_without_the_state_of_the_one_before(small, digits):
    clf = small(optimizer="adam").partial_fit(*digits, classes=range(10))
    clf.set_params(optimizer="sgd").partial_fit(*digits)
    assert np.isfinite(clf.predict_proba(digits[0])).all()
    assert clf.n_iter_ == 2
