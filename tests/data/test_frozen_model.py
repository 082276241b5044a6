"""Files of earlier versions are loaded, predict the same and can be trained further."""

import warnings
from pathlib import Path

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits
from sklearn.exceptions import InconsistentVersionWarning

import sk_mnist

FOLDER = Path(__file__).parent
MODELS = [*sorted(FOLDER.glob("model-*.joblib")), *sorted(FOLDER.glob("model-*.safetensors"))]

# float32 rounding differs between processors.
TOLERANCE = 1e-5


def load(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        return sk_mnist.load(path) if path.suffix == ".safetensors" else joblib.load(path)


def test_there_is_a_frozen_model():
    assert [path.name for path in MODELS] == ["model-0.1.0.joblib", "model-0.1.0.safetensors"]


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_frozen_model_predicts_as_when_it_was_saved(path):
    X, y = load_digits(return_X_y=True)
    clf = load(path)
    expected = np.load(path.with_name(f"{path.stem}-probabilities.npy"))
    assert_allclose(clf.predict_proba(X[:100]), expected, rtol=0, atol=TOLERANCE)
    assert_array_equal(clf.classes_, [str(digit) for digit in range(10)])
    assert clf.score(X, y.astype(str)) > 0.95


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_frozen_model_can_be_trained_further(path):
    X, y = load_digits(return_X_y=True)
    clf = load(path)
    epochs = clf.n_iter_
    clf.set_params(epochs=epochs + 1, n_iter_no_change=np.inf).fit(X.astype("f4"), y.astype(str))
    assert clf.n_iter_ == epochs + 1
    assert clf.score(X, y.astype(str)) > 0.95
