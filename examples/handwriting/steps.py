"""Draw the figure of docs/images.md: six pictures, and what each step does to them.

``python examples/handwriting/steps.py docs/images/digit-steps.png``
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from photos import drawn, paper, photo
from scipy.ndimage import gaussian_filter
from strokes import written

from sk_mnist.displays import DigitImageDisplay

SIDE = 400


def ink(digit: int, width: float, rng: np.random.Generator) -> np.ndarray:
    """Return the ink of a digit, from 0 for paper to 1 for ink."""
    return drawn(written(digit, rng), width, SIDE, rng)


def squared_paper(digit: int, rng: np.random.Generator) -> np.ndarray:
    """Return a pencil's digit on squared paper."""
    sheet = paper((SIDE, SIDE), rng)
    sheet[::40] = sheet[1::40] = sheet[:, ::40] = sheet[:, 1::40] = 150
    return sheet * (1 - 0.6 * ink(digit, 0.05, rng))


def shadow(digit: int, rng: np.random.Generator) -> np.ndarray:
    """Return a digit that lies half in a shadow."""
    rows, columns = np.indices((SIDE, SIDE))
    light = np.where(rows - columns / 4 > 0.4 * SIDE, 0.45, 1.0)
    sheet = paper((SIDE, SIDE), rng) * gaussian_filter(light, 4)
    return sheet * (1 - 0.8 * ink(digit, 0.08, rng))


def blackboard(digit: int, rng: np.random.Generator) -> np.ndarray:
    """Return a digit in chalk."""
    board = 50 + 60 * gaussian_filter(rng.normal(size=(SIDE, SIDE)), 6)
    chalk = ink(digit, 0.1, rng) * rng.uniform(0.4, 1, (SIDE, SIDE))
    return board + (220 - board) * gaussian_filter(chalk, 1)


def on_a_table(digit: int, rng: np.random.Generator) -> np.ndarray:
    """Return a sheet of paper with specks, beside the dark edge of a table."""
    picture = paper((SIDE, SIDE), rng) * (1 - 0.8 * ink(digit, 0.1, rng))
    for row, column in rng.integers(60, SIDE - 10, (15, 2)):
        picture[row : row + 4, column : column + 4] = 60
    picture[:, :35] = 60 + rng.normal(0, 3, (SIDE, 35))
    return picture


def main() -> None:
    """Draw the pictures and save the figure."""
    rng = np.random.default_rng(6)
    pictures = {
        "a thin pen": photo(ink(2, 0.015, rng), rng),
        "a thick pen": photo(ink(3, 0.25, rng), rng),
        "squared paper": squared_paper(4, rng),
        "a shadow": shadow(5, rng),
        "a blackboard": blackboard(8, rng),
        "a table, and specks": on_a_table(9, rng),
    }
    images = [
        image if isinstance(image, bytes) else np.uint8(np.clip(image, 0, 255))
        for image in pictures.values()
    ]
    figure, ax = plt.subplots(figsize=(7, 11.2), layout="constrained")
    DigitImageDisplay.from_images(images, names=list(pictures), ax=ax)
    figure.savefig(sys.argv[1], dpi=100)


if __name__ == "__main__":
    main()
