"""What trains is the user's choice, and is told."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import sk_mnist
from sk_mnist import KerasMLPClassifier


def test_engine_is_native_by_default(small, digits):
    assert small(epochs=1).fit(*digits).engine_ == "native"


@pytest.mark.keras
@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"optimizer": "sgd", "activation": "gelu"}], ids=str)
def test_engine_tensorflow_trains_the_network_of_the_native_one(small, digits, options):
    X, y = digits[0].astype(np.float64), digits[1]
    native, tensorflow = (
        small(engine=name, dropout=0.2, alpha=0.1, early_stopping=True, **options).fit(X, y)
        for name in ("native", "tensorflow")
    )
    assert (native.engine_, tensorflow.engine_) == ("native", "tensorflow")
    for found, expected in zip(native.coefs_, tensorflow.coefs_, strict=True):
        assert_allclose(found, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.keras
@pytest.mark.slow
def test_engine_may_change_between_warm_starts(small, digits):
    X, y = digits[0].astype(np.float64), digits[1]
    constant = {"learning_rate_schedule": "constant"}
    expected = small(epochs=4, **constant).fit(X, y)
    clf = small(epochs=2, warm_start=True, engine="tensorflow", **constant).fit(X, y)
    clf.set_params(epochs=4, engine="native").fit(X, y)
    assert clf.engine_ == "native"
    assert_allclose(clf.coefs_[0], expected.coefs_[0], rtol=1e-6, atol=1e-8)


def test_engine_that_lacks_the_optimizer_is_refused_before_training(small, digits):
    clf = small(epochs=1).fit(*digits)
    before = dict(vars(clf))
    clf.set_params(engine="native", optimizer="nadam")
    with pytest.raises(ValueError, match="engine='native' does not have the optimizer nadam"):
        clf.fit(*digits)
    assert vars(clf) == {**before, "engine": "native", "optimizer": "nadam"}


def test_engine_is_printed(small, digits, capsys):
    small(epochs=1, verbose=1).fit(*digits)
    assert "engine='native'" in capsys.readouterr().out.splitlines()[0]


@pytest.mark.parametrize(
    ("optimizer", "activation", "engine"),
    [
        ("adam", "relu", "native"),
        ("adam", "tanh", "tensorflow"),
        ("nadam", "relu", "tensorflow"),
    ],
)
def test_engine_of_files_without_one_is_what_it_was_then(optimizer, activation, engine):
    state = {"optimizer": optimizer, "_activation": activation, "coefs_": []}
    clf = KerasMLPClassifier()
    clf.__setstate__({**state, "_sk_mnist_version": sk_mnist.__version__})
    assert (clf.engine, clf.engine_) == ("auto", engine)


def test_engine_of_another_name_is_refused(digits):
    with pytest.raises(ValueError, match="'engine' parameter of KerasMLPClassifier must be"):
        KerasMLPClassifier(engine="jax").fit(*digits)
