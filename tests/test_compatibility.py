"""What scikit-learn and its neighbours do with a classifier, done with this one.

`docs/compatibility.md` names the tests of this module and of others beside each of its rows.
"""

import io
import os
import pickle
import subprocess
import sys
import tracemalloc

import joblib
import numpy as np
import optuna
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from optional_features import needs_callbacks
from optuna_integration import OptunaSearchCV
from processes import run_python
from scipy import sparse
from sklearn import config_context
from sklearn.base import BaseEstimator, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import SequentialFeatureSelector
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, make_scorer
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    TunedThresholdClassifierCV,
    cross_validate,
    validation_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sk_mnist import KerasMLPClassifier

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def two_classes(digits):
    X, y = digits
    return X, (y > 4).astype(int)


class TestSelection:
    def test_selection_a_halving_search_trains_longer_those_that_do_well(self, small, digits):
        search = HalvingGridSearchCV(
            small(),
            {"learning_rate": [1e-6, 0.002, 0.02]},
            resource="epochs",
            min_resources=2,
            max_resources=18,
            factor=3,
            cv=2,
            random_state=0,
        ).fit(*digits)
        assert search.n_resources_ == [2, 6]
        assert search.best_params_["learning_rate"] > 1e-6

    def test_selection_cross_validate_gives_scores_times_and_estimators(self, small, digits):
        found = cross_validate(
            small(epochs=20), *digits, cv=3, scoring=["accuracy", "neg_log_loss"],
            return_estimator=True, return_train_score=True, error_score="raise",
        )  # fmt: skip
        assert (found["train_accuracy"] > 0.7).all()
        assert np.isfinite(found["test_neg_log_loss"]).all()
        assert all(isinstance(clf, KerasMLPClassifier) for clf in found["estimator"])

    def test_selection_a_validation_curve_runs_over_a_parameter(self, small, digits):
        train, test = validation_curve(
            small(), *digits, param_name="epochs", param_range=[1, 20], cv=2, error_score="raise"
        )
        assert train[1].mean() > train[0].mean()
        assert test.shape == (2, 2)

    def test_selection_permutation_importance_finds_what_matters(self, small):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(300, 4)).astype("float32")
        y = X[:, 2] > 0
        clf = small(epochs=20).fit(X, y)
        importance = permutation_importance(clf, X, y, n_repeats=3, random_state=0, n_jobs=2)
        assert importance.importances_mean.argmax() == 2

    def test_selection_sequential_feature_selection_finds_what_matters(self, small):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(300, 4)).astype("float32")
        y = X[:, 2] > 0
        selector = SequentialFeatureSelector(small(epochs=10), n_features_to_select=1, cv=2)
        assert_array_equal(selector.fit(X, y).get_support(), [False, False, True, False])

    def test_selection_an_estimator_as_a_parameters_value_has_its_own_in_the_grid(self, digits):
        """As any parameter named like the one that holds it: "augmentation__rotation"."""
        search = GridSearchCV(Holder(Held()), {"part__factor": [0.0, 1.0]}, cv=2)
        search.fit(*digits)
        scores = search.cv_results_["mean_test_score"]
        assert scores[1] > scores[0] + 0.2
        assert search.best_params_ == {"part__factor": 1.0}
        assert search.best_estimator_.get_params()["part__factor"] == 1.0


class Held(BaseEstimator):
    """A part with a parameter."""

    def __init__(self, factor=1.0):
        self.factor = factor


class Holder(KerasMLPClassifier):
    """A classifier that has a parameter more, whose value has parameters itself."""

    def __init__(self, part=None, epochs=20, random_state=0):
        super().__init__(epochs=epochs, random_state=random_state)
        self.part = part

    _parameter_constraints = {  # noqa: RUF012 - scikit-learn's own form
        **KerasMLPClassifier._parameter_constraints,
        "part": "no_validation",
    }

    def fit(self, X, y, sample_weight=None):
        return super().fit(X * self.part.factor, y, sample_weight)


