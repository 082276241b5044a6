"""What KerasMLPClassifier promises of fit, partial_fit, the predictions and its attributes."""

import os
import re
import signal
import subprocess
import sys
import warnings

import keras
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.special import expit, log_softmax, softmax
from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.metrics import accuracy_score, log_loss
from sklearn.utils.class_weight import compute_class_weight

from sk_mnist import KerasMLPClassifier
from sk_mnist.engines import chunks
from sk_mnist.network.activations import ACTIVATIONS
from sk_mnist.training import early_stopping
from sk_mnist.training.optimizers import OPTIMIZERS

# So small that no weight changes: the network stays as it was initialized.
NO_LEARNING = 1e-300

# What Keras's "sgd" multiplies with, in a float64 network too.
MOMENTUM = float(np.float32(0.9))


def assert_same_network(a, b):
    """Check that two classifiers have the same weights, bit for bit."""
    assert len(a.coefs_) == len(b.coefs_)
    pairs = zip(a.coefs_ + a.intercepts_, b.coefs_ + b.intercepts_, strict=True)
    for weights, others in pairs:
        assert weights.dtype == others.dtype
        np.testing.assert_array_equal(weights, others)


def assert_close_networks(a, b, tolerance):
    """Check that the weights of two classifiers differ by no more than this."""
    pairs = zip(a.coefs_ + a.intercepts_, b.coefs_ + b.intercepts_, strict=True)
    for weights, others in pairs:
        np.testing.assert_allclose(weights, others, rtol=0, atol=tolerance)


def same_network(a, b):
    """Tell whether two classifiers have the same weights."""
    return all(np.array_equal(u, v) for u, v in zip(a.coefs_, b.coefs_, strict=True))


class EpochRecorder:
    """A scikit-learn callback that keeps each epoch's fitted estimator."""

    def __init__(self, stop_after=None):
        self.stop_after = stop_after
        self.epochs = []
        self.begun = 0
        self.torn_down = False

    def setup(self, estimator, context):
        self.n_planned = context.max_subtasks

    def on_fit_task_begin(self, estimator, context):
        self.begun += context.task_name == "epoch"

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        if context.task_name != "epoch":
            return False
        self.epochs.append(fitted_estimator)
        return len(self.epochs) == self.stop_after

    def teardown(self, estimator, context):
        self.torn_down = True


class InterruptAt:
    """A callback that presses Ctrl-C when an epoch begins or ends."""

    def __init__(self, *, begin=None, end=None):
        self.begin, self.end = begin, end

    def setup(self, estimator, context):
        self.begun = self.ended = 0

    def on_fit_task_begin(self, estimator, context):
        self.begun += context.task_name == "epoch"
        if context.task_name == "epoch" and self.begun == self.begin:
            os.kill(os.getpid(), signal.SIGINT)

    def on_fit_task_end(self, estimator, context):
        self.ended += context.task_name == "epoch"
        if context.task_name == "epoch" and self.ended == self.end:
            os.kill(os.getpid(), signal.SIGINT)

    def teardown(self, estimator, context):
        pass


@pytest.fixture(scope="module")
def wide_digits(digits):
    """Return the digits as float64, for comparisons to many digits."""
    X, y = digits
    return X.astype(np.float64), y


@pytest.fixture(scope="module")
def fitted(small, digits):
    """Return a classifier fitted on the digits; not to be changed."""
    return small().fit(*digits)


@pytest.fixture
def held_out(monkeypatch):
    """Listen in on the split for early stopping: a list of (train_rows, held_out_rows)."""
    splits = []
    split = early_stopping.train_test_split

    def listen(*args, **kwargs):
        rows = split(*args, **kwargs)
        splits.append(tuple(rows))
        return rows

    monkeypatch.setattr(early_stopping, "train_test_split", listen)
    return splits


# --- learning -------------------------------------------------------------------------------


def test_learns_digits_with_the_default_parameters():
    X, y = load_digits(return_X_y=True)
    clf = KerasMLPClassifier(random_state=0).fit(X[:1300], y[:1300])
    assert clf.score(X[1300:], y[1300:]) > 0.9


def test_fit_and_partial_fit_return_the_estimator(small, digits):
    clf = small(epochs=1)
    assert clf.fit(*digits) is clf
    assert clf.partial_fit(*digits) is clf


def test_init_only_stores_its_parameters():
    given = {"hidden_layer_sizes": [7], "epochs": -3, "optimizer": object()}
    clf = KerasMLPClassifier(**given)
    assert all(getattr(clf, name) is value for name, value in given.items())
    assert set(vars(clf)) == set(clf.get_params())


def test_every_parameter_but_random_state_has_the_documented_default():
    documented = re.findall(
        r"^    (\w+) : .*?default=([^\n]+)$",
        KerasMLPClassifier.__doc__.replace("\\\n", ""),
        re.MULTILINE,
    )
    documented = {name: eval(value) for name, value in documented}
    assert documented == KerasMLPClassifier().get_params()


def test_the_loss_goes_down_and_the_accuracy_up(small, digits):
    clf = small(epochs=6).fit(*digits)
    assert np.all(np.diff(clf.history_["loss"]) < 0)
    assert clf.history_["accuracy"][-1] > clf.history_["accuracy"][0]


# --- the arithmetic of a step, against NumPy -------------------------------------------------


def reference_network(X, targets, weight, layers, rates, *, alpha=0.0, logistic=False):
    """Train ``[W, b, W, b, ...]`` by hand: tanh layers, full batches, Nesterov momentum of 0.9."""
    layers = [layer.copy() for layer in layers]
    velocity = [np.zeros_like(layer) for layer in layers]
    for rate in rates:
        outputs = [X]
        for i in range(0, len(layers), 2):
            z = outputs[-1] @ layers[i] + layers[i + 1]
            outputs.append(np.tanh(z) if i < len(layers) - 2 else z)
        p = expit(outputs[-1]) if logistic else softmax(outputs[-1], axis=1)
        delta = (p - targets) * weight[:, None] / weight.sum()
        gradients = []
        for i in reversed(range(0, len(layers), 2)):
            gradient = outputs[i // 2].T @ delta + alpha * layers[i] / weight.sum()
            gradients = [gradient, delta.sum(axis=0), *gradients]
            delta = delta @ layers[i].T * (1 - outputs[i // 2] ** 2)
        for layer, v, gradient in zip(layers, velocity, gradients, strict=True):
            v[:] = MOMENTUM * v - rate * gradient
            layer += MOMENTUM * v - rate * gradient
    return layers


def flat_layers(clf):
    return [w for layer in zip(clf.coefs_, clf.intercepts_, strict=True) for w in layer]


@pytest.fixture(scope="module")
def iris():
    """Return iris with its 150 rows as float64, which make one batch."""
    return load_iris(return_X_y=True)


SGD = {"optimizer": "sgd", "activation": "tanh", "batch_size": 150, "input_scaling": None}


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"hidden_layer_sizes": (5, 4)},
        {"hidden_layer_sizes": ()},
        {"alpha": 3.0},
        {"label_smoothing": 0.2},
        {"class_weight": {0: 1.0, 1: 2.0, 2: 0.5}},
        {"learning_rate_schedule": "linear"},
        {"learning_rate_schedule": "cosine"},
    ],
    ids=str,
)
def test_fit_takes_the_steps_that_its_parameters_say(small, iris, params):
    X, y = iris
    sample_weight = np.random.RandomState(1).uniform(0.1, 2, len(X))
    settings = {**SGD, "learning_rate_schedule": "constant", **params}
    start = small(**{**settings, "epochs": 1, "learning_rate": NO_LEARNING})
    start.fit(X, y, sample_weight)

    clf = small(**settings, epochs=4, learning_rate=0.125).fit(X, y, sample_weight)

    smoothing = params.get("label_smoothing", 0)
    targets = np.eye(3)[y] * (1 - smoothing) + smoothing / 3
    class_weight = params.get("class_weight", dict.fromkeys(range(3), 1.0))
    weight = sample_weight * np.array([class_weight[label] for label in y])
    rates = {
        "constant": 0.125 * np.ones(4),
        "linear": 0.125 * np.array([1, 3 / 4, 2 / 4, 1 / 4]),
        "cosine": 0.0625 * (1 + np.cos(np.pi * np.arange(4) / 4)),
    }[settings["learning_rate_schedule"]]
    rates = rates.astype(np.float32).astype(np.float64)  # as Keras's optimizers hold them
    expected = reference_network(
        X, targets, weight, flat_layers(start), rates, alpha=params.get("alpha", 0)
    )
    for weights, reference in zip(flat_layers(clf), expected, strict=True):
        np.testing.assert_allclose(weights, reference, rtol=0, atol=1e-10)


