"""A call works as documented, or raises an error that says why and changes nothing.

`SK_MNIST_CALLS=10000 pytest tests/robustness/test_properties.py` tries as many, at random.
"""

import os
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.exceptions import NotFittedError

from sk_mnist import KerasMLPClassifier

N_CALLS = int(os.environ.get("SK_MNIST_CALLS", "150"))
calls = settings(
    max_examples=N_CALLS,
    derandomize="SK_MNIST_CALLS" not in os.environ,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

DTYPES = ["float64", "float32", "float16", "uint8", "int64", "int8", "bool", "object", ">f8", "f4"]
CONTAINERS = {
    "array": lambda X: X,
    "Fortran order": np.asfortranarray,
    "every second row": lambda X: np.repeat(X, 2, axis=0)[::2],
    "read-only": lambda X: np.frombuffer(X.tobytes(), X.dtype).reshape(X.shape),
    "list": lambda X: X.tolist(),
    "CSR": sparse.csr_array,
    "CSC matrix": sparse.csc_matrix,
    "COO": sparse.coo_array,
}
FILLS = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "zeros": lambda rng, shape: np.zeros(shape),
    "mostly zeros": lambda rng, shape: rng.normal(size=shape) * (rng.random(shape) < 0.1),
    "constant": lambda rng, shape: np.full(shape, 7.0),
    "bytes": lambda rng, shape: rng.integers(0, 256, shape).astype(float),
    "tiny": lambda rng, shape: rng.normal(size=shape) * 1e-30,
    "huge": lambda rng, shape: rng.normal(size=shape) * 1e30,
    "heavy tails": lambda rng, shape: rng.standard_cauchy(shape) ** 3,
    "NaN": lambda rng, shape: np.where(rng.random(shape) < 0.1, np.nan, 1.0),
    "infinity": lambda rng, shape: np.where(rng.random(shape) < 0.1, np.inf, 1.0),
}
LABELS = {
    "integers": lambda y: y,
    "negative": lambda y: y.astype("int8") - 2,
    "text": lambda y: np.array(["a", "b b", "ü", "", "e"])[y],
    "objects": lambda y: np.array(["a", "b", "c", "d", "e"], dtype=object)[y],
    "booleans": lambda y: y > 1,
    "whole floats": lambda y: y.astype(float),
    "fractions": lambda y: y + 0.5,
    "several labels": lambda y: (y[:, None] == np.arange(3)).astype(int),
    "a column": lambda y: y[:, None],
    "one too few": lambda y: y[:-1],
    "NaN": lambda y: np.where(y > 0, y, np.nan),
}
WEIGHTS = {
    "none": lambda rng, n: None,
    "ones": lambda rng, n: np.ones(n),
    "integers": lambda rng, n: rng.integers(0, 3, n),
    "wide": lambda rng, n: 10.0 ** rng.integers(-40, 40, n),
    "zeros": lambda rng, n: np.zeros(n),
    "negative": lambda rng, n: -np.ones(n),
    "huge": lambda rng, n: np.full(n, 1e308),
    "one too many": lambda rng, n: np.ones(n + 1),
    "a number": lambda rng, n: 2,
}
PARAMETERS = {
    "hidden_layer_sizes": [(), 3, (4, 3), [2], np.array([5, 2]), (0,), -1, "auto", 2.5, (True,)],
    "activation": ["relu", "leaky_relu", "identity", "rellu", None],
    "dropout": [0, 0.3, 0.99, 1, -0.1, "auto", np.float32(0.5), True],
    "alpha": [0, 1e-3, 10, 1e30, -1, np.inf, 10**400],
    "input_scaling": ["robust", "rms", "standard", None, "minmax"],
    "learning_rate": [1e-3, 1, 1e-300, 1e30, 0, np.nan, np.float16(0.01)],
    "learning_rate_schedule": ["linear", "constant", "cosine", "warm"],
    "epochs": [1, 2, np.int8(3), 0, 1.5, "many"],
    "batch_size": ["auto", 1, 7, 10**6, np.int16(1000), np.uint8(64), 0],
    "label_smoothing": [0, 0.1, 0.99, 1, -1],
    "class_weight": [None, "balanced", {0: 2.0}, {0: 0}, {0: -1}, {9: 1}, {}, {"a": 2}],
    "early_stopping": [False, True, 1, None],
    "validation_fraction": [0.1, 0.5, 0.99, 0, 1],
    "n_iter_no_change": [1, 5, np.inf, 0],
    "tol": [1e-4, 0, -1],
    "random_state": [0, 2**32 - 1, np.random.RandomState(0), -1, "seed"],
    "verbose": [0, False, -1],
}


