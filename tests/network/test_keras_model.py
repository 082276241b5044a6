"""The Keras view of a network computes the same as the network."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sk_mnist.network import forward, keras_model
from sk_mnist.network.activations import ACTIVATIONS
from sk_mnist.network.initialization import initial_weights
from sk_mnist.network.spec import NetworkSpec

pytestmark = [pytest.mark.keras, pytest.mark.slow]


def make_spec(layer_sizes=(8, 6, 5, 3), activation="relu", out="softmax", dtype="float64"):
    return NetworkSpec(layer_sizes, activation, out, dtype)


def draw(spec, seed=0):
    return initial_weights(spec, np.random.RandomState(seed))


@pytest.mark.parametrize(("out", "n_outputs"), [("softmax", 3), ("logistic", 1), ("logistic", 4)])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_keras_model_predicts_the_same(activation, out, n_outputs):
    spec = make_spec((8, 6, n_outputs), activation, out)
    weights = draw(spec)
    weights[1] += 0.1
    X = np.random.default_rng(0).normal(size=(20, 8))
    z = forward.logits(X, weights[::2], weights[1::2], activation)
    found = np.asarray(keras_model.build(spec, weights, dropout=0.0)(X))
    assert found.dtype == np.float64
    # TensorFlow keeps a constant of two activations in float32, whatever the dtype.
    tolerance = 2e-8 if activation in {"gelu", "leaky_relu"} else 1e-12
    assert_allclose(found, forward.probabilities(z, out), rtol=tolerance)


def test_keras_model_of_a_logistic_regression_is_one_layer():
    spec = make_spec((8, 3))
    assert [layer.units for layer in keras_model.build(spec, draw(spec), dropout=0.5).layers] == [3]


def test_keras_model_has_dropout_after_each_hidden_layer():
    spec = make_spec((8, 6, 5, 3))
    model = keras_model.build(spec, draw(spec), dropout=0.25)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == ["Dense", "Dropout", "Dense", "Dropout", "Dense"]
    assert {layer.rate for layer in model.layers[1::2]} == {0.25}


def test_keras_model_has_no_dropout_layers_at_rate_zero():
    spec = make_spec((8, 6, 5, 3))
    model = keras_model.build(spec, draw(spec), dropout=0.0)
    assert {type(layer).__name__ for layer in model.layers} == {"Dense"}


def test_keras_model_holds_its_own_copy_of_the_weights():
    spec = make_spec()
    weights = draw(spec)
    model = keras_model.build(spec, weights, dropout=0.0)
    before = model.get_weights()[0].copy()
    weights[0] += 1
    assert_array_equal(model.get_weights()[0], before)
