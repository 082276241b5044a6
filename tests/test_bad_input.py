"""What is refused, what the error says, and that a fitted estimator survives it."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.utils._param_validation import InvalidParameterError

NAN_ROW, INF_ROW = np.full(64, np.nan), np.full(64, np.inf)


def with_row(X, row):
    """Return X with its fourth row replaced."""
    X = X.copy()
    X[3] = row
    return X


def with_index(make, name, value):
    """Return a maker of sparse matrices of which one index lies outside; SciPy does not check."""

    def damaged(X):
        matrix = make(X)
        getattr(matrix, name)[5] = value
        return matrix

    return damaged


@pytest.fixture(scope="module")
def fitted(small, digits):
    """Return a classifier that was fitted before, for others to try bad input on."""
    return small(warm_start=True).fit(*digits)


@pytest.fixture
def unharmed(fitted, digits):
    """Check that the fitted classifier has the same state after a test as before."""
    params = fitted.get_params()
    before = vars(fitted).copy()
    p = fitted.predict_proba(digits[0])
    yield fitted
    changed = {name for name, value in params.items() if fitted.get_params()[name] is not value}
    try:
        after = vars(fitted).copy()
        assert set(after) == set(before)
        assert all(after[name] is before[name] for name in before if name not in changed)
        np.testing.assert_array_equal(fitted.predict_proba(digits[0]), p)
    finally:
        fitted.set_params(**params)


# --- X ---------------------------------------------------------------------------------------

BAD_X = {
    "NaN": (lambda X: with_row(X, NAN_ROW), "Input X contains NaN"),
    "infinity": (lambda X: with_row(X, INF_ROW), "Input X contains infinity"),
    "too large": (
        lambda X: np.full(X.shape, 1e300),
        r"Input X contains infinity or a value too large for dtype\('float32'\)",
    ),
    "sparse NaN": (
        lambda X: sparse.csr_matrix(with_row(X, NAN_ROW)),
        "Input X contains NaN",
    ),
    "CSR column": (
        with_index(sparse.csr_matrix, "indices", 64),
        r"sparse matrix with the column index 64; column indices must be from 0 to 63",
    ),
    "CSR negative column": (
        with_index(sparse.csr_array, "indices", -1),
        r"sparse matrix with the column index -1; column indices must be from 0 to 63",
    ),
    "CSR pointer": (
        with_index(sparse.csr_matrix, "indptr", 10**6),
        r"csr matrix whose `indptr` is invalid: it must have one number more than X has rows",
    ),
    "CSC row": (
        with_index(sparse.csc_matrix, "indices", 10**6),
        r"sparse matrix with the row index 1000000; row indices must be from 0 to",
    ),
    "COO row": (
        with_index(sparse.coo_matrix, "row", -7),
        r"sparse matrix with the row index -7; row indices must be from 0 to",
    ),
    "COO column": (
        with_index(sparse.coo_array, "col", 64),
        r"sparse matrix with the column index 64",
    ),
    "BSR column": (
        with_index(lambda X: sparse.bsr_matrix(X, blocksize=(2, 2)), "indices", 32),
        r"sparse matrix with the column index 32; column indices must be from 0 to 31",
    ),
    "complex": (lambda X: X + 1j, "Complex data not supported"),
    "no samples": (lambda X: X[:0], r"0 sample\(s\) \(shape=\(0, 64\)\).*minimum of 1"),
    "one dimension": (lambda X: X[0], "Expected 2D array, got 1D array"),
    "three dimensions": (lambda X: X.reshape(-1, 8, 8), "Found array with dim 3"),
    "ragged lists": (
        lambda X: [[1.0] * 64, [1.0] * 63],
        r"X must be a table.*rows of lengths \[63, 64\]",
    ),
    "ragged arrays": (lambda X: [X[0], X[1, :3]], r"X must be a table.*lengths \[3, 64\]"),
    "words": (lambda X: np.full(X.shape, "seven"), "could not convert string to float"),
}


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
@pytest.mark.parametrize("kind", BAD_X)
@pytest.mark.parametrize("method", ["fit", "partial_fit", "predict", "predict_proba"])
def test_bad_data_are_refused(unharmed, digits, kind, method):
    X, y = digits
    make, message = BAD_X[kind]
    if (kind, method) == ("too large", "fit"):
        unharmed.set_params(warm_start=True)  # a cold fit would make a float64 network
    arguments = () if method.startswith("predict") else (y,)
    with pytest.raises(ValueError, match=message):
        getattr(unharmed, method)(make(X), *arguments)


@pytest.mark.parametrize("kind", [kind for kind in BAD_X if kind != "too large"])
def test_bad_data_are_refused_by_a_first_fit(small, digits, kind):
    X, y = digits
    make, message = BAD_X[kind]
    clf = small()
    with pytest.raises(ValueError, match=message):
        clf.fit(make(X), y)
    assert set(vars(clf)) == set(clf.get_params())


def test_data_without_features_are_refused(small, digits):
    X, y = digits
    with pytest.raises(ValueError, match=r"0 feature\(s\) \(shape=\(500, 0\)\).*minimum of 1"):
        small().fit(X[:, :0], y)


@pytest.mark.parametrize("method", ["partial_fit", "predict", "predict_proba"])
def test_another_number_of_columns_is_refused(unharmed, digits, method):
    X, y = digits
    arguments = () if method.startswith("predict") else (y,)
    with pytest.raises(ValueError, match=r"X has 60 features, but .* is expecting 64 features"):
        getattr(unharmed, method)(X[:, :60], *arguments)


# --- y ---------------------------------------------------------------------------------------

BAD_Y = {
    "too short": (lambda y: y[:-1], r"inconsistent numbers of samples: \[500, 499\]"),
    "too long": (lambda y: np.append(y, 1), r"inconsistent numbers of samples: \[500, 501\]"),
    "continuous": (lambda y: y + 0.5, "Unknown label type: continuous"),
    "continuous columns": (lambda y: np.c_[y, y] + 0.5, "Unknown label type: continuous"),
    "several columns of classes": (lambda y: np.c_[y, y], "y has 2 columns of several classes"),
    "NaN": (lambda y: np.where(y == 3, np.nan, y), "Input y contains NaN"),
    "infinity": (lambda y: np.where(y == 3, np.inf, y), "Input y contains infinity"),
    "missing": (lambda y: None, "requires y to be passed, but the target y is None"),
    "three dimensions": (lambda y: y.reshape(-1, 1, 1), "Found array with dim 3"),
}


@pytest.mark.parametrize("kind", BAD_Y)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_bad_targets_are_refused(unharmed, digits, kind, method):
    X, y = digits
    make, message = BAD_Y[kind]
    with pytest.raises(ValueError, match=message):
        getattr(unharmed, method)(X, make(y))


def test_a_label_that_was_not_declared_is_named_with_those_that_were(small, digits):
    X, y = digits
    message = r"labels that were not declared: \[8 9\].*\[0 1 2 3 4 5 6 7\].*`classes`"
    clf = small()
    with pytest.raises(ValueError, match=message):
        clf.partial_fit(X, y, classes=range(8))
    assert set(vars(clf)) == set(clf.get_params())


def test_a_label_that_comes_later_must_have_been_declared(unharmed, digits):
    X, y = digits
    with pytest.raises(ValueError, match=r"not declared: \[77\]"):
        unharmed.partial_fit(X, np.where(y == 3, 77, y))


def test_the_first_partial_fit_asks_for_the_classes(small, digits):
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        small().partial_fit(*digits)


def test_other_classes_than_in_the_first_call_are_refused(unharmed, digits):
    with pytest.raises(ValueError, match=r"classes=\[0, 1\].*is not the same"):
        unharmed.partial_fit(*digits, classes=[0, 1])


# --- weights ---------------------------------------------------------------------------------

BAD_WEIGHTS = {
    "negative": (lambda w: np.where(np.arange(500) == 7, -1, w), "Negative values.*sample_weight"),
    "NaN": (lambda w: np.where(np.arange(500) == 7, np.nan, w), "Input sample_weight contains NaN"),
    "infinity": (
        lambda w: np.where(np.arange(500) == 7, np.inf, w),
        "Input sample_weight contains infinity",
    ),
    "all zero": (lambda w: 0 * w, "(?i)sample.weights? .*non-zero"),
    "too short": (lambda w: w[:-1], r"sample_weight.shape == \(499,\), expected \(500,\)"),
    "a table": (lambda w: np.c_[w, w], "(?i)sample.weights? must be 1D"),
}


@pytest.mark.parametrize("kind", BAD_WEIGHTS)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_bad_weights_are_refused(unharmed, digits, kind, method):
    make, message = BAD_WEIGHTS[kind]
    with pytest.raises(ValueError, match=message):
        getattr(unharmed, method)(*digits, sample_weight=make(np.ones(500)))


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ({99: 2.0, "seven": 1.0}, r"class_weight"),
        ({0: -1.0}, r"class_weight must hold finite weights that are not negative.*\{0: -1.0\}"),
        ({0: np.nan}, r"class_weight must hold finite weights.*nan"),
        ({0: np.inf}, r"class_weight must hold finite weights.*inf"),
        (dict.fromkeys(range(10), 0.0), r"class_weight=.* gives every sample the weight zero"),
    ],
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_bad_class_weights_are_refused(unharmed, digits, class_weight, message, method):
    unharmed.set_params(class_weight=class_weight)
    with pytest.raises(ValueError, match=message):
        getattr(unharmed, method)(*digits)


def test_class_weights_for_several_labels_are_refused(small, digits):
    X, y = digits
    with pytest.raises(ValueError, match=r"class_weight=\{0: 2.0\}.*'balanced' or None"):
        small(class_weight={0: 2.0}).fit(X, np.c_[y > 4, y > 7].astype(int))


# --- parameters ------------------------------------------------------------------------------

BAD_PARAMS = [
    ("epochs", 0, "an int in the range [1, inf)"),
    ("epochs", "all", "a str among {'auto'} or an int in the range [1, inf)"),
    ("epochs", 2.5, "an int in the range [1, inf)"),
    ("batch_size", -1, "an int in the range [1, inf)"),
    ("batch_size", "all", "a str among {'auto'} or an int in the range [1, inf)"),
    ("dropout", 1.0, "a float in the range [0.0, 1.0)"),
    ("dropout", "default", "a str among {'auto'} or a float in the range [0.0, 1.0)"),
    ("dropout", -0.1, "a float in the range [0.0, 1.0)"),
    ("dropout", np.nan, "a float in the range [0.0, 1.0)"),
    ("alpha", -1.0, "a float in the range [0.0, inf)"),
    ("alpha", np.inf, "a float in the range [0.0, inf)"),
    ("learning_rate", 0.0, "a float in the range (0.0, inf)"),
    ("learning_rate", -0.1, "a float in the range (0.0, inf)"),
    ("learning_rate", np.nan, "a float in the range (0.0, inf)"),
    ("label_smoothing", 1.0, "a float in the range [0.0, 1.0)"),
    ("validation_fraction", 0.0, "a float in the range (0.0, 1.0)"),
    ("validation_fraction", 1.0, "a float in the range (0.0, 1.0)"),
    ("n_iter_no_change", 0, "an int in the range [1, inf)"),
    ("tol", -1e-4, "a float in the range [0.0, inf)"),
    ("activation", "rectifier", "'relu'"),
    ("activation", None, "'relu'"),
    ("optimizer", "lbfgs", "'adam'"),
    ("optimizer", None, "'adam'"),
    ("input_scaling", "minmax", "'standard'"),
    ("learning_rate_schedule", "invscaling", "'cosine'"),
    ("class_weight", "weighted", "'balanced'"),
    ("class_weight", [1.0, 2.0], "'balanced'"),
    ("early_stopping", "yes", "an instance of 'bool'"),
    ("warm_start", 1, "an instance of 'bool'"),
    ("random_state", "seven", "an int in the range [0, 4294967295]"),
    ("random_state", -1, "an int in the range [0, 4294967295]"),
    ("verbose", -1, "an int in the range [0, inf)"),
    ("hidden_layer_sizes", 0, "an int in the range [1, inf)"),
    ("hidden_layer_sizes", None, "a str among {'auto'}, an array-like or an int"),
    ("hidden_layer_sizes", "64,32", "a str among {'auto'}, an array-like or an int"),
]


@pytest.mark.parametrize(("name", "value", "allowed"), BAD_PARAMS)
def test_a_bad_parameter_is_named_with_what_was_given_and_what_is_allowed(
    unharmed, digits, name, value, allowed
):
    unharmed.set_params(**{name: value})
    with pytest.raises(InvalidParameterError) as caught:
        unharmed.fit(*digits)
    message = str(caught.value)
    assert message.startswith(f"The {name!r} parameter of KerasMLPClassifier must be")
    assert allowed in message
    assert message.endswith(f"Got {value!r} instead.")


@pytest.mark.parametrize("name", ["batch_size", "dropout", "optimizer"])
def test_the_first_partial_fit_checks_parameters_too(small, digits, name):
    with pytest.raises(InvalidParameterError, match=f"The {name!r} parameter.*Got -1"):
        small(**{name: -1}).partial_fit(*digits, classes=range(10))


@pytest.mark.parametrize("sizes", [(0,), (16, -1), (2.5,), [[16, 8]], ["16"], [True]], ids=str)
def test_layer_sizes_that_are_not_positive_integers_are_refused(unharmed, digits, sizes):
    unharmed.set_params(hidden_layer_sizes=sizes, warm_start=False)
    with pytest.raises(
        ValueError, match=r"'hidden_layer_sizes'.*must be 'auto' or hold positive integers"
    ) as e:
        unharmed.fit(*digits)
    assert f"Got {sizes!r} instead" in str(e.value)


def test_an_unknown_parameter_is_refused(small):
    with pytest.raises(TypeError, match="hidden"):
        small(hidden=(16,))


def test_holding_out_all_samples_is_refused(unharmed, digits):
    unharmed.set_params(early_stopping=True, validation_fraction=0.999, warm_start=False)
    with pytest.raises(ValueError, match=r"validation_fraction=0\.999 leaves none of 500"):
        unharmed.fit(*digits)


# --- training that fails -----------------------------------------------------------------------


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_training_that_diverges_leaves_the_estimator_as_it_was(
    unharmed, digits, optimizer, method
):
    unharmed.set_params(learning_rate=1e30, optimizer=optimizer, warm_start=False)
    with pytest.raises(ValueError, match=r"diverged.*learning_rate=1e\+30 .*Try learning_rate="):
        getattr(unharmed, method)(*digits)


def test_a_failed_fit_on_other_data_keeps_the_classes_and_features(unharmed, digits):
    X, y = digits
    unharmed.set_params(learning_rate=1e30, warm_start=False)
    with pytest.raises(ValueError, match="diverged"):
        unharmed.fit(X[:, :30], y % 3)


def test_a_refused_estimator_can_be_fitted_after_all(small, digits):
    X, y = digits
    clf = small()
    with pytest.raises(ValueError, match="NaN"):
        clf.fit(with_row(X, NAN_ROW), y)
    clf.fit(X, y)
    expected = small().fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(clf.predict_proba(X), expected)


HUGE = 10**400


@pytest.mark.parametrize("name", ["X", "sample_weight", "class_weight", "alpha", "epochs"])
def test_an_integer_that_no_float_holds_is_named(unharmed, digits, name):
    X, y = digits
    arguments = {"X": X, "y": y}
    if name == "X":
        arguments["X"] = [[HUGE] * 64] * len(y)
    elif name == "sample_weight":
        arguments["sample_weight"] = [HUGE] * len(y)
    else:
        unharmed.set_params(**{name: {0: HUGE} if name == "class_weight" else HUGE})
    with pytest.raises(ValueError, match=f"{name}.*(more than|1.8e\\+308)"):
        unharmed.fit(**arguments)


def test_an_integer_that_no_float_holds_is_named_by_predict(unharmed):
    with pytest.raises(ValueError, match="X holds an integer"):
        unharmed.predict([[HUGE] * 64])


@pytest.mark.parametrize("sizes", [10**20, (16, 2**31), [10**400]])
def test_more_units_than_any_memory_holds_are_refused(unharmed, digits, sizes):
    with pytest.raises(ValueError, match=r"'hidden_layer_sizes' .* integers below 2,147,483,648"):
        unharmed.set_params(hidden_layer_sizes=sizes).fit(*digits)