class TestComposition:
    def test_composition_a_pipeline_with_scaling_and_components(self, small, digits):
        pipeline = make_pipeline(StandardScaler(), PCA(20), small(epochs=20)).fit(*digits)
        assert pipeline.score(*digits) > 0.9
        assert pipeline[-1].n_features_in_ == 20

    @pytest.mark.parametrize("sparse_threshold", [0, 1], ids=["dense", "sparse"])
    def test_composition_a_column_transformer_of_a_table(self, small, sparse_threshold):
        rng = np.random.default_rng(0)
        X = pd.DataFrame({"size": rng.normal(size=300), "kind": rng.choice(["a", "b"], 300)})
        y = np.where((X["size"] > 0) & (X["kind"] == "a"), "yes", "no")
        columns = make_column_transformer(
            (StandardScaler(), ["size"]), (OneHotEncoder(), ["kind"]),
            sparse_threshold=sparse_threshold,
        )  # fmt: skip
        pipeline = make_pipeline(columns, small(epochs=50)).fit(X, y)
        assert pipeline.score(X, y) > 0.95

    def test_composition_voting_and_stacking_learn_from_members(self, small, digits):
        members = [("a", small(epochs=10)), ("b", small(epochs=10, random_state=1))]
        assert VotingClassifier(members, voting="soft").fit(*digits).score(*digits) > 0.7
        stack = StackingClassifier(members, LogisticRegression(max_iter=1000), cv=2)
        assert stack.fit(*digits).score(*digits) > 0.7

    def test_composition_bagging_trains_members_that_differ(self, small, digits):
        bagging = BaggingClassifier(small(epochs=10), 3, random_state=0).fit(*digits)
        first, second = (member.coefs_[0] for member in bagging.estimators_[:2])
        assert not np.allclose(first, second)
        assert bagging.score(*digits) > 0.7

    def test_composition_boosting_weighs_samples(self, small, digits):
        boosted = AdaBoostClassifier(small(epochs=20), n_estimators=3, random_state=0).fit(*digits)
        assert len(boosted.estimators_) == 3
        assert boosted.score(*digits) > 0.7

    def test_composition_calibration_takes_a_fitted_classifier_as_it_is(self, small, digits):
        X, y = digits
        clf = small().fit(X, y)
        before = [coef.copy() for coef in clf.coefs_]
        calibrated = CalibratedClassifierCV(FrozenEstimator(clf), method="isotonic").fit(X, y)
        assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1, rtol=1e-5)
        for coef, expected in zip(clf.coefs_, before, strict=True):
            assert_array_equal(coef, expected)

    def test_composition_one_against_the_rest(self, small, digits):
        rest = OneVsRestClassifier(small(epochs=10)).fit(*digits)
        assert [clf.n_outputs_ for clf in rest.estimators_] == [1] * 10
        assert rest.score(*digits) > 0.8

    def test_composition_a_fixed_threshold_moves_the_decision(self, small, two_classes):
        X, _ = two_classes
        shares = [
            FixedThresholdClassifier(small(), threshold=threshold).fit(*two_classes).predict(X)
            for threshold in (0.05, 0.95)
        ]
        assert shares[0].mean() > shares[1].mean() + 0.1

    def test_composition_a_tuned_threshold_is_found(self, small, two_classes):
        tuned = TunedThresholdClassifierCV(small(), scoring=make_scorer(f1_score), cv=2)
        assert 0 < tuned.fit(*two_classes).best_threshold_ < 1


