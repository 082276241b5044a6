"""What "auto" stands for."""

import numpy as np
import pytest

from sk_mnist import KerasMLPClassifier
from sk_mnist.training.defaults import resolve, starts_small


def settings(n_rows, *, streaming=False, **params):
    X = np.empty((n_rows, 3), np.float32)
    return resolve(KerasMLPClassifier(**params), X, streaming=streaming)


@pytest.mark.parametrize(
    ("n_rows", "hidden", "dropout", "batch_size", "epochs"),
    [
        (1, (256, 128), 0.0, 64, 600),
        (47, (256, 128), 0.0, 64, 600),
        (48, (256, 128), 0.5, 64, 600),
        (63, (256, 128), 0.5, 64, 600),
        (64, (256, 128), 0.5, 32, 300),
        (150, (256, 128), 0.5, 32, 120),
        (999, (256, 128), 0.5, 32, 19),
        (1_000, (256, 128), 0.2, 32, 19),
        (1_797, (256, 128), 0.2, 64, 21),
        (4_000, (256, 128), 0.2, 128, 19),
        (9_999, (256, 128), 0.2, 128, 10),
        (10_000, (512, 256), 0.1, 128, 10),
        (60_000, (512, 256), 0.1, 128, 10),
        (10_000_000, (512, 256), 0.1, 128, 10),
    ],
)
def test_auto_depends_on_the_number_of_rows(n_rows, hidden, dropout, batch_size, epochs):
    found = settings(n_rows)
    assert found.hidden_layer_sizes == hidden
    assert (found.dropout, found.batch_size, found.epochs) == (dropout, batch_size, epochs)


@pytest.mark.parametrize(
    ("n_rows", "hidden", "dropout"),
    [
        (47, (100,), 0.0),
        (48, (100, 100), 0.5),
        (48, (100, 99), 0.2),
        (48, (), 0.2),
        (999, 100, 0.5),
        (1_000, (100,), 0.2),
        (10_000, (8,), 0.1),
    ],
)
def test_auto_dropout_depends_on_the_widths_given(n_rows, hidden, dropout):
    assert settings(n_rows, hidden_layer_sizes=hidden).dropout == dropout


@pytest.mark.parametrize(("batch_size", "epochs"), [(10, 10), (500, 300), (2_000, 600)])
def test_auto_epochs_make_600_steps_of_the_batches_given(batch_size, epochs):
    assert settings(1_000, batch_size=batch_size).epochs == epochs


def test_what_is_given_is_taken_as_it_is():
    given = {
        "hidden_layer_sizes": (3, 2),
        "dropout": 0.0,
        "epochs": 1,
        "batch_size": 7,
    }
    assert vars(settings(20_000, **given)) == given


@pytest.mark.parametrize("n_rows", [1, 50, 500])
def test_partial_fit_takes_what_is_for_many_rows(n_rows):
    found, many = settings(n_rows, streaming=True), settings(60_000)
    assert found.hidden_layer_sizes == many.hidden_layer_sizes
    assert (found.dropout, found.batch_size) == (many.dropout, many.batch_size)


@pytest.mark.parametrize(
    ("shape", "streaming", "small"),
    [
        ((60_000, 784), False, True),
        ((10_000, 100), False, True),
        ((9_999, 784), False, False),
        ((60_000, 99), False, False),
        ((10, 784), True, True),
        ((10, 99), True, False),
    ],
)
def test_many_rows_of_many_features_start_from_small_weights(shape, streaming, small):
    X = np.broadcast_to(np.float32(0), shape)
    assert starts_small(X, streaming=streaming) == small


def test_the_small_start_is_that_of_the_fitted_network():
    X = np.random.RandomState(0).rand(200, 100)
    y = np.arange(200) % 2
    tiny = {"learning_rate": 1e-12, "random_state": 0, "input_scaling": None}
    small = KerasMLPClassifier((8,), **tiny).partial_fit(X, y, classes=[0, 1])
    full = KerasMLPClassifier((8,), **tiny, epochs=1).fit(X, y)
    assert np.abs(small.coefs_[-1]).max() < 1e-9 < np.abs(full.coefs_[-1]).max()
