"""Keras's callbacks in `fit`."""

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import joblib
import keras
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from optional_features import needs_callbacks
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, cross_validate

from sk_mnist import KerasMLPClassifier

pytestmark = [pytest.mark.keras, pytest.mark.slow]

X, Y = load_digits(return_X_y=True)
X, Y = X[:400].astype("float32"), Y[:400]


class Recorder(keras.callbacks.Callback):
    """Writes down what is called, with what, and what the model predicts then."""

    def __init__(self):
        super().__init__()
        self.calls = []
        self.logs = []
        self.predictions = []

    def on_train_begin(self, logs=None):
        self.calls.append("train begins")

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append(f"epoch {epoch} begins")

    def on_train_batch_end(self, batch, logs=None):
        self.calls.append(f"batch {batch} ends")

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append(f"epoch {epoch} ends")
        self.logs.append(logs)
        self.predictions.append(self.model.predict(X[:5], verbose=0))

    def on_train_end(self, logs=None):
        self.calls.append("train ends")


def make(callbacks, **parameters):
    defaults = {"epochs": 3, "batch_size": 128, "random_state": 0}
    return KerasMLPClassifier(8, callbacks=callbacks, **{**defaults, **parameters})


def ignore(epoch, logs):
    """Do nothing; unlike a lambda, in a way that can be pickled."""


SAVABLE = {
    "CSVLogger": lambda path: keras.callbacks.CSVLogger(path / "log.csv"),
    "TensorBoard": lambda path: keras.callbacks.TensorBoard(path),
    "TensorBoard by batch": lambda path: keras.callbacks.TensorBoard(
        path, update_freq="batch", histogram_freq=1, write_steps_per_second=True
    ),
    "ModelCheckpoint": lambda path: keras.callbacks.ModelCheckpoint(path / "model.keras"),
    "EarlyStopping": lambda path: keras.callbacks.EarlyStopping("loss", restore_best_weights=True),
    "ReduceLROnPlateau": lambda path: keras.callbacks.ReduceLROnPlateau("loss"),
    "LambdaCallback": lambda path: keras.callbacks.LambdaCallback(on_epoch_end=ignore),
}


def set_learning_rate(callback, rate):
    callback.model.optimizer.learning_rate = rate


def set_to_zero(callback):
    callback.model.set_weights([0 * weight for weight in callback.model.get_weights()])


def test_keras_callbacks_are_called_in_the_order_of_keras():
    recorder = Recorder()
    make([recorder], epochs=2).fit(X, Y)
    epochs = [[f"epoch {n} begins", "batch 3 ends", f"epoch {n} ends"] for n in (0, 1)]
    assert recorder.calls == ["train begins", *epochs[0], *epochs[1], "train ends"]


def test_keras_callbacks_are_told_what_the_history_holds():
    recorder = Recorder()
    clf = make([recorder], early_stopping=True).fit(X, Y)
    assert set(recorder.logs[0]) == set(clf.history_)
    assert {name: [logs[name] for logs in recorder.logs] for name in clf.history_} == clf.history_


def test_keras_callbacks_are_told_the_number_of_epochs_and_steps():
    recorder = Recorder()
    make([recorder]).fit(X, Y)
    assert recorder.params["epochs"] == 3
    assert recorder.params["steps"] == 4


def test_keras_callbacks_see_a_model_with_the_current_weights():
    recorder = Recorder()
    clf = make([recorder], input_scaling="standard").fit(X, Y)
    assert_allclose(recorder.predictions[-1], clf.predict_proba(X[:5]), atol=1e-6)
    assert not np.allclose(recorder.predictions[0], recorder.predictions[1])


def test_keras_callbacks_see_the_history_of_the_model():
    recorder = Recorder()
    seen = keras.callbacks.LambdaCallback(
        on_train_end=lambda logs: recorder.logs.append(recorder.model.history.history["loss"])
    )
    clf = make([recorder, seen]).fit(X, Y)
    assert recorder.logs[-1] == clf.loss_curve_


def test_keras_callbacks_work_where_gradients_are_accumulated():
    settings = {"optimizer": keras.optimizers.Adam(0.01, gradient_accumulation_steps=2)}
    clf = make([Recorder()], **settings).fit(X, Y)
    assert clf.loss_curve_ == make(None, **settings).fit(X, Y).loss_curve_


def test_keras_callbacks_that_change_nothing_leave_the_network_bit_for_bit():
    assert_array_equal(make([Recorder()]).fit(X, Y).coefs_[0], make(None).fit(X, Y).coefs_[0])


