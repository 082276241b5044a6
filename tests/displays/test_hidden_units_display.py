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

pytestmark = pytest.mark.slow


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


def test_hidden_units_are_sorted_by_norm():
    given = weights() * np.arange(50)
    display = HiddenUnitsDisplay(given).plot()
    expected = np.argsort(-np.linalg.norm(given, axis=0))[:36]
    assert_array_equal(display.units_, expected)


def test_hidden_units_images_are_weights():
    given = weights()
    display = HiddenUnitsDisplay(given).plot(n_units=4)
    expected = given[:, display.units_].T.reshape(4, 8, 8)
    assert_allclose(shown_pixels(display), expected)


def test_hidden_units_captions_are_indices():
    display = HiddenUnitsDisplay(weights()).plot()
    assert [int(text.get_text()) for text in display.ax_.texts] == display.units_.tolist()


def test_hidden_units_shows_all_units_if_there_are_few():
    assert len(HiddenUnitsDisplay(weights(5)).plot().units_) == 5


def test_hidden_units_share_a_symmetric_color_scale():
    display = HiddenUnitsDisplay(weights() - 0.5).plot()
    limits = {image.get_clim() for image in display.ax_.images}
    ((low, high),) = limits
    assert low == -high


def test_hidden_units_zero_is_nearly_white():
    display = HiddenUnitsDisplay(weights()).plot()
    image = display.ax_.images[0]
    assert min(to_rgb(image.cmap(image.norm(0.0)))) > 0.9


def test_hidden_units_outliers_do_not_dominate_the_colors():
    given = weights()
    given[0, 0] = 1000.0
    assert HiddenUnitsDisplay(given).plot().ax_.images[0].get_clim()[1] < 10


def test_hidden_units_of_zero_weights():
    assert HiddenUnitsDisplay(np.zeros((64, 3))).plot().ax_.images[0].get_clim() == (-1, 1)


def test_hidden_units_take_an_image_shape():
    display = HiddenUnitsDisplay(weights(), image_shape=(4, 16)).plot()
    assert shown_pixels(display)[0].shape == (4, 16)


def test_hidden_units_without_colorbar():
    assert len(HiddenUnitsDisplay(weights()).plot().figure_.axes) == 2
    assert len(HiddenUnitsDisplay(weights()).plot(colorbar=False).figure_.axes) == 1


def test_hidden_units_from_estimator_shows_first_layer(data):
    classifier = network().fit(*data)
    assert HiddenUnitsDisplay.from_estimator(classifier).weights is classifier.coefs_[0]


def test_hidden_units_from_keras_mlp_classifier(data):
    classifier = KerasMLPClassifier((16,), epochs=1).fit(*data)
    display = HiddenUnitsDisplay.from_estimator(classifier, n_units=2)
    assert_allclose(shown_pixels(display)[0].ravel(), classifier.coefs_[0][:, display.units_[0]])


def test_hidden_units_from_search_over_pipelines(data):
    pipeline = make_pipeline(MinMaxScaler(), network())
    search = GridSearchCV(pipeline, {"mlpclassifier__alpha": [0.1]}, cv=2).fit(*data)
    display = HiddenUnitsDisplay.from_estimator(search)
    assert display.weights is search.best_estimator_[-1].coefs_[0]


def test_hidden_units_reject_pipelines_that_change_features(data):
    # 36 components are a square number, but not pixels.
    pipeline = make_pipeline(PCA(36), network()).fit(*data)
    with pytest.raises(ValueError, match=r"36 inputs, which the steps .* from 64 features"):
        HiddenUnitsDisplay.from_estimator(pipeline)


def test_hidden_units_reject_estimators_without_coefs(data):
    with pytest.raises(ValueError, match="needs a network with coefs_, but LogisticRegression"):
        HiddenUnitsDisplay.from_estimator(LogisticRegression(max_iter=3000).fit(*data))


def test_hidden_units_need_image_shape_unless_square():
    with pytest.raises(ValueError, match="60 features are not the pixels of a square image"):
        HiddenUnitsDisplay(weights(n_features=60)).plot()


def test_hidden_units_reject_weights_that_are_not_2d():
    with pytest.raises(ValueError, match=r"shape \(n_features, n_units\), got \(64,\)"):
        HiddenUnitsDisplay(np.ones(64)).plot()


def test_hidden_units_reject_n_units_of_zero():
    with pytest.raises(ValueError, match="n_units == 0"):
        HiddenUnitsDisplay(weights()).plot(n_units=0)