def test_a_binary_problem_takes_the_steps_of_a_logistic_output(small, iris):
    X, y = iris
    y = (y == 2).astype(int)
    settings = {**SGD, "learning_rate_schedule": "constant"}
    start = small(**settings, epochs=1, learning_rate=NO_LEARNING).fit(X, y)
    clf = small(**settings, epochs=3, learning_rate=0.125).fit(X, y)
    expected = reference_network(
        X, y[:, None], np.ones(150), flat_layers(start), [0.125] * 3, logistic=True
    )
    for weights, reference in zip(flat_layers(clf), expected, strict=True):
        np.testing.assert_allclose(weights, reference, rtol=0, atol=1e-10)


def test_partial_fit_goes_on_with_the_momentum_of_the_calls_before(small, iris):
    X, y = iris
    settings = {**SGD, "learning_rate": 0.125}
    start = small(**{**settings, "learning_rate": NO_LEARNING}).partial_fit(X, y, classes=[0, 1, 2])
    clf = small(**settings)
    for _ in range(4):
        clf.partial_fit(X, y, classes=[0, 1, 2])
    expected = reference_network(X, np.eye(3)[y], np.ones(150), flat_layers(start), [0.125] * 4)
    for weights, reference in zip(flat_layers(clf), expected, strict=True):
        np.testing.assert_allclose(weights, reference, rtol=0, atol=1e-10)


def test_batches_cover_each_row_once_an_epoch(small, digits):
    X, y = digits
    n_rows = 333  # not a multiple of the batch, nor of what the program is padded to
    weight = np.random.RandomState(0).uniform(0.1, 3, n_rows)
    clf = small(epochs=1, learning_rate=NO_LEARNING).fit(X[:n_rows], y[:n_rows], weight)
    p = clf.predict_proba(X[:n_rows])
    assert clf.loss_ == pytest.approx(log_loss(y[:n_rows], p, sample_weight=weight), rel=1e-5)
    accuracy = accuracy_score(y[:n_rows], clf.classes_[p.argmax(axis=1)], sample_weight=weight)
    assert clf.history_["accuracy"] == [pytest.approx(accuracy, rel=1e-5)]


def test_training_starts_from_the_frequencies_of_the_classes(small, digits):
    X = np.zeros((400, 64), np.float32)
    y = np.repeat([0, 1, 2], [300, 80, 20])
    clf = small(epochs=1, learning_rate=NO_LEARNING).fit(X, y)
    np.testing.assert_allclose(clf.predict_proba(X[:1]), [[0.75, 0.2, 0.05]], atol=0.005)


# --- parameters -----------------------------------------------------------------------------


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_each_activation_trains_the_network_that_keras_computes(small, digits, activation):
    X, y = digits
    clf = small(activation=activation, epochs=5, learning_rate=0.01).fit(X, y)
    assert clf.loss_curve_[-1] < 0.7 * clf.loss_curve_[0]
    assert clf.model_.layers[0].activation is keras.activations.get(
        {"identity": "linear", "logistic": "sigmoid"}.get(activation, activation)
    )
    np.testing.assert_allclose(
        clf.predict_proba(X), clf.model_.predict(X, verbose=0), rtol=0, atol=1e-5
    )


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_each_optimizer_takes_the_steps_that_keras_takes(small, digits, optimizer):
    X, y = digits[0][:60], digits[1][:60]
    settings = {"batch_size": 64, "input_scaling": None, "learning_rate_schedule": "constant"}
    start = small(**settings, optimizer="sgd", epochs=1, learning_rate=NO_LEARNING).fit(X, y)
    clf = small(**settings, optimizer=optimizer, epochs=3, learning_rate=0.01).fit(X, y)

    assert type(clf.model_.optimizer).__name__.lower() == optimizer
    model = start.model_
    new_optimizer = type(clf.model_.optimizer).from_config(clf.model_.optimizer.get_config())
    model.compile(new_optimizer, "categorical_crossentropy", run_eagerly=True)
    model.fit(X, np.eye(10)[y], epochs=3, batch_size=60, shuffle=False, verbose=0)
    np.testing.assert_allclose(clf.predict_proba(X), model.predict(X, verbose=0), rtol=0, atol=1e-5)


def test_hidden_layer_sizes_may_be_a_number_an_array_or_nothing(small, digits):
    for given, sizes in [(8, [8]), (np.array([8, 4]), [8, 4]), ([], []), ((8,), [8])]:
        clf = small(hidden_layer_sizes=given, epochs=1).fit(*digits)
        assert [len(b) for b in clf.intercepts_] == [*sizes, 10]
        assert clf.n_layers_ == len(sizes) + 2


def test_dropout_makes_the_training_set_harder_to_fit(small, digits):
    X, y = digits
    settings = {"epochs": 10, "learning_rate": 0.01}
    losses = [
        log_loss(y, small(**settings, dropout=rate).fit(X, y).predict_proba(X))
        for rate in (0.0, 0.3, 0.8)
    ]
    assert losses[0] < losses[1] < losses[2]


def test_dropout_keeps_the_mean_of_what_a_layer_gives(small, digits):
    settings = {
        "hidden_layer_sizes": (1024,),
        "activation": "identity",
        "input_scaling": None,  # far from zero the loss follows the size of the logits
        "epochs": 1,
        "learning_rate": NO_LEARNING,
    }
    kept = small(**settings).fit(*digits)
    dropped = small(**settings, dropout=0.1).fit(*digits)
    # The loss is convex: noise of mean zero makes it larger, logits a tenth smaller do not.
    assert kept.loss_ < dropped.loss_ < 1.05 * kept.loss_


def test_dropout_does_not_touch_predictions(small, digits):
    X, y = digits
    clf = small(dropout=0.5).fit(X, y)
    np.testing.assert_array_equal(clf.predict_proba(X), clf.predict_proba(X))
    np.testing.assert_allclose(
        clf.predict_proba(X), clf.model_.predict(X, verbose=0), rtol=0, atol=1e-5
    )


def test_alpha_shrinks_the_weights(small, digits):
    norms = [
        sum(np.square(w).sum() for w in small(alpha=alpha, epochs=10).fit(*digits).coefs_)
        for alpha in (0.0, 0.5, 5.0)
    ]
    assert norms[0] > norms[1] > norms[2]


