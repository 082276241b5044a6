"""Early stopping."""

import keras
import numpy as np
import pytest
from classifier_checks import EpochRecorder, assert_same_network
from optional_features import needs_callbacks


@needs_callbacks
def test_early_stopping_validation_scores_are_those_of_the_rows_held_out(small, digits, held_out):
    X, y = digits
    recorder = EpochRecorder()
    weight = np.random.RandomState(0).uniform(0.1, 2, 500)
    clf = small(early_stopping=True, epochs=6, learning_rate=0.01).set_callbacks(recorder)
    clf.fit(X, y, sample_weight=weight)
    _, rows = held_out[0]
    scores = [e.score(X[rows], y[rows], weight[rows]) for e in recorder.epochs]
    assert clf.validation_scores_ == pytest.approx(scores, abs=1e-12)
    losses = [
        np.average(
            -e.predict_log_proba(X[rows])[np.arange(len(rows)), y[rows]], weights=weight[rows]
        )
        for e in recorder.epochs
    ]
    assert clf.history_["val_loss"] == pytest.approx(losses, rel=1e-6)


@needs_callbacks
@pytest.mark.parametrize("labels", ["classes", "two classes", "several labels"])
def test_early_stopping_keeps_best_epoch(small, digits, held_out, labels):
    X, y = digits
    Y = {"classes": y, "two classes": y > 4, "several labels": np.c_[y > 4, y > 7].astype(int)}
    Y = Y[labels]
    recorder = EpochRecorder()
    # Steps this large make the score go up and down.
    clf = small(early_stopping=True, epochs=12, n_iter_no_change=np.inf, learning_rate=0.3)
    clf.set_params(learning_rate_schedule="constant").set_callbacks(recorder).fit(X, Y)
    best = int(np.argmax(clf.validation_scores_))
    assert best < 11
    assert_same_network(clf, recorder.epochs[best])
    _, rows = held_out[0]
    assert clf.best_validation_score_ == max(clf.validation_scores_)
    assert clf.best_validation_score_ == pytest.approx(clf.score(X[rows], Y[rows]), abs=1e-12)


def test_early_stopping_scores_are_those_of_predictions_far_from_zero(small, digits, held_out):
    X, y = digits
    X = (X + 1e6).astype("float32")  # the weights that predict are less exact than those that train
    clf = small(input_scaling="standard", early_stopping=True, epochs=4).fit(X, y)
    _, rows = held_out[0]
    assert clf.best_validation_score_ == pytest.approx(clf.score(X[rows], y[rows]), abs=1e-12)


@pytest.mark.parametrize(("n_iter_no_change", "tol"), [(2, 1e-4), (3, 1e-4), (2, 0.05), (2, 0.0)])
def test_early_stopping_stops_when_the_score_no_longer_improves(
    small, digits, n_iter_no_change, tol
):
    clf = small(early_stopping=True, epochs=60, learning_rate=0.05)
    clf.set_params(n_iter_no_change=n_iter_no_change, tol=tol).fit(*digits)
    best, stale, stops_after = -np.inf, 0, None
    for epoch, score in enumerate(clf.validation_scores_, 1):
        stale = stale + 1 if score < best + tol else 0
        best = max(best, score)
        if stale == n_iter_no_change:
            stops_after = epoch
            break
    assert stops_after is not None
    assert clf.n_iter_ == len(clf.validation_scores_) == stops_after < 60


def test_without_early_stopping_all_epochs_are_trained(small, digits):
    clf = small(epochs=30, learning_rate=0.05, n_iter_no_change=1, tol=1.0).fit(*digits)
    assert clf.n_iter_ == 30


@pytest.mark.slow
def test_early_stopping_best_score_is_that_of_averaged_weights(small, digits, held_out):
    X, y = digits
    # Averages of this many steps lag far behind the weights.
    optimizer = keras.optimizers.Adam(0.02, use_ema=True, ema_momentum=0.99)
    clf = small(optimizer=optimizer, early_stopping=True).fit(X, y)
    _, rows = held_out[0]
    assert clf.best_validation_score_ == pytest.approx(clf.score(X[rows], y[rows]), abs=1e-12)


def test_early_stopping_holds_out_the_given_share_of_each_class(small, digits, held_out):
    X, y = digits
    small(early_stopping=True, validation_fraction=0.3).fit(X, y)
    train_rows, rows = held_out[0]
    assert len(rows) == 150
    assert sorted([*train_rows, *rows]) == list(range(500))
    np.testing.assert_allclose(np.bincount(y[rows]), 0.3 * np.bincount(y), rtol=0, atol=1)


def test_early_stopping_does_not_train_on_held_out_rows(small, digits, held_out):
    X, y = digits
    clf = small(early_stopping=True, input_scaling=None).fit(X, y)
    _, rows = held_out[0]
    spoilt = X.copy()
    spoilt[rows] = 1000
    other = small(early_stopping=True, input_scaling=None).fit(spoilt, y)
    assert clf.loss_curve_ == other.loss_curve_


def test_early_stopping_accepts_a_class_too_rare_to_split(small, digits):
    X, y = digits
    y = np.where(np.arange(500) == 7, 99, y)
    assert 99 in small(early_stopping=True).fit(X, y).classes_


def test_early_stopping_is_not_used_by_partial_fit(small, digits):
    clf = small(early_stopping=True).partial_fit(*digits, classes=range(10))
    assert_same_network(clf, small().partial_fit(*digits, classes=range(10)))
    assert clf.validation_scores_ is None
    assert clf.t_ == 500