def test_keras_callbacks_go_on_counting_with_warm_start():
    recorder = Recorder()
    clf = make([recorder], epochs=2, warm_start=True).fit(X, Y)
    recorder.calls.clear()
    clf.set_params(epochs=3).fit(X, Y)
    assert recorder.calls == [
        "train begins", "epoch 2 begins", "batch 3 ends", "epoch 2 ends", "train ends"
    ]  # fmt: skip


def test_keras_callbacks_are_not_called_by_partial_fit():
    recorder = Recorder()
    make([recorder]).partial_fit(X, Y, classes=range(10))
    assert recorder.calls == []


class TestStopTraining:
    def test_stop_training_ends_after_that_epoch(self):
        def stop(epoch, logs):
            if epoch == 1:
                callback.model.stop_training = True

        callback = keras.callbacks.LambdaCallback(on_epoch_end=stop)
        clf = make([callback], epochs=5).fit(X, Y)
        assert clf.n_iter_ == 2

    def test_stop_training_does_not_last_until_the_next_fit(self):
        callback = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: setattr(callback.model, "stop_training", epoch == 0)
        )
        clf = make([callback])
        assert [clf.fit(X, Y).n_iter_ for _ in range(2)] == [1, 1]
        assert clf.set_params(callbacks=None).fit(X, Y).n_iter_ == 3

    def test_stop_training_by_keras_early_stopping_gives_the_best_weights_back(self):
        recorder = Recorder()
        stopping = keras.callbacks.EarlyStopping(
            monitor="val_loss", patience=0, restore_best_weights=True, min_delta=10.0
        )
        clf = make([recorder, stopping], epochs=5, early_stopping=True).fit(X, Y)
        assert clf.n_iter_ == 2  # nothing improves by 10
        assert_allclose(clf.predict_proba(X[:5]), recorder.predictions[0], atol=1e-6)


class TestLearningRates:
    def test_learning_rates_set_by_a_scheduler_are_those_of_the_epochs(self):
        rates = [0.01, 0.002, 0.05]
        scheduler = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rates[epoch])
        clf = make([scheduler]).fit(X, Y)
        assert_allclose(clf.history_["learning_rate"], rates, rtol=1e-6)

    def test_learning_rates_set_by_a_scheduler_train_the_same_network_as_if_given(self):
        scheduler = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.01)
        scheduled = make([scheduler], learning_rate_schedule="constant").fit(X, Y)
        given = make(None, learning_rate=0.01, learning_rate_schedule="constant").fit(X, Y)
        assert_allclose(scheduled.coefs_[0], given.coefs_[0], rtol=1e-4, atol=1e-6)

    def test_learning_rates_reduced_on_a_plateau_stay_reduced(self):
        reduce = keras.callbacks.ReduceLROnPlateau(
            monitor="loss", factor=0.1, patience=1, min_delta=100.0
        )
        clf = make([reduce], learning_rate=0.01, learning_rate_schedule="constant").fit(X, Y)
        assert_allclose(clf.history_["learning_rate"], [0.01, 0.01, 0.001], rtol=1e-5)

    def test_learning_rates_reduced_on_a_plateau_stay_reduced_with_warm_start(self):
        def reduced(**parameters):
            reduce = keras.callbacks.ReduceLROnPlateau(
                monitor="loss", factor=0.1, patience=2, min_delta=100.0
            )
            settings = {"learning_rate": 0.01, "learning_rate_schedule": "constant"}
            return make([reduce], **settings, **parameters).fit(X, Y)

        clf = reduced(warm_start=True).set_params(epochs=5).fit(X, Y)
        rates = clf.history_["learning_rate"]
        assert_allclose(rates, [0.01, 0.01, 0.01, 0.001, 0.001], rtol=1e-5)
        assert rates == reduced(epochs=5).history_["learning_rate"]

    def test_learning_rates_set_to_zero_can_grow_again(self):
        scheduler = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.01 * epoch)
        clf = make([scheduler]).fit(X, Y)
        assert_allclose(clf.history_["learning_rate"], [0, 0.01, 0.02], rtol=1e-6)

    def test_learning_rates_can_be_set_where_the_optimizer_has_none(self):
        scheduler = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.01 * (epoch + 1))
        clf = make([scheduler], optimizer=keras.optimizers.Adam(0.0)).fit(X, Y)
        assert_allclose(clf.history_["learning_rate"], [0.01, 0.02, 0.03], rtol=1e-6)

    def test_learning_rates_set_when_training_begins_count(self):
        callback = keras.callbacks.LambdaCallback(
            on_train_begin=lambda logs: set_learning_rate(callback, 0.03)
        )
        clf = make([callback], learning_rate_schedule="constant").fit(X, Y)
        assert_allclose(clf.history_["learning_rate"], [0.03, 0.03, 0.03], rtol=1e-6)


