import numpy as np
import pandas as pd
import pytest
from matplotlib.contour import ContourSet
from numpy.testing import assert_allclose
from scipy.sparse import csr_array
from sklearn.datasets import load_digits
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from sk_mnist.displays import SaliencyDisplay

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data():
    X, y = load_digits(return_X_y=True)
    return X[:400], y[:400]


@pytest.fixture(scope="module")
def classifier(data):
    return LogisticRegression(max_iter=3000).fit(*data)


@pytest.fixture(scope="module")
def two_classes(data):
    """Return a classifier with log-odds linear in the pixels, and its data."""
    X, y = data
    rows = y < 2
    return LogisticRegression(max_iter=3000).fit(X[rows], y[rows]), X[rows], y[rows]


def captions(display):
    return [text.get_text() for text in display.ax_.texts]


def test_saliency_of_single_pixels_is_their_log_odds(two_classes):
    linear, X, _ = two_classes
    display = SaliencyDisplay.from_estimator(linear, X[:2], patch_size=1)
    sign = np.where(linear.predict(X[:2]) == 1, 1, -1)[:, np.newaxis]
    expected = sign * linear.coef_ * X[:2]
    assert_allclose(np.reshape(display.saliency, (2, 64)), expected, atol=1e-6)


def test_saliency_of_a_label_does_not_depend_on_other_labels(two_classes):
    _, X, y = two_classes
    labels = np.column_stack([y == 1, X.sum(axis=1) < np.median(X.sum(axis=1))]).astype(int)
    several = OneVsRestClassifier(LogisticRegression(max_iter=3000)).fit(X, labels)
    row = X[several.predict_proba(X).argmax(axis=1) == 0][:1]
    display = SaliencyDisplay.from_estimator(several, row, patch_size=1)
    expected = several.estimators_[0].coef_ * row
    assert_allclose(np.reshape(display.saliency, (1, 64)), expected, atol=1e-6)


def test_saliency_is_the_mean_over_covering_patches(two_classes):
    linear, X, _ = two_classes
    display = SaliencyDisplay.from_estimator(linear, X[:1], patch_size=2)
    sign = 1 if linear.predict(X[:1])[0] == 1 else -1
    single = np.reshape(sign * linear.coef_ * X[:1], (8, 8))
    patches = single[:-1, :-1] + single[1:, :-1] + single[:-1, 1:] + single[1:, 1:]
    assert display.saliency[0][0, 0] == pytest.approx(patches[0, 0], abs=1e-6)
    assert display.saliency[0][0, 3] == pytest.approx(patches[0, 2:4].mean(), abs=1e-6)
    assert display.saliency[0][4, 4] == pytest.approx(patches[3:5, 3:5].mean(), abs=1e-6)


def test_saliency_patches_have_background_value(two_classes):
    linear, X, _ = two_classes
    display = SaliencyDisplay.from_estimator(linear, X[:1], patch_size=1, background=16.0)
    sign = 1 if linear.predict(X[:1])[0] == 1 else -1
    expected = sign * linear.coef_ * (X[:1] - 16.0)
    assert_allclose(np.reshape(display.saliency, (1, 64)), expected, atol=1e-6)


def test_saliency_background_is_not_rounded_to_integers(two_classes):
    linear, X, _ = two_classes
    whole = X[:1].astype(np.uint8)
    of_bytes = SaliencyDisplay.from_estimator(linear, whole, background=0.5)
    of_floats = SaliencyDisplay.from_estimator(linear, X[:1], background=0.5)
    assert_allclose(of_bytes.saliency, of_floats.saliency)


def test_saliency_of_probabilities_rounded_to_one(two_classes):
    _, X, y = two_classes

    class Certain(LogisticRegression):
        """As confident as networks for MNIST: in float32, one minus 1e-12 is one."""

        def predict_proba(self, X):
            certain = np.float32(1e-12) * np.exp(-X[:, :1] / 16).astype(np.float32)
            return np.hstack([1 - certain, certain])

    certain = Certain(max_iter=3000).fit(X, y)
    sample = np.full((1, 64), 16.0)
    display = SaliencyDisplay.from_estimator(certain, sample, patch_size=1)
    assert display.saliency[0][0, 0] == pytest.approx(1.0, rel=1e-3)


def test_saliency_of_probability_one_is_finite(data):
    X, y = data
    tree = DecisionTreeClassifier(random_state=0).fit(X, y)
    assert np.isfinite(SaliencyDisplay.from_estimator(tree, X[:3]).saliency).all()


def test_saliency_of_constant_classifier_is_zero(data):
    X, y = data
    blind = DummyClassifier(strategy="prior").fit(X, y)
    assert not np.any(SaliencyDisplay.from_estimator(blind, X[:2]).saliency)


