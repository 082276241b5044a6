"""Input scaling, and the dtype of the network."""

import numpy as np
import pytest
from classifier_checks import NO_LEARNING, assert_same_network


def test_rms_scaling_makes_units_irrelevant(small, wide_digits):
    X, y = wide_digits
    a = small().fit(X, y)
    b = small().fit(255 * X, y)
    np.testing.assert_allclose(a.predict_proba(X), b.predict_proba(255 * X), rtol=0, atol=1e-10)
    np.testing.assert_allclose(a.coefs_[0], 255 * b.coefs_[0], rtol=0, atol=1e-10)


@pytest.mark.parametrize("factor", [1e-160, 1e160])
def test_rms_scaling_holds_for_any_unit_that_float64_can_hold(small, wide_digits, factor):
    X, y = wide_digits
    p = small().fit(X, y).predict_proba(X)
    scaled = small().fit(factor * X, y).predict_proba(factor * X)
    np.testing.assert_allclose(scaled, p, rtol=0, atol=1e-6)


def test_standard_scaling_makes_units_and_origins_of_features_irrelevant(small, wide_digits):
    X, y = wide_digits
    rng = np.random.RandomState(0)
    units, origins = rng.uniform(0.1, 100, 64), rng.uniform(-100, 100, 64)
    p = small(input_scaling="standard").fit(X, y).predict_proba(X)
    moved = small(input_scaling="standard").fit(units * X + origins, y)
    np.testing.assert_allclose(moved.predict_proba(units * X + origins), p, rtol=0, atol=1e-8)


def test_standard_scaling_starts_from_features_of_mean_zero_and_deviation_one(small, iris):
    X, y = iris
    settings = {"learning_rate": NO_LEARNING, "epochs": 1}
    raw = small(**settings, input_scaling=None).fit(X, y)
    scaled = small(**settings, input_scaling="standard").fit(X, y)
    np.testing.assert_allclose(
        scaled.predict_proba(X), raw.predict_proba((X - X.mean(0)) / X.std(0)), atol=1e-12
    )


def test_without_scaling_the_network_sees_the_data_as_they_are(small, iris):
    X, y = iris
    settings = {"learning_rate": NO_LEARNING, "epochs": 1}
    raw = small(**settings, input_scaling=None).fit(X, y)
    scaled = small(**settings, input_scaling="rms").fit(X, y)
    rms = np.sqrt(np.mean(X**2))
    np.testing.assert_allclose(raw.coefs_[0], rms * scaled.coefs_[0], rtol=1e-12)


def test_features_that_do_not_vary_do_no_harm(small, digits):
    X, y = digits
    constant = X.copy()
    constant[:, :8] = 3.3
    clf = small(input_scaling="standard").fit(constant, y)
    assert np.isfinite(clf.predict_proba(constant)).all()
    assert small(epochs=1).fit(np.zeros_like(X), y).score(X, y) > 0


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (np.float64, np.float64),
        (np.float32, np.float32),
        (np.float16, np.float32),
        (np.uint8, np.float32),
        (np.int64, np.float32),
        (bool, np.float32),
    ],
)
def test_the_network_has_the_number_type_of_the_data(small, digits, dtype, expected):
    X, y = digits
    clf = small(epochs=1).fit(X.astype(dtype), y)
    weights = [*clf.coefs_, *clf.intercepts_]
    assert {w.dtype for w in weights} == {np.dtype(expected)}
    assert clf.predict_proba(X.astype(dtype)).dtype == expected
    assert clf.predict_log_proba(X.astype(dtype)).dtype == expected


def test_predictions_have_the_type_of_the_network_whatever_is_asked(fitted, digits):
    X, _ = digits
    for dtype in (np.float64, np.uint8, np.int32):
        p = fitted.predict_proba(X.astype(dtype))
        assert p.dtype == np.float32
        np.testing.assert_array_equal(p, fitted.predict_proba(X))


def test_unsigned_bytes_train_the_same_network_as_float32(small, digits):
    X, y = digits
    bytes_ = (15 * X).astype(np.uint8)
    a = small().fit(bytes_, y)
    b = small().fit(bytes_.astype(np.float32), y)
    assert_same_network(a, b)


def test_the_data_are_left_alone(small, digits):
    X, y = digits[0].copy(), digits[1].copy()
    small(input_scaling="standard").fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(X, digits[0])
    np.testing.assert_array_equal(y, digits[1])


def test_read_only_and_transposed_arrays_are_fine(small, fitted, digits):
    X, y = digits
    X = np.asfortranarray(X)
    X.flags.writeable = False
    clf = small().fit(X, y)
    assert_same_network(clf, fitted)
    np.testing.assert_array_equal(clf.predict(X), fitted.predict(digits[0]))