class TestWeights:
    def test_weights_that_a_callback_sets_are_trained_on(self):
        callback = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: set_to_zero(callback))
        clf = make([callback]).fit(X, Y)
        assert not clf.coefs_[0].any()
        assert_allclose(clf.predict_proba(X[:3]), 0.1)

    @pytest.mark.parametrize("hook", ["on_train_begin", "on_epoch_begin", "on_train_batch_begin"])
    def test_weights_that_a_callback_sets_before_an_epoch_are_trained_on(self, hook):
        callback = keras.callbacks.LambdaCallback(**{hook: lambda *_, **__: set_to_zero(callback)})
        clf = make([callback]).fit(X, Y)
        assert not clf.coefs_[0].any()  # no gradient leads away from zero
        assert clf.intercepts_[1].any()


class TestOfKeras:
    def test_keras_csv_logger_writes_a_line_an_epoch(self, tmp_path):
        clf = make([keras.callbacks.CSVLogger(tmp_path / "log.csv")]).fit(X, Y)
        log = pd.read_csv(tmp_path / "log.csv")
        assert_allclose(log["loss"], clf.loss_curve_)
        assert list(log["epoch"]) == [0, 1, 2]

    def test_keras_tensorboard_writes_its_events(self, tmp_path):
        make([keras.callbacks.TensorBoard(tmp_path, histogram_freq=1)]).fit(X, Y)
        assert list(tmp_path.glob("train/events.out.tfevents.*"))

    def test_keras_model_checkpoint_saves_models_that_predict_the_same(self, tmp_path):
        checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras")
        clf = make([checkpoint]).fit(X, Y)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["1.keras", "2.keras", "3.keras"]
        model = keras.saving.load_model(tmp_path / "3.keras")
        assert_allclose(model.predict(X[:5], verbose=0), clf.predict_proba(X[:5]), atol=1e-6)

    @pytest.mark.parametrize("rate", [0.01, keras.optimizers.schedules.CosineDecay(0.01, 20)])
    def test_keras_model_checkpoint_saves_the_state_of_the_optimizer(self, tmp_path, rate):
        checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "model.keras")
        clf = make([checkpoint], optimizer=keras.optimizers.Adam(rate), warm_start=True).fit(X, Y)
        optimizer = keras.saving.load_model(tmp_path / "model.keras").optimizer
        assert int(optimizer.iterations) == 12
        # The variables are those of the steps and of the rate, then a layer's one after another.
        momentum_of_kernel, momentum_of_bias = (clf._resume["optimizer_state"][n] for n in (2, 4))
        assert momentum_of_kernel.any()
        assert_array_equal(optimizer._momentums[0], momentum_of_kernel)
        assert_array_equal(optimizer._momentums[1], momentum_of_bias)

    def test_keras_terminate_on_nan_keeps_the_epochs_before(self):
        diverging = keras.callbacks.LearningRateScheduler(
            lambda epoch, rate: 1e30 if epoch == 2 else rate
        )
        clf = make([diverging, keras.callbacks.TerminateOnNaN()], optimizer="sgd", epochs=5)
        with pytest.warns(UserWarning, match="callback stopped training when epoch 3 diverged"):
            clf.fit(X, Y)
        assert clf.n_iter_ == 2
        assert np.isfinite(clf.coefs_[0]).all()

    def test_keras_without_it_divergence_is_an_error(self):
        diverging = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 1e30)
        with pytest.raises(ValueError, match="Training diverged"):
            make([diverging, Recorder()], optimizer="sgd").fit(X, Y)


@needs_callbacks
def test_keras_callbacks_work_beside_those_of_scikit_learn(capsys):
    recorder = Recorder()
    from sklearn.callback import ProgressBar

    make([recorder]).set_callbacks(ProgressBar()).fit(X, Y)
    assert recorder.calls[-1] == "train ends"
    assert "KerasMLPClassifier" in capsys.readouterr().out


def test_keras_callbacks_are_copied_by_a_grid_search(tmp_path):
    recorder = Recorder()
    clf = make([recorder, keras.callbacks.CSVLogger(tmp_path / "log.csv")])
    search = GridSearchCV(clf, {"dropout": [0.0, 0.1]}, cv=2).fit(X, Y)
    assert recorder.calls == []
    assert search.best_estimator_.callbacks[0].calls[-1] == "train ends"
    assert len(pd.read_csv(tmp_path / "log.csv")) == 3


def test_keras_callbacks_are_pickled_with_the_estimator_but_not_the_model(tmp_path):
    clf = make([keras.callbacks.ReduceLROnPlateau(monitor="loss")]).fit(X, Y)
    assert clf.callbacks[0].model is None
    assert_array_equal(pickle.loads(pickle.dumps(clf)).predict(X), clf.predict(X))


