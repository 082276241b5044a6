"""The scripts of the page compute what Python computes: probabilities, saliency and preparation."""

import base64
import io
import os

import numpy as np
import pytest
from numpy.testing import assert_allclose
from page_browser import HAS_BROWSER, DrawingPage, load_example, start_chromium
from PIL import Image
from selenium.webdriver.common.keys import Keys

from sk_mnist import (
    DigitImageTransformer,
    ImageError,
    KerasMLPClassifier,
    fetch_mnist,
    load_mnist_sample,
)
from sk_mnist.displays import SaliencyDisplay
from sk_mnist.export import to_html_page
from sk_mnist.images import prepare_digit
from sk_mnist.network.activations import ACTIVATIONS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not HAS_BROWSER, reason="needs Chromium and its driver"),
]

strokes, photos = load_example("strokes"), load_example("photos")


@pytest.fixture(scope="module")
def sample():
    return load_mnist_sample(return_X_y=True)


@pytest.fixture(scope="module")
def clf(sample):
    return KerasMLPClassifier((128, 64), epochs=2, random_state=0).fit(*sample)


@pytest.fixture(scope="module")
def page(clf, tmp_path_factory):
    path = tmp_path_factory.mktemp("demo") / "page.html"
    to_html_page(clf, path)
    with start_chromium() as browser:
        page = DrawingPage(browser)
        page.open(path)
        yield page


def test_page_predicts_all_test_digits_as_python_does(page, clf):
    test = fetch_mnist(subset="test") if os.environ.get("SK_MNIST_DATA") else load_mnist_sample()
    assert_allclose(page.probabilities(test.data), clf.predict_proba(test.data), rtol=0, atol=1e-4)


def test_page_saliency_is_that_of_the_display(page, clf, sample):
    X = sample[0][:6]
    expected = SaliencyDisplay.from_estimator(clf, X).saliency
    for row, label, saliency in zip(X, clf.predict(X), expected, strict=True):
        found = page.value("return Array.from(skMnist.saliency(...args))", row.tolist(), int(label))
        assert_allclose(np.reshape(found, (28, 28)), saliency, rtol=0, atol=1e-3)


def drawn_pictures(rng):
    """Yield digits drawn with pens of several widths, as PNG files by their names."""
    for digit in range(10):
        ink = photos.drawn(strokes.written(digit, rng), [0.04, 0.08, 0.15][digit % 3], 200, rng)
        yield f"drawn {digit}", png(255 * (1 - ink))


def photographed_pictures(rng):
    """Yield photos of digits, which are JPEG files, as PNG files of the same pixels."""
    for digit in range(10):
        ink = photos.drawn(strokes.written(digit, rng), 0.08, [160, 700][digit % 2], rng)
        with Image.open(io.BytesIO(photos.photo(ink, rng))) as image:
            yield f"photo of {digit}", png(np.asarray(image))


def special_pictures(rng):
    """Yield pictures that need one of the special steps."""
    ink = photos.drawn(strokes.written(4, rng), 0.08, 150, rng)
    black = np.zeros((*ink.shape, 3))
    yield "light ink", png(255 * ink)
    yield "on transparent paper", png(np.dstack([black, 255 * ink]))
    yield "with specks", png(255 * (1 - np.maximum(ink, rng.random(ink.shape) > 0.999)))
    ruled = ink.copy()
    ruled[[30, 60, 90]] = np.maximum(ruled[[30, 60, 90]], 0.25)
    ruled[2] = 0.7
    yield "on ruled paper", png(230 - 200 * ruled)
    table = ink.copy()
    table[:, -8:] = 1.0
    yield "beside the edge of a table", png(230 - 200 * table)
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    filled = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    yield "that fills the picture", png(255 * (1 - filled))
    yield "in a shadow", png((230 - 150 * ink) * np.linspace(0.3, 1, ink.shape[1]))
    rows, columns = np.mgrid[-80:80, -60:60] + 0.5  # symmetric: the center of mass is at a half
    bar = (np.abs(rows) < 50) & (np.abs(columns) < 9)
    yield "of a bar", png(255 * ~bar)
    yield "of a cross", png(255 * ~(bar | (np.abs(rows) < 9) & (np.abs(columns) < 50)))
    yield "of a ring", png(255 * (np.abs(np.hypot(rows, columns) - 40) > 8))
    palette = io.BytesIO()
    Image.fromarray((255 * (1 - ink)).astype(np.uint8)).convert("P").save(palette, "PNG")
    yield "of a palette", palette.getvalue()
    turned, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    Image.fromarray((255 * (1 - ink)).astype(np.uint8)).save(turned, "PNG", exif=exif)
    yield "turned by EXIF", turned.getvalue()


@pytest.mark.parametrize(
    "levels",
    [
        np.full((60, 80), 200.0),
        np.repeat([200.0, 50.0, 200.0], [30, 3, 27])[:, np.newaxis].repeat(80, 1),
    ],
    ids=["blank", "lines"],
)
def test_page_refuses_pictures_by_the_same_words(page, levels):
    with pytest.raises(ImageError) as raised:
        prepare_digit(png(levels), name="it")
    found = page.run(
        """const bytes = Uint8Array.from(atob(args[0]), (c) => c.charCodeAt(0));
        await skMnist.readPhoto(new Blob([bytes]))""",
        base64.b64encode(png(levels)).decode(),
    )
    assert found == [None, f"Error: {raised.value.reason}"]


