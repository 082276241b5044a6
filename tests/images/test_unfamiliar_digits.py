"""UnfamiliarDigitDetector: what is no digit is unfamiliar, and digits seldom are."""

import pickle

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from sklearn.base import clone, is_outlier_detector
from sklearn.exceptions import NotFittedError

from sk_mnist import DigitImageTransformer, load_mnist_sample
from sk_mnist.images import UnfamiliarDigitDetector


@pytest.fixture(scope="module")
def digits():
    """Return a reference and other digits."""
    X, _ = load_mnist_sample(return_X_y=True)
    return X[:2000], X[2000:3000]


@pytest.fixture(scope="module")
def detector(digits):
    return UnfamiliarDigitDetector().fit(digits[0])


@pytest.fixture(scope="module")
def letters():
    pictures = []
    for letter in "AEFHKMNRWX":
        picture = Image.new("L", (150, 150), "white")
        ImageDraw.Draw(picture).text((40, 25), letter, font=ImageFont.load_default(90), fill=0)
        pictures.append(picture)
    return DigitImageTransformer().transform(pictures)


def test_unfamiliar_are_letters_and_noise(detector, letters):
    assert np.mean(detector.predict(letters) == -1) >= 0.6
    noise = np.random.default_rng(0).integers(256, size=(20, 784))
    assert (detector.predict(noise) == -1).all()


@pytest.mark.parametrize("rate", [0.01, 0.1])
def test_unfamiliar_digits_are_as_rare_as_asked(digits, rate):
    detector = UnfamiliarDigitDetector(false_alarm_rate=rate).fit(digits[0])
    marked = np.mean(detector.predict(digits[1]) == -1)
    assert rate / 3 < marked < 2 * rate


def test_unfamiliar_is_an_image_without_ink(detector):
    assert detector.predict(np.zeros((1, 784))) == [-1]


def test_unfamiliar_scores_do_not_depend_on_contrast(detector, digits):
    others = digits[1][:50]
    expected = detector.score_samples(others)
    np.testing.assert_allclose(detector.score_samples(others / 255), expected, rtol=1e-3)
    np.testing.assert_allclose(detector.score_samples(others * 1e-9), expected, rtol=1e-3)
    np.testing.assert_allclose(detector.score_samples(others // 2), expected, rtol=0.05)


def test_unfamiliar_scores_do_not_depend_on_other_rows(detector, digits):
    together = detector.score_samples(digits[1])
    np.testing.assert_allclose(detector.score_samples(digits[1][-3:]), together[-3:], rtol=1e-4)


def test_unfamiliar_decision_is_scikit_learns(detector, digits, letters):
    X = np.vstack([digits[1][:20], letters])
    decision = detector.decision_function(X)
    np.testing.assert_array_equal(decision, detector.score_samples(X) - detector.offset_)
    np.testing.assert_array_equal(detector.predict(X), np.where(decision < 0, -1, 1))
    assert is_outlier_detector(detector)


def test_unfamiliar_detector_pickles_and_clones(detector, letters):
    copy = pickle.loads(pickle.dumps(detector))
    np.testing.assert_array_equal(copy.score_samples(letters), detector.score_samples(letters))
    with pytest.raises(NotFittedError):
        clone(detector).predict(letters)


def test_unfamiliar_detector_takes_many_copies_of_a_digit(digits):
    detector = UnfamiliarDigitDetector(n_neighbors=3).fit(np.repeat(digits[0][:10], 8, axis=0))
    scores = detector.score_samples(digits[1][:10])
    assert np.isfinite(scores).all()
    assert (scores < detector.score_samples(digits[0][:10])).all()


@pytest.mark.parametrize(
    ("X", "parameters", "message"),
    [
        (np.ones((20, 64)), {}, "X has 64 features. Images of 28 x 28 pixels have 784."),
        (np.ones((11, 784)), {}, "n_neighbors=10 needs at least 12 images, got 11"),
        (np.full((20, 784), np.nan), {}, "contains NaN"),
        (np.ones((20, 784)), {"n_neighbors": 0}, "'n_neighbors' parameter"),
        (np.ones((20, 784)), {"false_alarm_rate": 1}, "'false_alarm_rate' parameter"),
    ],
)
def test_unfamiliar_detector_explains_errors(X, parameters, message):
    with pytest.raises(ValueError, match=message):
        UnfamiliarDigitDetector(**parameters).fit(X)


@pytest.mark.parametrize("unit", [1e-300, 1e-12, 1e37, 1e300])
def test_unfamiliar_scores_do_not_depend_on_the_unit(detector, digits, unit):
    noise = np.random.default_rng(0).integers(256, size=(20, 784))
    X = np.vstack([digits[1][:20], noise]).astype(float)
    np.testing.assert_allclose(
        detector.score_samples(X * unit), detector.score_samples(X), rtol=1e-4
    )
    assert (detector.predict(noise * unit) == -1).all()


def test_unfamiliar_fit_predict_leaves_each_digit_out(digits):
    X = digits[0][:500]
    found = UnfamiliarDigitDetector(false_alarm_rate=0.1).fit_predict(X)
    assert np.mean(found == -1) == pytest.approx(0.1, abs=0.005)
    assert found.dtype == np.int64


def test_unfamiliar_failed_fit_leaves_the_detector_as_it_was(digits, letters):
    few = np.ones((11, 784))
    detector = UnfamiliarDigitDetector()
    with pytest.raises(ValueError, match="at least 12 images"):
        detector.fit(few)
    with pytest.raises(NotFittedError):
        detector.predict(letters)
    assert vars(detector) == detector.get_params()
    expected = detector.fit(digits[0][:200]).score_samples(letters)
    for bad in (few, np.ones((20, 64))):
        with pytest.raises(ValueError, match=r"images|features"):
            detector.fit(bad)
        np.testing.assert_array_equal(detector.score_samples(letters), expected)


def test_unfamiliar_n_neighbors_is_that_of_fit(digits, letters):
    detector = UnfamiliarDigitDetector(n_neighbors=5).fit(digits[0][:200])
    expected = detector.score_samples(letters)
    detector.set_params(n_neighbors=50)
    assert detector.n_neighbors_ == 5
    np.testing.assert_array_equal(detector.score_samples(letters), expected)
