import os
import struct
import subprocess
import sys
import warnings
import zlib
from contextlib import suppress

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from sk_mnist.images import ImageError
from sk_mnist.images import decoding as decoding_module
from sk_mnist.images.decoding import decode

GRAY = np.random.default_rng(0).integers(0, 256, (20, 30), dtype=np.uint8)
RGB = np.random.default_rng(1).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def as_opaque(levels):
    return np.dstack([levels, np.full(levels.shape[:2], 255, np.uint8)])


LUMA = RGB @ np.array([0.299, 0.587, 0.114])


@pytest.mark.parametrize("file_format", ["PNG", "BMP", "TIFF", "GIF", "WEBP"])
def test_decode_formats_without_loss(encoded, file_format):
    options = {"lossless": True} if file_format == "WEBP" else {}
    assert_array_equal(decode(encoded(GRAY, file_format, **options), "x"), GRAY)


def test_decode_jpeg(encoded):
    smooth = np.tile(np.linspace(40, 200, 64), (64, 1)).astype(np.uint8)
    assert_allclose(decode(encoded(smooth, "JPEG"), "x"), smooth.astype(float), atol=3)


@pytest.mark.parametrize(
    "mode",
    [
        "1",
        "L",
        "P",
        "LA",
        "RGB",
        "RGBA",
        "CMYK",
        "YCbCr",
        "HSV",
        "LAB",
        "I",
        "F",
        "I;16",
        "La",
        "RGBa",
    ],
)
def test_decode_every_mode_of_pillow(mode):
    black_and_white = Image.new("L", (30, 20), 255)
    black_and_white.paste(0, (0, 0, 10, 20))
    if mode in ("I", "I;16"):
        image = Image.fromarray(np.asarray(black_and_white, np.uint16) * 257)
        image = image.convert("I") if mode == "I" else image
    elif mode in ("La", "RGBa"):
        image = black_and_white.convert({"La": "LA", "RGBa": "RGBA"}[mode]).convert(mode)
    elif mode == "LAB":
        image = Image.merge("LAB", [black_and_white] * 3)
    else:
        image = black_and_white.convert(mode)
    assert image.mode == mode
    assert_allclose(decode(image, "x"), np.asarray(black_and_white), atol=1)


@pytest.mark.parametrize("image", [RGB, as_opaque(RGB), Image.fromarray(RGB)], ids=type)
def test_decode_colors_as_luma(image):
    assert_allclose(decode(image, "x"), LUMA, atol=1)


def test_decode_agrees_between_arrays_and_pillow(encoded):
    assert_array_equal(decode(RGB, "x"), decode(encoded(RGB), "x"))


@pytest.mark.parametrize(
    "array",
    [
        GRAY,
        GRAY[..., np.newaxis],
        as_opaque(GRAY),
        np.dstack([GRAY] * 3),
        np.dstack([GRAY] * 3 + [np.full_like(GRAY, 255)]),
        GRAY.tolist(),
        GRAY.astype(np.int64),
        GRAY.astype(np.uint16) * 257,
        (GRAY.astype(np.uint16) * 257).astype(">u2"),
        GRAY / 255,
        (GRAY / 255).astype(np.float32),
    ],
    ids=lambda array: f"{type(array).__name__}-{np.ndim(array)}-{np.asarray(array).dtype}",
)
def test_decode_arrays_of_all_kinds(array):
    assert_allclose(decode(array, "x"), GRAY.astype(float), atol=1e-4)


@pytest.mark.parametrize("order", ["<", ">"])
def test_decode_uint16_of_both_byte_orders_uses_its_full_range(order):
    assert_array_equal(decode(np.array([[0, 257, 25700]], f"{order}u2"), "x"), [[0, 1, 100]])


def test_decode_booleans_are_black_and_white():
    assert_array_equal(decode([[True, False]], "x"), [[255, 0]])


@pytest.mark.parametrize("top", [16.0, 255.0, 1000.0])
def test_decode_other_floats_by_their_maximum(top):
    assert_allclose(decode(np.array([[0.0, top / 2, top]]), "x"), [[0, 127.5, 255]])


def test_decode_negative_floats_by_minimum_and_maximum():
    assert_allclose(decode(np.array([[-2.0, 0.0, 2.0]]), "x"), [[0, 127.5, 255]])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_decode_turns_photos_upright(encoded, orientation):
    upright = np.zeros((40, 60), dtype=np.uint8)
    upright[:10, :20] = 200
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[274] = orientation
    file = encoded(np.ascontiguousarray(stored), "PNG", exif=exif)
    assert_array_equal(decode(file, "x"), upright)


def with_opacity(gray, opacity):
    return np.dstack([np.broadcast_to(gray, opacity.shape)] * 3 + [opacity]).astype(np.uint8)


