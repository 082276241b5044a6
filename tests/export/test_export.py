"""Fitted classifiers in the forms of Keras, scikit-learn and ONNX."""

import os
import subprocess
import sys
import warnings

import keras
import numpy as np
import onnxruntime
import pandas as pd
import polars as pl
import pytest
import skl2onnx
from numpy.testing import assert_allclose, assert_array_equal
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import make_column_transformer
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sk_mnist import KerasMLPClassifier, export, fetch_mnist, load_mnist_sample
from sk_mnist.network.activations import ACTIVATIONS

pytestmark = [pytest.mark.keras, pytest.mark.slow]

NAMES = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
TARGETS = {
    "numbers": lambda y: y,
    "names": lambda y: NAMES[y],
    "names as objects": lambda y: NAMES[y].astype(object),
    "bytes": lambda y: y.astype("uint8"),
    "whole floats": lambda y: y.astype(float),
    "two classes": lambda y: np.where(y > 4, "large", "small"),
    "true or false": lambda y: y > 4,
    "multi-label": lambda y: np.c_[y > 4, y % 2, y < 3].astype(int),
}


@pytest.fixture(scope="module")
def mnist():
    """Return a network trained on MNIST for a moment, and all 10,000 test digits where at hand."""
    X, y = load_mnist_sample(return_X_y=True)
    clf = KerasMLPClassifier((128, 64), epochs=2, random_state=0).fit(X, y)
    test = fetch_mnist(subset="test") if os.environ.get("SK_MNIST_DATA") else load_mnist_sample()
    return clf, test.data


def run_onnx(model, inputs):
    """Run a model by onnxruntime; return its labels and probabilities."""
    session = onnxruntime.InferenceSession(model.SerializeToString())
    if isinstance(inputs, pd.DataFrame):
        inputs = {name: inputs[[name]].to_numpy() for name in inputs}
    elif not isinstance(inputs, dict):
        inputs = {session.get_inputs()[0].name: inputs}
    return session.run(None, inputs)


