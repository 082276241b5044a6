import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sk_mnist.images.ink import find_ink, quantile


def test_ink_amount_goes_from_paper_to_the_median_of_the_ink():
    darkness = np.full((50, 50), 20.0)
    darkness[10:20, 10:20] = 200.0
    darkness[10:20, 20] = 110.0
    ink = find_ink(darkness)
    assert_allclose(ink.amount[15, [5, 15, 20]], [0, 1, 0.5])
    assert_array_equal(ink.mask, darkness > 100)


def test_ink_is_darker_than_ruled_lines():
    darkness = np.zeros((100, 100))
    darkness[::10] = 70.0
    darkness[20:60, 40:46] = 220.0
    assert_array_equal(find_ink(darkness).mask, darkness == 220)


def test_ink_that_covers_half_of_the_picture():
    darkness = np.zeros((20, 20))
    darkness[:, :12] = 250.0
    assert_array_equal(find_ink(darkness).mask, darkness > 0)


@pytest.mark.parametrize("noise", [0.0, 2.0, 20.0])
def test_no_ink_in_blank_paper(noise):
    darkness = 30 + noise * np.random.default_rng(0).normal(size=(200, 200))
    assert find_ink(darkness) is None


def test_ink_has_to_differ_by_ten_levels():
    darkness = np.full((50, 50), 20.0)
    darkness[10:20, 10:20] = 29.0
    assert find_ink(darkness) is None
    darkness[10:20, 10:20] = 30.0
    assert find_ink(darkness) is not None


def test_quantile_is_the_lowest_level_of_a_share():
    levels = np.array([[1, 3, 3, 7]], dtype=np.uint8)
    assert [quantile(levels, share) for share in (0.25, 0.5, 0.75, 0.76, 1)] == [1, 3, 3, 7, 7]
