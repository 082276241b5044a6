import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import config_context

from sk_mnist import KerasMLPClassifier
from sk_mnist.data.checks import is_plain, is_surely_finite
from sk_mnist.prediction import backend

N_FEATURES = 6
RNG = np.random.default_rng(0)


class AlwaysValidated(KerasMLPClassifier):
    """Takes the long way with every X."""

    def _is_plain(self, X):
        return False


def table(dtype):
    return (100 * RNG.random((3, N_FEATURES))).astype(dtype)


def with_value(dtype, value):
    X = table(dtype)
    X[1, 2] = value
    return X


def fitted_on(X):
    return KerasMLPClassifier(4, epochs=1, random_state=0).fit(X, [0, 1, 2])


@pytest.fixture(scope="module")
def classifiers():
    names = [f"f{i}" for i in range(N_FEATURES)]
    return {
        "float32": fitted_on(table("float32")),
        "float64": fitted_on(table("float64")),
        "bytes": fitted_on(table("uint8")),
        "named": fitted_on(pd.DataFrame(table("float32"), columns=names)),
        "unfitted": KerasMLPClassifier(),
    }


INPUTS = {
    "float32": table("float32"),
    "float64": table("float64"),
    "float16": table("float16"),
    "uint8": table("uint8"),
    "int64": table("int64"),
    "bool": table("float32") > 50,
    "Fortran order": np.asfortranarray(table("float32")),
    "every second row": np.repeat(table("float32"), 2, axis=0)[::2],
    "other byte order": table("float32").astype(">f4"),
    "read-only": np.frombuffer(table("float32").tobytes(), "f4").reshape(3, -1),
    "one row": table("float32")[:1],
    "list": table("float32").tolist(),
    "frame": pd.DataFrame(table("float32"), columns=[f"f{i}" for i in range(N_FEATURES)]),
    "frame with other names": pd.DataFrame(table("float32"), columns=list("abcdef")),
    "sparse": sparse.csr_array(table("float32")),
    "finite, the sum is not": np.full((3, N_FEATURES), 3e38, "float32"),
    "finite, the squares are not": np.full((3, N_FEATURES), 1e20, "float32"),
    "columns with gaps": np.hstack([table("float32"), table("float32")])[:, :N_FEATURES],
    "NaN": with_value("float32", np.nan),
    "infinity": with_value("float32", np.inf),
    "infinities that cancel": np.where(np.arange(N_FEATURES) % 2, np.inf, -np.inf)[None, :],
    "NaN in float64": with_value("float64", np.nan),
    "too narrow": table("float32")[:, 1:],
    "too wide": np.hstack([table("uint8"), table("uint8")]),
    "no rows": table("float32")[:0],
    "no columns": table("float32")[:, :0],
    "one-dimensional": table("float32")[0],
    "three-dimensional": table("float32")[None],
    "scalar": np.float32(1),
    "objects": table("float32").astype(object),
    "text": table("float32").astype(str),
    "complex": table("complex64"),
    "ragged": [[1, 2], [3]],
    "None": None,
}


def outcome(classifier, X):
    """Return what a prediction gives: numbers or an error, and the warnings.

    Other units are only noticed by full validation, which is slow anyway.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            p = classifier.predict_proba(X)
            result = (p.dtype, p.tobytes())
        except Exception as error:
            result = (type(error), str(error))
    shown = [(w.category, str(w.message)) for w in caught]
    return result, [pair for pair in shown if "other units" not in pair[1]]


@pytest.mark.parametrize("way", ["NumPy", "kernels"])
@pytest.mark.parametrize("name", ["float32", "float64", "bytes", "named", "unfitted"])
@pytest.mark.parametrize("kind", INPUTS)
def test_predictions_errors_and_warnings_are_those_of_full_validation(
    classifiers, name, kind, way, monkeypatch
):
    if way == "kernels":
        monkeypatch.setattr(backend, "_MANY_MULTIPLICATIONS", 0)
    quick = classifiers[name]
    thorough = AlwaysValidated()
    thorough.__dict__.update(pickle.loads(pickle.dumps(quick)).__dict__)
    X = INPUTS[kind]
    expected, expected_warnings = outcome(thorough, X)
    if isinstance(expected[1], str):
        expected = (expected[0], expected[1].replace("AlwaysValidated", "KerasMLPClassifier"))
    expected_warnings = [
        (category, text.replace("AlwaysValidated", "KerasMLPClassifier"))
        for category, text in expected_warnings
    ]
    assert outcome(quick, X) == (expected, expected_warnings)


@pytest.mark.parametrize("way", ["NumPy", "kernels"])
def test_assume_finite_still_lets_numbers_that_are_not_finite_pass(classifiers, way, monkeypatch):
    if way == "kernels":
        monkeypatch.setattr(backend, "_MANY_MULTIPLICATIONS", 0)
    with config_context(assume_finite=True):
        assert np.isnan(classifiers["float32"].predict_proba(INPUTS["NaN"])[1]).all()


def takes_the_short_way(X):
    return is_plain(X, N_FEATURES, np.dtype("float32")) and is_surely_finite(X)


class TestShortWay:
    """What takes it; that it changes nothing is tested above."""

    @pytest.mark.parametrize("kind", ["float32", "uint8", "one row", "Fortran order", "read-only"])
    def test_short_way_is_for_ordinary_arrays(self, kind):
        assert takes_the_short_way(INPUTS[kind])

    @pytest.mark.parametrize(
        "kind", ["float64", "NaN", "infinity", "too narrow", "no rows", "list", "frame", "sparse"]
    )
    def test_short_way_is_for_nothing_else(self, kind):
        assert not takes_the_short_way(INPUTS[kind])
