"""Kernels predict what NumPy predicts, with any number of threads."""

import sys
import warnings
from contextlib import nullcontext
from itertools import pairwise

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from processes import interrupt_python, run_python
from scipy import sparse

from sk_mnist import KerasMLPClassifier
from sk_mnist._utils import threads
from sk_mnist.engines.numba import predict
from sk_mnist.engines.numba.kernels.structs import PREDICTED_ROWS
from sk_mnist.network import forward
from sk_mnist.network.activations import ACTIVATIONS
from sk_mnist.network.input_limit import InputLimit, limit_of
from sk_mnist.prediction import backend

PRECISION = {"float32": 1e-5, "float64": 1e-13}
LAYER_SIZES = (31, 70, 129, 5)

each_dtype = pytest.mark.parametrize("dtype", PRECISION)


def random_network(dtype, layer_sizes=LAYER_SIZES):
    rng = np.random.default_rng(0)
    coefs = [rng.normal(size=shape).astype(dtype) for shape in pairwise(layer_sizes)]
    return coefs, [rng.normal(size=coef.shape[1]).astype(dtype) for coef in coefs]


def random_rows(n_rows, dtype="float64", n_features=LAYER_SIZES[0]):
    return np.random.default_rng(1).normal(size=(n_rows, n_features)).astype(dtype)


def assert_equals_numpy(X, coefs, intercepts, activation, limit=None):
    expected = forward.logits(X, coefs, intercepts, activation, limit)
    found, finite = predict.logits(X, coefs, intercepts, activation, limit)
    assert finite
    assert found.dtype == expected.dtype
    precision = PRECISION[expected.dtype.name]
    scale = np.abs(expected).max(initial=1)
    assert_allclose(found / scale, expected / scale, rtol=0, atol=precision)


@each_dtype
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(
    "layer_sizes", [(31, 3), (31, 2, 3), LAYER_SIZES, (31, 600, 5, 40, 2)], ids=str
)
def test_predicted_logits_equal_numpy(layer_sizes, activation, dtype):
    network = random_network(dtype, layer_sizes)
    assert_equals_numpy(random_rows(1_000, dtype), *network, activation)


@each_dtype
@pytest.mark.parametrize("n_rows", [0, 1, 47, PREDICTED_ROWS, 49, 480, 481, 1_440])
def test_predicted_logits_equal_numpy_for_any_number_of_rows(n_rows, dtype):
    assert_equals_numpy(random_rows(n_rows, dtype), *random_network(dtype), "relu")


@each_dtype
@pytest.mark.parametrize("given", ["uint8", "int64", "bool", "float16", "float32", "float64"])
def test_predicted_logits_equal_numpy_for_any_dtype_of_inputs(given, dtype):
    X = np.abs(10 * random_rows(500)).astype(given)
    assert_equals_numpy(X, *random_network(dtype), "relu")


