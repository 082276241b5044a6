"""From files, bytes, PIL images and arrays to levels of gray."""

from __future__ import annotations

import io
import os
import stat
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from sk_mnist.images.errors import ImageError
from sk_mnist.images.gray import flatten, gray_of_array

# Below the number from which Pillow warns of decompression bombs, and above what cameras make.
_MAX_PIXELS = 80_000_000
# Enough for that number of pixels of any format.
_MAX_BYTES = 1_000_000_000
# Their frames are one photo for several screens or eyes, not an animation.
_STILL_FORMATS = {"MPO", "ICO", "ICNS"}
# Pillow has other programs run them.
_VECTOR_FORMATS = {"EPS", "WMF"}
_TOO_LARGE = "needs more memory than there is: make it smaller first"
# In pixels.
_STRIPE = 1 << 18
_HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"mif1", b"msf1"}


def decode(image: Any, name: str) -> NDArray[Any]:
    """Return the levels of gray of a picture.

    Parameters
    ----------
    image : str, path-like, bytes, PIL.Image.Image or array-like
        A file, the content of one, or pixels. Arrays are described in
        :func:`~sk_mnist.images.gray.gray_of_array`.

    name : str
        How an error names the picture.

    Returns
    -------
    ndarray of shape (height, width), dtype uint8 or float64
        From 0 for black to 255 for white, upright as EXIF says, and flattened onto paper.

    Raises
    ------
    ImageError
        If the picture cannot be read, or has too many pixels or more than one frame.
    """
    if isinstance(image, str | os.PathLike):
        image = _read(Path(image), name)
    if isinstance(image, bytes | bytearray | memoryview):
        return _decode_bytes(bytes(image), name)
    if isinstance(image, Image.Image):
        return _gray_of_pil(image, name)
    try:
        array = np.asarray(image)
    except Exception:  # whatever the object's __array__ raises
        array = np.asarray(None)
    if array.dtype.kind not in "buif":
        raise ImageError(
            name,
            f"is {_kind_of(image, array)}, not a path, the bytes of a file, a PIL image or an "
            "array of numbers",
        )
    return gray_of_array(array, name)


def _kind_of(image: Any, array: NDArray[Any]) -> str:
    if isinstance(image, np.ndarray):
        return f"an array of {array.dtype}"
    return f"of type {type(image).__name__}"


def _read(path: Path, name: str) -> bytes:
    try:
        status = path.stat()
        # Pipes and devices may never end.
        if stat.S_ISREG(status.st_mode) and status.st_size <= _MAX_BYTES:
            return path.read_bytes()
        if path.is_dir():
            reason = "is a directory"
        elif stat.S_ISREG(status.st_mode):
            reason = f"has more than {_MAX_BYTES:,} bytes: make it smaller first"
        else:
            reason = "is a pipe or a device, not a regular file"
    except FileNotFoundError:
        reason = "does not exist"
    except PermissionError:
        reason = "may not be read: permission denied"
    except MemoryError:
        reason = _TOO_LARGE
    except (OSError, ValueError) as error:  # a ValueError: null characters
        reason = f"cannot be read: {getattr(error, 'strerror', None) or error}"
    raise ImageError(name, reason)


def _decode_bytes(content: bytes, name: str) -> NDArray[Any]:
    if not content:
        raise ImageError(name, "is empty")
    try:
        with warnings.catch_warnings():
            # What there is to say, an ImageError says.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content)) as image:
                return _gray_of_pil(image, name)
    except ImageError:
        raise
    except UnidentifiedImageError:
        is_heif = content[4:8] == b"ftyp" and content[8:12] in _HEIF_BRANDS
        hint = ": HEIC photos have to be saved as JPEG or PNG first" if is_heif else ""
        raise ImageError(name, f"is not a picture that Pillow can read{hint}") from None
    except Image.DecompressionBombError:
        raise ImageError(
            name, f"has more than {_MAX_PIXELS:,} pixels: make it smaller first"
        ) from None
    except Exception as error:
        raise _damaged(name, error) from error


def _gray_of_pil(image: Image.Image, name: str) -> NDArray[Any]:
    width, height = image.size
    if width * height > _MAX_PIXELS:
        raise ImageError(
            name,
            f"has {width:,} x {height:,} pixels, and at most {_MAX_PIXELS:,} are read: make it "
            "smaller first",
        )
    if width * height == 0:
        raise ImageError(name, "has no pixels")
    file_format = getattr(image, "format", None)
    if file_format in _VECTOR_FORMATS:
        raise ImageError(name, f"is an {file_format} drawing: save it as PNG first")
    if file_format not in _STILL_FORMATS:
        n_frames = _count_frames(image)
        if n_frames > 1:
            raise ImageError(
                name, f"is an animation or has pages: {n_frames} of them, and one is read"
            )
    try:
        image.load()
        return _gray_of_loaded(ImageOps.exif_transpose(image), name)
    except ImageError:
        raise
    except Exception as error:
        raise _damaged(name, error) from error


def _damaged(name: str, error: Exception) -> ImageError:
    """Return the ImageError for whatever a decoder has raised.

    Decoders raise OSError, SyntaxError, struct.error, IndexError and more.
    """
    if isinstance(error, MemoryError):
        return ImageError(name, _TOO_LARGE)
    return ImageError(name, f"is damaged or incomplete: {error}".rstrip(".: "))


def _count_frames(image: Image.Image) -> int:
    try:
        return int(getattr(image, "n_frames", 1))
    except Exception:  # of a damaged file, which the decoder describes
        return 1


def _gray_of_loaded(image: Image.Image, name: str) -> NDArray[Any]:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return gray_of_array(_high_depth(image), name)
    if image.has_transparency_data:
        return flatten(*_gray_and_opacity(image), name)
    if image.mode == "LAB":
        return np.asarray(image.getchannel("L"))
    if image.mode not in ("1", "L", "RGB"):
        image = image.convert("RGB")
    return np.asarray(image.convert("L"))


def _gray_and_opacity(image: Image.Image) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return two bytes a pixel, by stripes: RGBA would have four, and conversions need copies."""
    width, height = image.size
    gray, opacity = (np.empty((height, width), dtype=np.uint8) for _ in range(2))
    n_rows = max(1, _STRIPE // width)
    for top in range(0, height, n_rows):
        bottom = min(top + n_rows, height)
        stripe = image.crop((0, top, width, bottom))
        # Pillow converts premultiplied gray only to gray.
        channels = (stripe.convert("LA") if stripe.mode == "La" else stripe).convert("RGBA")
        gray[top:bottom] = np.asarray(channels.convert("RGB").convert("L"))
        opacity[top:bottom] = np.asarray(channels.getchannel("A"))
    return gray, opacity


def _high_depth(image: Image.Image) -> NDArray[Any]:
    """Return the values of one channel of more than 8 bits, as uint16 if they are."""
    values = np.asarray(image)
    if image.mode == "I" and values.min() >= 0 and 255 < values.max() < 65536:
        return values.astype(np.uint16)
    return values.astype(np.uint16) if image.mode.startswith("I;16") else values