class TestMetadataRouting:
    @pytest.fixture(autouse=True)
    def routing(self):
        with config_context(enable_metadata_routing=True):
            yield

    @pytest.fixture
    def weight(self, digits):
        return np.where(digits[1] == 3, 0.0, 1.0)

    def test_metadata_routing_a_grid_search_hands_weights_on(self, small, digits, weight):
        clf = small().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        search = GridSearchCV(clf, {"dropout": [0.0, 0.1]}, cv=2, error_score="raise")
        search.fit(*digits, sample_weight=weight)
        best = search.best_estimator_
        expected = clone(best).fit(*digits, sample_weight=weight)
        assert_array_equal(best.coefs_[0], expected.coefs_[0])

    def test_metadata_routing_a_pipeline_in_a_grid_search_hands_weights_on(
        self, small, digits, weight
    ):
        clf = small().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        search = GridSearchCV(
            make_pipeline(scaler, clf), {"kerasmlpclassifier__epochs": [1, 2]}, cv=2
        )
        search.fit(*digits, sample_weight=weight)
        best = search.best_estimator_
        expected = clone(best).fit(*digits, sample_weight=weight)
        assert_array_equal(best[-1].coefs_[0], expected[-1].coefs_[0])

    def test_metadata_routing_refuses_weights_that_nobody_requested(self, small, digits, weight):
        search = GridSearchCV(small(), {"dropout": [0.0, 0.1]}, cv=2)
        with pytest.raises(ValueError, match="sample_weight"):
            search.fit(*digits, sample_weight=weight)


def memory_mapped(X, tmp_path):
    np.save(tmp_path / "X.npy", X)
    return np.load(tmp_path / "X.npy", mmap_mode="r")


INPUTS = {
    "pandas": lambda X, path: pd.DataFrame(X).add_prefix("pixel"),
    "polars": lambda X, path: pl.DataFrame(X, schema=[f"pixel{i}" for i in range(X.shape[1])]),
    "memory map": memory_mapped,
    "Fortran order": lambda X, path: np.asfortranarray(X),
    "every second row": lambda X, path: np.repeat(X, 2, axis=0)[::2],
    "list": lambda X, path: X.tolist(),
    "CSR matrix": lambda X, path: sparse.csr_matrix(X),
    "CSR array": lambda X, path: sparse.csr_array(X),
    "CSC matrix": lambda X, path: sparse.csc_matrix(X),
    "CSC array": lambda X, path: sparse.csc_array(X),
}


class TestInputs:
    @pytest.mark.parametrize("kind", INPUTS)
    def test_inputs_of_every_kind_train_and_predict_alike(self, small, digits, kind, tmp_path):
        X, y = digits
        given = INPUTS[kind](X, tmp_path)
        clf, expected = small().fit(given, y), small().fit(X, y)
        assert_array_equal(clf.coefs_[0], expected.coefs_[0])
        assert_allclose(clf.predict_proba(given), expected.predict_proba(X), atol=1e-6)

    @pytest.mark.parametrize("kind", ["pandas", "polars"])
    def test_inputs_with_names_are_checked_for_them(self, small, digits, kind, tmp_path):
        frame = INPUTS[kind](digits[0], tmp_path)
        clf = small().fit(frame, digits[1])
        assert_array_equal(clf.feature_names_in_, frame.columns)
        shuffled = frame[list(frame.columns)[::-1]]
        with pytest.raises(ValueError, match="feature names should match"):
            clf.predict(shuffled)

    @pytest.mark.parametrize("kind", ["pandas", "polars"])
    def test_inputs_of_targets_may_be_columns(self, small, digits, kind):
        X, y = digits
        series = pd.Series(y) if kind == "pandas" else pl.Series(y)
        assert_array_equal(small().fit(X, series).coefs_[0], small().fit(X, y).coefs_[0])

    @pytest.mark.parametrize(
        ("given", "network"),
        [
            ("uint8", "float32"),
            ("int64", "float32"),
            ("float16", "float32"),
            ("float32", "float32"),
            ("float64", "float64"),
        ],
    )
    def test_of_every_type_train_the_network_of_the_type_that_fits(
        self, small, digits, given, network
    ):
        X, y = digits
        clf = small().fit(X.astype(given), y)
        assert clf.coefs_[0].dtype == network
        assert clf.predict_proba(X.astype(given)).dtype == network
        assert_allclose(clf.coefs_[0], small().fit(X, y).coefs_[0], atol=1e-4)

    # In units of X as float32. The device has a copy of its own; int64 and float16 are converted
    # first. A copy as float64 would be 2 more.
    @pytest.mark.parametrize(
        ("dtype", "most"),
        [("uint8", 0.5), ("float32", 1.3), ("int64", 2.3), ("float16", 2.3), ("float64", 2.3)],
    )
    @pytest.mark.parametrize("input_scaling", ["rms", "standard", None])
    def test_inputs_are_never_copied_wider_than_the_network_is(
        self, small, dtype, most, input_scaling
    ):
        rng = np.random.default_rng(0)
        X, y = rng.integers(255, size=(40_000, 100)).astype(dtype), rng.integers(3, size=40_000)
        clf = small(epochs=1, batch_size=1000, input_scaling=input_scaling)
        clf.fit(X[:1000], y[:1000])  # TensorFlow takes its own the first time
        tracemalloc.start()
        clf.fit(X, y)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        # Labels, weights and the order of the rows come to a fifth for 100 columns.
        assert peak < (most + 0.2) * 4 * X.size


