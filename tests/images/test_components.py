import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sk_mnist.images.components import Box, bounding_box, select_digit, with_edges
from sk_mnist.images.ink import Ink


def ink_at(*boxes, shape=(100, 100)):
    """Return rectangles of ink, given as (top, bottom, left, right)."""
    mask = np.zeros(shape, dtype=bool)
    for top, bottom, left, right in boxes:
        mask[top:bottom, left:right] = True
    return Ink(mask.astype(float), mask)


def assert_kept(ink, *boxes):
    assert_array_equal(select_digit(ink), ink_at(*boxes, shape=ink.mask.shape).mask)


DIGIT = (20, 70, 40, 50)


def test_digit_of_several_strokes_is_kept():
    bar = (22, 26, 55, 75)
    assert_kept(ink_at(DIGIT, bar), DIGIT, bar)


def test_digit_pieces_that_touch_at_corners_are_one():
    pieces = (20, 50, 40, 45), (50, 80, 45, 50)
    assert_kept(ink_at(*pieces), *pieces)


def test_specks_are_dropped():
    assert_kept(ink_at(DIGIT, (30, 32, 53, 55)), DIGIT)


def test_largest_of_several_digits_is_kept():
    assert_kept(ink_at(DIGIT, (20, 60, 70, 80), (30, 60, 5, 15)), DIGIT)


def test_horizontal_lines_are_dropped_even_if_nothing_is_left():
    assert_kept(ink_at((30, 32, 0, 100), (60, 62, 0, 100)))


@pytest.mark.parametrize(
    "edge",
    [(0, 12, 0, 100), (85, 100, 0, 100), (0, 100, 0, 20), (0, 100, 95, 100), (0, 100, 60, 63)],
    ids=["above", "below", "left", "right", "line"],
)
def test_edges_and_lines_are_dropped_beside_a_digit(edge):
    assert_kept(ink_at(DIGIT, edge), DIGIT)


def test_digit_that_fills_the_picture_is_kept():
    # A 7 whose upper stroke covers the upper border.
    ink = ink_at((0, 20, 0, 60), (20, 100, 40, 60), shape=(100, 60))
    assert_array_equal(select_digit(ink), ink.mask)


def test_vertical_line_is_a_digit_if_there_is_nothing_else():
    assert_kept(ink_at((0, 100, 40, 45)), (0, 100, 40, 45))


def test_grid_is_dropped():
    mask = np.zeros((100, 100), dtype=bool)
    mask[10::30], mask[:, 10::30] = True, True
    assert not select_digit(Ink(mask.astype(float), mask)).any()


def test_boxes_have_gaps_and_unions():
    one, other = Box(0, 10, 0, 10), Box(5, 8, 14, 40)
    assert one.gap(other) == other.gap(one) == 4
    assert one.gap(Box(2, 3, 2, 3)) == 0
    assert one.union(other) == Box(0, 10, 0, 40)
    assert one.union(other).longer_side == 40


def test_bounding_box_and_edges_of_a_pixel():
    mask = np.zeros((9, 9), dtype=bool)
    mask[3, 5] = True
    assert bounding_box(mask) == Box(3, 4, 5, 6)
    assert bounding_box(with_edges(mask)) == Box(2, 5, 4, 7)