def test_label_smoothing_makes_predictions_less_sure(small, digits):
    X, y = digits
    settings = {"epochs": 20, "learning_rate": 0.01}
    sure = [
        small(**settings, label_smoothing=share).fit(X, y).predict_proba(X).max(axis=1).mean()
        for share in (0.0, 0.1, 0.5)
    ]
    assert sure[0] > sure[1] > sure[2]
    # The best a network can do on its training set is 1 - 0.5 + 0.5 / 10.
    assert sure[2] < 0.6


def test_a_batch_larger_than_the_data_is_one_batch_of_all(small, iris):
    a = small(batch_size=150).fit(*iris)
    b = small(batch_size=10_000).fit(*iris)
    assert_close_networks(a, b, 1e-12)


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        ("constant", [0.01, 0.01, 0.01, 0.01]),
        ("linear", [0.01, 0.0075, 0.005, 0.0025]),
        ("cosine", list(0.005 * (1 + np.cos(np.pi * np.arange(4) / 4)))),
    ],
)
def test_history_tells_the_learning_rate_of_each_epoch(small, digits, schedule, rates):
    clf = small(learning_rate=0.01, learning_rate_schedule=schedule, epochs=4).fit(*digits)
    assert clf.history_["learning_rate"] == pytest.approx(rates)


def test_partial_fit_takes_the_learning_rate_as_it_is(small, digits):
    clf = small(learning_rate=0.01, learning_rate_schedule="linear")
    for _ in range(3):
        clf.partial_fit(*digits, classes=range(10))
    assert clf.history_["learning_rate"] == pytest.approx([0.01] * 3)


# --- scaling and dtypes ----------------------------------------------------------------


def test_rms_scaling_makes_units_irrelevant(small, wide_digits):
    X, y = wide_digits
    a = small().fit(X, y)
    b = small().fit(255 * X, y)
    np.testing.assert_allclose(a.predict_proba(X), b.predict_proba(255 * X), rtol=0, atol=1e-10)
    np.testing.assert_allclose(a.coefs_[0], 255 * b.coefs_[0], rtol=0, atol=1e-10)


@pytest.mark.parametrize("factor", [1e-160, 1e160])
def test_rms_scaling_holds_for_any_unit_that_float64_can_hold(small, wide_digits, factor):
    X, y = wide_digits
    p = small().fit(X, y).predict_proba(X)
    scaled = small().fit(factor * X, y).predict_proba(factor * X)
    np.testing.assert_allclose(scaled, p, rtol=0, atol=1e-6)


def test_standard_scaling_makes_units_and_origins_of_features_irrelevant(small, wide_digits):
    X, y = wide_digits
    rng = np.random.RandomState(0)
    units, origins = rng.uniform(0.1, 100, 64), rng.uniform(-100, 100, 64)
    p = small(input_scaling="standard").fit(X, y).predict_proba(X)
    moved = small(input_scaling="standard").fit(units * X + origins, y)
    np.testing.assert_allclose(moved.predict_proba(units * X + origins), p, rtol=0, atol=1e-8)


def test_standard_scaling_starts_from_features_of_mean_zero_and_deviation_one(small, iris):
    X, y = iris
    settings = {"learning_rate": NO_LEARNING, "epochs": 1}
    raw = small(**settings, input_scaling=None).fit(X, y)
    scaled = small(**settings, input_scaling="standard").fit(X, y)
    np.testing.assert_allclose(
        scaled.predict_proba(X), raw.predict_proba((X - X.mean(0)) / X.std(0)), atol=1e-12
    )


def test_without_scaling_the_network_sees_the_data_as_they_are(small, iris):
    X, y = iris
    settings = {"learning_rate": NO_LEARNING, "epochs": 1}
    raw = small(**settings, input_scaling=None).fit(X, y)
    scaled = small(**settings, input_scaling="rms").fit(X, y)
    rms = np.sqrt(np.mean(X**2))
    np.testing.assert_allclose(raw.coefs_[0], rms * scaled.coefs_[0], rtol=1e-12)


def test_features_that_do_not_vary_do_no_harm(small, digits):
    X, y = digits
    constant = X.copy()
    constant[:, :8] = 3.3
    clf = small(input_scaling="standard").fit(constant, y)
    assert np.isfinite(clf.predict_proba(constant)).all()
    assert small(epochs=1).fit(np.zeros_like(X), y).score(X, y) > 0


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (np.float64, np.float64),
        (np.float32, np.float32),
        (np.float16, np.float32),
        (np.uint8, np.float32),
        (np.int64, np.float32),
        (bool, np.float32),
    ],
)
def test_the_network_has_the_number_type_of_the_data(small, digits, dtype, expected):
    X, y = digits
    clf = small(epochs=1).fit(X.astype(dtype), y)
    weights = [*clf.coefs_, *clf.intercepts_]
    assert {w.dtype for w in weights} == {np.dtype(expected)}
    assert clf.predict_proba(X.astype(dtype)).dtype == expected
    assert clf.predict_log_proba(X.astype(dtype)).dtype == expected


def test_predictions_have_the_type_of_the_network_whatever_is_asked(fitted, digits):
    X, _ = digits
    for dtype in (np.float64, np.uint8, np.int32):
        p = fitted.predict_proba(X.astype(dtype))
        assert p.dtype == np.float32
        np.testing.assert_array_equal(p, fitted.predict_proba(X))


def test_unsigned_bytes_train_the_same_network_as_float32(small, digits):
    X, y = digits
    bytes_ = (15 * X).astype(np.uint8)
    a = small().fit(bytes_, y)
    b = small().fit(bytes_.astype(np.float32), y)
    assert_same_network(a, b)


def test_the_data_are_left_alone(small, digits):
    X, y = digits[0].copy(), digits[1].copy()
    small(input_scaling="standard").fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(X, digits[0])
    np.testing.assert_array_equal(y, digits[1])


def test_read_only_and_transposed_arrays_are_fine(small, fitted, digits):
    X, y = digits
    X = np.asfortranarray(X)
    X.flags.writeable = False
    clf = small().fit(X, y)
    assert_same_network(clf, fitted)
    np.testing.assert_array_equal(clf.predict(X), fitted.predict(digits[0]))


# --- random numbers --------------------------------------------------------------------------


@pytest.mark.parametrize("params", [{}, {"dropout": 0.3}, {"early_stopping": True}], ids=str)
def test_the_same_random_state_gives_the_same_network(small, digits, params):
    assert_same_network(small(**params).fit(*digits), small(**params).fit(*digits))


def test_different_random_states_give_different_networks(small, digits):
    a, b = (small(random_state=seed).fit(*digits) for seed in (0, 1))
    assert not same_network(a, b)


def test_without_random_state_each_fit_differs(small, digits):
    clf = small(random_state=None)
    a = clone(clf).fit(*digits)
    b = clone(clf).fit(*digits)
    assert not same_network(a, b)


def test_a_random_state_instance_goes_on_from_fit_to_fit(small, digits):
    def two_fits():
        rng = np.random.RandomState(3)
        return [small(random_state=rng).fit(*digits) for _ in range(2)]

    first, second = two_fits()
    again_first, again_second = two_fits()
    assert not same_network(first, second)
    assert_same_network(first, again_first)
    assert_same_network(second, again_second)


def test_the_order_of_samples_and_the_masks_change_from_epoch_to_epoch(small, digits):
    # With a learning rate of nothing only the masks can make a difference.
    clf = small(learning_rate=NO_LEARNING, dropout=0.5).fit(*digits)
    assert len(set(clf.loss_curve_)) == 3


def test_a_fit_leaves_numpys_global_random_numbers_alone(small, digits):
    before = np.random.get_state()  # noqa: NPY002 - the global generator is what is tested
    small(dropout=0.2).fit(*digits)
    after = np.random.get_state()  # noqa: NPY002
    np.testing.assert_array_equal(before[1], after[1])
    assert before[2:] == after[2:]


