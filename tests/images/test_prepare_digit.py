import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from sk_mnist import load_mnist_sample
from sk_mnist.images import ImageError, prepare_digit
from sk_mnist.images.components import bounding_box


@pytest.fixture(scope="module")
def three(drawing):
    return prepare_digit(drawing).pixels


def assert_similar(one, other, mean=4.0):
    """Compare two digits, which may be a pixel apart: centers of mass are rounded."""
    shifts = [(rows, columns) for rows in (-1, 0, 1) for columns in (-1, 0, 1)]
    moved = (np.roll(one, shift, (0, 1)).astype(float) for shift in shifts)
    assert min(np.abs(candidate - other).mean() for candidate in moved) < mean


def test_prepare_keeps_mnists_digits():
    X, _ = load_mnist_sample(return_X_y=True)
    images = X[:200].reshape(-1, 28, 28)
    prepared = np.array([prepare_digit(image).pixels for image in images])
    differences = np.abs(prepared.astype(float) - images).mean(axis=(1, 2))
    assert np.median(differences) < 1.5
    assert np.quantile(differences, 0.9) < 4


def test_prepared_digit_is_as_mnists(three):
    box = bounding_box(three > 0)
    assert box.longer_side in (20, 21)
    assert three.max() == 255
    rows, columns = np.indices((28, 28))
    assert (rows * three).sum() / three.sum() == pytest.approx(14, abs=0.6)
    assert (columns * three).sum() / three.sum() == pytest.approx(14, abs=0.6)


def test_prepare_tells_each_step(drawing):
    prepared = prepare_digit(drawing)
    assert_array_equal(prepared.gray, drawing)
    assert_allclose(prepared.background, 255)
    assert not prepared.light_on_dark
    assert_array_equal(prepared.mask, drawing < 255 * 0.6)
    assert_array_equal(prepared.digit, prepared.mask)
    assert_allclose(prepared.ink, np.clip((255.0 - drawing) / 255, 0, 1), atol=0.01)
    assert prepared.box == bounding_box(drawing < 245)
    assert 1.6 < prepared.stroke_width < 2.2


def test_prepare_light_ink_as_dark_ink(drawing, three):
    light = prepare_digit(255 - drawing)
    assert light.light_on_dark
    assert_array_equal(light.pixels, three)


@pytest.mark.parametrize("polarity", ["dark", "light"])
def test_prepare_takes_the_polarity(drawing, polarity):
    assert prepare_digit(drawing, polarity=polarity).light_on_dark == (polarity == "light")


@pytest.mark.parametrize("side", [100, 150, 333, 1000, 1600])
def test_prepare_does_not_depend_on_resolution(drawing, three, side):
    other = Image.fromarray(drawing).resize((side, side), Image.Resampling.BICUBIC)
    assert_similar(prepare_digit(other).pixels, three)


def test_prepare_shrinks_to_512_pixels():
    picture = np.full((700, 1300), 255, dtype=np.uint8)
    picture[200:500, 600:630] = 0
    assert prepare_digit(picture).gray.shape == (234, 434)


@pytest.mark.parametrize("shift", [(-30, 0), (10, -20), (0, 25)])
def test_prepare_does_not_depend_on_the_place(drawing, three, shift):
    assert_array_equal(prepare_digit(np.roll(drawing, shift, (0, 1))).pixels, three)


def test_prepare_removes_gradients_and_shadows(drawing, three):
    light = np.linspace(0.3, 1, 200)[:, np.newaxis] * np.where(np.arange(200) > 90, 0.6, 1)
    assert_similar(prepare_digit(np.uint8(drawing * light)).pixels, three)


@pytest.mark.parametrize("squares", [False, True])
def test_prepare_ignores_ruled_paper(drawing, three, squares):
    paper = np.full((200, 200), 240.0)
    paper[::15] = 170
    if squares:
        paper[:, ::15] = 170
    assert_similar(prepare_digit(np.uint8(np.minimum(paper, drawing))).pixels, three)


@pytest.mark.parametrize("digit", range(10))
def test_prepare_reads_a_photo_as_a_drawing(handwriting, ink_of, digit):
    photos, _ = handwriting
    ink = ink_of(digit)
    file = photos.photo(ink, np.random.default_rng(digit))
    assert_similar(prepare_digit(file).pixels, prepare_digit(1 - ink).pixels, mean=9)


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (np.full((50, 50), 200, np.uint8), "has no ink that differs enough"),
        (np.zeros((1, 1)), "has no ink that differs enough"),
        (np.eye(3, dtype=np.uint8) * 255, "has nothing but specks"),
    ],
    ids=["blank", "one pixel", "speck"],
)
def test_prepare_error_of_pictures_without_a_digit(picture, reason):
    with pytest.raises(ImageError, match=reason):
        prepare_digit(picture)


def test_prepare_error_of_empty_ruled_paper():
    paper = np.full((200, 200), 240, dtype=np.uint8)
    paper[10::25] = 150
    with pytest.raises(ImageError, match="has nothing but lines"):
        prepare_digit(paper)


def test_prepare_error_names_the_file(tmp_path):
    path = tmp_path / "note.png"
    path.write_text("a note")
    with pytest.raises(ImageError) as caught:
        prepare_digit(path)
    assert str(caught.value) == f"{path} is not a picture that Pillow can read."


def test_prepare_error_names_pictures_as_told():
    with pytest.raises(ImageError, match=r"^The second one is empty\.$"):
        prepare_digit(b"", name="The second one")


def test_image_error_can_be_pickled():
    error = pickle.loads(pickle.dumps(ImageError("x.png", "is empty")))
    assert str(error) == "x.png is empty."
    assert isinstance(error, ValueError)


def scaled(picture, kind):
    if kind == "signed":
        return picture.astype(np.int16) - 128
    if kind == "constant":
        return np.full(picture.shape, picture[0, 0] - 128.0)
    if kind == "faint":
        return picture * 1e-110
    return picture * 1e305 if kind == "huge" else picture - 100.5 if kind == "float" else picture


@pytest.mark.parametrize("kind", ["bytes", "signed", "float", "constant", "faint", "huge"])
@pytest.mark.parametrize("seed", range(20))
def test_prepare_survives_any_pixels(seed, kind):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 60, 2))
    picture = rng.choice([0, 255, 255, 128], shape).astype(np.uint8)
    picture = np.kron(picture, np.ones(rng.integers(1, 9, 2), dtype=np.uint8))
    try:
        with np.errstate(all="raise", under="ignore"):
            pixels = prepare_digit(scaled(picture, kind)).pixels
    except ImageError:
        return
    assert pixels.any()
