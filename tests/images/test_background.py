import numpy as np
import pytest
from numpy.testing import assert_allclose

from sk_mnist.images.background import darkness_of, estimate_background, is_light_on_dark

ROWS, COLUMNS = np.mgrid[:200, :150].astype(float)


def test_background_of_a_gradient_of_light_is_the_gradient():
    gray = 100 + 0.3 * ROWS + 0.2 * COLUMNS
    # Between centers of blocks of 4 x 4 pixels; the halves of blocks at the border are constant.
    assert_allclose(estimate_background(gray)[2:-2, 2:-2], gray[2:-2, 2:-2])


def test_background_is_as_if_there_were_no_ink(ink_of):
    paper = 220.0 - 0.5 * np.arange(200)[:, np.newaxis] + np.zeros((200, 200))
    found = estimate_background(paper * (1 - 0.8 * ink_of(8)))
    assert_allclose(found, paper, atol=2)


def test_background_has_the_edge_of_a_shadow():
    gray = np.where(COLUMNS < 60, 90.0, 200.0)
    found = estimate_background(gray)
    assert_allclose(found[:, :54], 90)
    assert_allclose(found[:, 66:], 200)


def test_darkness_of_ink_is_the_same_in_a_shadow():
    paper = np.array([[200.0, 80.0]])
    assert_allclose(darkness_of(0.25 * paper, paper), 255 * 0.75)


def test_darkness_is_not_amplified_where_there_is_no_light():
    assert_allclose(darkness_of(np.array([[0.0]]), np.array([[4.0]])), 255 * 4 / 64)


@pytest.mark.parametrize("width", [0.02, 0.1, 0.25])
@pytest.mark.parametrize("digit", range(10))
def test_polarity_of_pens_of_all_widths(ink_of, digit, width):
    gray = 230 - 200 * ink_of(digit, width)
    assert not is_light_on_dark(gray)
    assert is_light_on_dark(255 - gray)


@pytest.mark.parametrize("digit", range(10))
def test_polarity_of_digits_that_fill_the_picture(ink_of, digit):
    ink = ink_of(digit, 0.12)
    ink = ink[np.ix_(ink.max(axis=1) > 0.5, ink.max(axis=0) > 0.5)]
    assert not is_light_on_dark(255 - 255 * ink)
    assert is_light_on_dark(255 * ink)


def test_polarity_beside_a_dark_table(ink_of):
    gray = 230 - 200 * ink_of(5)
    gray[:40], gray[:, :30] = 60, 60
    assert not is_light_on_dark(gray)


def test_polarity_of_one_color_is_dark_ink():
    assert not is_light_on_dark(np.full((30, 30), 7.0))


def test_polarity_of_hardly_any_contrast_is_finite():
    gray = np.zeros((30, 30))
    gray[10:12, 10:12] = 1e-110
    with np.errstate(all="raise", under="ignore"):
        is_light_on_dark(gray)
