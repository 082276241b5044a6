"""Optimizers given as instances, by the estimator's behaviour."""

import math
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
from sk_mnist.training.optimizers import rates_by_step, resolve_optimizer

pytestmark = [pytest.mark.keras, pytest.mark.slow]

X, Y = load_digits(return_X_y=True)
X, Y = X[:400], Y[:400]


def make(optimizer, **parameters):
    plain = {"input_scaling": "rms", "dropout": 0, "label_smoothing": 0}
    settings = {"epochs": 3, "batch_size": 128, "random_state": 0, **plain}
    return KerasMLPClassifier(8, optimizer=optimizer, **(settings | parameters))


def coefs_of(optimizer, **parameters):
    return make(optimizer, **parameters).fit(X, Y).coefs_[0]


class TestAnInstance:
    def test_instance_trains_as_its_name_does(self):
        instance = keras.optimizers.Adam(learning_rate=0.002)
        assert_array_equal(coefs_of(instance), coefs_of("adam"))

    def test_instance_brings_its_options(self):
        instance = keras.optimizers.Adam(learning_rate=0.002, clipnorm=0.01)
        assert not np.allclose(coefs_of(instance), coefs_of("adam"))

    def test_instance_brings_its_learning_rate(self):
        clf = make(keras.optimizers.SGD(learning_rate=0.05)).fit(X, Y)
        assert clf.history_["learning_rate"][0] == pytest.approx(0.05)

    def test_instance_follows_the_estimators_schedule(self):
        clf = make(keras.optimizers.Adam(0.03), learning_rate_schedule="linear").fit(X, Y)
        assert_allclose(clf.history_["learning_rate"], [0.03, 0.02, 0.01], rtol=1e-6)

    def test_instance_refuses_a_second_learning_rate(self):
        with pytest.raises(ValueError, match=r"learning_rate=0.5 would have no effect.*Adam"):
            make(keras.optimizers.Adam(), learning_rate=0.5).fit(X, Y)

    def test_instance_is_never_changed(self):
        instance = keras.optimizers.Adam(learning_rate=0.01)
        before = instance.get_config()
        clf = make(instance).fit(X, Y)
        clf.model_.fit(X[:32], Y[:32], verbose=0)
        assert clf.optimizer is instance
        assert instance.get_config() == before
        assert not instance.built
        assert int(instance.iterations) == 0

    def test_instance_may_have_been_used_elsewhere(self):
        used = keras.optimizers.Adam(learning_rate=0.002)
        used.build([keras.Variable(np.zeros(3))])
        used.apply([np.ones(3, "float32")])
        assert_array_equal(coefs_of(used), coefs_of(keras.optimizers.Adam(0.002)))

    def test_instance_is_that_of_the_keras_model(self):
        clf = make(keras.optimizers.Adam(learning_rate=0.01, clipnorm=0.5)).fit(X, Y)
        optimizer = clf.model_.optimizer
        assert optimizer is not clf.optimizer
        assert optimizer.clipnorm == 0.5
        assert float(optimizer.learning_rate) == pytest.approx(0.01)

    def test_instance_can_be_cloned_and_searched_over(self):
        grid = {"optimizer": ["sgd", keras.optimizers.Adam(0.02), keras.optimizers.Adam(1e-6)]}
        search = GridSearchCV(make("adam").set_params(epochs=20), grid, cv=2).fit(X, Y)
        scores = search.cv_results_["mean_test_score"]
        assert scores[1] > scores[2] + 0.2
        assert clone(search.best_estimator_).fit(X, Y).score(X, Y) > scores[1]

    def test_instance_survives_pickling(self):
        clf = make(keras.optimizers.Adam(0.01, clipnorm=0.5), warm_start=True).fit(X, Y)
        loaded = pickle.loads(pickle.dumps(clf))
        assert loaded.optimizer.get_config() == clf.optimizer.get_config()
        for model in (clf, loaded):
            model.set_params(epochs=5).fit(X, Y)
        assert_array_equal(loaded.coefs_[0], clf.coefs_[0])

    def test_instance_of_the_same_options_goes_on_where_the_one_before_stopped(self):
        one, other = (
            make(keras.optimizers.Adam(0.01), warm_start=True, learning_rate_schedule="constant")
            for _ in range(2)
        )
        one.fit(X, Y).set_params(epochs=5).fit(X, Y)
        other.fit(X, Y).set_params(epochs=5, optimizer=keras.optimizers.Adam(0.01)).fit(X, Y)
        assert_array_equal(one.coefs_[0], other.coefs_[0])

    def test_instance_may_be_of_a_class_of_the_users(self):
        class Halved(keras.optimizers.SGD):
            def update_step(self, gradient, variable, learning_rate):
                super().update_step(gradient, variable, learning_rate / 2)

        halved = coefs_of(Halved(0.1))
        assert_allclose(halved, coefs_of(keras.optimizers.SGD(0.05)), rtol=1e-6)

    def test_instance_of_a_class_defined_anew_trains_by_the_new_one(self):
        def scaled(factor):
            class Scaled(keras.optimizers.SGD):
                def update_step(self, gradient, variable, learning_rate):
                    super().update_step(gradient, variable, learning_rate * factor)

            return Scaled(0.05)

        assert not np.allclose(coefs_of(scaled(1.0)), coefs_of(scaled(0.5)))

    def test_instance_whose_training_diverges_is_named_with_what_to_try(self):
        message = (
            r"learning_rate=1e\+30 of the optimizer given, SGD. Try SGD\(learning_rate=1e\+29\)"
        )
        with pytest.raises(ValueError, match=message):
            make(keras.optimizers.SGD(1e30), activation="identity").fit(X, Y)

    @pytest.mark.parametrize(
        ("wrapper", "message"),
        [
            (
                "LossScaleOptimizer",
                r"must not be a LossScaleOptimizer.*float16.*loss_scale_factor",
            ),
            (
                "MultiOptimizer",
                r"must not be a MultiOptimizer.*one learning rate.*Give one optimizer",
            ),
        ],
    )
    def test_instance_that_wraps_others_is_refused(self, wrapper, message):
        if not hasattr(keras.optimizers, wrapper):
            pytest.skip("this version of Keras has no such optimizer")
        inner = keras.optimizers.Adam()
        inside = (lambda variable: inner) if wrapper == "MultiOptimizer" else inner
        with pytest.raises(ValueError, match=message):
            make(getattr(keras.optimizers, wrapper)(inside)).fit(X, Y)

    def test_instance_that_leaves_variables_out_of_weight_decay_is_refused(self):
        instance = keras.optimizers.AdamW(weight_decay=0.1)
        instance.exclude_from_weight_decay(var_names=["bias"])
        with pytest.raises(ValueError, match=r"AdamW, excludes variables.*without exclusions"):
            make(instance).fit(X, Y)

    def test_instance_that_leaves_nothing_out_of_weight_decay_is_not_refused(self):
        instance = keras.optimizers.AdamW(weight_decay=0.1)
        instance.exclude_from_weight_decay()
        assert_array_equal(coefs_of(instance), coefs_of(keras.optimizers.AdamW(weight_decay=0.1)))

    def test_instance_whose_learning_rate_is_a_function_is_refused(self):
        with pytest.raises(ValueError, match=r"is a function.*a number or.*LearningRateSchedule"):
            make(keras.optimizers.Adam(lambda: 0.01)).fit(X, Y)