class TestSkops:
    @pytest.mark.parametrize(
        "parameters", [{}, {"warm_start": True}, {"early_stopping": True, "class_weight": {3: 2.0}}]
    )
    def test_skops_needs_to_trust_the_classifier_alone(self, small, digits, parameters):
        import skops.io  # imports PyTorch where it is installed

        clf = small(**parameters).fit(*digits)
        data = skops.io.dumps(clf)
        untrusted = skops.io.get_untrusted_types(data=data)
        assert untrusted == ["sk_mnist.classifier.KerasMLPClassifier"]
        loaded = skops.io.loads(data, trusted=untrusted)
        assert_array_equal(loaded.predict_proba(digits[0]), clf.predict_proba(digits[0]))

    def test_skops_goes_on_training_as_if_there_had_been_no_break(self, small, digits):
        import skops.io  # imports PyTorch where it is installed

        clf = small(dropout=0.2).partial_fit(*digits, classes=range(10))
        data = skops.io.dumps(clf)
        loaded = skops.io.loads(data, trusted=skops.io.get_untrusted_types(data=data))
        for model in (clf, loaded):
            model.partial_fit(*digits)
        assert_array_equal(loaded.coefs_[0], clf.coefs_[0])


@pytest.mark.parametrize("compress", ["zlib", "lzma"])
def test_joblib_files_may_be_compressed(small, digits, compress):
    clf, file = small().fit(*digits), io.BytesIO()
    joblib.dump(clf, file, compress=compress)
    file.seek(0)
    assert_array_equal(joblib.load(file).predict_proba(digits[0]), clf.predict_proba(digits[0]))


class TestOptuna:
    def test_optuna_a_study_prunes_by_epoch(self, small, digits):
        X, y = digits
        epochs_run = []

        def objective(trial):
            clf = small(learning_rate=trial.suggest_float("learning_rate", 1e-7, 1e-1, log=True))
            for epoch in range(5):
                clf.partial_fit(X[:300], y[:300], classes=range(10))
                trial.report(clf.score(X[300:], y[300:]), epoch)
                if trial.should_prune():
                    break
            epochs_run.append(clf.n_iter_)
            if clf.n_iter_ < 5:
                raise optuna.TrialPruned
            return clf.score(X[300:], y[300:])

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = optuna.create_study(
            direction="maximize",
            sampler=optuna.samplers.RandomSampler(seed=0),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=1),
        )
        study.optimize(objective, n_trials=10)
        assert min(epochs_run) < 5
        assert study.best_value > 0.6
        assert clone(small(**study.best_params)).fit(X, y).score(X, y) > 0.5

    @pytest.mark.filterwarnings("ignore::FutureWarning")  # of Optuna's own parts
    @pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
    def test_optuna_its_search_prunes_by_partial_fit(self, small, digits):
        search = OptunaSearchCV(
            small(),
            {"learning_rate": optuna.distributions.FloatDistribution(1e-6, 1e-1, log=True)},
            cv=2,
            n_trials=8,
            random_state=0,
            enable_pruning=True,
            max_iter=4,
            error_score="raise",
        ).fit(*digits)
        states = [trial.state.name for trial in search.trials_]
        assert set(states) == {"COMPLETE", "PRUNED"}
        assert search.best_params_["learning_rate"] > 1e-4
        assert search.predict(digits[0]).shape == (500,)


