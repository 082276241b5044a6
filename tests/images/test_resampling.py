import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sk_mnist.images.resampling import area_resample, block_mean, box_blur, enlarge

IMAGE = np.random.default_rng(0).uniform(0, 255, (11, 7))


@pytest.mark.parametrize("factor", [1, 2, 3, 20])
def test_block_mean_is_the_mean_of_each_block(factor):
    found = block_mean(IMAGE, factor)
    for (row, column), value in np.ndenumerate(found):
        block = IMAGE[row * factor : (row + 1) * factor, column * factor : (column + 1) * factor]
        assert value == pytest.approx(block.mean())
    assert found.shape == (-(-11 // factor), -(-7 // factor))


def test_block_mean_of_bytes_does_not_overflow():
    assert_array_equal(block_mean(np.full((600, 600), 255, np.uint8), 600), [[255.0]])


def covered_mean(image, shape, row, column):
    """Return the mean over the area of a pixel, in steps of a hundredth of an old pixel."""
    fine = np.kron(image, np.ones((shape[0], shape[1])))
    height, width = image.shape
    return fine[row * height : (row + 1) * height, column * width : (column + 1) * width].mean()


@pytest.mark.parametrize("shape", [(5, 3), (11, 7), (4, 20), (22, 14)])
def test_area_resample_is_the_mean_of_the_covered_area(shape):
    found = area_resample(IMAGE, shape)
    expected = [[covered_mean(IMAGE, shape, *at) for at in row] for row in positions(shape)]
    assert_allclose(found, expected)


def positions(shape):
    return [[(row, column) for column in range(shape[1])] for row in range(shape[0])]


def test_enlarge_keeps_a_linear_gradient_between_the_outermost_centers():
    fine = np.add.outer(2.0 * np.arange(12), 3.0 * np.arange(9))
    found = enlarge(block_mean(fine, 3), 3, fine.shape)
    assert_allclose(found[1:-1, 1:-1], fine[1:-1, 1:-1])
    assert found[0, 4] == pytest.approx(fine[1, 4])


@pytest.mark.parametrize("radius", [0, 1, 4, 30])
def test_box_blur_is_the_mean_over_what_the_picture_has_of_a_square(radius):
    found = box_blur(IMAGE, radius)
    for (row, column), value in np.ndenumerate(found):
        square = IMAGE[
            max(row - radius, 0) : row + radius + 1, max(column - radius, 0) : column + radius + 1
        ]
        assert value == pytest.approx(square.mean())