class Warmup(keras.optimizers.schedules.LearningRateSchedule):
    """Grows with the steps; Keras can neither describe it nor make another."""

    n_calls = 0

    def __call__(self, step):
        Warmup.n_calls += 1
        return 0.01 * (keras.ops.cast(step, "float32") + 1)


class OfPlainNumbers(keras.optimizers.schedules.LearningRateSchedule):
    """Can be called with a number, not with a tensor."""

    def __call__(self, step):
        return math.exp(-step)


class TestAKerasSchedule:
    SCHEDULE = keras.optimizers.schedules.ExponentialDecay(0.02, decay_steps=4, decay_rate=0.5)

    def test_keras_schedule_takes_the_place_of_the_estimators(self):
        clf = make(keras.optimizers.Adam(self.SCHEDULE)).fit(X, Y)  # 4 steps an epoch
        assert_allclose(clf.history_["learning_rate"], [0.02, 0.01, 0.005], rtol=1e-6)

    def test_keras_schedule_goes_on_from_call_to_call_of_partial_fit(self):
        clf = make(keras.optimizers.Adam(self.SCHEDULE))
        for start, stop in ((0, 100), (100, 400), (0, 128)):  # 1, 3 and 1 steps
            clf.partial_fit(X[start:stop], Y[start:stop], classes=range(10))
        expected = [0.02, 0.02 * 0.5**0.25, 0.01]
        assert_allclose(clf.history_["learning_rate"], expected, rtol=1e-6)

    def test_keras_schedule_goes_on_with_warm_start(self):
        instance = keras.optimizers.Adam(self.SCHEDULE)
        clf = make(instance, warm_start=True).fit(X, Y).set_params(epochs=4).fit(X, Y)
        assert clf.history_["learning_rate"][3] == pytest.approx(0.0025)

    def test_keras_schedule_may_be_of_a_class_that_keras_does_not_know(self):
        clf = make(keras.optimizers.Adam(Warmup())).fit(X, Y)
        assert_allclose(clf.history_["learning_rate"], [0.01, 0.05, 0.09], rtol=1e-6)
        assert isinstance(clf.model_.optimizer._learning_rate, Warmup)

    def test_keras_schedule_is_not_called_for_each_step(self):
        Warmup.n_calls = 0
        make(keras.optimizers.SGD(Warmup()), batch_size=4).fit(X, Y)  # 300 steps
        assert 0 < Warmup.n_calls < 10

    def test_keras_schedule_may_need_plain_numbers(self):
        steps = np.arange(100)
        assert_array_equal(rates_by_step(OfPlainNumbers())(steps), [math.exp(-s) for s in steps])

    @pytest.mark.parametrize(
        "schedule",
        [
            keras.optimizers.schedules.CosineDecay(
                0.002, 500, warmup_target=0.01, warmup_steps=100
            ),
            keras.optimizers.schedules.CosineDecayRestarts(0.01, 70),
            keras.optimizers.schedules.ExponentialDecay(0.01, 37, 0.7, staircase=True),
            keras.optimizers.schedules.InverseTimeDecay(0.01, 37, 0.7),
            keras.optimizers.schedules.PiecewiseConstantDecay([100, 300], [0.01, 0.003, 0.001]),
            keras.optimizers.schedules.PolynomialDecay(0.01, 333, power=0.7, cycle=True),
        ],
        ids=lambda schedule: type(schedule).__name__,
    )
    def test_keras_schedule_has_the_same_rates_for_many_steps_at_once(self, schedule):
        steps = np.arange(20, 620)
        rates = rates_by_step(schedule)(steps)
        assert rates.dtype == np.float64
        assert_array_equal(rates, [float(schedule(int(step))) for step in steps])


