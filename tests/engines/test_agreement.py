"""What engines and exports state in their own terms agrees with the one table in `network`."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from sk_mnist.engines.numba.kernels import activations as kernels
from sk_mnist.engines.xla import dropout as xla_dropout
from sk_mnist.engines.xla import loss as xla_loss
from sk_mnist.export import onnx_graph
from sk_mnist.network.activations import (
    ACTIVATIONS,
    KERAS_OUTPUTS,
    LEAKY_RELU_SLOPE,
    SELU_ALPHA,
    SELU_SCALE,
)
from sk_mnist.network.dropout import keep_mask
from sk_mnist.network.loss import cross_entropy, is_correct

pytestmark = pytest.mark.keras

LOGITS = np.random.default_rng(0).normal(scale=4, size=(40, 3))
LABELS = {
    "softmax": np.random.default_rng(1).integers(0, 3, 40).astype("int32"),
    "logistic": np.random.default_rng(2).integers(0, 2, (40, 3)).astype("uint8"),
}


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
@pytest.mark.parametrize(("seed", "step", "layer"), [(0, 0, 0), (2**32 - 1, 7, 3), (5, 10**6, 63)])
def test_dropout_mask_of_tensorflow_equals_numpy(rate, seed, step, layer):
    found = xla_dropout.keep_mask(
        (33, 17),
        tf.constant(rate, "float64"),
        tf.constant(seed, "uint32"),
        tf.constant(step, "int32"),
        layer,
    )
    assert_array_equal(found.numpy(), keep_mask((33, 17), rate, seed, step, layer))


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
@pytest.mark.parametrize("out_activation", LABELS)
def test_cross_entropy_of_tensorflow_equals_numpy(out_activation, label_smoothing):
    labels = LABELS[out_activation]
    found = xla_loss.cross_entropy(tf.constant(LOGITS), labels, out_activation, label_smoothing)
    expected = cross_entropy(LOGITS, labels, out_activation, label_smoothing)
    assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("out_activation", LABELS)
def test_accuracy_of_tensorflow_equals_numpy(out_activation):
    labels = tf.constant(LABELS[out_activation])
    found = xla_loss.is_correct(tf.constant(LOGITS), labels, out_activation)
    assert_array_equal(found, is_correct(LOGITS, LABELS[out_activation], out_activation))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_has_a_keras_function_and_an_onnx_graph(name):
    z = np.linspace(-4, 4, 41, dtype="float32")
    keras_function = tf.keras.activations.get(ACTIVATIONS[name].keras_name)
    expected = keras_function(tf.constant(z)).numpy()
    assert_allclose(ACTIVATIONS[name].apply(z.copy()), expected, rtol=2e-5, atol=2e-6)
    assert name in onnx_graph.ACTIVATION_NODES


def test_onnx_has_no_activations_beyond_the_table():
    assert set(onnx_graph.ACTIVATION_NODES) == set(ACTIVATIONS)


def test_kernels_have_all_activations_of_the_table():
    assert all(hasattr(kernels, name) for name in ACTIVATIONS)


def test_constants_of_the_kernels_are_those_of_the_functions():
    constants = kernels.LEAKY_SLOPE, kernels.SELU_ALPHA, kernels.SELU_SCALE
    assert constants == (LEAKY_RELU_SLOPE, SELU_ALPHA, SELU_SCALE)


def test_activations_of_sklearn_are_those_of_mlp_classifier():
    from sklearn.neural_network import MLPClassifier

    (options,) = MLPClassifier._parameter_constraints["activation"]
    assert {name for name, a in ACTIVATIONS.items() if a.in_sklearn} == options.options


def test_output_activations_are_keras_functions():
    for name in KERAS_OUTPUTS.values():
        assert callable(tf.keras.activations.get(name))
