"""The forward pass in NumPy computes what Keras computes, without Keras."""

import subprocess
import sys
from itertools import pairwise

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import expit, softmax
from scipy.stats import norm

from sk_mnist.network.activations import ACTIVATIONS
from sk_mnist.network.forward import CHUNK_ROWS, log_probabilities, logits, probabilities

PRECISION = {"float32": 1e-6, "float64": 1e-12}
# TensorFlow keeps a constant of these two in float32, whatever the dtype.
SINGLE_PRECISION_IN_TENSORFLOW = {"gelu", "leaky_relu"}
LAYER_SIZES = (7, 6, 5, 3)


def keras_name(activation):
    return ACTIVATIONS[activation].keras_name


def precision_of_keras(activation, dtype):
    exact = activation not in SINGLE_PRECISION_IN_TENSORFLOW
    return PRECISION[dtype] if exact else max(PRECISION[dtype], 2e-8)


def random_layers(dtype, layer_sizes=LAYER_SIZES):
    rng = np.random.default_rng(0)
    coefs = [rng.normal(size=shape).astype(dtype) for shape in pairwise(layer_sizes)]
    return coefs, [rng.normal(size=coef.shape[1]).astype(dtype) for coef in coefs]


def random_rows(n_rows, dtype="float64"):
    return np.random.default_rng(1).normal(size=(n_rows, LAYER_SIZES[0])).astype(dtype)


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("activation", ACTIVATIONS)
class TestActivations:
    def test_activations_equal_those_of_keras(self, activation, dtype):
        z = np.concatenate([np.linspace(-12, 12, 4801), [0.0, -0.0, 1e-9, -1e-9]]).astype(dtype)
        expected = keras.activations.get(keras_name(activation))(keras.ops.convert_to_tensor(z))
        tolerance = precision_of_keras(activation, dtype)
        assert_allclose(ACTIVATIONS[activation].apply(z.copy()), expected, tolerance, tolerance)

    def test_activations_keep_the_dtype(self, activation, dtype):
        assert ACTIVATIONS[activation].apply(np.ones((2, 3), dtype)).dtype == dtype

    def test_activations_are_finite_and_silent_far_from_zero(self, activation, dtype):
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            assert np.isfinite(ACTIVATIONS[activation].apply(np.array([-1e5, 1e5], dtype))).all()


def test_gelu_which_tensorflow_rounds_is_exact_in_float64():
    z = np.linspace(-5, 5, 1001)
    assert_allclose(ACTIVATIONS["gelu"].apply(z.copy()), z * norm.cdf(z), 1e-12, 1e-12)


def test_the_slope_of_leaky_relu_is_that_of_keras_in_float64_too():
    layer = keras.layers.LeakyReLU(negative_slope=0.2, dtype="float64")
    z = np.linspace(-5, 5, 1001)
    assert_allclose(ACTIVATIONS["leaky_relu"].apply(z.copy()), layer(z), 1e-7)
    assert ACTIVATIONS["leaky_relu"].apply(np.array([-1.0])) == -np.float32(0.2)


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_logits_equal_those_of_the_keras_model(activation, dtype):
    coefs, intercepts = random_layers(dtype)
    X = random_rows(50, dtype)
    dense = keras.layers.Dense
    hidden = [dense(n, keras_name(activation), dtype=dtype) for n in LAYER_SIZES[1:-1]]
    model = keras.Sequential(
        [keras.Input(LAYER_SIZES[:1], dtype=dtype), *hidden, dense(LAYER_SIZES[-1], dtype=dtype)]
    )
    model.set_weights([w for layer in zip(coefs, intercepts, strict=True) for w in layer])
    found = logits(X, coefs, intercepts, activation)
    scale = np.abs(found).max()
    tolerance = precision_of_keras(activation, dtype)
    assert_allclose(found / scale, np.asarray(model(X)) / scale, 0, tolerance)


def test_network_without_hidden_layers_is_an_affine_map():
    coefs, intercepts = random_layers("float64", (7, 3))
    X = random_rows(20)
    expected = X @ coefs[0] + intercepts[0]
    assert_allclose(logits(X, coefs, intercepts, "relu"), expected, rtol=1e-14)


@pytest.mark.parametrize("dtype", PRECISION)
def test_logits_have_the_dtype_of_the_weights(dtype):
    coefs, intercepts = random_layers(dtype)
    for X in (random_rows(3), random_rows(CHUNK_ROWS + 1), np.ones((3, 7), np.uint8)):
        assert logits(X, coefs, intercepts, "relu").dtype == dtype


