import numpy as np
import pytest
from numpy.testing import assert_allclose

from sk_mnist.images.strokes import fit_digit, grow, stroke_width


def disk(radius):
    rows, columns = np.ogrid[-100:101, -100:101]
    return (rows**2 + columns**2 <= radius**2).astype(float)


@pytest.mark.parametrize("width", [8, 20, 40])
def test_stroke_width_of_a_ring(width):
    ring = disk(90) - disk(90 - width)
    assert stroke_width(ring) == pytest.approx(width, rel=0.03)


@pytest.mark.parametrize("width", [0.02, 0.05, 0.1, 0.2, 0.3])
def test_strokes_become_as_wide_as_in_mnist(ink_of, width):
    ink = ink_of(0, width, side=400)
    box = np.ix_(ink.max(axis=1) > 0, ink.max(axis=0) > 0)
    fitted = fit_digit(ink[box])
    assert 1.3 <= stroke_width(fitted) <= 4.4
    assert max(fitted.shape) in (20, 21)
    assert fitted.max() > 0.8


def test_strokes_of_usual_width_are_only_scaled():
    digit = np.zeros((20, 12))
    digit[:, 4:7] = np.linspace(0.5, 1, 20)[:, np.newaxis]
    digit[8:11] = 1
    assert_allclose(fit_digit(digit), digit, atol=1e-12)


def test_strokes_of_few_large_pixels_are_smooth():
    steps = np.abs(np.diff(fit_digit(np.eye(8)), axis=1))
    assert steps.max() < 0.8


def test_strokes_grow_and_shrink_by_a_radius():
    bar = np.zeros((30, 30))
    bar[10:20, 10:20] = 1
    grown = grow(bar, 3.4)
    assert grown.shape == (36, 36)
    assert grown[18].sum() == 16
    shrunk = grow(bar, -3.4)
    assert shrunk.shape == (24, 24)
    assert shrunk.sum() == 16


def test_strokes_that_cannot_shrink_stay():
    # Soft edges around a thin line count as ink, but not as strokes.
    soft = np.full((100, 100), 0.45)
    soft[50, 40:60] = 1
    assert fit_digit(soft).max() > 0.4