@st.composite
def problems(draw):
    """Return X, y, weights and parameters, each of which may be wrong."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n_rows = draw(st.sampled_from([0, 1, 2, 3, 10, 33, 70]))
    n_features = draw(st.sampled_from([0, 1, 2, 5, 20]))
    X = FILLS[draw(st.sampled_from(list(FILLS)))](rng, (n_rows, n_features))
    dtype = draw(st.sampled_from(DTYPES))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        X = X.astype(dtype)
    container = draw(st.sampled_from(list(CONTAINERS)))
    if dtype in ("object", "float16", ">f8") and container != "array":
        container = "list"  # SciPy has no such matrices
    X = CONTAINERS[container](X)
    n_classes = draw(st.integers(1, 5))
    y = LABELS[draw(st.sampled_from(list(LABELS)))](rng.integers(0, n_classes, n_rows))
    weight = WEIGHTS[draw(st.sampled_from(list(WEIGHTS)))](rng, n_rows)
    # A few parameters, so that most calls have none that is wrong.
    names = draw(st.lists(st.sampled_from(list(PARAMETERS)), max_size=4, unique=True))
    parameters = {name: draw(st.sampled_from(PARAMETERS[name])) for name in names}
    return X, y, weight, parameters


def error_of(call, *arguments):
    """Return the error of a call, or None if it works; other kinds of errors are not allowed."""
    try:
        call(*arguments)
    except (ValueError, TypeError) as error:
        return error
    return None


def state_of(clf):
    return {name: value for name, value in vars(clf).items() if name != "random_state"}


@pytest.mark.filterwarnings("ignore")
@calls
@given(problem=problems(), method=st.sampled_from(["fit", "partial_fit"]))
def test_a_call_works_or_raises_and_changes_nothing(problem, method):
    X, y, weight, parameters = problem
    clf = KerasMLPClassifier(**{"hidden_layer_sizes": (4,), "epochs": 2, **parameters})
    before = state_of(clf)
    if method == "fit":
        error = error_of(clf.fit, X, y, weight)
    else:
        classes = range(3) if np.ndim(y) == 2 and np.shape(y)[1] > 1 else np.unique(y)
        error = error_of(clf.partial_fit, X, y, classes, weight)
    if error is not None:
        assert str(error)
        after = state_of(clf)
        assert after.keys() == before.keys()
        assert all(after[name] is before[name] for name in before)
        with pytest.raises(NotFittedError):
            clf.predict(X)
        return
    p = clf.predict_proba(X)
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    assert p.shape == (n_rows, len(clf.classes_))
    assert np.isfinite(p).all()
    assert p.min() >= 0
    if not clf._multilabel:
        np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-4)
        assert_array_equal(clf.predict(X), clf.classes_[p.argmax(axis=1)])
    assert all(np.isfinite(coef).all() for coef in clf.coefs_)


@pytest.mark.filterwarnings("ignore")
@calls
@given(problem=problems(), method=st.sampled_from(["fit", "partial_fit", "predict", "score"]))
def test_a_failed_call_leaves_a_fitted_classifier_as_it_was(problem, method):
    X, y, weight, parameters = problem
    rng = np.random.default_rng(0)
    first = rng.normal(size=(20, 2)), np.arange(20) % 2
    clf = KerasMLPClassifier((3,), epochs=1, random_state=0).fit(*first).set_params(**parameters)
    before, p = vars(clf).copy(), clf.predict_proba(first[0])
    arguments = {
        "fit": (X, y, weight),
        "partial_fit": (X, y, None, weight),
        "predict": (X,),
        "score": (X, y, weight),
    }
    error = error_of(getattr(clf, method), *arguments[method])
    if error is None and method in ("fit", "partial_fit"):
        return
    after = vars(clf)
    assert after.keys() == before.keys()
    assert all(after[name] is before[name] for name in before)
    assert_array_equal(clf.predict_proba(first[0]), p)
