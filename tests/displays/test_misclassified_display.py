import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.datasets import load_digits
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.svm import LinearSVC

from sk_mnist.displays import MisclassifiedDisplay

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data():
    """Return digits that are not in the training data of `classifier`."""
    X, y = load_digits(return_X_y=True)
    return X[300:], y[300:]


@pytest.fixture(scope="module")
def classifier():
    """Return a classifier with a few dozen errors."""
    X, y = load_digits(return_X_y=True)
    return LogisticRegression(max_iter=3000).fit(X[:300], y[:300])


def captions(display):
    """Return the two lines above each image."""
    lines = [text.get_text() for text in display.ax_.texts]
    # The lower line of a caption is written first.
    return list(zip(lines[1::2], lines[::2], strict=True))


def shown_pixels(display):
    return [image.get_array().data for image in display.ax_.images]


def test_misclassified_most_confident_errors_come_first(classifier, data):
    X, y = data
    display = MisclassifiedDisplay.from_estimator(classifier, X, y)
    wrong = classifier.predict(X) != y
    expected = np.sort(classifier.predict_proba(X)[wrong].max(axis=1))[::-1]
    assert_allclose(display.y_confidence, expected[:25])


def test_misclassified_images_are_the_errors(classifier, data):
    X, y = data
    display = MisclassifiedDisplay.from_estimator(classifier, X, y, n_images=1000)
    wrong = classifier.predict(X) != y
    assert sorted(map(bytes, shown_pixels(display))) == sorted(map(bytes, X[wrong]))


def test_misclassified_captions():
    display = MisclassifiedDisplay.from_predictions(
        [[1, 2, 3, 4]], [1], [[0.75, 0.25]], labels=[0, 1]
    )
    assert captions(display) == [("0 (0.750)", "true: 1")]


def test_misclassified_probabilities_below_one_do_not_look_certain():
    display = MisclassifiedDisplay(np.eye(2)[np.newaxis], [0], [1], [0.99999]).plot()
    assert captions(display)[0][0] == "1 (>0.999)"


def test_misclassified_images_are_in_reading_order():
    images = np.arange(7 * 4).reshape(7, 2, 2)
    display = MisclassifiedDisplay(images, range(7), range(1, 8)).plot()
    positions = [(image.get_extent()[3], image.get_extent()[0]) for image in display.ax_.images]
    assert positions == sorted(positions)
    assert_array_equal(shown_pixels(display), images)


def test_misclassified_images_do_not_overlap():
    display = MisclassifiedDisplay(np.ones((7, 2, 2)), range(7), range(1, 8)).plot()
    boxes = [image.get_window_extent() for image in display.ax_.images]
    assert not any(a.overlaps(b) for a in boxes for b in boxes if a is not b)


def test_misclassified_images_keep_aspect():
    display = MisclassifiedDisplay(np.ones((3, 8)), [0] * 3, [1] * 3, image_shape=(2, 4)).plot()
    display.figure_.canvas.draw()
    box = display.ax_.images[0].get_window_extent()
    assert box.width / box.height == pytest.approx(2)


def test_misclassified_images_keep_aspect_when_resized():
    display = MisclassifiedDisplay(np.ones((3, 4)), [0] * 3, [1] * 3).plot()
    display.figure_.set_size_inches(9, 2)
    display.figure_.canvas.draw()
    box = display.ax_.images[0].get_window_extent()
    assert box.width / box.height == pytest.approx(1)


def test_misclassified_images_ignore_style_sheets():
    style = {"image.origin": "lower", "image.aspect": "auto"}
    with mpl.rc_context(style):
        display = MisclassifiedDisplay(np.ones((3, 4)), [0] * 3, [1] * 3).plot()
    assert display.ax_.get_aspect() == 1
    assert {image.origin for image in display.ax_.images} == {"upper"}


def test_misclassified_long_captions_do_not_overlap():
    display = MisclassifiedDisplay(np.ones((9, 4)), ["x" * 500] * 9, ["y"] * 9).plot()
    display.figure_.canvas.draw()
    boxes = [text.get_window_extent().padded(-1) for text in display.ax_.texts]
    assert not any(a.overlaps(b) for a in boxes for b in boxes if a is not b)


def test_misclassified_images_share_one_scale():
    display = MisclassifiedDisplay([[0, 1, 2, 3], [4, 5, 6, 7]], [0, 0], [1, 1]).plot()
    assert [image.get_clim() for image in display.ax_.images] == [(0, 7), (0, 7)]


def test_misclassified_n_images(classifier, data):
    display = MisclassifiedDisplay.from_estimator(classifier, *data, n_images=3)
    assert len(display.ax_.images) == 3


def test_misclassified_title_shows_number_of_errors(classifier, data):
    X, y = data
    n_errors = (classifier.predict(X) != y).sum()
    display = MisclassifiedDisplay.from_estimator(classifier, X, y, n_images=9)
    title = " ".join(display.ax_.get_title().split())
    assert title == f"The 9 most confident of {n_errors} errors in 1,497 samples"


def test_misclassified_title_if_all_errors_are_shown():
    display = MisclassifiedDisplay.from_predictions(
        np.eye(4), [0, 0, 0, 1], [[0, 1], [0, 1], [1, 0], [0, 1]]
    )
    assert display.ax_.get_title() == "All 2 errors in 4 samples"


