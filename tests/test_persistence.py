"""Saving and loading: what a file holds, what loading needs, and going on after it."""

import copy
import io
import pickle
import subprocess
import sys
import warnings

import cloudpickle
import joblib
import numpy as np
import pytest
from processes import environment_without_limits
from sklearn.exceptions import InconsistentVersionWarning

import sk_mnist.classifier

pytestmark = pytest.mark.slow

LOAD_AND_PREDICT = """
import pickle, sys
from pathlib import Path
import joblib, numpy as np

folder = Path(sys.argv[1])
X = np.load(folder / "X.npy")
for path in folder.glob("*.model"):
    how = path.stem
    if how in ("pickle", "cloudpickle"):
        clf = pickle.loads(path.read_bytes())
    else:
        clf = joblib.load(path, mmap_mode="r" if how == "mmap" else None)
    predicted = clf.predict_proba(X), clf.predict_log_proba(X), clf.predict(X)
    np.savez(folder / f"{how}.npz", *predicted)
    assert "intercepts_" in clf._repr_html_()
packages = {name.split(".")[0] for name in sys.modules}
print(*sorted(packages & {"keras", "tensorflow", "jax", "torch"}))
"""

LOAD_AND_GO_ON = """
import sys
import joblib
from sklearn.datasets import load_digits

streamed, warm, out = sys.argv[1:]
X, y = load_digits(return_X_y=True)
X, y = X[:500].astype("float32"), y[:500]
streamed, warm = joblib.load(streamed), joblib.load(warm)
for _ in range(2):
    streamed.partial_fit(X, y)
warm.set_params(epochs=5).fit(X, y)
joblib.dump((streamed, warm), out)
"""

SAVE = {
    "joblib": joblib.dump,
    "compressed": lambda clf, path: joblib.dump(clf, path, compress=3),
    "mmap": joblib.dump,
    "pickle": lambda clf, path: path.write_bytes(pickle.dumps(clf)),
    "cloudpickle": lambda clf, path: path.write_bytes(cloudpickle.dumps(clf)),
}