@pytest.mark.parametrize("name", SAVABLE)
class TestAfterFit:
    def test_after_fit_are_saved_with_the_estimator(self, tmp_path, name):
        clf = make([SAVABLE[name](tmp_path)]).fit(X, Y)
        joblib.dump(clf, tmp_path / "model.joblib")
        assert_array_equal(joblib.load(tmp_path / "model.joblib").predict(X), clf.predict(X))

    def test_after_fit_are_copied_with_the_estimator(self, tmp_path, name):
        clf = make([SAVABLE[name](tmp_path)]).fit(X, Y)
        assert_array_equal(clone(clf).fit(X, Y).coefs_[0], clf.coefs_[0])

    def test_after_fit_can_be_used_again(self, tmp_path, name):
        clf = make([SAVABLE[name](tmp_path)]).fit(X, Y)
        coef = clf.coefs_[0].copy()
        assert_array_equal(clf.fit(X, Y).coefs_[0], coef)


def test_keras_callbacks_come_back_from_workers_with_the_estimators(tmp_path):
    clf = make([keras.callbacks.CSVLogger(tmp_path / "log.csv")])
    found = cross_validate(clf, X, Y, cv=2, n_jobs=2, return_estimator=True)["estimator"]
    assert [clf.n_iter_ for clf in found] == [3, 3]


@pytest.mark.parametrize("hook", ["on_train_begin", "on_epoch_end"])
def test_keras_callbacks_let_go_of_the_model_after_a_failure(hook):
    def fail(*_):
        raise RuntimeError("out of luck")

    callback = keras.callbacks.LambdaCallback(**{hook: fail})
    with pytest.raises(RuntimeError, match="out of luck"):
        make([callback]).fit(X, Y)
    assert callback.model is None


@pytest.mark.parametrize(
    ("callbacks", "error", "message"),
    [
        ([print], TypeError, r"keras.callbacks.Callback; got .*print.*set_callbacks"),
        ([keras.callbacks.CSVLogger], TypeError, r"instances of keras.callbacks.Callback"),
        (keras.callbacks.TerminateOnNaN(), ValueError, r"'callbacks' parameter .* must be"),
    ],
    ids=["scikit-learn's", "a class", "no list"],
)
def test_keras_callbacks_of_another_kind_are_refused(callbacks, error, message):
    with pytest.raises(error, match=message):
        make(callbacks).fit(X, Y)


@pytest.mark.parametrize(
    ("callback", "message"),
    [
        (keras.callbacks.BackupAndRestore("backup"), r"BackupAndRestore.*warm_start.*joblib.dump"),
        (
            keras.callbacks.SwapEMAWeights(),
            r"SwapEMAWeights.*already ends with the averaged weights",
        ),
    ],
    ids=["BackupAndRestore", "SwapEMAWeights"],
)
def test_keras_callbacks_that_could_not_do_their_work_are_refused(callback, message):
    optimizer = keras.optimizers.Adam(use_ema=True)
    with pytest.raises(ValueError, match=message):
        make([callback], optimizer=optimizer).fit(X, Y)


def test_keras_callbacks_are_told_of_the_validation_as_by_keras():
    class Validations(keras.callbacks.Callback):
        calls = []  # noqa: RUF012

        def on_test_begin(self, logs=None):
            self.calls.append("begins")

        def on_test_batch_end(self, batch, logs=None):
            self.calls.append("batch")

        def on_test_end(self, logs=None):
            self.calls.append(logs)

        def on_epoch_end(self, epoch, logs=None):
            self.calls.append("epoch")

    callback = Validations()
    clf = make([callback], early_stopping=True, epochs=2).fit(X, Y)
    logs = [
        {"loss": clf.history_["val_loss"][i], "accuracy": clf.history_["val_accuracy"][i]}
        for i in range(2)
    ]
    assert callback.calls == [call for log in logs for call in ("begins", "batch", log, "epoch")]
    callback.calls.clear()
    make([callback], epochs=1).fit(X, Y)
    assert callback.calls == ["epoch"]


def test_keras_callbacks_in_use_by_another_thread_are_refused():
    in_use, refused = threading.Event(), threading.Event()

    class Waiting(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            in_use.set()
            assert refused.wait(60)

    shared = [Waiting()]
    with ThreadPoolExecutor() as pool:
        first = pool.submit(make(shared, epochs=1).fit, X, Y)
        assert in_use.wait(60)
        with pytest.raises(RuntimeError, match=r"callbacks\[0\], a Waiting, is in use.*clone"):
            make(shared).fit(X, Y)
        refused.set()
        assert first.result().n_iter_ == 1
    assert make(shared, epochs=1).fit(X, Y).n_iter_ == 1