# --- weights of samples and classes ----------------------------------------------------------


@pytest.mark.parametrize("input_scaling", ["rms", "standard", None])
@pytest.mark.parametrize("labels", ["three classes", "two classes", "several labels"])
def test_integer_weights_are_as_repeated_rows(small, iris, input_scaling, labels):
    X, y = iris[0][40:110], iris[1][40:110]
    if labels == "two classes":
        y = y > 0
    elif labels == "several labels":
        y = np.c_[y > 0, X[:, 0] > 5.5].astype(int)
    repeats = np.random.RandomState(0).randint(0, 4, len(X))
    clf = small(input_scaling=input_scaling, batch_size=300, epochs=5)
    weighted = clone(clf).fit(X, y, sample_weight=repeats)
    repeated = clone(clf).fit(np.repeat(X, repeats, axis=0), np.repeat(y, repeats, axis=0))
    assert_close_networks(weighted, repeated, 1e-10)
    assert weighted.loss_curve_ == pytest.approx(repeated.loss_curve_, abs=1e-10)


@pytest.mark.parametrize("params", [{}, {"dropout": 0.3}, {"early_stopping": True}], ids=str)
def test_rows_of_weight_zero_are_as_if_absent(small, digits, params):
    X, y = digits
    weight = np.random.RandomState(0).uniform(0.5, 2, 500)
    weight[::3] = 0
    kept = weight > 0
    clf = small(**params).fit(X, y, sample_weight=weight)
    assert_same_network(clf, small(**params).fit(X[kept], y[kept], sample_weight=weight[kept]))


def test_a_class_that_only_has_rows_of_weight_zero_is_absent(small, digits):
    X, y = digits
    clf = small(epochs=1).fit(X, y, sample_weight=np.where(y == 3, 0, 1))
    np.testing.assert_array_equal(clf.classes_, [0, 1, 2, 4, 5, 6, 7, 8, 9])
    assert clf.predict_proba(X).shape == (500, 9)


def test_rows_of_weight_zero_are_as_if_absent_in_partial_fit(small, digits):
    X, y = digits
    weight = np.where(np.arange(500) % 3, 1.5, 0)
    clf = small().partial_fit(X, y, classes=range(10), sample_weight=weight)
    kept = weight > 0
    other = small().partial_fit(X[kept], y[kept], classes=range(10), sample_weight=weight[kept])
    assert_same_network(clf, other)


def test_an_undeclared_label_of_weight_zero_does_not_matter_to_partial_fit(small, digits):
    X, y = digits
    clf = small().partial_fit(X, y, classes=range(9), sample_weight=np.where(y == 9, 0, 1))
    np.testing.assert_array_equal(clf.classes_, range(9))


@pytest.mark.parametrize("factor", [1e-60, 1e-30, 1e-3, 1e3, 1e30, 1e60])
def test_only_the_proportions_of_weights_count(small, digits, factor):
    X, y = digits
    weight = np.random.RandomState(0).uniform(0.5, 2, 500)
    a = small().partial_fit(X, y, classes=range(10), sample_weight=weight)
    b = small().partial_fit(X, y, classes=range(10), sample_weight=factor * weight)
    np.testing.assert_allclose(a.predict_proba(X), b.predict_proba(X), rtol=0, atol=1e-5)


@pytest.mark.parametrize("factor", [1e-310, 1e-60, 1e60, 1e300])
def test_only_the_proportions_of_the_weights_of_held_out_rows_count(small, digits, factor):
    X, y = digits
    # Whole numbers, so that sums of them are exact, and powers of two, so that products are.
    weight = np.random.RandomState(0).choice([1.0, 2.0, 4.0], 500)
    clf = small(early_stopping=True, epochs=2, input_scaling=None)
    expected = clone(clf).fit(X, y, sample_weight=weight).validation_scores_
    clf.fit(X, y, sample_weight=2.0 ** np.round(np.log2(factor)) * weight)
    assert clf.validation_scores_ == pytest.approx(expected, abs=1e-12)


def test_weights_that_are_all_one_are_as_no_weights(small, fitted, digits):
    assert_same_network(small().fit(*digits, sample_weight=np.ones(500)), fitted)


def test_score_weighs_its_samples(fitted, digits):
    X, y = digits
    right = fitted.predict(X) == y
    assert fitted.score(X, y, sample_weight=np.where(right, 3, 1)) == pytest.approx(
        3 * right.sum() / (3 * right.sum() + (~right).sum())
    )


def test_class_weights_multiply_sample_weights(small, digits):
    X, y = digits
    class_weight = {label: 1.0 + label for label in range(10)}
    weight = np.random.RandomState(0).uniform(0.5, 2, 500)
    a = small(input_scaling=None, class_weight=class_weight).fit(X, y, sample_weight=weight)
    b = small(input_scaling=None).fit(X, y, sample_weight=weight * (1.0 + y))
    assert_same_network(a, b)


def test_classes_that_class_weight_does_not_name_weigh_one(small, digits):
    X, y = digits
    named = small(class_weight={2: 5.0}).fit(X, y)
    all_named = small(class_weight={**dict.fromkeys(range(10), 1.0), 2: 5.0}).fit(X, y)
    assert_same_network(named, all_named)


def test_balanced_classes_have_equal_shares_of_the_loss(small, digits):
    X, y = digits
    rows = np.flatnonzero((y > 2) | (np.arange(500) % 4 == 0))
    X, y = X[rows], y[rows]
    weights = compute_class_weight("balanced", classes=np.arange(10), y=y)
    balanced = small(class_weight="balanced").fit(X, y)
    assert_same_network(balanced, small(class_weight=dict(enumerate(weights))).fit(X, y))


def test_balance_counts_sample_weights(small, iris):
    X, y = iris[0][30:], iris[1][30:]
    repeats = np.random.RandomState(0).randint(1, 4, len(X))
    clf = small(class_weight="balanced", batch_size=300)
    weighted = clone(clf).fit(X, y, sample_weight=repeats)
    repeated = clone(clf).fit(np.repeat(X, repeats, axis=0), np.repeat(y, repeats))
    assert_close_networks(weighted, repeated, 1e-10)


def test_balance_makes_a_rare_class_found_more_often(small, digits):
    X, y = digits
    y = (y == 8).astype(int)
    settings = {"epochs": 2, "hidden_layer_sizes": (16,)}
    plain = small(**settings).fit(X, y).predict(X).sum()
    balanced = small(**settings, class_weight="balanced").fit(X, y).predict(X).sum()
    assert balanced > plain


def test_partial_fit_balances_a_call_that_lacks_a_class(small, digits):
    X, y = digits
    clf = small(class_weight="balanced").partial_fit(X[y < 5], y[y < 5], classes=range(10))
    assert np.isfinite(clf.predict_proba(X)).all()


def test_a_class_of_weight_zero_is_known_but_never_trained(small, digits):
    X, y = digits
    clf = small(class_weight={3: 0.0}, epochs=10, learning_rate=0.01).fit(X, y)
    np.testing.assert_array_equal(clf.classes_, range(10))
    assert clf.t_ == 10 * np.sum(y != 3)
    assert not np.any(clf.predict(X) == 3)


# --- labels ----------------------------------------------------------------------------------


def test_predict_gives_the_most_probable_class(fitted, digits):
    X, _ = digits
    expected = fitted.classes_[fitted.predict_proba(X).argmax(axis=1)]
    np.testing.assert_array_equal(fitted.predict(X), expected)