@pytest.mark.parametrize(
    "n_rows",
    [0, 1, CHUNK_ROWS - 1, CHUNK_ROWS, CHUNK_ROWS + 1, 2 * CHUNK_ROWS, 2 * CHUNK_ROWS + 1],
)
def test_chunks_have_no_effect(n_rows):
    coefs, intercepts = random_layers("float64")
    X = random_rows(2 * CHUNK_ROWS + 1)[:n_rows]
    hidden = np.maximum(X @ coefs[0] + intercepts[0], 0)
    hidden = np.maximum(hidden @ coefs[1] + intercepts[1], 0)
    expected = hidden @ coefs[2] + intercepts[2]
    found = logits(X, coefs, intercepts, "relu")
    assert found.shape == (n_rows, 3)
    assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("n_rows", [5, CHUNK_ROWS + 5])
@pytest.mark.parametrize(
    "container", [sparse.csr_array, sparse.csc_array, sparse.csr_matrix, sparse.csc_matrix]
)
def test_sparse_rows_give_the_same_as_dense_rows(container, n_rows):
    coefs, intercepts = random_layers("float64")
    X = random_rows(n_rows)
    X[X < 0.5] = 0
    expected = logits(X, coefs, intercepts, "tanh")
    found = logits(container(X), coefs, intercepts, "tanh")
    assert type(found) is np.ndarray
    assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.bool_])
def test_integer_rows_give_the_same_as_float_rows(dtype):
    coefs, intercepts = random_layers("float64")
    X = (random_rows(9) > 0).astype(dtype)
    expected = logits(X.astype(float), coefs, intercepts, "relu")
    assert_array_equal(logits(X, coefs, intercepts, "relu"), expected)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("layer_sizes", [(7, 3), LAYER_SIZES])
def test_the_rows_and_the_weights_are_not_modified(activation, layer_sizes):
    coefs, intercepts = random_layers("float64", layer_sizes)
    X = random_rows(5)
    for array in (X, *coefs, *intercepts):
        array.flags.writeable = False
    before = X.copy()
    logits(X, coefs, intercepts, activation)
    assert_array_equal(X, before)


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize(
    ("out_activation", "reference"),
    [("softmax", lambda z: softmax(z, axis=1)), ("logistic", expit)],
)
class TestProbabilities:
    def test_probabilities_equal_those_of_scipy(self, out_activation, reference, dtype):
        z = random_rows(20, dtype) * 10
        expected = reference(z.astype("float64"))
        found = probabilities(z.copy(), out_activation)
        assert found.dtype == dtype
        assert_allclose(found, expected, rtol=10 * PRECISION[dtype])

    @pytest.mark.parametrize("shape", [(1, 10), (2000, 10), (1, 100), (2000, 100), (5, 1)])
    def test_probabilities_of_any_shape_equal_those_of_scipy(
        self, out_activation, reference, dtype, shape
    ):
        z = 10 * np.random.default_rng(0).standard_normal(shape).astype(dtype)
        found = probabilities(z.copy(), out_activation)
        assert found.flags.c_contiguous
        assert_allclose(found, reference(z.astype("float64")), rtol=20 * PRECISION[dtype])

    def test_probabilities_of_extreme_logits_are_zeros_and_ones(
        self, out_activation, reference, dtype
    ):
        z = np.array([[1e30, -1e30], [-1e30, 1e30]], dtype)
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            assert_array_equal(probabilities(z, out_activation), np.eye(2))

    def test_probabilities_logarithms_equal_those_of_the_probabilities(
        self, out_activation, reference, dtype
    ):
        z = random_rows(20, dtype)
        found = log_probabilities(z, out_activation)
        assert found.dtype == dtype
        tolerance = PRECISION[dtype]
        assert_allclose(found, np.log(reference(z.astype("float64"))), tolerance, tolerance)

    def test_probabilities_logarithms_of_extreme_logits_are_finite(
        self, out_activation, reference, dtype
    ):
        z = np.array([[0, 1e4, -1e4], [1e30, -1e30, 0]], dtype)
        assert np.isfinite(log_probabilities(z, out_activation)).all()


@pytest.mark.slow
def test_importing_the_forward_pass_imports_neither_keras_nor_tensorflow():
    code = "import sys, sk_mnist.network.forward; print({'keras', 'tensorflow'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