class TestZeros:
    """Zeros are left out of products of wide layers, among inputs and outputs of ReLU."""

    layer_sizes = (100, 200, 170, 5)

    def few_nonzero(self, dtype, n_rows=500):
        X = random_rows(n_rows, n_features=100)
        X[np.random.default_rng(2).random(X.shape) < 0.8] = 0
        return (50 * np.abs(X)).astype("uint8") if dtype == "uint8" else X.astype(dtype)

    def network(self, dtype):
        coefs, intercepts = random_network(dtype, self.layer_sizes)
        return coefs, [intercept - 5 for intercept in intercepts]  # few outputs are not zero

    @each_dtype
    def test_logits_equal_numpy(self, dtype):
        assert_equals_numpy(self.few_nonzero(dtype), *self.network(dtype), "relu")
        assert_equals_numpy(self.few_nonzero("uint8"), *self.network(dtype), "relu")

    @each_dtype
    @pytest.mark.parametrize("offset", [0.0, 0.3])
    def test_limited_inputs_equal_numpy(self, offset, dtype):
        rng = np.random.default_rng(3)
        limit = InputLimit(np.full(100, offset), rng.uniform(0.2, 2, size=100))
        for X in (self.few_nonzero(dtype), self.few_nonzero("uint8"), random_rows(500, dtype, 100)):
            assert_equals_numpy(X, *self.network(dtype), "relu", limit)

    @each_dtype
    @pytest.mark.parametrize("with_limit", [False, True])
    def test_bits_of_a_row_do_not_depend_on_the_zeros_of_others(self, with_limit, dtype):
        X, network = self.few_nonzero(dtype), self.network(dtype)
        limit = InputLimit(np.zeros(100), np.full(100, 0.7)) if with_limit else None
        expected, _ = predict.logits(X, *network, "relu", limit)
        among_dense = np.empty((1_000, 100), dtype)
        among_dense[::2], among_dense[1::2] = X, 1 + np.abs(X)
        found, _ = predict.logits(among_dense, *network, "relu", limit)
        assert_array_equal(found[::2], expected)

    @each_dtype
    def test_leaving_out_zeros_does_not_change_a_bit(self, monkeypatch, dtype):
        X, network = self.few_nonzero(dtype), self.network(dtype)
        found = {}
        for density in (0, 1):  # never, and always
            monkeypatch.setattr(predict, "MAX_DENSITY", 2 * density)
            found[density], _ = predict.logits(X, *network, "relu")
        assert_array_equal(found[0], found[1])

    @each_dtype
    def test_infinity_in_a_hidden_layer_equals_numpy(self, monkeypatch, dtype):
        monkeypatch.setattr(predict, "MAX_DENSITY", 2)  # leave out zeros always
        X, (coefs, intercepts) = np.abs(self.few_nonzero(dtype)), self.network(dtype)
        X[:, 3] = 4
        coefs[0][:, 7] = np.finfo(dtype).max / 2  # overflows, though all weights are finite
        with np.errstate(over="ignore", invalid="ignore"):
            expected = forward.logits(X, coefs, intercepts, "relu")
        found, finite = predict.logits(X, coefs, intercepts, "relu")
        assert finite
        assert not np.isfinite(expected).any()
        assert_array_equal(np.isnan(found), np.isnan(expected))
        assert_array_equal(np.isposinf(found), np.isposinf(expected))

    @each_dtype
    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_weights_that_are_not_finite_show_in_all_rows(self, value, dtype):
        X, (coefs, intercepts) = self.few_nonzero(dtype), self.network(dtype)
        coefs[0][3, 4] = value  # zero times this is NaN
        X[:, 3] = 0
        found, _ = predict.logits(X, coefs, intercepts, "identity")
        assert np.isnan(found).all()

    def test_more_inputs_than_uint16_counts_equal_numpy(self):
        coefs, intercepts = random_network("float32", (70_000, 40, 3))
        X = np.zeros((60, 70_000), "float32")
        rows, columns = np.random.default_rng(4).integers([[60], [70_000]], size=(2, 2_000))
        X[rows, columns] = 1
        X[:, -1] = 2
        assert_equals_numpy(X, coefs, intercepts, "relu")

    @each_dtype
    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_inputs_that_are_not_finite_are_detected(self, value, dtype):
        X, limit = self.few_nonzero(dtype), InputLimit(np.zeros(100), np.ones(100))
        X[77, 3] = value
        for given in (None, limit):
            assert not predict.logits(X, *self.network(dtype), "relu", given)[1]

    @each_dtype
    @pytest.mark.parametrize("activation", ACTIVATIONS)
    def test_logits_of_any_activation_equal_numpy(self, activation, dtype):
        assert_equals_numpy(self.few_nonzero(dtype), *self.network(dtype), activation)


@each_dtype
@pytest.mark.parametrize(
    "change",
    [np.asfortranarray, lambda X: X[::-2], lambda X: np.repeat(X, 2, axis=1)[:, ::2]],
    ids=["Fortran order", "every second row", "every second column"],
)
def test_predicted_logits_equal_numpy_for_any_memory_order(change, dtype):
    assert_equals_numpy(change(random_rows(999, dtype)), *random_network(dtype), "relu")


@each_dtype
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_predicted_logits_equal_numpy_on_overflow(activation, dtype):
    X = np.ones((3, 4), dtype)
    X[1] = np.finfo(dtype).max
    network = [-np.ones((4, 2), dtype), np.ones((2, 2), dtype)], [np.zeros(2, dtype)] * 2
    with np.errstate(over="ignore", invalid="ignore"):
        expected = forward.logits(X, *network, activation)
    found, _ = predict.logits(X, *network, activation)
    if activation in ("identity", "leaky_relu", "relu"):
        assert_array_equal(found, expected)
    else:  # these round
        assert_allclose(found, expected, rtol=PRECISION[dtype], atol=1e-37)


@each_dtype
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("row", [0, 47, 48, 999])
def test_prediction_detects_inputs_that_are_not_finite(row, value, dtype):
    coefs, intercepts = random_network(dtype)
    coefs[0][7] = 0  # so that this input has no weight
    for column in (0, 7, 30):
        X = random_rows(1_000, dtype)
        X[row, column] = value
        _, finite = predict.logits(X, coefs, intercepts, "relu")
        assert not finite


@each_dtype
@pytest.mark.parametrize("n_threads", [1, 3, 8])
def test_predicted_logits_are_the_same_bits_with_any_number_of_threads(
    monkeypatch, n_threads, dtype
):
    X, network = random_rows(2_000, dtype), random_network(dtype)
    expected, _ = predict.logits(X, *network, "relu")
    monkeypatch.setattr(threads, "thread_budget", lambda: nullcontext(n_threads))
    assert_array_equal(predict.logits(X, *network, "relu")[0], expected)


@each_dtype
def test_predicted_logits_of_a_row_do_not_depend_on_other_rows(dtype):
    X, network = random_rows(1_000, dtype), random_network(dtype)
    expected, _ = predict.logits(X, *network, "relu")
    for rows in (slice(17, 18), slice(100, 700), slice(3, None, 5)):
        found, _ = predict.logits(X[rows], *network, "relu")
        assert_array_equal(found, expected[rows])