def test_probabilities_sum_to_one(fitted, digits):
    p = fitted.predict_proba(digits[0])
    assert p.shape == (500, 10)
    assert p.min() >= 0
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize(
    "rename",
    [
        lambda y: np.array([f"digit {label}" for label in y]),
        lambda y: np.array([f"digit {label}" for label in y], dtype=object),
        lambda y: y * 7 - 30,
        lambda y: y.astype(float),
        lambda y: y.tolist(),
        lambda y: pd.Series(y),
        lambda y: pd.Series([f"digit {label}" for label in y], dtype="category"),
    ],
    ids=["str", "object", "int", "float", "list", "Series", "category"],
)
def test_labels_may_be_of_any_type_that_sorts(small, fitted, digits, rename):
    X, y = digits
    clf = small().fit(X, rename(y))
    np.testing.assert_array_equal(clf.classes_, np.unique(np.asarray(rename(y))))
    assert_same_network(clf, fitted)
    np.testing.assert_array_equal(clf.predict(X), clf.classes_[fitted.predict(X)])
    assert clf.score(X, rename(y)) == fitted.score(X, y)


def test_bool_labels_are_predicted_as_bool(small, digits):
    X, y = digits
    clf = small().fit(X, y > 4)
    assert clf.predict(X).dtype == bool
    np.testing.assert_array_equal(clf.classes_, [False, True])


def test_a_binary_problem_has_one_logistic_output(small, digits):
    X, y = digits
    clf = small(epochs=10, learning_rate=0.01).fit(X, np.where(y > 4, "high", "low"))
    assert (clf.n_outputs_, clf.out_activation_) == (1, "logistic")
    p = clf.predict_proba(X)
    assert p.shape == (500, 2)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(clf.predict(X), np.where(p[:, 0] >= 0.5, "high", "low"))
    assert clf.score(X, np.where(y > 4, "high", "low")) > 0.8


def test_a_single_class_is_predicted_with_certainty(small, digits):
    X, _ = digits
    clf = small().fit(X, np.full(500, "seven"))
    np.testing.assert_array_equal(clf.predict_proba(X), np.ones((500, 1)))
    np.testing.assert_array_equal(clf.predict_log_proba(X), np.zeros((500, 1)))
    assert set(clf.predict(X)) == {"seven"}


def test_a_single_sample_is_enough(small):
    clf = small().fit(np.ones((1, 4), np.float32), ["only"])
    assert clf.predict(np.zeros((2, 4), np.float32)).tolist() == ["only", "only"]


def test_a_column_of_labels_is_taken_with_a_warning(small, fitted, digits):
    X, y = digits
    with pytest.warns(DataConversionWarning, match="column-vector y"):
        clf = small().fit(X, y.reshape(-1, 1))
    assert_same_network(clf, fitted)


def test_an_ordinary_fit_does_not_warn(small, digits):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small(early_stopping=True).fit(*digits).predict(digits[0])


@pytest.mark.parametrize("sparse_labels", [False, True])
def test_several_labels_have_a_logistic_output_each(small, digits, sparse_labels):
    X, y = digits
    Y = np.c_[y > 4, y % 2 == 0, np.ones(500)].astype(int)
    clf = small(epochs=10, learning_rate=0.01)
    clf.fit(X, sparse.csr_matrix(Y) if sparse_labels else Y)
    assert (clf.n_outputs_, clf.out_activation_) == (3, "logistic")
    np.testing.assert_array_equal(clf.classes_, [0, 1, 2])
    p = clf.predict_proba(X)
    assert p.shape == (500, 3)
    np.testing.assert_array_equal(clf.predict(X), p > 0.5)
    assert clf.score(X, Y) > 0.8


def test_log_probabilities_are_the_logarithms_of_the_probabilities(small, digits):
    X, y = digits
    for labels in (y, y > 4, np.c_[y > 4, y > 7].astype(int)):
        clf = small().fit(X.astype(np.float64), labels)
        np.testing.assert_allclose(
            clf.predict_log_proba(X), np.log(clf.predict_proba(X)), rtol=1e-9, atol=1e-12
        )


def test_log_probabilities_stay_finite_where_probabilities_round_to_zero(small, digits):
    X, y = digits
    for labels in (y, y > 4, np.c_[y > 4, y > 7].astype(int)):
        clf = small().fit(X, labels)
        assert np.any(clf.predict_proba(1e4 * X) == 0)
        assert np.isfinite(clf.predict_log_proba(1e4 * X)).all()


def test_predictions_do_not_depend_on_the_number_of_rows(fitted, digits):
    X = np.tile(digits[0], (5, 1))
    p = fitted.predict_proba(X)
    one_by_one = np.vstack([fitted.predict_proba(X[i : i + 1]) for i in (0, 1023, 1024, 2499)])
    np.testing.assert_allclose(p[[0, 1023, 1024, 2499]], one_by_one, rtol=1e-5)


# --- kinds of X ------------------------------------------------------------------------------


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csc_matrix, sparse.coo_array])
@pytest.mark.parametrize("input_scaling", ["rms", "standard"])
def test_sparse_data_train_as_dense_data(small, digits, container, input_scaling):
    X, y = digits
    dense = small(input_scaling=input_scaling, early_stopping=True).fit(X, y)
    clf = small(input_scaling=input_scaling, early_stopping=True).fit(container(X), y)
    assert_same_network(clf, dense)
    np.testing.assert_allclose(
        clf.predict_proba(container(X)), dense.predict_proba(X), rtol=0, atol=1e-6
    )


@pytest.mark.parametrize(
    "params",
    [{}, {"dropout": 0.3}, {"class_weight": "balanced", "early_stopping": True}],
    ids=str,
)
@pytest.mark.parametrize("n_bytes", [4 * 32 * 64 * 4 * 3, 1])
def test_sparse_data_too_large_to_be_dense_train_the_same(
    small, digits, monkeypatch, params, n_bytes
):
    X, y = digits
    dense = small(**params).fit(X, y)
    monkeypatch.setattr(chunks, "DENSE_BYTES", n_bytes)  # chunks of three batches, or of one
    clf = small(**params).fit(sparse.csr_matrix(X), y)
    assert_close_networks(clf, dense, 1e-6)
    for name, values in dense.history_.items():
        assert clf.history_[name] == pytest.approx(values, rel=1e-6)


def test_partial_fit_takes_sparse_data(small, digits):
    X, y = digits
    dense = small().partial_fit(X, y, classes=range(10)).partial_fit(X, y)
    clf = small().partial_fit(sparse.csr_matrix(X), y, classes=range(10))
    assert_same_network(clf.partial_fit(sparse.csc_matrix(X), y), dense)


def test_data_frames_give_their_names(small, fitted, digits):
    X, y = digits
    frame = pd.DataFrame(X, columns=[f"pixel {i}" for i in range(64)])
    clf = small().fit(frame, pd.Series(y))
    assert clf.feature_names_in_.tolist() == list(frame.columns)
    assert_same_network(clf, fitted)
    np.testing.assert_array_equal(clf.predict_proba(frame), fitted.predict_proba(X))


def test_a_data_frame_in_another_order_is_refused(small, digits):
    X, y = digits
    frame = pd.DataFrame(X, columns=[f"pixel {i}" for i in range(64)])
    clf = small(epochs=1).fit(frame, y)
    with pytest.raises(ValueError, match="feature names should match"):
        clf.predict(frame[frame.columns[::-1]])


