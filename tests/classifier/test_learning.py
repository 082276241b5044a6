"""The classifier learns, by the steps that its parameters describe."""

import re
from inspect import getdoc

import numpy as np
import pytest
from classifier_checks import NO_LEARNING, flat_layers, reference_network
from scipy.special import log_softmax
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score, log_loss

from sk_mnist import KerasMLPClassifier


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
        r"^(\w+) : .*?default=([^\n]+)$",
        getdoc(KerasMLPClassifier).replace("\\\n", ""),
        re.MULTILINE,
    )
    documented = {name: eval(value) for name, value in documented}
    assert documented == KerasMLPClassifier().get_params()


def test_the_loss_goes_down_and_the_accuracy_up(small, digits):
    clf = small(epochs=6).fit(*digits)
    assert np.all(np.diff(clf.history_["loss"]) < 0)
    assert clf.history_["accuracy"][-1] > clf.history_["accuracy"][0]


SGD = {"optimizer": "sgd", "activation": "tanh", "batch_size": 150, "input_scaling": None}


@pytest.mark.slow
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


@pytest.mark.slow
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
