"""What each parameter does."""

import keras
import numpy as np
import pytest
from classifier_checks import NO_LEARNING, assert_close_networks, assert_same_network
from sklearn.metrics import log_loss

from sk_mnist.network.activations import ACTIVATIONS
from sk_mnist.training.optimizers import OPTIMIZERS


def slow_but(fast, names):
    """Mark all names but those that are fast as slow: they compile a program of TensorFlow."""
    return [name if name in fast else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.mark.parametrize("activation", slow_but(["relu", "leaky_relu"], sorted(ACTIVATIONS)))
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


@pytest.mark.parametrize("optimizer", slow_but(["adam"], OPTIMIZERS))
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


# Small enough for their types, but not for what is computed from them.
OF_NUMPY = {
    "batch_size": np.int16(400),
    "epochs": np.int8(3),
    "hidden_layer_sizes": np.int8(100),
    "n_iter_no_change": np.uint8(2),
    "alpha": np.float16(0.001),
    "dropout": np.float16(0.1),
    "learning_rate": np.float16(0.01),
    "label_smoothing": np.float16(0.05),
    "validation_fraction": np.float16(0.2),
    "tol": np.float16(0.001),
    "random_state": np.int8(3),
    "early_stopping": np.bool_(True),
    "warm_start": np.bool_(False),
    "verbose": np.uint8(0),
}


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("name", OF_NUMPY)
def test_numbers_of_numpy_are_python_numbers(small, digits, name, early_stopping):
    value = OF_NUMPY[name]
    settings = {"batch_size": 100, "early_stopping": early_stopping, "epochs": 4}
    expected = small(**settings | {name: value.item()}).fit(*digits)
    clf = small(**settings | {name: value}).fit(*digits)
    assert_same_network(clf, expected)
    assert clf.get_params()[name] is value


@pytest.mark.slow
def test_numbers_of_numpy_do_not_stay_in_the_pool_of_programs(small, digits):
    settings = {"optimizer": "sgd", "epochs": 2}
    odd = small(**settings, batch_size=np.uint8(64)).fit(*digits)
    assert_same_network(small(**settings, batch_size=64).fit(*digits), odd)