def test_names_are_forgotten_when_the_next_data_have_none(small, digits):
    X, y = digits
    clf = small(epochs=1).fit(pd.DataFrame(X, columns=[f"pixel {i}" for i in range(64)]), y)
    clf.fit(X, y)
    assert not hasattr(clf, "feature_names_in_")


# --- fitted attributes -----------------------------------------------------------------------


def test_every_documented_attribute_is_there_and_nothing_else_is_public(small, digits):
    X, y = digits
    documented = KerasMLPClassifier.__doc__.split("Attributes\n")[1].split("See Also\n")[0]
    documented = set(re.findall(r"^    (\w+_) :", documented, re.MULTILINE))
    assert len(documented) == 16
    clf = small(epochs=1).fit(pd.DataFrame(X, columns=[f"{i}" for i in range(64)]), y)
    assert all(hasattr(clf, name) for name in documented)
    public = {name for name in vars(clf) if name.endswith("_") and not name.startswith("_")}
    assert public | {"model_"} == documented


def test_attributes_have_the_documented_types(small, digits):
    X, y = digits
    clf = small(hidden_layer_sizes=(16, 8), early_stopping=True).fit(X, y)
    np.testing.assert_array_equal(clf.classes_, range(10))
    assert clf.n_features_in_ == 64
    assert [w.shape for w in clf.coefs_] == [(64, 16), (16, 8), (8, 10)]
    assert [b.shape for b in clf.intercepts_] == [(16,), (8,), (10,)]
    assert (clf.n_layers_, clf.n_outputs_, clf.out_activation_) == (4, 10, "softmax")
    assert (clf.n_iter_, clf.t_) == (3, 3 * 450)
    assert type(clf.loss_) is float
    assert clf.loss_ == clf.loss_curve_[-1]
    assert type(clf.best_validation_score_) is float
    assert set(clf.history_) == {"loss", "accuracy", "learning_rate", "val_loss", "val_accuracy"}
    for values in clf.history_.values():
        assert len(values) == 3
        assert {type(value) for value in values} == {float}
    assert clf.history_["loss"] == clf.loss_curve_
    assert clf.history_["val_accuracy"] == clf.validation_scores_


def test_there_are_no_validation_scores_without_early_stopping(fitted):
    assert fitted.validation_scores_ is None
    assert fitted.best_validation_score_ is None
    assert set(fitted.history_) == {"loss", "accuracy", "learning_rate"}


def test_a_second_fit_forgets_the_first(small, digits):
    X, y = digits
    clf = small(epochs=5).fit(X[:, :30], np.c_[y > 4, y > 7].astype(int))
    clf.set_params(epochs=3).fit(X, y)
    assert_same_network(clf, small().fit(X, y))
    assert (clf.n_iter_, clf.t_, clf.n_features_in_) == (3, 1500, 64)
    assert clf.predict(X).shape == (500,)


def test_changing_a_parameter_after_fit_does_not_change_predictions(small, digits):
    X, y = digits
    clf = small().fit(X, y)
    p = clf.predict_proba(X)
    clf.set_params(activation="tanh", dropout=0.5, hidden_layer_sizes=(3,), input_scaling=None)
    np.testing.assert_array_equal(clf.predict_proba(X), p)


def test_predicting_before_fit_says_what_to_do(small, digits):
    for method in ("predict", "predict_proba", "predict_log_proba"):
        with pytest.raises(NotFittedError, match="Call 'fit'"):
            getattr(small(), method)(digits[0])


# --- early stopping --------------------------------------------------------------------------


def test_validation_scores_are_those_of_the_rows_held_out(small, digits, held_out):
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


@pytest.mark.parametrize("labels", ["classes", "two classes", "several labels"])
def test_the_network_returns_to_its_best_epoch(small, digits, held_out, labels):
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


def test_validation_scores_are_those_of_predictions_even_far_from_zero(small, digits, held_out):
    X, y = digits
    X = (X + 1e6).astype("float32")  # the weights that predict are less exact than those that train
    clf = small(input_scaling="standard", early_stopping=True, epochs=4).fit(X, y)
    _, rows = held_out[0]
    assert clf.best_validation_score_ == pytest.approx(clf.score(X[rows], y[rows]), abs=1e-12)


@pytest.mark.parametrize(("n_iter_no_change", "tol"), [(2, 1e-4), (3, 1e-4), (2, 0.05), (2, 0.0)])
def test_training_stops_when_the_score_no_longer_improves(small, digits, n_iter_no_change, tol):
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


def test_training_lasts_all_epochs_without_early_stopping(small, digits):
    clf = small(epochs=30, learning_rate=0.05, n_iter_no_change=1, tol=1.0).fit(*digits)
    assert clf.n_iter_ == 30


def test_the_best_score_is_that_of_the_averages_where_they_make_the_network(
    small, digits, held_out
):
    X, y = digits
    # Averages of this many steps lag far behind the weights.
    optimizer = keras.optimizers.Adam(0.02, use_ema=True, ema_momentum=0.99)
    clf = small(optimizer=optimizer, early_stopping=True).fit(X, y)
    _, rows = held_out[0]
    assert clf.best_validation_score_ == pytest.approx(clf.score(X[rows], y[rows]), abs=1e-12)


def test_the_rows_held_out_are_the_share_asked_for_of_each_class(small, digits, held_out):
    X, y = digits
    small(early_stopping=True, validation_fraction=0.3).fit(X, y)
    train_rows, rows = held_out[0]
    assert len(rows) == 150
    assert sorted([*train_rows, *rows]) == list(range(500))
    np.testing.assert_allclose(np.bincount(y[rows]), 0.3 * np.bincount(y), rtol=0, atol=1)


def test_rows_held_out_are_not_trained_on(small, digits, held_out):
    X, y = digits
    clf = small(early_stopping=True, input_scaling=None).fit(X, y)
    _, rows = held_out[0]
    spoilt = X.copy()
    spoilt[rows] = 1000
    other = small(early_stopping=True, input_scaling=None).fit(spoilt, y)
    assert clf.loss_curve_ == other.loss_curve_


def test_a_class_too_rare_to_split_is_no_reason_to_fail(small, digits):
    X, y = digits
    y = np.where(np.arange(500) == 7, 99, y)
    assert 99 in small(early_stopping=True).fit(X, y).classes_


def test_partial_fit_holds_nothing_out(small, digits):
    clf = small(early_stopping=True).partial_fit(*digits, classes=range(10))
    assert_same_network(clf, small().partial_fit(*digits, classes=range(10)))
    assert clf.validation_scores_ is None
    assert clf.t_ == 500


# --- going on: partial_fit and warm_start ------------------------------------------------------


def test_partial_fit_trains_an_epoch_a_call(small, digits):
    clf = small(epochs=7)
    for calls in range(1, 4):
        clf.partial_fit(*digits, classes=range(10))
        assert (clf.n_iter_, clf.t_, len(clf.loss_curve_)) == (calls, 500 * calls, calls)
    assert clf.loss_curve_[2] < clf.loss_curve_[0]


def test_partial_fit_learns_classes_one_after_the_other(small, digits):
    X, y = digits
    clf = small().partial_fit(X[y < 5], y[y < 5], classes=range(10))
    clf.partial_fit(X[y >= 5], y[y >= 5])
    assert clf.predict_proba(X).shape == (500, 10)


def test_partial_fit_keeps_the_scaling_of_its_first_call(small, wide_digits):
    X, y = wide_digits
    clf = small(learning_rate=NO_LEARNING).partial_fit(X, y, classes=range(10))
    p = clf.predict_proba(X)
    clf.partial_fit(1000 * X, y)
    np.testing.assert_allclose(clf.predict_proba(X), p, rtol=0, atol=1e-12)


