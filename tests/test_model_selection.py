"""The estimator in scikit-learn's hands: searches, pipelines, clones, processes, threads."""

from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.feature_selection import VarianceThreshold
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_mnist import KerasMLPClassifier, load_mnist_sample

pytestmark = pytest.mark.slow

GRID = {"hidden_layer_sizes": [(16,), (8, 8)], "learning_rate": [0.002, 0.01], "dropout": [0, 0.2]}


def same_network(a, b):
    """Tell whether two classifiers have the same weights, bit for bit."""
    pairs = zip(a.coefs_ + a.intercepts_, b.coefs_ + b.intercepts_, strict=True)
    return all(np.array_equal(u, v) for u, v in pairs)


@pytest.fixture(scope="module")
def searched(small, digits):
    """Return a grid search over what shapes the program and what does not, one after the other."""
    search = GridSearchCV(small(), GRID, cv=3, scoring="neg_log_loss", error_score="raise")
    return search.fit(*digits)


def test_a_grid_search_finds_the_best_and_refits_it(searched, small, digits):
    X, y = digits
    scores = searched.cv_results_["mean_test_score"]
    assert len(scores) == 8
    assert len(set(scores)) == 8
    assert searched.best_score_ == scores.max()
    best = small(**searched.best_params_).fit(X, y)
    assert same_network(searched.best_estimator_, best)
    assert searched.predict_proba(X).shape == (500, 10)


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_a_grid_search_in_parallel_gives_identical_scores(searched, small, digits, backend):
    search = GridSearchCV(
        small(), GRID, cv=3, scoring="neg_log_loss", n_jobs=2, error_score="raise"
    )
    with joblib.parallel_backend(backend):
        search.fit(*digits)
    for fold in range(3):
        scores = f"split{fold}_test_score"
        np.testing.assert_array_equal(search.cv_results_[scores], searched.cv_results_[scores])
    assert same_network(search.best_estimator_, searched.best_estimator_)


def test_grid_search_workers_train_the_same_bits():
    X, y = load_mnist_sample(return_X_y=True)
    X, y = X[::5], y[::5]
    clf = KerasMLPClassifier((128, 64), epochs=2, random_state=0)
    here = cross_validate(clf, X, y, cv=2, return_estimator=True)
    there = cross_validate(clf, X, y, cv=2, return_estimator=True, n_jobs=2)
    assert all(map(same_network, there["estimator"], here["estimator"]))
    np.testing.assert_array_equal(there["test_score"], here["test_score"])


def test_each_fold_is_trained_alone(small, digits):
    X, y = digits
    folds = [(np.arange(100, 500), np.arange(100)), (np.arange(400), np.arange(400, 500))]
    scores = cross_val_score(small(epochs=5), X, y, cv=folds)
    alone = [small(epochs=5).fit(X[a], y[a]).score(X[b], y[b]) for a, b in folds]
    np.testing.assert_array_equal(scores, alone)


def test_a_randomized_search_draws_parameters(small, digits):
    search = RandomizedSearchCV(
        small(), {"alpha": [0.0, 0.1, 1.0], "label_smoothing": [0.0, 0.1]}, n_iter=3, cv=2,
        random_state=0, error_score="raise",
    )  # fmt: skip
    assert search.fit(*digits).best_params_.keys() == {"alpha", "label_smoothing"}


def test_a_pipeline_trains_on_what_comes_out_of_its_steps(small, digits):
    X, y = digits
    pipeline = make_pipeline(VarianceThreshold(0.1), StandardScaler(), small(input_scaling=None))
    pipeline.fit(X, y)
    Z = pipeline[:-1].transform(X)
    assert same_network(pipeline[-1], small(input_scaling=None).fit(Z, y))
    np.testing.assert_array_equal(pipeline.predict_proba(X), pipeline[-1].predict_proba(Z))


def test_a_pipeline_in_a_grid_search_reaches_the_parameters(small, digits):
    search = GridSearchCV(
        make_pipeline(StandardScaler(), small()),
        {"kerasmlpclassifier__epochs": [1, 20]},
        cv=2,
        error_score="raise",
    )
    assert search.fit(*digits).best_params_ == {"kerasmlpclassifier__epochs": 20}


def test_a_pipeline_that_gives_data_frames_gives_names(small, digits):
    X, y = digits
    frame = pd.DataFrame(X, columns=[f"pixel {i}" for i in range(64)])
    pipeline = make_pipeline(StandardScaler(), small(epochs=1)).set_output(transform="pandas")
    assert pipeline.fit(frame, y)[-1].feature_names_in_.tolist() == list(frame.columns)


def test_a_pipeline_passes_sample_weights_on(small, digits):
    X, y = digits
    weight = np.where(y == 3, 0.0, 1.0)
    pipeline = make_pipeline(StandardScaler(), small(epochs=1))
    pipeline.fit(X, y, kerasmlpclassifier__sample_weight=weight)
    scaled = StandardScaler().fit_transform(X)
    assert same_network(pipeline[-1], small(epochs=1).fit(scaled, y, sample_weight=weight))


def test_a_clone_has_the_parameters_and_nothing_of_the_fit(small, digits):
    clf = small(hidden_layer_sizes=(8, 8), dropout=0.2, class_weight={1: 2.0}).fit(*digits)
    copied = clone(clf)
    assert copied.get_params() == clf.get_params()
    assert set(vars(copied)) == set(clf.get_params())
    assert same_network(copied.fit(*digits), clf)


def test_predictions_of_folds_have_a_column_a_class(small, digits):
    p = cross_val_predict(small(), *digits, cv=3, method="predict_proba")
    assert p.shape == (500, 10)
    assert np.isfinite(p).all()


def test_a_learning_curve_can_go_on_incrementally(small, digits):
    sizes, _, scores = learning_curve(
        small(), *digits, cv=2, train_sizes=[50, 100, 250], exploit_incremental_learning=True,
        error_score="raise",
    )  # fmt: skip
    assert sizes.tolist() == [50, 100, 250]
    assert np.isfinite(scores).all()


def test_ensembles_take_it_as_a_member(small, digits):
    X, y = digits
    members = [("a", small()), ("b", small(random_state=1))]
    vote = VotingClassifier(members, voting="soft").fit(X, y)
    mean = np.mean([member.predict_proba(X) for member in vote.estimators_], axis=0)
    np.testing.assert_allclose(vote.predict_proba(X), mean, rtol=1e-6)
    assert CalibratedClassifierCV(small(), cv=2).fit(X, y).predict_proba(X).shape == (500, 10)


# --- threads ---------------------------------------------------------------------------------


def test_fits_in_several_threads_give_the_networks_that_they_give_alone(small, digits):
    jobs = [
        {"random_state": seed, "hidden_layer_sizes": layers, "dropout": dropout, "epochs": 20}
        for seed in range(3)
        for layers in [(16,), (8, 8)]
        for dropout in (0.0, 0.2)
    ]

    def fit(params):
        return small(**params).fit(*digits)

    alone = [fit(params) for params in jobs]
    with ThreadPoolExecutor(6) as executor:
        together = list(executor.map(fit, jobs))
    assert all(map(same_network, together, alone))
    assert not same_network(alone[0], alone[4])


def test_threads_may_predict_with_one_estimator(small, digits):
    X, _ = digits
    clf = small().fit(*digits)
    expected = clf.predict_proba(X)
    with ThreadPoolExecutor(4) as executor:
        for p in executor.map(clf.predict_proba, [X] * 40):
            np.testing.assert_array_equal(p, expected)