def test_misclassified_without_errors_is_a_sentence(data):
    X, y = data
    perfect = np.eye(10)[y]
    display = MisclassifiedDisplay.from_predictions(X, y, perfect)
    assert [text.get_text() for text in display.ax_.texts] == ["No errors in 1,497 samples."]
    assert not display.ax_.images


def test_misclassified_without_predict_proba_shows_first_errors(data):
    X, y = data
    machine = LinearSVC(random_state=0).fit(X[:200], y[:200])
    display = MisclassifiedDisplay.from_estimator(machine, X, y, n_images=4)
    wrong = np.flatnonzero(machine.predict(X) != y)[:4]
    assert_allclose(display.images.reshape(4, -1), X[wrong])
    assert "(" not in captions(display)[0][0]


def test_misclassified_nan_probabilities_are_not_shown():
    display = MisclassifiedDisplay(np.ones((1, 4)), ["a"], ["b"], [np.nan]).plot()
    assert captions(display) == [("b", "true: a")]


@pytest.mark.parametrize("container", [pd.DataFrame, csr_array, np.uint8])
def test_misclassified_takes_frames_sparse_and_bytes(classifier, data, container):
    X, y = data
    expected = MisclassifiedDisplay.from_estimator(classifier, X, y).images
    proba = classifier.predict_proba(X)
    display = MisclassifiedDisplay.from_predictions(container(X), y, proba)
    assert_allclose(display.images, expected)


def test_misclassified_keeps_feature_names(data, recwarn):
    X, y = data
    frame = pd.DataFrame(X).add_prefix("pixel")
    named = LogisticRegression(max_iter=3000).fit(frame[:300], y[:300])
    MisclassifiedDisplay.from_estimator(named, frame, y)
    assert not [warning for warning in recwarn if "feature names" in str(warning.message)]


def test_misclassified_display_labels_name_classes(classifier, data):
    names = [f"digit {number}" for number in range(10)]
    display = MisclassifiedDisplay.from_estimator(classifier, *data, display_labels=names)
    assert set(display.y_true) <= set(names)
    assert set(display.y_pred) <= set(names)


def test_misclassified_shows_unseen_true_classes(classifier, data):
    X, y = data
    display = MisclassifiedDisplay.from_estimator(classifier, X[:5], y[:5] + 100)
    assert set(display.y_true) == set((y[:5] + 100).astype(str))


def test_misclassified_labels_name_columns():
    display = MisclassifiedDisplay.from_predictions(
        [[0, 0, 0, 0]], ["b"], [[0.2, 0.8]], labels=["b", "a"]
    )
    assert captions(display) == [("a (0.800)", "true: b")]


def test_misclassified_shortens_long_names_but_not_probabilities():
    display = MisclassifiedDisplay(np.ones((25, 4)), ["x" * 500] * 25, ["y"] * 25, [0.5] * 25)
    predicted, true = captions(display.plot())[0]
    assert predicted == "y (0.500)"
    assert true.endswith("x…")


def test_misclassified_escapes_dollar_signs():
    display = MisclassifiedDisplay(np.ones((1, 4)), ["$5"], ["$10 or $20"]).plot()
    display.figure_.canvas.draw()
    assert captions(display)[0][0] == r"\$10 or \$20"


@pytest.mark.parametrize("n_images", [9, 25])
def test_misclassified_captions_are_readable(n_images):
    names = np.arange(n_images)
    display = MisclassifiedDisplay(np.ones((n_images, 4)), names, names + 1).plot()
    assert min(text.get_fontsize() for text in display.ax_.texts) >= 8


def test_misclassified_needs_image_shape_unless_square():
    with pytest.raises(ValueError, match=r"6 features are not .* Give image_shape="):
        MisclassifiedDisplay.from_predictions(np.ones((1, 6)), [1], [[1, 0]], labels=[0, 1])


@pytest.mark.parametrize("image_shape", [(2, 2), (6,), (1, 2, 3)])
def test_misclassified_rejects_wrong_image_shape(image_shape):
    with pytest.raises(ValueError, match="height \\* width = 6"):
        MisclassifiedDisplay(np.ones((1, 6)), [1], [0], image_shape=image_shape).plot()


def test_misclassified_rejects_wrong_number_of_columns():
    with pytest.raises(ValueError, match=r"each of the 2 classes \[0, 1\], got shape \(2, 3\)"):
        MisclassifiedDisplay.from_predictions(np.ones((2, 4)), [0, 1], np.ones((2, 3)))


def test_misclassified_rejects_wrong_number_of_display_labels(classifier, data):
    with pytest.raises(ValueError, match="each of the 10 classes, got 2 names"):
        MisclassifiedDisplay.from_estimator(classifier, *data, display_labels=["a", "b"])


@pytest.mark.parametrize("n_images", [0, 2.5])
def test_misclassified_rejects_invalid_n_images(classifier, data, n_images):
    with pytest.raises((TypeError, ValueError), match="n_images"):
        MisclassifiedDisplay.from_estimator(classifier, *data, n_images=n_images)


def test_misclassified_rejects_inconsistent_lengths():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        MisclassifiedDisplay(np.ones((2, 4)), [0, 1], [0]).plot()


def test_misclassified_rejects_regressors(data):
    with pytest.raises(ValueError, match="needs a classifier, got LinearRegression"):
        MisclassifiedDisplay.from_estimator(LinearRegression().fit(*data), *data)