def test_partial_fit_goes_on_from_fit(small, digits):
    clf = small(epochs=5).fit(*digits)
    loss = clf.loss_
    clf.partial_fit(*digits)
    assert clf.n_iter_ == 6
    assert clf.loss_ < loss


def test_partial_fit_takes_several_labels(small, digits):
    X, y = digits
    Y = np.c_[y > 4, y > 7, y % 2].astype(int)
    clf = small().partial_fit(X, Y, classes=[0, 1, 2]).partial_fit(X, Y)
    assert clf.predict(X).shape == (500, 3)
    assert clf.n_iter_ == 2


@pytest.mark.parametrize("params", [{}, {"dropout": 0.3}, {"optimizer": "sgd"}], ids=str)
def test_a_warm_start_goes_on_as_if_it_had_not_stopped(small, digits, params):
    # Without scaling, nothing is rounded between the fits.
    settings = {"input_scaling": None, "learning_rate_schedule": "constant", **params}
    at_once = small(**settings, epochs=5).fit(*digits)
    clf = small(**settings, epochs=2, warm_start=True).fit(*digits)
    clf.set_params(epochs=5).fit(*digits)
    assert_same_network(clf, at_once)
    assert (clf.n_iter_, clf.t_, clf.history_) == (5, at_once.t_, at_once.history_)


def test_a_warm_start_holds_the_same_rows_out_and_goes_on_from_the_best(small, digits, held_out):
    clf = small(early_stopping=True, warm_start=True, epochs=2).fit(*digits)
    clf.set_params(epochs=5).fit(*digits)
    (_, first), (_, second) = held_out
    np.testing.assert_array_equal(first, second)
    assert clf.n_iter_ == len(clf.validation_scores_) == 5
    assert clf.best_validation_score_ == max(clf.validation_scores_)
    X, y = digits
    assert clf.best_validation_score_ == pytest.approx(clf.score(X[first], y[first]), abs=1e-12)


def test_epochs_of_a_warm_start_are_the_total(small, digits):
    clf = small(epochs=2, warm_start=True).fit(*digits)
    before = clf.loss_curve_
    clf.set_params(epochs=6).fit(*digits)
    assert clf.n_iter_ == len(clf.loss_curve_) == 6
    assert clf.loss_curve_[:2] == before


def test_a_warm_start_goes_on_in_its_schedule(small, digits):
    clf = small(epochs=2, warm_start=True, learning_rate=0.01).fit(*digits)
    clf.set_params(epochs=4).fit(*digits)
    rates = [0.01, 0.005, 0.005, 0.0025]
    assert clf.history_["learning_rate"] == pytest.approx(rates)


def test_a_warm_start_with_nothing_left_to_train_warns_and_changes_nothing(small, digits):
    clf = small(warm_start=True).fit(*digits)
    p = clf.predict_proba(digits[0])
    with pytest.warns(UserWarning, match="all epochs=3 have been trained"):
        clf.fit(*digits)
    np.testing.assert_array_equal(clf.predict_proba(digits[0]), p)
    assert clf.n_iter_ == 3


def test_a_cold_start_forgets_what_partial_fit_learned(small, fitted, digits):
    clf = small().partial_fit(*digits, classes=range(10))
    assert_same_network(clf.fit(*digits), fitted)


def test_a_warm_start_refuses_other_classes(small, digits):
    X, y = digits
    clf = small(warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="warm_start=True needs the classes of the previous fit"):
        clf.set_params(epochs=5).fit(X, y + 1)


def test_going_on_refuses_other_layers(small, digits):
    clf = small().partial_fit(*digits, classes=range(10))
    with pytest.raises(ValueError, match=r"hidden_layer_sizes=\(8,\)"):
        clf.set_params(hidden_layer_sizes=(8,)).partial_fit(*digits)


def test_a_network_for_several_labels_refuses_one_column_of_classes(small, digits):
    X, y = digits
    Y = np.c_[y > 4, y > 7, y % 2].astype(int)
    clf = small().fit(X, Y)
    with pytest.raises(ValueError, match="label"):
        clf.partial_fit(X, y % 3)
    assert clf.predict(X).shape == (500, 3)


def test_a_network_for_classes_refuses_several_labels(small, digits):
    X, y = digits
    clf = small().fit(X, y % 3)
    with pytest.raises(ValueError, match="label"):
        clf.partial_fit(X, np.c_[y > 4, y > 7, y % 2].astype(int))
    assert clf.predict(X).shape == (500,)


def test_partial_fit_refuses_fewer_columns_of_labels_than_declared(small, digits):
    X, y = digits
    with pytest.raises(ValueError, match="classes"):
        small().partial_fit(X, np.c_[y > 4, y > 7].astype(int), classes=[0, 1, 2])


def test_another_optimizer_starts_without_the_state_of_the_one_before(small, digits):
    clf = small(optimizer="adam").partial_fit(*digits, classes=range(10))
    clf.set_params(optimizer="sgd").partial_fit(*digits)
    assert np.isfinite(clf.predict_proba(digits[0])).all()
    assert clf.n_iter_ == 2


# --- the Keras model -------------------------------------------------------------------------


@pytest.mark.parametrize("labels", ["classes", "two classes", "several labels"])
@pytest.mark.parametrize("input_scaling", ["rms", "standard"])
def test_the_keras_model_predicts_the_same(small, digits, labels, input_scaling):
    X, y = digits
    Y = {"classes": y, "two classes": y > 4, "several labels": np.c_[y > 4, y > 7].astype(int)}
    clf = small(input_scaling=input_scaling).fit(X, Y[labels])
    p = clf.predict_proba(X)
    expected = p[:, 1:] if labels == "two classes" else p
    np.testing.assert_allclose(clf.model_.predict(X, verbose=0), expected, rtol=0, atol=1e-5)


def test_the_keras_model_is_a_compiled_sequential(small, digits):
    X, y = digits
    clf = small(optimizer="rmsprop", learning_rate=0.003, dropout=0.25).fit(X, y)
    model = clf.model_
    assert isinstance(model, keras.Sequential)
    assert isinstance(model.optimizer, keras.optimizers.RMSprop)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.003)
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [
        0.25
    ]
    loss, accuracy = model.evaluate(X, np.eye(10)[y], verbose=0)
    assert loss == pytest.approx(log_loss(y, clf.predict_proba(X)), rel=1e-4)
    assert accuracy == pytest.approx(clf.score(X, y))


def test_the_keras_model_has_the_number_type_of_the_network(small, wide_digits):
    X, y = wide_digits
    clf = small(epochs=1).fit(X, y)
    p = clf.model_.predict(X, verbose=0)
    assert p.dtype == np.float64
    np.testing.assert_allclose(p, clf.predict_proba(X), rtol=0, atol=1e-12)


def test_the_keras_model_is_built_once_a_fit(small, digits):
    clf = small(epochs=1).fit(*digits)
    model = clf.model_
    assert clf.model_ is model
    clf.partial_fit(*digits)
    assert clf.model_ is not model
    np.testing.assert_allclose(
        clf.model_.predict(digits[0], verbose=0), clf.predict_proba(digits[0]), rtol=0, atol=1e-5
    )


def test_training_the_keras_model_does_not_change_the_estimator(small, digits):
    X, y = digits
    clf = small(epochs=1).fit(X, y)
    p = clf.predict_proba(X)
    clf.model_.fit(X, np.eye(10)[y], epochs=1, verbose=0)
    np.testing.assert_array_equal(clf.predict_proba(X), p)


