"""The page to draw on as a file: what it is made of, and what it refuses."""

import html
import re

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sk_mnist import KerasMLPClassifier, load_mnist_sample
from sk_mnist.export import to_html_page
from sk_mnist.export.html_page import page


@pytest.fixture(scope="module")
def few_digits():
    X, y = load_mnist_sample(return_X_y=True)
    return X[::25], y[::25]


@pytest.fixture(scope="module")
def clf(few_digits):
    return KerasMLPClassifier((8,), random_state=0).partial_fit(*few_digits, classes=range(10))


def test_html_page_is_written_to_a_file(clf, tmp_path):
    to_html_page(clf, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_html_page_of_the_default_network_takes_less_than_3_mb(few_digits):
    default = KerasMLPClassifier((512, 256)).partial_fit(*few_digits, classes=range(10))
    assert 2_800_000 < len(page(default)) < 3_000_000
    assert len(page(default, weight_dtype="float16")) < 1_550_000


def test_html_page_names_no_address_and_forbids_connections(clf):
    text = page(clf).decode()
    assert not re.search(r"https?://|\bsrc=|@import|url\(", text)
    policy = html.unescape(re.search(r'Security-Policy" content="(.*?)"', text).group(1))
    allowed = dict(part.split(" ", 1) for part in policy.split("; "))
    assert allowed.pop("default-src") == "'none'"
    assert re.fullmatch(r"'sha256-\S+'", allowed.pop("script-src"))
    assert re.fullmatch(r"'sha256-\S+'", allowed.pop("style-src"))
    assert allowed == {"img-src": "data:", "base-uri": "'none'", "form-action": "'none'"}


def test_html_page_escapes_title_and_names(clf):
    evil = "</script><!-- <script> & \"'"
    text = page(clf, title=evil, display_labels=[evil] * 10).decode()
    assert evil not in text
    assert "<!--" not in text
    assert text.count("</script>") == 3
    assert html.unescape(re.search("<h1>(.*?)</h1>", text).group(1)) == evil


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda X, y: LogisticRegression(),
            TypeError,
            "KerasMLPClassifier, got LogisticRegression.",
        ),
        (
            lambda X, y: make_pipeline(FunctionTransformer(), KerasMLPClassifier()),
            TypeError,
            "got Pipeline. Give the classifier in it",
        ),
        (lambda X, y: KerasMLPClassifier(), NotFittedError, "not fitted yet"),
        (
            lambda X, y: KerasMLPClassifier((4,)).partial_fit(X[:, :64], y, range(10)),
            ValueError,
            "784 pixels, and this classifier takes 64 features",
        ),
        (
            lambda X, y: KerasMLPClassifier((4,)).partial_fit(X * np.float32(1e6), y, range(10)),
            ValueError,
            "neither bytes from 0 to 255 nor parts from 0 to 1. Give .* as pixel_max",
        ),
    ],
    ids=["other class", "pipeline", "not fitted", "features", "units"],
)
def test_html_page_refuses_what_it_cannot_show(few_digits, make, error, message):
    with pytest.raises(error, match=message):
        page(make(*few_digits))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weight_dtype": "int8"}, "weight_dtype must be 'float32' or 'float16', got 'int8'"),
        ({"pixel_max": -1}, "pixel_max must be a positive number or None, got -1"),
        ({"pixel_max": True}, "pixel_max must be a positive number or None, got True"),
        ({"pixel_max": np.True_}, "pixel_max must be a positive number or None, got .*True"),
        ({"pixel_max": 1e300}, "too large or too small for float32, if .* has the value 1e[+]300"),
        ({"pixel_max": 1e-300}, "too large or too small for float32, if .* has the value 1e-300"),
        ({"pixel_max": "white"}, "pixel_max must be a positive number or None, got 'white'"),
        ({"display_labels": ["a", "b"]}, "display_labels has 2 names, and .* has 10 classes"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_html_page_checks_its_arguments(clf, arguments, message):
    with pytest.raises(ValueError, match=message):
        page(clf, **arguments)


def fit(X, y, scaling):
    return KerasMLPClassifier((4,), input_scaling=scaling).partial_fit(X, y, range(10))


def test_html_page_needs_the_unit_of_pixels_without_scaling(few_digits):
    X, y = few_digits
    for data in (X, X / np.float32(255)):
        unscaled = fit(data, y, None)
        with pytest.raises(ValueError, match=r"Without input_scaling, .* Give .* as pixel_max"):
            page(unscaled)
        page(unscaled, pixel_max=float(data.max()))


UNITS = {
    "bytes": lambda X: X,
    "bytes as floats": lambda X: X.astype(np.float32),
    "parts": lambda X: X / np.float32(255),
}


@pytest.mark.parametrize("scaling", ["robust", "rms", "standard"])
@pytest.mark.parametrize("unit", UNITS)
def test_html_page_recognizes_the_unit_of_pixels(few_digits, scaling, unit):
    X, y = few_digits
    data = UNITS[unit](X)
    found = fit(data, y, scaling)
    assert page(found) == page(found, pixel_max=float(data.max()))


OTHER_PIXELS = {
    "from -1 to 1": lambda X: X / np.float32(127.5) - 1,
    "from -0.5 to 0.5": lambda X: X / np.float32(255) - np.float32(0.5),
    "standardized": lambda X: (X / np.float32(255) - np.float32(0.1307)) / np.float32(0.3081),
    "dark ink, parts": lambda X: 1 - X / np.float32(255),
    "dark ink, bytes": lambda X: 255 - X,
    "from 0 to 2": lambda X: X / np.float32(127.5),
    "from 0 to 16": lambda X: X / np.float32(16),
    "from 0 to 100": lambda X: X / np.float32(2.55),
}


@pytest.mark.parametrize("scaling", ["robust", "rms", "standard"])
@pytest.mark.parametrize("pixels", OTHER_PIXELS)
def test_html_page_refuses_pixels_that_it_would_feed_wrongly(few_digits, scaling, pixels):
    X, y = few_digits
    other = fit(OTHER_PIXELS[pixels](X), y, scaling)
    with pytest.raises(ValueError, match=r"as pixel_max\.|with a background of"):
        page(other)


@pytest.mark.parametrize("scaling", ["robust", "standard"])
def test_html_page_refuses_a_light_background_even_if_it_is_told_the_unit(few_digits, scaling):
    X, y = few_digits
    with pytest.raises(ValueError, match=r"images with a background of -1\. Fit it on pixels from"):
        page(fit(X / np.float32(127.5) - 1, y, scaling), pixel_max=1)


@pytest.mark.parametrize("weight_dtype", ["float32", "float16"])
@pytest.mark.parametrize("attribute", ["coefs_", "intercepts_"])
def test_html_page_refuses_infinite_weights(few_digits, weight_dtype, attribute):
    broken = KerasMLPClassifier((4,)).partial_fit(*few_digits, classes=range(10))
    getattr(broken, attribute)[1].flat[0] = np.inf
    with pytest.raises(ValueError, match="has weights that are not finite"):
        page(broken, weight_dtype=weight_dtype)


@pytest.mark.parametrize("pixel_max", [1e300, 1e-300])
def test_html_page_refuses_units_that_no_limit_can_be_written_in(few_digits, pixel_max):
    X, y = few_digits
    limited = fit(X / np.float32(255), y, "robust")
    assert limited.input_limit_ is not None
    with pytest.raises(ValueError, match="too large or too small for float32"):
        page(limited, pixel_max=pixel_max)
