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


@pytest.fixture(scope="module")
def data():
    """Return digits that no classifier of this module was fitted on."""
    X, y = load_digits(return_X_y=True)
    return X[300:], y[300:]


@pytest.fixture(scope="module")
def classifier():
    """Return a classifier that makes a few dozen mistakes."""
    X, y = load_digits(return_X_y=True)
    return LogisticRegression(max_iter=3000).fit(X[:300], y[:300])


def captions(display):
    """Return what is written above each image."""
    lines = [text.get_text() for text in display.ax_.texts]
    # The lower line of a caption is written first.
    return list(zip(lines[1::2], lines[::2], strict=True))


def shown_pixels(display):
    return [image.get_array().data for image in display.ax_.images]


def test_most_confident_mistakes_come_first(classifier, data):
    X, y = data
    display = MisclassifiedDisplay.from_estimator(classifier, X, y)
    wrong = classifier.predict(X) != y
    expected = np.sort(classifier.predict_proba(X)[wrong].max(axis=1))[::-1]
    assert_allclose(display.y_confidence, expected[:25])


def test_images_are_the_mistakes(classifier, data):
    X, y = data
    display = MisclassifiedDisplay.from_estimator(classifier, X, y, n_images=1000)
    wrong = classifier.predict(X) != y
    assert sorted(map(bytes, shown_pixels(display))) == sorted(map(bytes, X[wrong]))


def test_captions_tell_predicted_class_probability_and_true_class():
    display = MisclassifiedDisplay.from_predictions(
        [[1, 2, 3, 4]], [1], [[0.75, 0.25]], labels=[0, 1]
    )
    assert captions(display) == [("0 (0.750)", "true: 1")]


def test_probabilities_below_one_do_not_look_certain():
    display = MisclassifiedDisplay(np.eye(2)[np.newaxis], [0], [1], [0.99999]).plot()
    assert captions(display)[0][0] == "1 (>.999)"


def test_images_are_in_reading_order():
    images = np.arange(7 * 4).reshape(7, 2, 2)
    display = MisclassifiedDisplay(images, range(7), range(1, 8)).plot()
    places = [(image.get_extent()[3], image.get_extent()[0]) for image in display.ax_.images]
    assert places == sorted(places)
    assert_array_equal(shown_pixels(display), images)


def test_images_do_not_overlap():
    display = MisclassifiedDisplay(np.ones((7, 2, 2)), range(7), range(1, 8)).plot()
    boxes = [image.get_window_extent() for image in display.ax_.images]
    assert not any(a.overlaps(b) for a in boxes for b in boxes if a is not b)


def test_images_keep_their_proportions():
    display = MisclassifiedDisplay(np.ones((3, 8)), [0] * 3, [1] * 3, image_shape=(2, 4)).plot()
    display.figure_.canvas.draw()
    box = display.ax_.images[0].get_window_extent()
    assert box.width / box.height == pytest.approx(2)


def test_images_keep_their_proportions_when_the_figure_changes():
    display = MisclassifiedDisplay(np.ones((3, 4)), [0] * 3, [1] * 3).plot()
    display.figure_.set_size_inches(9, 2)
    display.figure_.canvas.draw()
    box = display.ax_.images[0].get_window_extent()
    assert box.width / box.height == pytest.approx(1)


def test_images_stand_upright_whatever_the_style():
    style = {"image.origin": "lower", "image.aspect": "auto"}
    with mpl.rc_context(style):
        display = MisclassifiedDisplay(np.ones((3, 4)), [0] * 3, [1] * 3).plot()
    assert display.ax_.get_aspect() == 1
    assert {image.origin for image in display.ax_.images} == {"upper"}


def test_long_captions_do_not_meet():
    display = MisclassifiedDisplay(np.ones((9, 4)), ["x" * 500] * 9, ["y"] * 9).plot()
    display.figure_.canvas.draw()
    boxes = [text.get_window_extent().padded(-1) for text in display.ax_.texts]
    assert not any(a.overlaps(b) for a in boxes for b in boxes if a is not b)


def test_images_share_one_scale():
    display = MisclassifiedDisplay([[0, 1, 2, 3], [4, 5, 6, 7]], [0, 0], [1, 1]).plot()
    assert [image.get_clim() for image in display.ax_.images] == [(0, 7), (0, 7)]


def test_n_images_limits_the_number(classifier, data):
    display = MisclassifiedDisplay.from_estimator(classifier, *data, n_images=3)
    assert len(display.ax_.images) == 3


def test_title_tells_how_many_mistakes_there_are(classifier, data):
    X, y = data
    n_mistakes = (classifier.predict(X) != y).sum()
    display = MisclassifiedDisplay.from_estimator(classifier, X, y, n_images=9)
    title = " ".join(display.ax_.get_title().split())
    assert title == f"The 9 most confident of {n_mistakes} mistakes in 1,497 samples"


def test_title_tells_that_all_mistakes_are_shown():
    display = MisclassifiedDisplay.from_predictions(
        np.eye(4), [0, 0, 0, 1], [[0, 1], [0, 1], [1, 0], [0, 1]]
    )
    assert display.ax_.get_title() == "All 2 mistakes in 4 samples"