def png(levels):
    file = io.BytesIO()
    Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("pictures", [drawn_pictures, photographed_pictures, special_pictures])
def test_page_prepares_pictures_as_the_transformer_does(page, pictures):
    named = dict(pictures(np.random.default_rng(0)))
    expected = DigitImageTransformer().transform(list(named.values()))
    for (name, content), pixels in zip(named.items(), expected, strict=True):
        difference = page.prepare(content).astype(int) - pixels
        assert np.abs(difference).max() <= 2, name


def test_page_prepares_its_drawings_as_the_transformer_does(page):
    for digit in (2, 5, 8):
        page.element("clear").click()
        page.draw(
            [
                0.5 + 0.6 * curve[::3]
                for curve in strokes.written(digit, np.random.default_rng(digit))
            ]
        )
        (expected,) = DigitImageTransformer().transform([page.drawing()])
        assert np.abs(page.pixels().astype(int) - expected).max() <= 2


KINDS = {
    **{name: {"activation": name} for name in ACTIVATIONS},
    "two classes": {"target": lambda y: np.where(y > 4, "large", "small")},
    "several labels": {"target": lambda y: np.c_[y > 4, y % 2, y < 3].astype(int)},
    "strings": {"target": lambda y: np.char.add("digit ", y.astype(str))},
    "no hidden layer": {"hidden_layer_sizes": ()},
    "three hidden layers": {"hidden_layer_sizes": (12, 9, 7)},
    "limited inputs": {"unit": 1 / 255},
    "limited inputs with offsets": {"unit": 1, "noise": 0.1, "activation": "tanh"},
    "parts of one": {"unit": 1 / 255, "input_scaling": "rms"},
    "standard scaling": {"input_scaling": "standard"},
    "no scaling": {"input_scaling": None},
    "float64": {"dtype": np.float64, "unit": 1},
}


@pytest.mark.parametrize("kind", KINDS)
def test_page_predicts_as_every_kind_of_network(page, sample, tmp_path, kind):
    options = dict(KINDS[kind])
    X, y = sample[0][::10], sample[1][::10]
    target, noise = options.pop("target", lambda y: y), options.pop("noise", 0.0)
    dtype, unit = options.pop("dtype", np.float32), options.pop("unit", None)
    if unit is not None:
        X = X.astype(dtype) * dtype(unit)
    fitted_on = X + np.random.default_rng(0).normal(0, noise, X.shape).astype(dtype) if noise else X
    clf = KerasMLPClassifier(**{"hidden_layer_sizes": (16,), "random_state": 0, **options})
    clf.partial_fit(fitted_on, target(y), **classes_of(target(y)))
    assert (clf.input_limit_ is not None) == ("limited" in kind or kind == "float64")
    unscaled = clf.input_scaling is None  # does not tell the unit
    to_html_page(clf, tmp_path / "page.html", pixel_max=255 if unscaled else None)
    page.open(tmp_path / "page.html")
    found = page.probabilities(sample[0][::10])
    assert_allclose(found, clf.predict_proba(X), rtol=0, atol=1e-4)
    page.element("pad").send_keys(" ", *[Keys.ARROW_DOWN] * 9)
    page.settle()
    assert page.text("bars").count("%") == found.shape[1]


def classes_of(y):
    return {"classes": np.arange(y.shape[1]) if y.ndim == 2 else np.unique(y)}


def test_page_with_half_precision_differs_little(page, clf, sample, tmp_path):
    to_html_page(clf, tmp_path / "half.html", weight_dtype="float16")
    page.open(tmp_path / "half.html")
    X = sample[0][:500]
    difference = np.abs(page.probabilities(X) - clf.predict_proba(X)).max()
    assert 1e-6 < difference < 5e-3


@pytest.mark.parametrize("factors", [(1e-6, 1e6), (1e6, 1e-6)], ids=["small first", "large first"])
def test_page_with_half_precision_takes_weights_of_any_size(page, sample, tmp_path, factors):
    scaled = KerasMLPClassifier((16,), random_state=0)
    X = sample[0][::10]
    scaled.partial_fit(X, sample[1][::10], np.arange(10))
    expected = scaled.predict_proba(X)
    scaled.coefs_ = [coef * np.float32(f) for coef, f in zip(scaled.coefs_, factors, strict=True)]
    scaled.intercepts_[0] = scaled.intercepts_[0] * np.float32(factors[0])  # what relu passes on
    assert_allclose(scaled.predict_proba(X), expected, rtol=0, atol=1e-5)
    to_html_page(scaled, tmp_path / "half.html", weight_dtype="float16")
    page.open(tmp_path / "half.html")
    assert_allclose(page.probabilities(X), expected, rtol=0, atol=5e-3)


@pytest.mark.parametrize("kind", ["zero matrix", "limited inputs"])
def test_page_with_half_precision_takes_every_kind_of_network(page, sample, tmp_path, kind):
    X = sample[0][::10] / np.float32(255)
    other = KerasMLPClassifier((16,), random_state=0).partial_fit(X, sample[1][::10], np.arange(10))
    assert other.input_limit_ is not None
    if kind == "zero matrix":
        other.coefs_[1] = np.zeros_like(other.coefs_[1])
    to_html_page(other, tmp_path / "half.html", weight_dtype="float16")
    page.open(tmp_path / "half.html")
    found = page.probabilities(sample[0][::10])
    assert_allclose(found, other.predict_proba(X), rtol=0, atol=5e-3)
