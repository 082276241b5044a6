import numpy as np
import pytest

from sk_mnist import load_mnist_sample
from sk_mnist.images.components import bounding_box
from sk_mnist.images.placement import place


def test_place_puts_mnists_digits_where_they_are():
    X, _ = load_mnist_sample(return_X_y=True)
    images = X[:300].reshape(-1, 28, 28)
    n_same = sum(
        np.array_equal(place(image[bounding_box(image > 0).slices] / 255), image)
        for image in images
    )
    # MNIST's digits were centered before they were rounded to bytes.
    assert n_same > 0.9 * len(images)


@pytest.mark.parametrize(("row", "expected"), [(0, 8), (5, 13), (6, 14), (14, 14), (19, 19)])
def test_place_centers_by_mass_as_far_as_there_is_room(row, expected):
    digit = np.zeros((20, 20))
    digit[row, 3] = 1
    assert np.argwhere(place(digit)).tolist() == [[expected, 11]]


def test_place_keeps_all_of_the_digit():
    digit = np.full((20, 20), 0.01)
    digit[0, 0] = 1000
    assert np.count_nonzero(place(np.minimum(digit, 1))) == 400


def test_place_rounds_half_up():
    assert place(np.full((4, 4), 0.5)).max() == 128