WITH_ANOTHER_BACKEND = """
import pickle, sys
import numpy as np
from sk_mnist import KerasMLPClassifier

X = np.load(sys.argv[2])
with open(sys.argv[1], "rb") as file:
    clf = pickle.load(file)
np.testing.assert_allclose(clf.to_keras().predict(X, verbose=0), clf.predict_proba(X), atol=1e-5)
KerasMLPClassifier().fit(X, [0, 1, 2]).predict(X)
for _ in range(2):
    try:
        KerasMLPClassifier(optimizer="nadam").fit(X, [0, 1, 2])
    except RuntimeError as error:
        print(error)
"""


def test_other_backends_of_keras_train_by_adam_alone_and_say_so(small, digits, tmp_path):
    clf = small().fit(*digits)
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(clf))
    np.save(tmp_path / "X.npy", digits[0][:3])
    done = subprocess.run(
        [sys.executable, "-c", WITH_ANOTHER_BACKEND, tmp_path / "model.pickle", tmp_path / "X.npy"],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = done.stdout.splitlines()
    assert first == second
    assert first.startswith("Training needs Keras's TensorFlow backend, and Keras has been set to")
    assert "Set KERAS_BACKEND=tensorflow" in first


@needs_callbacks
class TestScikitLearnsCallbacks:
    """Alone they are tested with the classifier itself."""

    def test_scikit_learns_callbacks_show_the_epochs_within_a_pipeline(self, small, digits, capsys):
        from sklearn.callback import ProgressBar

        pipeline = make_pipeline(StandardScaler(), small(epochs=4))
        pipeline.set_callbacks(ProgressBar()).fit(*digits)
        shown = capsys.readouterr().out
        assert "Pipeline" in shown
        assert "KerasMLPClassifier" in shown

    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_scikit_learns_callbacks_score_each_epoch_of_each_fit_of_a_grid_search(
        self, small, digits, n_jobs
    ):
        from sklearn.callback import ScoringMonitor

        monitor = ScoringMonitor(scoring="accuracy")
        clf = small(epochs=4).set_callbacks(monitor)
        search = GridSearchCV(clf, {"dropout": [0.0, 0.2]}, cv=2, n_jobs=n_jobs, refit=False)
        search.fit(*digits)
        logs = monitor.get_logs()
        rows = [row for log in np.atleast_1d(logs) for row in log.data]
        epochs = [row for row in rows if row["task_name"] == "epoch"]
        assert len(epochs) == 4 * 4
        assert all(0 <= row["accuracy"] <= 1 for row in epochs)


TENSORS = """
import jax.numpy as jnp
import numpy as np
from sklearn import config_context
from sklearn.datasets import load_iris
from sk_mnist import KerasMLPClassifier

X, y = load_iris(return_X_y=True)
X, weight = X.astype("float32"), np.linspace(1, 2, 150, dtype="float32")
expected = KerasMLPClassifier((8,), epochs=3, random_state=0).fit(X, y, weight)
for dispatch in (False, True):
    with config_context(array_api_dispatch=dispatch):
        tensors = jnp.asarray(X), jnp.asarray(y), jnp.asarray(weight)
        clf = KerasMLPClassifier((8,), epochs=3, random_state=0).fit(*tensors)
        assert np.array_equal(clf.coefs_[0], expected.coefs_[0])
        assert np.array_equal(clf.predict_proba(tensors[0]), expected.predict_proba(X))
        assert clf.score(*tensors[:2]) == expected.score(X, y)
        clf.partial_fit(*tensors[:2])
        print(type(clf.predict(tensors[0])).__name__)
"""


def test_tensors_train_and_predict_as_arrays():
    environment = {"SCIPY_ARRAY_API": "1", "JAX_PLATFORMS": "cpu"}
    assert run_python(TENSORS, **environment).split() == ["ndarray", "ndarray"]