class TestToSklearn:
    @pytest.mark.parametrize("targets", TARGETS)
    def test_to_sklearn_predicts_the_same(self, small, digits, targets):
        X, y = digits[0], TARGETS[targets](digits[1])
        clf = small().fit(X, y)
        mlp = clf.to_sklearn()
        assert type(mlp) is MLPClassifier
        assert_allclose(mlp.predict_proba(X), clf.predict_proba(X), rtol=0, atol=1e-5)
        assert_array_equal(mlp.predict(X), clf.predict(X))

    @pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
    @pytest.mark.parametrize("input_scaling", [None, "rms", "standard"])
    def test_to_sklearn_has_every_activation_and_scaling(
        self, small, digits, activation, input_scaling
    ):
        X, y = digits
        clf = small(activation=activation, input_scaling=input_scaling).fit(X, y)
        assert_allclose(clf.to_sklearn().predict_proba(X), clf.predict_proba(X), rtol=0, atol=1e-5)

    def test_to_sklearn_agrees_on_all_of_mnist(self, mnist):
        clf, X = mnist
        mlp = clf.to_sklearn()
        assert_allclose(mlp.predict_proba(X), clf.predict_proba(X), rtol=0, atol=1e-5)

    def test_to_sklearn_knows_the_names_of_the_features(self, small, digits):
        X = pd.DataFrame(digits[0]).add_prefix("pixel")
        mlp = small().fit(X, digits[1]).to_sklearn()
        assert_array_equal(mlp.feature_names_in_, X.columns)

    def test_to_sklearn_can_be_trained_on(self, small, digits):
        X, y = digits
        mlp = small().fit(X, y).to_sklearn()
        before = mlp.loss_
        for _ in range(20):
            mlp.partial_fit(X, y)
        assert mlp.loss_ < before

    @pytest.mark.parametrize("targets", TARGETS)
    def test_to_sklearn_can_be_trained_by_partial_fit_beyond_the_least_loss(
        self, small, digits, targets
    ):
        X, y = digits[0], TARGETS[targets](digits[1])
        mlp = small().fit(X, y).to_sklearn().set_params(tol=10.0)
        for _ in range(mlp.n_iter_no_change + 5):
            mlp.partial_fit(X, y)
        assert mlp.t_ == 500 * (3 + mlp.n_iter_no_change + 5)

    @pytest.mark.parametrize("early_stopping", [False, True])
    @pytest.mark.parametrize("targets", TARGETS)
    def test_can_be_trained_by_a_warm_start_beyond_the_best(
        self, small, digits, targets, early_stopping
    ):
        X, y = digits[0], TARGETS[targets](digits[1])
        mlp = small(early_stopping=early_stopping).fit(X, y).to_sklearn()
        mlp.set_params(warm_start=True, max_iter=100, tol=10.0).fit(X, y)
        assert 1 < mlp.n_iter_ < 100  # it stopped by itself
        assert mlp.predict(X).shape == y.shape

    def test_to_sklearn_stops_early_after_a_training_that_could_not(self, small, digits):
        clf = small(early_stopping=True).partial_fit(*digits, classes=range(10))
        mlp = clf.to_sklearn().set_params(warm_start=True, max_iter=3)
        with pytest.warns(ConvergenceWarning):
            mlp.fit(*digits)
        assert mlp.best_validation_score_ == max(mlp.validation_scores_)

    def test_to_sklearn_has_random_numbers_of_its_own(self, small, digits):
        random_state = np.random.RandomState(0)
        clf = small(random_state=random_state).fit(*digits)
        before = random_state.get_state()[2]
        clf.to_sklearn().partial_fit(*digits).fit(*digits)
        assert random_state.get_state()[2] == before

    @pytest.mark.parametrize(
        ("optimizer", "expected"),
        [
            (
                keras.optimizers.SGD(0.05, momentum=0.7),
                {"solver": "sgd", "momentum": 0.7, "nesterovs_momentum": False},
            ),
            (
                keras.optimizers.Adam(0.05, beta_1=0.8, beta_2=0.99, epsilon=1e-6),
                {"solver": "adam", "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-6},
            ),
            (keras.optimizers.RMSprop(0.05), {"solver": "adam", "beta_1": 0.9}),
        ],
        ids=["SGD", "Adam", "another"],
    )
    def test_has_the_options_of_an_optimizer_that_it_knows(
        self, small, digits, optimizer, expected
    ):
        parameters = small(optimizer=optimizer).fit(*digits).to_sklearn().get_params()
        expected = {**expected, "learning_rate_init": 0.05}
        assert {name: parameters[name] for name in expected} == expected

    def test_to_sklearn_has_the_default_learning_rate_in_place_of_a_schedule(self, small, digits):
        schedule = keras.optimizers.schedules.CosineDecay(0.0, 9, warmup_target=1, warmup_steps=3)
        mlp = small(optimizer=keras.optimizers.SGD(schedule)).fit(*digits).to_sklearn()
        assert mlp.learning_rate_init == MLPClassifier().learning_rate_init
        mlp.partial_fit(*digits)

    def test_to_sklearn_refuses_a_single_class(self, small, digits):
        clf = small().fit(digits[0], np.zeros(500))
        with pytest.raises(ValueError, match=r"one class alone.*would show two.*to_keras"):
            clf.to_sklearn()

    def test_to_sklearn_has_its_own_weights(self, small, digits):
        clf = small().fit(*digits)
        clf.to_sklearn().coefs_[0][:] = 0
        assert clf.coefs_[0].any()

    def test_to_sklearn_of_early_stopping_has_its_scores(self, small, digits):
        clf = small(early_stopping=True).fit(*digits)
        mlp = clf.to_sklearn()
        assert mlp.validation_scores_ == clf.validation_scores_
        assert mlp.best_loss_ is None

    def test_to_sklearn_refuses_activations_that_it_lacks(self, small, digits):
        clf = small(activation="gelu").fit(*digits)
        with pytest.raises(ValueError, match=r"does not have activation='gelu', only identity"):
            clf.to_sklearn()


class TestToKeras:
    @pytest.mark.parametrize("targets", ["numbers", "two classes", "multi-label"])
    def test_to_keras_saves_a_model_that_predicts_the_same(self, small, digits, targets, tmp_path):
        X, y = digits[0], TARGETS[targets](digits[1])
        clf = small(input_scaling="standard").fit(X, y)
        clf.to_keras().save(tmp_path / "model.keras")
        warnings.simplefilter("error", UserWarning)  # Keras misses the optimizer's variables
        found = keras.saving.load_model(tmp_path / "model.keras").predict(X, verbose=0)
        expected = clf.predict_proba(X)
        assert_allclose(found, expected[:, -found.shape[1] :], rtol=0, atol=1e-5)

    def test_to_keras_makes_a_new_model_each_time(self, small, digits):
        clf = small().fit(*digits)
        assert clf.to_keras() is not clf.to_keras()


class TestToOnnx:
    @pytest.mark.parametrize("targets", TARGETS)
    def test_to_onnx_predicts_the_same(self, small, digits, targets):
        X, y = digits[0], TARGETS[targets](digits[1])
        clf = small().fit(X, y)
        labels, probabilities = run_onnx(clf.to_onnx(), X)
        assert_allclose(probabilities, clf.predict_proba(X), rtol=0, atol=1e-5)
        assert_array_equal(labels, clf.predict(X))

    @pytest.mark.parametrize("activation", ACTIVATIONS)
    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_to_onnx_has_every_activation_in_both_types(self, small, digits, activation, dtype):
        X, y = digits[0].astype(dtype), digits[1]
        clf = small(activation=activation).fit(X, y)
        _, probabilities = run_onnx(clf.to_onnx(), X)
        assert probabilities.dtype == dtype
        atol = 1e-12 if dtype == "float64" and activation != "gelu" else 1e-6
        assert_allclose(probabilities, clf.predict_proba(X), rtol=0, atol=atol)

    def test_to_onnx_agrees_on_all_of_mnist(self, mnist):
        clf, X = mnist
        labels, probabilities = run_onnx(clf.to_onnx(), X.astype("float32"))
        assert_allclose(probabilities, clf.predict_proba(X), rtol=0, atol=1e-5)
        assert_array_equal(labels, clf.predict(X))

    def test_to_onnx_takes_bytes_where_it_was_shown_bytes(self, mnist):
        clf, X = mnist
        _, probabilities = run_onnx(export.to_onnx(clf, X[:1]), X[:100])
        assert_allclose(probabilities, clf.predict_proba(X[:100]), rtol=0, atol=1e-5)

    @pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
    def test_to_onnx_has_an_input_a_column_where_it_was_shown_columns(self, small, digits, frame):
        X = pd.DataFrame(digits[0]).add_prefix("pixel")
        clf = small().fit(X, digits[1])
        model = export.to_onnx(clf, frame({name: X[name].to_numpy() for name in X}))
        _, probabilities = run_onnx(model, X)
        assert_allclose(probabilities, clf.predict_proba(X), rtol=0, atol=1e-6)

    def test_to_onnx_takes_columns_of_several_types(self, small, digits):
        X = pd.DataFrame(digits[0]).add_prefix("pixel")
        clf = small().fit(X, digits[1])
        X = X.astype({"pixel3": "int64", "pixel4": "uint8"})
        _, probabilities = run_onnx(export.to_onnx(clf, X), X)
        assert_allclose(probabilities, clf.predict_proba(X), rtol=0, atol=1e-6)

    def test_to_onnx_takes_a_list_for_a_sample(self, small, digits):
        clf = small().fit(*digits)
        _, probabilities = run_onnx(
            export.to_onnx(clf, digits[0][:1].tolist()), digits[0].astype(float)
        )
        assert_allclose(probabilities, clf.predict_proba(digits[0]), rtol=0, atol=1e-6)

    def test_to_onnx_takes_types_by_name_for_a_sample(self, small, digits):
        clf = small().fit(*digits)
        model = export.to_onnx(clf, [("pixels", FloatTensorType([None, 64]))])
        _, probabilities = run_onnx(model, {"pixels": digits[0]})
        assert_allclose(probabilities, clf.predict_proba(digits[0]), rtol=0, atol=1e-6)

    def test_to_onnx_of_an_operator_set_that_is_too_old_is_refused(self, small, digits):
        clf = small().fit(*digits)
        with pytest.raises(
            ValueError, match=r"target_opset=12 is too low.*target_opset=13 or more"
        ):
            export.to_onnx(clf, digits[0], target_opset=12)

    def test_to_onnx_has_no_option_to_leave_the_labels_out(self, small, digits):
        clf = small().fit(*digits)
        with pytest.raises(ValueError, match="nocl"):
            export.to_onnx(clf, digits[0], options={id(clf): {"nocl": True}})

    def test_to_onnx_without_hidden_layers(self, small, digits):
        clf = small(hidden_layer_sizes=()).fit(*digits)
        _, probabilities = run_onnx(clf.to_onnx(), digits[0])
        assert_allclose(probabilities, clf.predict_proba(digits[0]), rtol=0, atol=1e-5)

    def test_to_onnx_needs_a_fitted_classifier(self, small):
        with pytest.raises(NotFittedError):
            small().to_onnx()


class TestPipelinesToOnnx:
    def test_pipelines_to_onnx_predict_the_same(self, small, digits):
        X, y = digits
        pipeline = make_pipeline(StandardScaler(), small()).fit(X, NAMES[y])
        labels, probabilities = run_onnx(export.to_onnx(pipeline, X[:1]), X)
        assert_allclose(probabilities, pipeline.predict_proba(X), rtol=0, atol=1e-5)
        assert_array_equal(labels, pipeline.predict(X))

    def test_pipelines_to_onnx_agree_on_all_of_mnist(self, mnist):
        clf, X = mnist
        sample = load_mnist_sample()
        pipeline = make_pipeline(StandardScaler(), clone_of(clf)).fit(sample.data, sample.target)
        rows = X.astype("float32")
        _, probabilities = run_onnx(export.to_onnx(pipeline, rows[:1]), rows)
        assert_allclose(probabilities, pipeline.predict_proba(rows), rtol=0, atol=1e-5)

    def test_pipelines_to_onnx_of_columns_of_several_types(self, small):
        rng = np.random.default_rng(0)
        X = pd.DataFrame(
            {"size": rng.normal(size=200).astype("float32"), "kind": rng.choice(["a", "b"], 200)}
        )
        y = (X["size"] > 0) ^ (X["kind"] == "a")
        columns = make_column_transformer(
            (StandardScaler(), ["size"]), (OneHotEncoder(), ["kind"]), sparse_threshold=0
        )
        pipeline = make_pipeline(columns, small()).fit(X, y)
        types = [("size", FloatTensorType([None, 1])), ("kind", StringTensorType([None, 1]))]
        model = export.to_onnx(pipeline, None, initial_types=types)
        inputs = {name: X[[name]].to_numpy() for name in X}
        inputs["kind"] = inputs["kind"].astype(object)
        _, probabilities = run_onnx(model, inputs)
        assert_allclose(probabilities, pipeline.predict_proba(X), rtol=0, atol=1e-5)

    @pytest.mark.parametrize("dtype", ["uint8", "int32"])
    @pytest.mark.parametrize("container", [np.asarray, pd.DataFrame], ids=["array", "frame"])
    def test_pipelines_to_onnx_take_float32_where_they_were_shown_a_rarer_type(
        self, small, digits, dtype, container
    ):
        X = container(digits[0].astype(dtype))
        if isinstance(X, pd.DataFrame):
            X = X.add_prefix("pixel")
        pipeline = make_pipeline(StandardScaler(), small()).fit(X, digits[1])
        _, probabilities = run_onnx(export.to_onnx(pipeline, X), X.astype("float32"))
        assert_allclose(probabilities, pipeline.predict_proba(X), rtol=0, atol=1e-5)

    def test_pipelines_to_onnx_are_converted_by_skl2onnx_once_registered(self, small, digits):
        X, y = digits
        export.register_onnx_converter()
        pipeline = make_pipeline(StandardScaler(), small()).fit(X, y)
        _, probabilities = run_onnx(skl2onnx.to_onnx(pipeline, X[:1]), X[:3])
        expected = pipeline.predict_proba(X[:3])
        assert_allclose(pd.DataFrame(probabilities), expected, rtol=0, atol=1e-5)


def clone_of(clf):
    return KerasMLPClassifier(**clf.get_params())


def test_onnx_without_its_extra_says_what_to_install(tmp_path):
    (tmp_path / "skl2onnx.py").write_text("raise ImportError('no such package')")
    code = "from sk_mnist import export; export.register_onnx_converter()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ImportError: The export to ONNX needs skl2onnx. Install it with" in done.stderr
    assert 'pip install "sk_mnist[onnx]"' in done.stderr