class TestMovingAverages:
    @staticmethod
    def make(**parameters):
        return make(keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.9), **parameters)

    def test_moving_averages_are_what_remains_as_in_keras(self):
        """After Model.fit, Keras has the averages of the weights in the model."""
        averaged = self.make().fit(X, Y)
        plain = make(keras.optimizers.Adam(0.01)).fit(X, Y)
        assert averaged.loss_curve_ == pytest.approx(plain.loss_curve_)
        gap = np.abs(averaged.coefs_[0] - plain.coefs_[0]).max()
        assert 1e-4 < gap < 0.1

    def test_moving_averages_are_not_what_partial_fit_goes_on_with(self):
        averaged, plain = self.make(), make(keras.optimizers.Adam(0.01))
        for _ in range(3):
            for clf in (averaged, plain):
                clf.partial_fit(X, Y, classes=range(10))
        assert averaged.loss_curve_ == pytest.approx(plain.loss_curve_)

    @pytest.mark.parametrize(
        "between",
        [lambda clf: clf, lambda clf: pickle.loads(pickle.dumps(clf))],
        ids=["in one process", "through pickle"],
    )
    def test_moving_averages_are_the_same_after_a_break(self, between):
        settings = {"learning_rate_schedule": "constant", "warm_start": True}
        at_once = self.make(**settings).set_params(epochs=10).fit(X, Y)
        clf = between(self.make(**settings).set_params(epochs=5).fit(X, Y))
        clf.set_params(epochs=10).fit(X, Y)
        assert clf.history_ == at_once.history_
        for found, expected in zip(clf.coefs_, at_once.coefs_, strict=True):
            assert_array_equal(found, expected)

    def test_moving_averages_are_what_another_optimizer_goes_on_with(self):
        clf = self.make(warm_start=True, input_scaling=None).fit(X, Y)
        averages = clf.coefs_[0].copy()
        clf.set_params(optimizer=keras.optimizers.SGD(1e-30), epochs=4).fit(X, Y)
        assert_array_equal(clf.coefs_[0], averages)


class TestWhatIsNoOptimizer:
    def test_what_is_no_optimizer_is_refused(self):
        with pytest.raises(ValueError, match=r"'optimizer' parameter.*must be.*'adam'"):
            make(3).fit(X, Y)

    def test_what_is_no_optimizer_is_refused_when_a_class(self):
        with pytest.raises(TypeError, match=r"instance of keras.optimizers.Optimizer.*Call the"):
            make(keras.optimizers.Adam).fit(X, Y)


class TestDescriptions:
    def test_descriptions_are_alike_whatever_the_learning_rate(self):
        slow, fast = (
            resolve_optimizer(keras.optimizers.Adam(1e-3)),
            resolve_optimizer(keras.optimizers.Adam(1e-1)),
        )
        assert slow == fast
        assert hash(slow) == hash(fast)

    def test_descriptions_differ_by_options(self):
        assert resolve_optimizer(keras.optimizers.Adam()) != resolve_optimizer(
            keras.optimizers.Adam(clipnorm=1.0)
        )


def test_a_network_trained_in_parts_predicts_without_keras_once_loaded(tmp_path):
    path = tmp_path / "model.pickle"
    path.write_bytes(pickle.dumps(make("adam").partial_fit(X, Y, classes=range(10))))
    code = (
        "import pickle, sys, pathlib\n"
        f"pickle.loads(pathlib.Path({str(path)!r}).read_bytes()).predict([[0.0] * 64])\n"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
