"""Pictures of digits, by the modules with which examples/handwriting measures accuracies."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

HANDWRITING = str(Path(__file__).resolve().parents[2] / "examples" / "handwriting")


@pytest.fixture(scope="session")
def handwriting():
    """Return the modules `photos` and `strokes`."""
    sys.path.insert(0, HANDWRITING)
    try:
        import photos
        import strokes
    finally:
        sys.path.remove(HANDWRITING)
    return photos, strokes


@pytest.fixture(scope="session")
def ink_of(handwriting):
    """Return a function that draws a digit, 1 for ink and 0 for paper, always in the same way."""
    photos, strokes = handwriting

    def ink_of(digit, width=0.1, side=200, seed=0):
        rng = np.random.default_rng(seed)
        return photos.drawn(strokes.written(digit, rng), width, side, rng)

    return ink_of


@pytest.fixture(scope="session")
def drawing(ink_of):
    """Return a 3, black on white, of shape (200, 200) and dtype uint8."""
    return np.uint8(255 - 255 * ink_of(3))


@pytest.fixture(scope="session")
def encoded():
    """Return a function that turns an array or a PIL image into the content of a file."""

    def encoded(image, file_format="PNG", **options):
        image = Image.fromarray(image) if isinstance(image, np.ndarray) else image
        file = io.BytesIO()
        image.save(file, file_format, **options)
        return file.getvalue()

    return encoded