def test_no_mistakes_are_told_in_a_sentence(data):
    X, y = data
    perfect = np.eye(10)[y]
    display = MisclassifiedDisplay.from_predictions(X, y, perfect)
    assert [text.get_text() for text in display.ax_.texts] == ["No mistakes in 1,497 samples."]
    assert not display.ax_.images


def test_classifiers_without_probabilities_show_their_first_mistakes(data):
    X, y = data
    machine = LinearSVC(random_state=0).fit(X[:200], y[:200])
    display = MisclassifiedDisplay.from_estimator(machine, X, y, n_images=4)
    wrong = np.flatnonzero(machine.predict(X) != y)[:4]
    assert_allclose(display.images.reshape(4, -1), X[wrong])
    assert "(" not in captions(display)[0][0]


def test_unknown_probabilities_are_not_shown():
    display = MisclassifiedDisplay(np.ones((1, 4)), ["a"], ["b"], [np.nan]).plot()
    assert captions(display) == [("b", "true: a")]


@pytest.mark.parametrize("container", [pd.DataFrame, csr_array, np.uint8])
def test_samples_can_be_frames_sparse_or_bytes(classifier, data, container):
    X, y = data
    expected = MisclassifiedDisplay.from_estimator(classifier, X, y).images
    proba = classifier.predict_proba(X)
    display = MisclassifiedDisplay.from_predictions(container(X), y, proba)
    assert_allclose(display.images, expected)


def test_names_of_features_are_kept(data, recwarn):
    X, y = data
    frame = pd.DataFrame(X).add_prefix("pixel")
    named = LogisticRegression(max_iter=3000).fit(frame[:300], y[:300])
    MisclassifiedDisplay.from_estimator(named, frame, y)
    assert not [warning for warning in recwarn if "feature names" in str(warning.message)]


def test_display_labels_name_the_classes(classifier, data):
    names = [f"digit {number}" for number in range(10)]
    display = MisclassifiedDisplay.from_estimator(classifier, *data, display_labels=names)
    assert set(display.y_true) <= set(names)
    assert set(display.y_pred) <= set(names)


def test_true_classes_that_were_never_seen_are_shown(classifier, data):
    X, y = data
    display = MisclassifiedDisplay.from_estimator(classifier, X[:5], y[:5] + 100)
    assert set(display.y_true) == set((y[:5] + 100).astype(str))


def test_labels_name_the_columns():
    display = MisclassifiedDisplay.from_predictions(
        [[0, 0, 0, 0]], ["b"], [[0.2, 0.8]], labels=["b", "a"]
    )
    assert captions(display) == [("a (0.800)", "true: b")]


def test_endless_names_are_shortened_but_not_their_probabilities():
    display = MisclassifiedDisplay(np.ones((25, 4)), ["x" * 500] * 25, ["y"] * 25, [0.5] * 25)
    predicted, true = captions(display.plot())[0]
    assert predicted == "y (0.500)"
    assert true.endswith("x…")


def test_dollar_signs_in_names_are_no_formulas():
    display = MisclassifiedDisplay(np.ones((1, 4)), ["$5"], ["$10 or $20"]).plot()
    display.figure_.canvas.draw()
    assert captions(display)[0][0] == r"\$10 or \$20"


@pytest.mark.parametrize("n_images", [9, 25])
def test_captions_are_readable(n_images):
    names = np.arange(n_images)
    display = MisclassifiedDisplay(np.ones((n_images, 4)), names, names + 1).plot()
    assert min(text.get_fontsize() for text in display.ax_.texts) >= 8


def test_features_that_are_no_square_need_a_shape():
    with pytest.raises(ValueError, match=r"6 features are not .* Give image_shape="):
        MisclassifiedDisplay.from_predictions(np.ones((1, 6)), [1], [[1, 0]], labels=[0, 1])


@pytest.mark.parametrize("image_shape", [(2, 2), (6,), (1, 2, 3)])
def test_shape_must_have_as_many_pixels_as_features(image_shape):
    with pytest.raises(ValueError, match="height \\* width = 6"):
        MisclassifiedDisplay(np.ones((1, 6)), [1], [0], image_shape=image_shape).plot()


def test_each_class_needs_a_column():
    with pytest.raises(ValueError, match=r"each of the 2 classes \[0, 1\], got the shape \(2, 3\)"):
        MisclassifiedDisplay.from_predictions(np.ones((2, 4)), [0, 1], np.ones((2, 3)))


def test_each_class_needs_a_name(classifier, data):
    with pytest.raises(ValueError, match="each of the 10 classes, got 2 names"):
        MisclassifiedDisplay.from_estimator(classifier, *data, display_labels=["a", "b"])


@pytest.mark.parametrize("n_images", [0, 2.5])
def test_n_images_must_be_a_positive_integer(classifier, data, n_images):
    with pytest.raises((TypeError, ValueError), match="n_images"):
        MisclassifiedDisplay.from_estimator(classifier, *data, n_images=n_images)


def test_parts_of_the_display_must_have_one_length():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        MisclassifiedDisplay(np.ones((2, 4)), [0, 1], [0]).plot()


def test_from_estimator_refuses_what_is_no_classifier(data):
    with pytest.raises(ValueError, match="needs a classifier, got LinearRegression"):
        MisclassifiedDisplay.from_estimator(LinearRegression().fit(*data), *data)
