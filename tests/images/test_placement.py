import numpy as np
import pytest
from PIL import Image

from sk_mnist import load_mnist_sample
from sk_mnist.images import prepare_digit
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


def ring(height, width, seed):
    """Return a soft ellipse of a random stroke width, whose rows and columns are symmetric."""
    rows, columns = (np.linspace(-1, 1, n) for n in (height, width))
    distance = np.hypot(rows[:, np.newaxis], columns)
    stroke = np.random.default_rng(seed).uniform(0.1, 0.5)
    ink = np.clip(1 - np.abs(distance - 0.7) / stroke, 0, 1)
    ink = (ink + ink[::-1]) / 2
    return (ink + ink[:, ::-1]) / 2


def frame(height, width, seed):
    ink = np.full((height, width), np.random.default_rng(seed).uniform(0.1, 1))
    ink[2:-2, 2:-2] = 0
    return ink


@pytest.mark.parametrize("shape", [ring, frame])
@pytest.mark.parametrize(("height", "width"), [(20, 20), (20, 12), (14, 20), (20, 15)])
def test_place_rounds_ties_of_symmetric_digits_up_whatever_the_rounding_errors(
    shape, height, width
):
    for seed in range(50):
        placed = place(shape(height, width, seed))
        box = bounding_box(placed > 0)
        # The center of mass of n pixels is that of 28 for odd n, and half a pixel off for even n.
        assert (box.top + box.bottom, box.left + box.right) == (
            30 - height % 2,
            30 - width % 2,
        )


@pytest.mark.parametrize("side", [100, 140, 200, 260])
def test_place_puts_mirrored_symmetric_pictures_to_the_same_place(side):
    rows, columns = np.mgrid[:side, :side] - (side - 1) / 2
    for radius in np.linspace(0.2, 0.45, 6) * side:
        ink = np.abs(np.hypot(rows, columns / 0.7) - radius) < 0.05 * side
        pixels = prepare_digit(Image.fromarray(np.where(ink, 0, 255).astype(np.uint8))).pixels
        box = bounding_box(pixels > 0)
        assert {box.top + box.bottom, box.left + box.right} <= {29, 30}
