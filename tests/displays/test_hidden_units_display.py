import numpy as np
import pytest
from matplotlib.colors import to_rgb
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from sk_mnist import KerasMLPClassifier
from sk_mnist.displays import HiddenUnitsDisplay


@pytest.fixture(scope="module")
def data():
    X, y = load_digits(return_X_y=True)
    return X[:300], y[:300]


def network(**options):
    return MLPClassifier((12,), max_iter=3, tol=10.0, n_iter_no_change=1, **options)


def weights(n_units=50, n_features=64):
    return np.random.RandomState(0).randn(n_features, n_units)


def shown_pixels(display):
    return [image.get_array().data for image in display.ax_.images]


def test_units_of_largest_norm_come_first():
    given = weights() * np.arange(50)
    display = HiddenUnitsDisplay(given).plot()
    expected = np.argsort(-np.linalg.norm(given, axis=0))[:36]
    assert_array_equal(display.units_, expected)


def test_images_are_the_weights_of_the_units():
    given = weights()
    display = HiddenUnitsDisplay(given).plot(n_units=4)
    expected = given[:, display.units_].T.reshape(4, 8, 8)
    assert_allclose(shown_pixels(display), expected)


def test_images_tell_the_number_of_the_unit():
    display = HiddenUnitsDisplay(weights()).plot()
    assert [int(text.get_text()) for text in display.ax_.texts] == display.units_.tolist()


def test_fewer_units_than_asked_for_are_all_shown():
    assert len(HiddenUnitsDisplay(weights(5)).plot().units_) == 5


def test_scale_is_shared_and_symmetric_around_zero():
    display = HiddenUnitsDisplay(weights() - 0.5).plot()
    limits = {image.get_clim() for image in display.ax_.images}
    ((low, high),) = limits
    assert low == -high


def test_zero_is_nearly_white():
    display = HiddenUnitsDisplay(weights()).plot()
    image = display.ax_.images[0]
    assert min(to_rgb(image.cmap(image.norm(0.0)))) > 0.9


def test_few_large_weights_do_not_take_the_whole_scale():
    given = weights()
    given[0, 0] = 1000.0
    assert HiddenUnitsDisplay(given).plot().ax_.images[0].get_clim()[1] < 10


def test_weights_of_zero_can_be_drawn():
    assert HiddenUnitsDisplay(np.zeros((64, 3))).plot().ax_.images[0].get_clim() == (-1, 1)


def test_images_need_not_be_square():
    display = HiddenUnitsDisplay(weights(), image_shape=(4, 16)).plot()
    assert shown_pixels(display)[0].shape == (4, 16)


def test_colour_bar_can_be_left_out():
    assert len(HiddenUnitsDisplay(weights()).plot().figure_.axes) == 2
    assert len(HiddenUnitsDisplay(weights()).plot(colorbar=False).figure_.axes) == 1


def test_from_estimator_draws_the_first_layer(data):
    classifier = network().fit(*data)
    assert HiddenUnitsDisplay.from_estimator(classifier).weights is classifier.coefs_[0]


def test_from_estimator_draws_keras_networks(data):
    classifier = KerasMLPClassifier((16,), epochs=1).fit(*data)
    display = HiddenUnitsDisplay.from_estimator(classifier, n_units=2)
    assert_allclose(shown_pixels(display)[0].ravel(), classifier.coefs_[0][:, display.units_[0]])


def test_from_estimator_finds_the_network_in_a_search_over_pipelines(data):
    pipeline = make_pipeline(MinMaxScaler(), network())
    search = GridSearchCV(pipeline, {"mlpclassifier__alpha": [0.1]}, cv=2).fit(*data)
    display = HiddenUnitsDisplay.from_estimator(search)
    assert display.weights is search.best_estimator_[-1].coefs_[0]


def test_from_estimator_refuses_features_that_are_no_pixels(data):
    # 36 components would make up an image, but not one of pixels.
    pipeline = make_pipeline(PCA(36), network()).fit(*data)
    with pytest.raises(ValueError, match=r"36 features that the steps .* make of 64"):
        HiddenUnitsDisplay.from_estimator(pipeline)


def test_from_estimator_refuses_what_has_no_such_weights(data):
    with pytest.raises(ValueError, match="needs a network with coefs_, which LogisticRegression"):
        HiddenUnitsDisplay.from_estimator(LogisticRegression(max_iter=3000).fit(*data))


def test_features_that_are_no_square_need_a_shape():
    with pytest.raises(ValueError, match="60 features are not the pixels of a square image"):
        HiddenUnitsDisplay(weights(n_features=60)).plot()


def test_weights_must_be_a_matrix():
    with pytest.raises(ValueError, match=r"shape \(n_features, n_units\), got \(64,\)"):
        HiddenUnitsDisplay(np.ones(64)).plot()


def test_n_units_must_be_positive():
    with pytest.raises(ValueError, match="n_units == 0"):
        HiddenUnitsDisplay(weights()).plot(n_units=0)
