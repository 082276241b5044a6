"""Optimizers given as instances, by the estimator's behaviour."""

import pickle
import subprocess
import sys

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV

from sk_mnist import KerasMLPClassifier
from sk_mnist.optimizers import choose

X, Y = load_digits(return_X_y=True)
X, Y = X[:400], Y[:400]


def make(optimizer, **parameters):
    return KerasMLPClassifier(8, optimizer=optimizer, epochs=3, random_state=0, **parameters)


def coefs_of(optimizer, **parameters):
    return make(optimizer, **parameters).fit(X, Y).coefs_[0]


class TestAnInstance:
    def test_trains_as_its_name_does(self):
        instance = keras.optimizers.Adam(learning_rate=0.002)
        assert_array_equal(coefs_of(instance), coefs_of("adam"))

    def test_brings_its_options(self):
        instance = keras.optimizers.Adam(learning_rate=0.002, clipnorm=0.01)
        assert not np.allclose(coefs_of(instance), coefs_of("adam"))

    def test_brings_its_learning_rate(self):
        clf = make(keras.optimizers.SGD(learning_rate=0.05)).fit(X, Y)
        assert clf.history_["learning_rate"][0] == pytest.approx(0.05)

    def test_follows_the_estimators_schedule(self):
        clf = make(keras.optimizers.Adam(0.03), learning_rate_schedule="linear").fit(X, Y)
        assert_allclose(clf.history_["learning_rate"], [0.03, 0.02, 0.01], rtol=1e-6)

    def test_refuses_a_second_learning_rate(self):
        with pytest.raises(ValueError, match=r"learning_rate=0.5 would have no effect.*Adam"):
            make(keras.optimizers.Adam(), learning_rate=0.5).fit(X, Y)

    def test_is_never_changed(self):
        instance = keras.optimizers.Adam(learning_rate=0.01)
        before = instance.get_config()
        clf = make(instance).fit(X, Y)
        clf.model_.fit(X[:32], keras.utils.to_categorical(Y[:32], 10), verbose=0)
        assert clf.optimizer is instance
        assert instance.get_config() == before
        assert not instance.built
        assert int(instance.iterations) == 0

    def test_may_have_been_used_elsewhere(self):
        used = keras.optimizers.Adam(learning_rate=0.002)
        used.build([keras.Variable(np.zeros(3))])
        used.apply([np.ones(3, "float32")])
        assert_array_equal(coefs_of(used), coefs_of(keras.optimizers.Adam(0.002)))

    def test_is_that_of_the_keras_model(self):
        clf = make(keras.optimizers.Adam(learning_rate=0.01, clipnorm=0.5)).fit(X, Y)
        optimizer = clf.model_.optimizer
        assert optimizer is not clf.optimizer
        assert optimizer.clipnorm == 0.5
        assert float(optimizer.learning_rate) == pytest.approx(0.01)

    def test_can_be_cloned_and_searched_over(self):
        grid = {"optimizer": ["sgd", keras.optimizers.Adam(0.02), keras.optimizers.Adam(1e-6)]}
        search = GridSearchCV(make("adam").set_params(epochs=20), grid, cv=2).fit(X, Y)
        scores = search.cv_results_["mean_test_score"]
        assert scores[1] > scores[2] + 0.2
        assert clone(search.best_estimator_).fit(X, Y).score(X, Y) > scores[1]

    def test_survives_pickling(self):
        clf = make(keras.optimizers.Adam(0.01, clipnorm=0.5), warm_start=True).fit(X, Y)
        loaded = pickle.loads(pickle.dumps(clf))
        assert loaded.optimizer.get_config() == clf.optimizer.get_config()
        for model in (clf, loaded):
            model.set_params(epochs=5).fit(X, Y)
        assert_array_equal(loaded.coefs_[0], clf.coefs_[0])

    def test_of_the_same_options_goes_on_where_the_one_before_stopped(self):
        one, other = (
            make(keras.optimizers.Adam(0.01), warm_start=True, learning_rate_schedule="constant")
            for _ in range(2)
        )
        one.fit(X, Y).set_params(epochs=5).fit(X, Y)
        other.fit(X, Y).set_params(epochs=5, optimizer=keras.optimizers.Adam(0.01)).fit(X, Y)
        assert_array_equal(one.coefs_[0], other.coefs_[0])

    def test_may_be_of_a_class_of_the_users(self):
        class Halved(keras.optimizers.SGD):
            def update_step(self, gradient, variable, learning_rate):
                super().update_step(gradient, variable, learning_rate / 2)

        halved = coefs_of(Halved(0.1))
        assert_allclose(halved, coefs_of(keras.optimizers.SGD(0.05)), rtol=1e-6)


class TestAKerasSchedule:
    SCHEDULE = keras.optimizers.schedules.ExponentialDecay(0.02, decay_steps=4, decay_rate=0.5)

    def test_takes_the_place_of_the_estimators(self):
        clf = make(keras.optimizers.Adam(self.SCHEDULE)).fit(X, Y)  # 4 steps an epoch
        assert_allclose(clf.history_["learning_rate"], [0.02, 0.01, 0.005], rtol=1e-6)

    def test_goes_on_from_call_to_call_of_partial_fit(self):
        clf = make(keras.optimizers.Adam(self.SCHEDULE))
        for start, stop in ((0, 100), (100, 400), (0, 128)):  # 1, 3 and 1 steps
            clf.partial_fit(X[start:stop], Y[start:stop], classes=range(10))
        expected = [0.02, 0.02 * 0.5**0.25, 0.01]
        assert_allclose(clf.history_["learning_rate"], expected, rtol=1e-6)

    def test_goes_on_with_warm_start(self):
        instance = keras.optimizers.Adam(self.SCHEDULE)
        clf = make(instance, warm_start=True).fit(X, Y).set_params(epochs=4).fit(X, Y)
        assert clf.history_["learning_rate"][3] == pytest.approx(0.0025)


def test_moving_averages_of_the_weights_are_what_remains_as_in_keras():
    """After Model.fit, Keras has the averages of the weights in the model."""
    averaged = make(keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.9)).fit(X, Y)
    plain = make(keras.optimizers.Adam(0.01)).fit(X, Y)
    assert averaged.loss_curve_ == pytest.approx(plain.loss_curve_)
    gap = np.abs(averaged.coefs_[0] - plain.coefs_[0]).max()
    assert 1e-4 < gap < 0.1


class TestWhatIsNoOptimizer:
    def test_is_refused(self):
        with pytest.raises(ValueError, match=r"'optimizer' parameter.*must be.*'adam'"):
            make(3).fit(X, Y)

    def test_is_refused_when_a_class(self):
        with pytest.raises(TypeError, match=r"instance of keras.optimizers.Optimizer.*Call the"):
            make(keras.optimizers.Adam).fit(X, Y)


class TestDescriptions:
    def test_are_alike_whatever_the_learning_rate(self):
        slow, fast = choose(keras.optimizers.Adam(1e-3)), choose(keras.optimizers.Adam(1e-1))
        assert slow == fast
        assert hash(slow) == hash(fast)

    def test_differ_by_options(self):
        assert choose(keras.optimizers.Adam()) != choose(keras.optimizers.Adam(clipnorm=1.0))


def test_a_network_trained_in_parts_predicts_without_keras_once_loaded(tmp_path):
    path = tmp_path / "model.pickle"
    path.write_bytes(pickle.dumps(make("adam").partial_fit(X, Y, classes=range(10))))
    code = (
        "import pickle, sys, pathlib\n"
        f"pickle.loads(pathlib.Path({str(path)!r}).read_bytes()).predict([[0.0] * 64])\n"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
