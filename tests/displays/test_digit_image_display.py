import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from numpy.testing import assert_allclose, assert_array_equal

from sk_mnist.displays import DigitImageDisplay
from sk_mnist.images import ImageError, prepare_digit


def picture(height=60, width=90):
    """Return a 7 in a gradient of light, with a speck."""
    image = np.full((height, width), 230.0)
    image[10:16, 30:60] = image[10:50, 54:60] = image[40:42, 10:12] = 40
    return np.uint8(image * np.linspace(0.7, 1, width))


def shown(display):
    return [image.get_array().data for image in display.ax_.images]


def texts(display):
    return [text.get_text() for text in display.ax_.texts if text.get_text()]


def test_digit_image_shows_four_steps_of_each_picture():
    display = DigitImageDisplay.from_images([picture(), 255 - picture()])
    prepared = prepare_digit(picture())
    gray, contrast, ink, pixels = shown(display)[:4]
    assert_allclose(gray, prepared.gray)
    assert_allclose(contrast, 1 - prepared.ink)
    assert_array_equal(pixels, prepared.pixels)
    assert_array_equal(ink == 0, np.dstack([prepared.digit] * 3))
    assert len(shown(display)) == 8
    assert texts(display) == ["picture", "contrast", "ink", "digit"] * 2


def test_digit_image_shows_dropped_ink_in_color():
    display = DigitImageDisplay.from_images([picture()])
    ink = shown(display)[2]
    assert len(set(ink[41, 11])) > 1
    assert_array_equal(ink[30, 20], 1)


def test_digit_image_gray_is_not_stretched():
    display = DigitImageDisplay.from_images([picture()])
    assert [image.get_clim() for image in display.ax_.images] == [
        (0, 255),
        (0, 1),
        (0, 1),
        (0, 255),
    ]


def test_digit_image_box_surrounds_the_digit():
    display = DigitImageDisplay.from_images([picture()])
    left, right, bottom, top = display.ax_.images[2].get_extent()
    lines = [line for line in display.ax_.lines if line.get_color() not in ("0.5",)]
    (box,) = lines
    x = (np.asarray(box.get_xdata()) - left) / (right - left) * 90
    y = (np.asarray(box.get_ydata()) - top) / (bottom - top) * 60
    found = display.prepared[0].box
    assert_allclose([x.min(), x.max(), y.min(), y.max()],
                    [found.left, found.right, found.top, found.bottom])  # fmt: skip


def test_digit_image_pictures_are_not_distorted():
    display = DigitImageDisplay.from_images([picture(), picture(90, 40)])
    for image in display.ax_.images:
        left, right, bottom, top = image.get_extent()
        height, width = image.get_array().shape[:2]
        assert (right - left) / (bottom - top) == pytest.approx(width / height)


def test_digit_image_writes_names():
    display = DigitImageDisplay.from_images([picture()] * 2, names=["one.png", "two.png"])
    assert [text for text in texts(display) if "." in text] == ["one.png", "two.png"]


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_digit_image_names_are_readable_in_any_style(style):
    with mpl.style.context(style):
        display = DigitImageDisplay.from_images([picture()], names=["one.png"])
        (text,) = (text for text in display.ax_.texts if text.get_text() == "one.png")
        background = to_rgb(mpl.rcParams["figure.facecolor"])
    assert abs(np.mean(to_rgb(text.get_color())) - np.mean(background)) > 0.8


def test_digit_image_takes_paths_and_polarity(tmp_path):
    path = tmp_path / "picture.png"
    mpl.image.imsave(path, picture(), cmap="gray", vmin=0, vmax=255)
    display = DigitImageDisplay.from_images([path], polarity="dark")
    # The color map may round otherwise.
    expected = prepare_digit(picture()).pixels.astype(float)
    assert_allclose(display.prepared[0].pixels, expected, atol=2)
    assert DigitImageDisplay.from_images([picture()], polarity="light").prepared[0].light_on_dark


def test_digit_image_error_names_the_picture(tmp_path):
    with pytest.raises(ImageError, match=r"none\.png does not exist"):
        DigitImageDisplay.from_images([picture(), tmp_path / "none.png"])
    with pytest.raises(ImageError, match="Picture 1 has no ink"):
        DigitImageDisplay.from_images([picture(), np.zeros((9, 9))])


def test_digit_image_error_of_no_picture():
    with pytest.raises(ValueError, match="no picture to show"):
        DigitImageDisplay.from_images([])


def test_digit_image_error_of_too_many_pictures():
    with pytest.raises(ValueError, match="at most 25 pictures, got 26"):
        DigitImageDisplay.from_images([picture()] * 26)


def test_digit_image_error_of_names_that_do_not_match():
    with pytest.raises(ValueError, match="each of the 1 pictures, got 2 names"):
        DigitImageDisplay.from_images([picture()], names=["a", "b"])