@each_dtype
def test_prediction_takes_read_only_arrays_and_does_not_change_them(dtype):
    X, (coefs, intercepts) = random_rows(500, dtype), random_network(dtype)
    for array in (X, *coefs, *intercepts):
        array.flags.writeable = False
    before = [array.copy() for array in (X, *coefs, *intercepts)]
    assert_equals_numpy(X, coefs, intercepts, "relu")
    for array, copy in zip((X, *coefs, *intercepts), before, strict=True):
        assert_array_equal(array, copy)


@each_dtype
def test_prediction_threads_have_the_errstate_of_the_caller(monkeypatch, dtype):
    monkeypatch.setattr(threads, "thread_budget", lambda: nullcontext(3))
    X = random_rows(2_000)
    X[::50] = 1e300  # overflows in float32
    with warnings.catch_warnings(), np.errstate(over="ignore"):
        warnings.simplefilter("error")
        predict.logits(X, *random_network(dtype), "relu")


class TestBackendChoice:
    X = random_rows(100, "float32")
    coefs, _ = random_network("float32")
    enough = -(-(10**9) // sum(coef.size for coef in coefs))

    def many(self, n_rows, dtype="float32"):
        return np.broadcast_to(np.zeros((), dtype), (n_rows, LAYER_SIZES[0]))

    def test_kernels_predict_from_a_billion_multiplications_on(self):
        assert backend.uses_kernels(self.many(self.enough), self.coefs)
        assert not backend.uses_kernels(self.many(self.enough - 1), self.coefs)

    def test_numpy_predicts_sparse_rows(self):
        empty = sparse.csr_array((self.enough, LAYER_SIZES[0]))
        assert not backend.uses_kernels(empty, self.coefs)

    @pytest.mark.parametrize("activation", ACTIVATIONS)
    @pytest.mark.parametrize("input_scaling", ["rms", "robust"])
    def test_classifier_predicts_by_the_chosen_backend(
        self, input_scaling, activation, monkeypatch
    ):
        y = np.arange(100) % 3
        clf = KerasMLPClassifier(8, activation=activation, input_scaling=input_scaling, epochs=1)
        clf.fit(self.X, y)
        by_numpy = clf.predict_proba(self.X)
        monkeypatch.setattr(backend, "_MANY_MULTIPLICATIONS", 0)
        by_kernels = clf.predict_proba(self.X)
        assert (clf.input_limit_ is None) == (input_scaling == "rms")
        network = clf.coefs_, clf.intercepts_, activation
        logits, _ = predict.logits(self.X, *network, limit_of(clf))
        assert_array_equal(by_kernels, forward.probabilities(logits, "softmax"))
        assert_allclose(by_kernels, by_numpy, rtol=1e-5)

    def test_kernels_predict_finite_inputs_whose_sums_overflow(self, monkeypatch):
        clf = KerasMLPClassifier(8, epochs=1).fit(self.X, np.arange(100) % 3)
        clf.coefs_[0][:] = 1
        X = np.full_like(self.X, np.finfo("float32").max)
        with np.errstate(over="ignore", invalid="ignore"):
            expected = clf.predict_proba(X)
            monkeypatch.setattr(backend, "_MANY_MULTIPLICATIONS", 0)
            assert_array_equal(clf.predict_proba(X), expected)

    @pytest.mark.slow
    @pytest.mark.keras
    def test_predictions_do_not_depend_on_what_the_process_did_before(self, tmp_path):
        X = np.random.default_rng(0).random((10_000, 784), dtype="float32")
        clf = KerasMLPClassifier((128, 64), epochs=1, random_state=0).fit(X[:500], X[:500, 0] > 0.5)
        joblib.dump(clf, tmp_path / "model.joblib")
        np.save(tmp_path / "X.npy", X)
        code = f"""
import joblib, numpy as np
clf = joblib.load({str(tmp_path / "model.joblib")!r})
np.save({str(tmp_path / "p.npy")!r}, clf.predict_proba(np.load({str(tmp_path / "X.npy")!r})))
"""
        run_python(code)
        assert_array_equal(np.load(tmp_path / "p.npy"), clf.predict_proba(X))


LONG_PREDICTION = """
import threading
import numpy as np
from sk_mnist.engines.numba import predict
sizes = (31, 2_000, 2_000, 3)
coefs = [np.zeros(shape, "float32") for shape in zip(sizes, sizes[1:])]
intercepts = [np.zeros(size, "float32") for size in sizes[1:]]
X = np.broadcast_to(np.float32(1), (20_000_000, 31))  # an hour, no memory
predict.logits(X[:10], coefs, intercepts, "relu")  # compiles, which takes seconds, too
n_threads = threading.active_count()
print("starts", flush=True)
try:
    predict.logits(X, coefs, intercepts, "relu")
except KeyboardInterrupt:
    print("interrupted", threading.active_count() - n_threads)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_prediction_is_interrupted_at_once_and_leaves_no_threads():
    assert interrupt_python(LONG_PREDICTION) == "interrupted 0\n"
