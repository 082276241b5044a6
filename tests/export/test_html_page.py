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
        ({"pixel_max": "white"}, "pixel_max must be a positive number or None, got 'white'"),
        ({"display_labels": ["a", "b"]}, "display_labels has 2 names, and .* has 10 classes"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_html_page_checks_its_arguments(clf, arguments, message):
    with pytest.raises(ValueError, match=message):
        page(clf, **arguments)
