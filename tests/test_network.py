"""A network starts from Glorot's weights, and its Keras view computes the same."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sk_mnist.network.spec import NetworkSpec
from sk_mnist.network import forward as inference


def make_spec(layer_sizes=(8, 6, 5, 3), activation="relu", out="softmax", dtype="float64"):
    return NetworkSpec(layer_sizes, activation, out, dtype)


def draw(spec, seed=0):
    return spec.initial_weights(np.random.RandomState(seed))


class TestInitialWeights:
    def test_have_the_shapes_of_the_layers(self):
        shapes = [weight.shape for weight in draw(make_spec((8, 6, 5, 3)))]
        assert shapes == [(8, 6), (6,), (6, 5), (5,), (5, 3), (3,)]

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_have_the_number_type_of_the_network(self, dtype):
        assert {w.dtype.name for w in draw(make_spec(dtype=dtype))} == {dtype}

    def test_are_uniform_within_the_limits_of_glorot(self):
        coef = draw(make_spec((400, 200, 2)))[0]
        limit = np.sqrt(6 / 600)
        assert np.abs(coef).max() <= limit
        # A uniform variable on [-1, 1] has mean 0 and variance 1/3; 5 standard errors of each.
        n = coef.size
        assert abs((coef / limit).mean()) < 5 * np.sqrt(1 / 3 / n)
        assert abs(np.square(coef / limit).mean() - 1 / 3) < 5 * np.sqrt(4 / 45 / n)

    def test_equal_the_distribution_of_keras_dense_layers(self):
        layer = keras.layers.Dense(200)
        layer.build((None, 400))
        coef = draw(make_spec((400, 200, 2)))[0]
        # 80,000 draws come within a thousandth of the end of the interval in every case.
        assert_allclose(np.abs(layer.kernel.numpy()).max(), np.abs(coef).max(), rtol=1e-3)

    def test_have_biases_of_zero(self):
        for intercept in draw(make_spec())[1::2]:
            assert_array_equal(intercept, 0)

    def test_of_a_logistic_regression_are_zero(self):
        for weight in draw(make_spec((8, 3))):
            assert_array_equal(weight, 0)

    def test_depend_on_the_random_state_alone(self):
        for first, second in zip(draw(make_spec()), draw(make_spec()), strict=True):
            assert_array_equal(first, second)
        assert not np.array_equal(draw(make_spec(), 0)[0], draw(make_spec(), 1)[0])

    def test_of_float32_are_those_of_float64_rounded(self):
        for narrow, wide in zip(draw(make_spec(dtype="float32")), draw(make_spec()), strict=True):
            assert_array_equal(narrow, wide.astype("float32"))


@pytest.mark.parametrize(("out", "n_outputs"), [("softmax", 3), ("logistic", 1), ("logistic", 4)])
@pytest.mark.parametrize("activation", inference.ACTIVATIONS)
def test_the_keras_model_predicts_the_same(activation, out, n_outputs):
    spec = make_spec((8, 6, n_outputs), activation, out)
    weights = draw(spec)
    weights[1] += 0.1
    X = np.random.default_rng(0).normal(size=(20, 8))
    z = inference.logits(X, weights[::2], weights[1::2], activation)
    found = np.asarray(spec.to_keras(weights, dropout=0.0)(X))
    assert found.dtype == np.float64
    # TensorFlow keeps a constant of two activations in float32, whatever the number type.
    tolerance = 2e-8 if activation in {"gelu", "leaky_relu"} else 1e-12
    assert_allclose(found, inference.probabilities(z, out), rtol=tolerance)


def test_the_keras_model_of_a_logistic_regression_is_one_layer():
    spec = make_spec((8, 3))
    assert [layer.units for layer in spec.to_keras(draw(spec), dropout=0.5).layers] == [3]


def test_the_keras_model_has_dropout_after_each_hidden_layer():
    spec = make_spec((8, 6, 5, 3))
    model = spec.to_keras(draw(spec), dropout=0.25)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == ["Dense", "Dropout", "Dense", "Dropout", "Dense"]
    assert {layer.rate for layer in model.layers[1::2]} == {0.25}


def test_the_keras_model_has_no_dropout_layers_at_rate_zero():
    spec = make_spec((8, 6, 5, 3))
    model = spec.to_keras(draw(spec), dropout=0.0)
    assert {type(layer).__name__ for layer in model.layers} == {"Dense"}


def test_the_keras_model_holds_its_own_copy_of_the_weights():
    spec = make_spec()
    weights = draw(spec)
    model = spec.to_keras(weights, dropout=0.0)
    before = model.get_weights()[0].copy()
    weights[0] += 1
    assert_array_equal(model.get_weights()[0], before)


def test_specs_of_the_same_shape_are_equal_and_hashable():
    assert make_spec() == make_spec()
    assert {make_spec(), make_spec(), make_spec(dtype="float32")} == {
        make_spec(),
        make_spec(dtype="float32"),
    }