def test_there_is_no_keras_model_before_fit(small):
    assert not hasattr(small(), "model_")
    with pytest.raises(NotFittedError):
        _ = small().model_


# --- verbose, callbacks and interruptions ------------------------------------------------------


def test_verbose_prints_a_line_an_epoch(small, digits, capsys):
    small(verbose=1, early_stopping=True).fit(*digits)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" - ")[0] for line in lines] == ["Epoch 1/3", "Epoch 2/3", "Epoch 3/3"]
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert all(f" {name}: " in line for line in lines)


def test_partial_fit_prints_a_line_a_call(small, digits, capsys):
    clf = small(verbose=True)
    for _ in range(2):
        clf.partial_fit(*digits, classes=range(10))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" - ")[0] for line in lines] == ["Epoch 1", "Epoch 2"]


def test_nothing_is_printed_without_verbose(small, digits, capfd):
    small().fit(*digits).predict(digits[0])
    assert capfd.readouterr().out == ""


def test_callbacks_see_each_epoch_with_an_estimator_that_predicts(small, digits):
    X, y = digits
    recorder = EpochRecorder()
    clf = small(epochs=4, learning_rate=0.01).set_callbacks(recorder).fit(X, y)
    assert (recorder.n_planned, recorder.begun, recorder.torn_down) == (4, 4, True)
    assert [e.n_iter_ for e in recorder.epochs] == [1, 2, 3, 4]
    assert_same_network(recorder.epochs[-1], clf)
    losses = [log_loss(y, e.predict_proba(X)) for e in recorder.epochs]
    assert np.all(np.diff(losses) < 0)
    assert all(e.predict(X).shape == (500,) for e in recorder.epochs)


def test_callbacks_do_not_change_the_network(small, fitted, digits):
    assert_same_network(small().set_callbacks(EpochRecorder()).fit(*digits), fitted)


def test_a_callback_that_returns_true_stops_the_training(small, digits):
    recorder = EpochRecorder(stop_after=2)
    clf = small(epochs=10).set_callbacks(recorder).fit(*digits)
    assert clf.n_iter_ == len(recorder.epochs) == 2
    assert_same_network(clf, recorder.epochs[-1])


def test_callbacks_see_the_epochs_that_a_warm_start_adds(small, digits):
    clf = small(epochs=2, warm_start=True).fit(*digits)
    recorder = EpochRecorder()
    clf.set_params(epochs=5).set_callbacks(recorder).fit(*digits)
    assert [e.n_iter_ for e in recorder.epochs] == [3, 4, 5]


def test_callbacks_are_torn_down_when_a_fit_fails(small, digits):
    recorder = EpochRecorder()
    with pytest.raises(ValueError, match="diverged"):
        small(learning_rate=1e30).set_callbacks(recorder).fit(*digits)
    assert recorder.torn_down


def test_scikit_learns_scoring_monitor_scores_each_epoch(small, digits):
    X, y = digits
    monitor, recorder = ScoringMonitor(scoring="accuracy"), EpochRecorder()
    clf = small(epochs=4).set_callbacks(monitor, recorder).fit(X, y)
    rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert [row["accuracy"] for row in rows] == [e.score(X, y) for e in recorder.epochs]
    assert rows[-1]["accuracy"] == clf.score(X, y)


def test_scikit_learns_progress_bar_counts_the_epochs(small, digits, capsys):
    small(epochs=4).set_callbacks(ProgressBar()).fit(*digits)
    shown = capsys.readouterr().out
    assert "KerasMLPClassifier" in shown
    assert "100%" in shown


def test_an_interrupt_keeps_the_epochs_that_are_finished(small, digits):
    recorder = EpochRecorder()
    clf = small(epochs=10).set_callbacks(recorder, InterruptAt(begin=4))
    with pytest.warns(UserWarning, match="interrupted by user: the 3 finished epochs of 10"):
        clf.fit(*digits)
    assert clf.n_iter_ == 3
    assert_same_network(clf, recorder.epochs[-1])


def test_an_interrupt_while_an_epoch_is_reported_keeps_that_epoch(small, digits):
    clf = small(epochs=10).set_callbacks(InterruptAt(end=2))
    with pytest.warns(UserWarning, match="interrupted by user: the 2 finished epochs of 10"):
        clf.fit(*digits)
    assert clf.n_iter_ == 2


def test_an_interrupt_before_the_first_epoch_ends_leaves_the_estimator_as_it_was(small, digits):
    X, y = digits
    clf = small().fit(X, y)
    p = clf.predict_proba(X)
    clf.set_callbacks(InterruptAt(begin=1))
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X[:, :30], y > 4)
    np.testing.assert_array_equal(clf.predict_proba(X), p)


def test_a_warm_start_finishes_a_training_that_was_interrupted(small, digits):
    clf = small(epochs=6, warm_start=True).set_callbacks(InterruptAt(begin=3))
    with pytest.warns(UserWarning, match="interrupted"):
        clf.fit(*digits)
    clf.set_callbacks().fit(*digits)
    assert clf.n_iter_ == 6
    rates = 2e-3 * (1 - np.arange(6) / 6)
    assert clf.history_["learning_rate"] == pytest.approx(rates)


def test_a_fit_after_an_interrupt_is_as_any_other(small, fitted, digits):
    with pytest.warns(UserWarning, match="interrupted"):
        small(epochs=10).set_callbacks(InterruptAt(begin=3)).fit(*digits)
    assert_same_network(small().fit(*digits), fitted)


INTERRUPTED_PROCESS = """
import warnings
from sklearn.datasets import load_digits
from sk_mnist import KerasMLPClassifier

X, y = load_digits(return_X_y=True)
clf = KerasMLPClassifier((64,), epochs=100_000, batch_size=8, verbose=1)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    clf.fit(X, y)
print("kept", clf.n_iter_, clf.predict(X).shape[0], [str(w.message) for w in caught])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_on_a_running_process_keeps_the_finished_epochs():
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED_PROCESS],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    while not (line := process.stdout.readline()).startswith("Epoch 5/"):
        assert line, process.stderr.read()
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    n_epochs, n_rows, message = re.search(r"kept (\d+) (\d+) (.*)", out).groups()
    assert int(n_epochs) >= 5
    assert int(n_rows) == 1797
    assert f"the {n_epochs} finished epochs of 100000 are kept" in message


# --- divergence ------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_training_that_diverges_names_the_learning_rate(small, digits, optimizer):
    clf = small(optimizer=optimizer, learning_rate=1e30)
    with pytest.raises(ValueError, match=r"Training diverged.*learning_rate=1e\+30.*input_scaling"):
        clf.fit(*digits)


def test_a_training_that_diverges_says_so_also_where_a_callback_scores_probabilities(small, digits):
    clf = small(learning_rate=1e30).set_callbacks(ScoringMonitor(scoring="neg_log_loss"))
    with pytest.raises(ValueError, match="Training diverged"):
        clf.fit(*digits)


def test_the_reference_network_learns():
    """The yardstick of the tests above must itself go down the gradient."""
    rng = np.random.RandomState(0)
    X, y = rng.normal(size=(30, 4)), rng.randint(3, size=30)
    layers = [rng.normal(size=(4, 5)), np.zeros(5), rng.normal(size=(5, 3)), np.zeros(3)]

    def loss(layers):
        z = np.tanh(X @ layers[0] + layers[1]) @ layers[2] + layers[3]
        return -log_softmax(z, axis=1)[np.arange(30), y].mean()

    trained = reference_network(X, np.eye(3)[y], np.ones(30), layers, [0.05] * 20)
    assert loss(trained) < loss(layers) - 0.1
