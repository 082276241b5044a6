"""A training that goes on from a checkpoint ends as one that was never ended."""

import io

import joblib
import keras
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from optional_features import needs_callbacks
from scipy import sparse
from sklearn.datasets import load_digits

from sk_mnist import Checkpoint, KerasMLPClassifier

pytestmark = needs_callbacks

X, Y = load_digits(return_X_y=True)
X, Y = X[:500], Y[:500]


class KeepAll(Checkpoint):
    """Keeps the checkpoint of every epoch."""

    def __init__(self, path):
        super().__init__(path)
        self.files = []

    def save(self, estimator):
        super().save(estimator)
        self.files.append(self.path.read_bytes())


def make(**parameters):
    defaults = {"hidden_layer_sizes": (16,), "epochs": 6, "batch_size": 64, "random_state": 0}
    return KerasMLPClassifier(**{**defaults, **parameters})


CASES = {
    "defaults": (X, {}),
    "bytes, whose scaling is folded into the weights": (X.astype(np.uint8), {}),
    "float32": (X.astype(np.float32), {"input_scaling": "standard"}),
    "sparse": (sparse.csr_array(X), {"input_scaling": "rms"}),
    "early stopping": (X, {"early_stopping": True, "n_iter_no_change": 2, "epochs": 30}),
    "early stopping, best epoch early": (
        X,
        {"early_stopping": True, "n_iter_no_change": 8, "learning_rate": 0.02, "epochs": 20},
    ),
    "a random state of the user's": (X, {"random_state": np.random.RandomState(5)}),
    "class weights": (X, {"class_weight": "balanced", "alpha": 0.01}),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_resuming_after_any_epoch_gives_the_same_network(tmp_path, case):
    data, parameters = CASES[case]
    keeper = KeepAll(tmp_path / "checkpoint.joblib")
    expected = make(**parameters).set_callbacks(keeper).fit(data, Y)
    undisturbed = make(**{**parameters, "random_state": _again(parameters)}).fit(data, Y)
    assert len(keeper.files) == expected.n_iter_
    for file in keeper.files:
        resumed = joblib.load(io.BytesIO(file)).fit(data, Y)
        assert resumed.n_iter_ == undisturbed.n_iter_
        for name in ("coefs_", "intercepts_"):
            for found, wanted in zip(
                getattr(resumed, name), getattr(undisturbed, name), strict=True
            ):
                assert_array_equal(found, wanted)
        assert resumed.history_ == undisturbed.history_
        assert resumed.t_ == undisturbed.t_


def _again(parameters):
    given = parameters.get("random_state", 0)
    return given if isinstance(given, int) else np.random.RandomState(5)


@pytest.mark.keras
@pytest.mark.slow
@pytest.mark.parametrize("engine", ["native", "tensorflow"])
@pytest.mark.parametrize(
    "optimizer",
    ["sgd", keras.optimizers.Adam(use_ema=True, ema_momentum=0.9)],
    ids=["sgd", "moving averages"],
)
def test_resuming_gives_the_same_network_by_each_engine(tmp_path, optimizer, engine):
    keeper = KeepAll(tmp_path / "checkpoint.joblib")
    parameters = {"optimizer": optimizer, "epochs": 3, "engine": engine}
    expected = make(**parameters).set_callbacks(keeper).fit(X, Y)
    for file in keeper.files:
        resumed = joblib.load(io.BytesIO(file)).fit(X, Y)
        for found, wanted in zip(resumed.coefs_, expected.coefs_, strict=True):
            assert_array_equal(found, wanted)


def test_many_rows_are_calibrated_after_the_last_checkpoint(tmp_path):
    rows = np.resize(np.arange(len(X)), 10_000)
    path = tmp_path / "checkpoint.joblib"
    expected = make(epochs=1).set_callbacks(Checkpoint(path)).fit(X[rows], Y[rows])
    assert expected.temperature_ != 1
    checkpoint = joblib.load(path)
    assert checkpoint.temperature_ == 1
    assert_array_equal(checkpoint.fit(X[rows], Y[rows]).coefs_[-1], expected.coefs_[-1])


def test_checkpoints_do_not_change_the_training(tmp_path):
    plain = make().fit(X, Y)
    saved = make().set_callbacks(Checkpoint(tmp_path / "a.joblib")).fit(X, Y)
    assert_array_equal(saved.coefs_[0], plain.coefs_[0])
    assert saved._resume is None


def test_checkpoint_predicts_as_the_network_of_its_epoch(tmp_path):
    keeper = KeepAll(tmp_path / "checkpoint.joblib")
    make(learning_rate_schedule="constant").set_callbacks(keeper).fit(X, Y)
    third = make(learning_rate_schedule="constant", epochs=3).fit(X, Y)
    assert_array_equal(
        joblib.load(io.BytesIO(keeper.files[2])).predict_proba(X), third.predict_proba(X)
    )


def test_checkpoint_every_n_epochs_and_after_the_last(tmp_path):
    keeper = KeepAll(tmp_path / "checkpoint.joblib")
    keeper.every = 4
    make(epochs=10).set_callbacks(keeper).fit(X, Y)
    assert [joblib.load(io.BytesIO(file)).n_iter_ for file in keeper.files] == [4, 8, 10]


def test_checkpoint_has_no_callbacks(tmp_path):
    path = tmp_path / "checkpoint.joblib"
    make().set_callbacks(Checkpoint(path)).fit(X, Y)
    assert not [
        name for name in vars(joblib.load(path)) if "callback" in name and name != "callbacks"
    ]


def test_partial_fit_goes_on_from_a_checkpoint(tmp_path):
    path = tmp_path / "checkpoint.joblib"
    make(epochs=3).set_callbacks(Checkpoint(path)).fit(X, Y)
    assert joblib.load(path).partial_fit(X, Y).n_iter_ == 4


def test_checkpoint_refuses_keras_callbacks(tmp_path):
    clf = make(callbacks=[keras.callbacks.Callback()]).set_callbacks(Checkpoint(tmp_path / "a"))
    with pytest.raises(ValueError, match="state of Keras callbacks"):
        clf.fit(X, Y)


def test_checkpoint_refuses_a_number_of_epochs_that_is_not_positive(tmp_path):
    with pytest.raises(ValueError, match="positive number of epochs, got 0"):
        Checkpoint(tmp_path / "a", every=0)