def test_saliency_image_is_next_to_its_map(classifier, data):
    display = SaliencyDisplay.from_estimator(classifier, data[0][:1])
    image, saliency = display.ax_.images
    assert_allclose(image.get_array(), data[0][0].reshape(8, 8))
    assert_allclose(saliency.get_array(), display.saliency[0])
    assert image.get_extent()[1] < saliency.get_extent()[0]


def test_saliency_outline_is_on_the_map():
    picture = np.zeros((1, 8, 8))
    picture[0, 1:3, 2:5] = 1.0
    display = SaliencyDisplay(picture, np.zeros((1, 8, 8)), [1], [0.5]).plot()
    (outline,) = (artist for artist in display.ax_.collections if isinstance(artist, ContourSet))
    left, right, _, top = display.ax_.images[1].get_extent()
    pixel = (right - left) / 8
    x, y = outline.get_paths()[0].vertices.T
    assert left + 2 * pixel - 1e-6 <= x.min() < x.max() <= left + 5 * pixel + 1e-6
    assert top + pixel - 1e-6 <= y.min() < y.max() <= top + 3 * pixel + 1e-6


def test_saliency_maps_share_a_symmetric_color_scale(classifier, data):
    display = SaliencyDisplay.from_estimator(classifier, data[0][:3])
    largest = np.abs(display.saliency).max()
    assert {image.get_clim() for image in display.ax_.images[1::2]} == {(-largest, largest)}


def test_saliency_captions_show_predicted_class_and_probability(classifier, data):
    X, _ = data
    proba = classifier.predict_proba(X[:100])
    row = np.flatnonzero(proba.max(axis=1) < 0.999)[0]
    display = SaliencyDisplay.from_estimator(classifier, X[[row]])
    assert captions(display) == [f"{proba[row].argmax()} ({proba[row].max():.3f})"]


def test_saliency_captions_show_true_class_if_given(classifier, data):
    X, y = data
    display = SaliencyDisplay.from_estimator(classifier, X[:1], y=[y[0] + 1])
    assert f"true: {y[0] + 1}" in captions(display)


def test_saliency_display_labels_name_classes(classifier, data):
    names = [f"digit {number}" for number in range(10)]
    X, y = data
    display = SaliencyDisplay.from_estimator(classifier, X[:5], y=y[:5], display_labels=names)
    assert display.y_true == [names[label] for label in y[:5]]
    assert display.y_pred.tolist() == [names[label] for label in classifier.predict(X[:5])]


@pytest.mark.parametrize("container", [csr_array, np.float32])
def test_saliency_takes_sparse_and_any_dtype(classifier, data, container):
    X, _ = data
    expected = SaliencyDisplay.from_estimator(classifier, X[:2]).saliency
    display = SaliencyDisplay.from_estimator(classifier, container(X[:2]))
    assert_allclose(display.saliency, expected, atol=1e-3)


def test_saliency_keeps_feature_names(data, recwarn):
    X, y = data
    frame = pd.DataFrame(X).add_prefix("pixel")
    named = LogisticRegression(max_iter=3000).fit(frame, y)
    SaliencyDisplay.from_estimator(named, frame[:2])
    assert not [warning for warning in recwarn if "feature names" in str(warning.message)]


def test_saliency_does_not_modify_samples(classifier, data):
    X = data[0][:2].copy()
    SaliencyDisplay.from_estimator(classifier, X)
    assert_allclose(X, data[0][:2])


def test_saliency_takes_an_image_shape(classifier, data):
    display = SaliencyDisplay.from_estimator(classifier, data[0][:2], image_shape=(4, 16))
    assert display.saliency[0].shape == (4, 16)


def test_saliency_without_colorbar(classifier, data):
    display = SaliencyDisplay.from_estimator(classifier, data[0][:1], colorbar=False)
    assert len(display.figure_.axes) == 1


def test_saliency_rejects_many_images(classifier, data):
    with pytest.raises(ValueError, match=r"at most 25 images, got 26 rows. Pass .* X\[:25\]"):
        SaliencyDisplay.from_estimator(classifier, data[0][:26])


@pytest.mark.parametrize("patch_size", [0, 9])
def test_saliency_rejects_invalid_patch_size(classifier, data, patch_size):
    with pytest.raises(ValueError, match=f"patch_size == {patch_size}"):
        SaliencyDisplay.from_estimator(classifier, data[0][:1], patch_size=patch_size)


def test_saliency_needs_predict_proba(data):
    with pytest.raises(ValueError, match=r"predict_proba, but LinearSVC.* does not have it"):
        SaliencyDisplay.from_estimator(LinearSVC(), data[0][:1])


def test_saliency_rejects_regressors(data):
    with pytest.raises(ValueError, match="needs a classifier, got LinearRegression"):
        SaliencyDisplay.from_estimator(LinearRegression(), data[0][:1])
