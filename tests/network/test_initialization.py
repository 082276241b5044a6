"""Networks start from Glorot's weights and from intercepts that predict the class frequencies."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, softmax

from sk_mnist.network.initialization import initial_weights, output_intercept
from sk_mnist.network.spec import NetworkSpec


def make_spec(layer_sizes=(8, 6, 5, 3), activation="relu", out="softmax", dtype="float64"):
    return NetworkSpec(layer_sizes, activation, out, dtype)


def draw(spec, seed=0):
    return initial_weights(spec, np.random.RandomState(seed))


INDICATOR = np.array([[1, 0, 1], [0, 0, 0], [1, 1, 1], [0, 0, 1]])


class TestInitialWeights:
    def test_initial_weights_have_the_shapes_of_the_layers(self):
        shapes = [weight.shape for weight in draw(make_spec((8, 6, 5, 3)))]
        assert shapes == [(8, 6), (6,), (6, 5), (5,), (5, 3), (3,)]

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_initial_weights_have_the_dtype_of_the_network(self, dtype):
        assert {w.dtype.name for w in draw(make_spec(dtype=dtype))} == {dtype}

    def test_initial_weights_are_uniform_within_the_limits_of_glorot(self):
        coef = draw(make_spec((400, 200, 2)))[0]
        limit = np.sqrt(6 / 600)
        assert np.abs(coef).max() <= limit
        # A uniform variable on [-1, 1] has mean 0 and variance 1/3; 5 standard errors of each.
        n = coef.size
        assert abs((coef / limit).mean()) < 5 * np.sqrt(1 / 3 / n)
        assert abs(np.square(coef / limit).mean() - 1 / 3) < 5 * np.sqrt(4 / 45 / n)

    @pytest.mark.keras
    def test_initial_weights_equal_the_distribution_of_keras_dense_layers(self):
        layer = keras.layers.Dense(200)
        layer.build((None, 400))
        coef = draw(make_spec((400, 200, 2)))[0]
        # 80,000 draws come within a thousandth of the end of the interval in every case.
        assert_allclose(np.abs(layer.kernel.numpy()).max(), np.abs(coef).max(), rtol=1e-3)

    def test_initial_weights_have_biases_of_zero(self):
        for intercept in draw(make_spec())[1::2]:
            assert_array_equal(intercept, 0)

    def test_initial_weights_of_a_logistic_regression_are_zero(self):
        for weight in draw(make_spec((8, 3))):
            assert_array_equal(weight, 0)

    def test_small_initial_weights_are_smaller_in_the_first_layer_and_zero_in_the_last(self):
        spec = make_spec((8, 6, 5, 3))
        small = initial_weights(spec, np.random.RandomState(0), small=True)
        for share, weight, glorot in zip((0.3, 1, 0), small[::2], draw(spec)[::2], strict=True):
            assert_allclose(weight, share * glorot, rtol=1e-14)

    def test_small_initial_weights_of_one_hidden_layer(self):
        coef, _, last, _ = initial_weights(make_spec((8, 6, 3)), np.random.RandomState(0), small=1)
        assert 0 < np.abs(coef).max() <= 0.3 * np.sqrt(6 / 14)
        assert_array_equal(last, 0)

    def test_initial_weights_depend_on_the_random_state_alone(self):
        for first, second in zip(draw(make_spec()), draw(make_spec()), strict=True):
            assert_array_equal(first, second)
        assert not np.array_equal(draw(make_spec(), 0)[0], draw(make_spec(), 1)[0])

    def test_initial_weights_of_float32_are_those_of_float64_rounded(self):
        for narrow, wide in zip(draw(make_spec(dtype="float32")), draw(make_spec()), strict=True):
            assert_array_equal(narrow, wide.astype("float32"))


class TestOutputIntercept:
    def test_output_intercept_of_classes_make_a_softmax_predict_their_frequencies(self):
        labels, weight = np.array([0, 2, 2, 1, 2]), np.array([1.0, 2, 1, 0.5, 1])
        logits = output_intercept(labels, 3, weight)
        expected = 0.999 * np.array([1, 0.5, 4]) / 5.5 + 0.001 / 3
        assert_allclose(softmax(logits), expected, rtol=1e-14)
        assert_allclose(logits.sum(), 0, atol=1e-14)

    def test_output_intercept_of_a_class_that_does_not_occur_are_finite(self):
        assert np.isfinite(output_intercept(np.array([0, 0, 1]), 5, np.ones(3))).all()

    def test_output_intercept_of_labels_make_logistic_outputs_predict_their_frequencies(self):
        weight = np.array([1.0, 2, 3, 0.5])
        logits = output_intercept(INDICATOR.astype("uint8"), 3, weight)
        assert logits.shape == (3,)
        frequency = weight @ INDICATOR / weight.sum()
        assert_allclose(expit(logits), 0.999 * frequency + 0.0005, rtol=1e-12)

    def test_output_intercept_of_a_binary_problem_have_one_output(self):
        labels = np.array([[1], [1], [0]], "uint8")
        frequency = 0.999 * 2 / 3 + 0.0005
        expected = [np.log(frequency / (1 - frequency))]
        assert_allclose(output_intercept(labels, 1, np.ones(3)), expected, rtol=1e-14)

    @pytest.mark.parametrize("labels", [np.array([0, 2, 2, 1]), INDICATOR.astype("uint8")])
    def test_output_intercept_do_not_depend_on_the_unit_of_the_weights(self, labels):
        weight = np.array([1.0, 2, 3, 0.5])
        expected = output_intercept(labels, 3, weight)
        assert_allclose(output_intercept(labels, 3, 1e-30 * weight), expected, rtol=1e-12)

    @pytest.mark.parametrize("labels", [np.zeros((4, 2), "uint8"), np.ones((4, 2), "uint8")])
    def test_output_intercept_of_labels_that_never_or_always_occur_are_finite(self, labels):
        assert np.isfinite(output_intercept(labels, 2, np.ones(4))).all()

    def test_output_intercept_of_equally_frequent_classes_are_zero(self):
        assert_allclose(output_intercept(np.array([0, 1, 2]), 3, np.ones(3)), 0, atol=1e-15)


def test_specs_of_the_same_shape_are_equal_and_hashable():
    assert make_spec() == make_spec()
    assert {make_spec(), make_spec(), make_spec(dtype="float32")} == {
        make_spec(),
        make_spec(dtype="float32"),
    }
