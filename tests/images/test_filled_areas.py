"""Areas are no strokes, but a picture of one becomes a row of pixels like any other."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from sk_mnist import DigitImageTransformer


@pytest.mark.parametrize("n_sides", [3, 4, 5, 30])
@pytest.mark.parametrize("radius", [10, 40, 90])
def test_filled_area_fits_into_20_pixels(n_sides, radius):
    picture = Image.new("L", (200, 200), "white")
    ImageDraw.Draw(picture).regular_polygon((100, 100, radius), n_sides, fill="black")
    row = DigitImageTransformer().transform([picture])
    is_ink = row.reshape(28, 28) > 60
    sides = [np.ptp(np.flatnonzero(is_ink.any(axis=axis))) + 1 for axis in (0, 1)]
    assert 18 <= max(sides) <= 21