def run(script, *arguments):
    """Run a script in a new process and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment_without_limits(),
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def n_weights(clf):
    return sum(weights.size for weights in clf.coefs_ + clf.intercepts_)


def attributes_equal(a, b):
    """Tell whether two fitted values are the same, arrays bit for bit."""
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(attributes_equal, a, b))
    return a == b


def assert_same_fit(a, b):
    """Check that two classifiers have the same public fitted attributes, bit for bit."""
    names = {name for name in vars(a) if name.endswith("_")}
    assert names == {name for name in vars(b) if name.endswith("_")}
    for name in names:
        assert attributes_equal(getattr(a, name), getattr(b, name)), name


@pytest.fixture(scope="module")
def wide(small, digits):
    """Return a classifier with the layers of the defaults, its Keras model built."""
    clf = small(hidden_layer_sizes=(512, 256), epochs=1, batch_size=128).fit(*digits)
    assert clf.model_.count_params() == n_weights(clf)
    return clf


# --- loading ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def loaded_elsewhere(wide, digits, tmp_path_factory):
    """Save a classifier in all ways, load and use it in a new process; return the directory.

    And the names of packages that this imported although it should not.
    """
    folder = tmp_path_factory.mktemp("models")
    for how, save in SAVE.items():
        save(wide, folder / f"{how}.model")
    np.save(folder / "X.npy", digits[0])
    return folder, run(LOAD_AND_PREDICT, folder)


@pytest.mark.parametrize("how", SAVE)
def test_a_new_process_predicts_the_same_bits(wide, digits, loaded_elsewhere, how):
    X, _ = digits
    predicted = np.load(loaded_elsewhere[0] / f"{how}.npz").values()
    expected = wide.predict_proba(X), wide.predict_log_proba(X), wide.predict(X)
    for found, made_here in zip(predicted, expected, strict=True):
        assert found.dtype == made_here.dtype
        np.testing.assert_array_equal(found, made_here)


def test_loading_predicting_and_html_import_neither_keras_nor_tensorflow(loaded_elsewhere):
    assert loaded_elsewhere[1] == ""


@pytest.mark.parametrize("how", SAVE)
def test_everything_that_was_fitted_comes_back(small, digits, tmp_path, how):
    X, y = digits
    clf = small(early_stopping=True).fit(X, np.array([f"digit {label}" for label in y]))
    SAVE[how](clf, tmp_path / "model")
    loaded = joblib.load(tmp_path / "model", mmap_mode="r" if how == "mmap" else None)
    assert loaded.get_params() == clf.get_params()
    assert_same_fit(loaded, clf)
    np.testing.assert_array_equal(loaded.predict(X), clf.predict(X))


def test_a_memory_map_is_not_read_into_memory(wide, tmp_path):
    joblib.dump(wide, tmp_path / "model")
    loaded = joblib.load(tmp_path / "model", mmap_mode="r")
    assert isinstance(loaded.coefs_[0], np.memmap)


def test_a_memory_map_that_must_not_be_written_can_be_trained_on(small, digits, tmp_path):
    clf = small().partial_fit(*digits, classes=range(10))
    joblib.dump(clf, tmp_path / "model")
    loaded = joblib.load(tmp_path / "model", mmap_mode="r").partial_fit(*digits)
    assert_same_fit(loaded, clf.partial_fit(*digits))


def test_a_loaded_estimator_builds_its_keras_model(small, digits):
    X, _ = digits
    clf = small(epochs=1).fit(*digits)
    loaded = pickle.loads(pickle.dumps(clf))
    np.testing.assert_allclose(
        loaded.model_.predict(X, verbose=0), clf.predict_proba(X), rtol=0, atol=1e-5
    )


def test_an_estimator_that_is_not_fitted_comes_back_too(small):
    loaded = pickle.loads(pickle.dumps(small(dropout=0.25)))
    assert loaded.get_params() == small(dropout=0.25).get_params()


# --- what is in the file ---------------------------------------------------------------------


@pytest.mark.parametrize("how", ["joblib", "pickle", "cloudpickle"])
def test_a_file_has_four_bytes_a_weight(wide, tmp_path, how):
    SAVE[how](wide, tmp_path / "model")
    size = (tmp_path / "model").stat().st_size
    assert 4 * n_weights(wide) < size < 4 * n_weights(wide) + 8_000


def test_only_what_goes_on_keeps_the_state_of_the_optimizer(small, digits):
    settings = {"hidden_layer_sizes": (512,), "epochs": 1}
    plain = small(**settings).fit(*digits)
    going_on = [
        small(**settings, warm_start=True).fit(*digits),
        small(**settings).partial_fit(*digits, classes=range(10)),
    ]
    # Adam has two numbers for each weight. In `coefs_` the scaling is folded, which rounds: another
    # copy is what training goes on with.
    for clf in going_on:
        size = len(pickle.dumps(clf))
        assert 12 * n_weights(clf) < size < 16 * n_weights(clf) + 16_000
    unfolded = small(**settings, warm_start=True, input_scaling="robust").fit(*digits)
    assert len(pickle.dumps(unfolded)) < 12 * n_weights(unfolded) + 16_000
    assert len(pickle.dumps(plain)) < 4 * n_weights(plain) + 8_000


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda clf: dict(clf.__getstate__())])
def test_the_keras_model_is_never_copied(wide, copied):
    model = wide.model_
    other = copied(wide)
    held = vars(other).values() if hasattr(other, "coefs_") else other.values()
    assert not any(value is model or "keras" in type(value).__module__ for value in held)
    assert wide.model_ is model


def test_a_copy_is_independent(small, digits):
    clf = small(epochs=1).fit(*digits)
    p = clf.predict_proba(digits[0])
    copy.copy(clf).partial_fit(*digits)
    copy.deepcopy(clf).partial_fit(*digits)
    np.testing.assert_array_equal(clf.predict_proba(digits[0]), p)


# --- versions --------------------------------------------------------------------------------


def test_a_file_from_another_version_warns(small, digits, monkeypatch):
    clf = small(epochs=1).fit(*digits)
    with monkeypatch.context() as patch:
        patch.setattr(sk_mnist.classifier, "__version__", "0.0.7")
        file = io.BytesIO(pickle.dumps(clf))
    with pytest.warns(InconsistentVersionWarning, match=r"sk_mnist.*0\.0\.7") as caught:
        loaded = pickle.load(file)
    assert sk_mnist.__version__ in str(caught[0].message)
    np.testing.assert_array_equal(loaded.predict(digits[0]), clf.predict(digits[0]))


def test_a_file_of_the_same_version_does_not_warn(small, digits):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pickle.loads(pickle.dumps(small(epochs=20).fit(*digits)))


# --- going on --------------------------------------------------------------------------------


def test_training_goes_on_in_a_new_process_as_if_the_old_had_not_ended(small, digits, tmp_path):
    settings = {"dropout": 0.2, "alpha": 0.01}
    streamed = small(**settings).partial_fit(*digits, classes=range(10))
    warm = small(**settings, warm_start=True, epochs=3).fit(*digits)
    joblib.dump(streamed, tmp_path / "streamed")
    joblib.dump(warm, tmp_path / "warm", compress=3)
    run(LOAD_AND_GO_ON, tmp_path / "streamed", tmp_path / "warm", tmp_path / "out")
    streamed_there, warm_there = joblib.load(tmp_path / "out")

    for _ in range(2):
        streamed.partial_fit(*digits)
    warm.set_params(epochs=5).fit(*digits)
    assert_same_fit(streamed_there, streamed)
    assert_same_fit(warm_there, warm)


def test_a_warm_start_that_was_loaded_holds_the_same_rows_out(small, digits):
    clf = small(early_stopping=True, warm_start=True, random_state=None).fit(*digits)
    loaded = pickle.loads(pickle.dumps(clf))
    assert_same_fit(loaded.set_params(epochs=5).fit(*digits), clf.set_params(epochs=5).fit(*digits))
