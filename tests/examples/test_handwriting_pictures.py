"""The pictures that the scripts in examples/handwriting/ draw show what they say."""

import sys
from pathlib import Path

import numpy as np
import pytest

from sk_mnist import DigitImageTransformer, load_mnist_sample
from sk_mnist.cli.picture_classifier import unfamiliar_rows

DIRECTORY = Path(__file__).resolve().parents[2] / "examples" / "handwriting"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def _imports_from_directory():
    sys.path.insert(0, str(DIRECTORY))
    yield
    sys.path.remove(str(DIRECTORY))


@pytest.mark.filterwarnings("ignore:.*pictures became rows of zeros")
@pytest.mark.parametrize(
    "kind", ["typeset_letters", "written_letters", "scribbles", "shapes", "noise", "textures"]
)
def test_odd_pictures_are_mostly_unfamiliar(kind):
    import odd_pictures

    pictures = getattr(odd_pictures, kind)(40, np.random.default_rng(0))
    rows = DigitImageTransformer(errors="blank").transform(pictures)
    assert np.mean(unfamiliar_rows(rows)) > 0.5


def test_reversed_digits_are_those_that_are_none():
    import odd_pictures

    X, y = load_mnist_sample(return_X_y=True)
    X, y = X[:200], y[:200]
    assert len(odd_pictures.upside_down(X, y)) == np.isin(y, [3, 4, 7]).sum()
    assert len(odd_pictures.mirrored(X, y)) == np.isin(y, [3, 4, 6, 7, 9]).sum()
    first_three = X[y == 3][0].reshape(28, 28)
    X, y = first_three.reshape(1, 784), np.array([3])
    np.testing.assert_array_equal(odd_pictures.upside_down(X, y)[0], 255 - np.rot90(first_three, 2))
    np.testing.assert_array_equal(odd_pictures.mirrored(X, y)[0], 255 - np.fliplr(first_three))


def test_pictures_of_every_trouble_show_a_digit():
    import troubles

    rng = np.random.default_rng(0)
    for trouble, (digits, _) in troubles.TROUBLES.items():
        pictures, y = troubles.pictures_with(trouble, 3, rng)
        assert set(y) <= set(digits)
        assert DigitImageTransformer().transform(pictures).any(axis=1).all(), trouble