def stroke():
    opacity = np.zeros((20, 20), dtype=np.uint8)
    opacity[5:15, 9:11] = 255
    return opacity


@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (100, 255), (128, 0), (255, 0)])
def test_decode_flattens_transparent_drawings_onto_contrast(encoded, ink, paper):
    expected = np.where(stroke(), ink, paper)
    for image in (with_opacity(ink, stroke()), encoded(with_opacity(ink, stroke()))):
        assert_array_equal(decode(image, "x"), expected)


def test_decode_flattens_transparent_corners_onto_paper():
    gray = np.full((20, 20), 210)
    gray[8:12, 5:15] = 20
    opacity = np.full((20, 20), 255)
    opacity[:3, :3] = 0
    assert_array_equal(decode(with_opacity(gray, opacity), "x"), gray)


def test_decode_flattens_palettes_with_a_transparent_color(encoded):
    image = Image.fromarray(np.where(stroke(), 0, 7).astype(np.uint8)).convert("P")
    file = encoded(image, "GIF", transparency=7)
    assert_array_equal(decode(file, "x"), np.where(stroke(), 0, 255))


def assert_error(image, reason, name="x.png"):
    with pytest.raises(ImageError) as caught:
        decode(image, name)
    assert str(caught.value).startswith(f"{name} ")
    assert reason in str(caught.value)
    assert str(caught.value).endswith(".")
    assert caught.value.name == name


def test_decode_error_of_missing_file(tmp_path):
    assert_error(tmp_path / "none.png", "does not exist")


def test_decode_error_of_directory(tmp_path):
    assert_error(str(tmp_path), "is a directory")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_decode_error_of_file_without_permission(tmp_path):
    path = tmp_path / "secret.png"
    path.touch(mode=0)
    assert_error(path, "permission denied")


def test_decode_error_of_path_that_cannot_be():
    assert_error("a\0b", "cannot be read")


@pytest.mark.parametrize("content", [b"", bytearray()])
def test_decode_error_of_empty_file(content):
    assert_error(content, "is empty")


@pytest.mark.parametrize("content", [b"a text", b"\x89PNG\r\n\x1a\n", bytes(1000)])
def test_decode_error_of_what_is_no_picture(content):
    assert_error(content, "is not a picture that Pillow can read")


def test_decode_error_of_heic_says_what_to_do():
    content = struct.pack(">I", 24) + b"ftypheic" + bytes(100)
    assert_error(content, "HEIC photos have to be saved as JPEG or PNG first")


def test_decode_error_of_vector_drawing(encoded):
    assert_error(encoded(Image.fromarray(RGB), "EPS"), "is an EPS drawing: save it as PNG first")


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF", "WEBP", "BMP"])
def test_decode_error_of_half_a_file(encoded, file_format):
    noise = np.random.default_rng(0).integers(0, 256, (100, 100, 3), dtype=np.uint8)
    content = encoded(noise, file_format)
    assert_error(content[: len(content) // 2], "is damaged or incomplete: ")


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF", "GIF", "WEBP", "BMP", "ICO"])
def test_decode_of_damaged_files_is_a_picture_or_an_error(encoded, file_format):
    rng = np.random.default_rng(0)
    content = np.frombuffer(encoded(RGB, file_format), np.uint8)
    for _ in range(60):
        damaged = content.copy()
        where = rng.integers(len(content), size=rng.integers(1, 9))
        damaged[where] = rng.integers(0, 256, len(where))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with suppress(ImageError):
                assert decode(damaged.tobytes(), "x").ndim == 2


def test_decode_error_of_animation(encoded):
    frames = [Image.new("L", (20, 20), level) for level in (0, 90, 200)]
    for file_format in ("GIF", "PNG", "WEBP", "TIFF"):
        content = encoded(frames[0], file_format, save_all=True, append_images=frames[1:])
        assert_error(content, "is an animation or has pages: 3 of them")


def test_decode_photo_of_several_pictures_is_a_photo(encoded):
    smooth = Image.new("RGB", (32, 32), (90, 90, 90))
    content = encoded(smooth, "MPO", save_all=True, append_images=[Image.new("RGB", (32, 32))])
    assert_allclose(decode(content, "x"), 90, atol=2)


def test_decode_error_of_too_many_pixels(encoded, monkeypatch):
    monkeypatch.setattr(decoding_module, "_MAX_PIXELS", 599)
    assert_error(encoded(GRAY), "has 30 x 20 pixels, and at most 599 are read")


def test_decode_error_of_decompression_bomb_without_decoding_it(encoded):
    # 20,000 x 20,000 pixels of one color in some kilobytes: enough for Pillow's own error.
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0)
    content = bytearray(encoded(GRAY))
    content[16:29] = header
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_error(bytes(content), "pixels")


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (np.zeros((2, 3, 5)), "is an array of shape (2, 3, 5)"),
        (np.zeros(784), "is an array of shape (784,)"),
        (np.zeros((0, 5)), "has no pixels"),
        (np.array([[np.nan, 1.0]]), "contains NaN or infinity"),
        (np.array([["a", "b"]]), "is an array of <U1"),
        (np.zeros((2, 2), complex), "is an array of complex128"),
        (None, "is of type NoneType"),
        ({"a": 1}, "is of type dict"),
        ([[1, 2], [3]], "is of type list"),
        (np.zeros((5, 5, 4)), "is transparent everywhere"),
        (np.dstack([np.ones((5, 5)), np.full((5, 5), -1.0)]), "has a negative opacity"),
        (np.array([[-1e308, 1e308]]), "from -1e+308 to 1e+308, which are too far apart"),
    ],
    ids=str,
)
def test_decode_error_of_what_is_no_array_of_pixels(image, reason):
    assert_error(image, reason)


@pytest.mark.parametrize("value", [-1.0, -5, -5e-324, 0.0, -(2**63)])
def test_decode_arrays_of_one_value(value):
    levels = decode(np.full((3, 4), value), "x")
    assert_array_equal(levels, np.zeros((3, 4)))


@pytest.mark.parametrize("values", [[0.0, -5e-324], [1e308, -7e307], [2.0, -2.0]])
def test_decode_negative_floats_of_any_range(values):
    assert_array_equal(decode(np.array([values]), "x"), [[255, 0]])


@pytest.mark.parametrize("dtype", [float, int])
def test_decode_scales_opacity_apart_from_colors(dtype):
    opacity = np.where(stroke(), 1.0, 0.0) if dtype is float else stroke()
    rgba = np.dstack([np.full((20, 20, 3), 100), opacity]).astype(dtype)
    rgba[0, 0, :3] = 255
    assert_array_equal(decode(rgba, "x")[:12], np.where(stroke(), 100, 255)[:12])
    rgba[..., 3] = 255
    assert_allclose(decode(rgba, "x"), rgba[..., 0])


def test_decode_flattens_large_pictures_by_stripes():
    rng = np.random.default_rng(0)
    gray, opacity = rng.integers(0, 256, (2, 1000, 1100))
    opacity[:, :700] = 255
    expected = (gray * opacity + 127.0 * (255 - opacity)) / 255
    gray[opacity >= 128] = np.where(gray[opacity >= 128] < 127, 10, 127)
    expected = (gray * opacity + 127 * (255 - opacity)) / 255
    image = np.dstack([gray, opacity]).astype(np.uint8)
    for picture in (image, Image.fromarray(image, "LA")):
        assert np.abs(decode(picture, "x") - expected).max() <= 0.5


def run_python(code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout


@pytest.fixture(scope="module")
def large_file(tmp_path_factory):
    """Return the path of a file of some kilobytes that has 20 million pixels, RGBA."""
    image = Image.new("RGBA", (5000, 4000), (0, 0, 0, 0))
    image.paste((20, 20, 20, 200), (1000, 1000, 1200, 3000))
    path = tmp_path_factory.mktemp("large") / "large.png"
    image.save(path, compress_level=1)
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured in kilobytes on Linux")
def test_decode_of_transparent_pictures_needs_little_memory(large_file):
    code = """if True:
        import resource, sys
        from sk_mnist.images import prepare_digit
        from sk_mnist.images.decoding import decode
        def peak():
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        before = peak()
        pixels = decode(sys.argv[1], "x")
        print((peak() - before) / pixels.size)
        """
    # Pillow's own 4 bytes a pixel, and some planes of one.
    assert float(run_python(code, large_file)) < 12


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux")
def test_decode_error_of_too_little_memory(large_file):
    code = """if True:
        import resource, sys
        from sk_mnist.images import ImageError, prepare_digit
        from sk_mnist.images.decoding import decode
        from PIL import Image
        Image.init()
        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + 40_000_000, -1))
        try:
            decode(sys.argv[1], "x")
        except ImageError as error:
            print(error)
        """
    assert run_python(code, large_file) == (
        "x needs more memory than there is: make it smaller first.\n"
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_decode_error_of_pipes_and_devices(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    for path in (tmp_path / "pipe.png", "/dev/zero"):
        assert_error(path, "is a pipe or a device, not a regular file")


def test_decode_error_of_huge_file(tmp_path):
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.truncate(1_000_000_001)  # sparse
    assert_error(path, "has more than 1,000,000,000 bytes")
