"""What makes digits hard to read: each trouble alone, and what it costs.

``python examples/handwriting/troubles.py`` trains the default network on MNIST and prints the table
in docs/handwriting.md, with 300 pictures per row, in a few minutes. Of each picture all but the
trouble is as in `photos`: textured paper, a gradient of light, noise and JPEG.
"""

import warnings
from collections.abc import Callable

import numpy as np
from photos import drawn, photo
from PIL import Image
from strokes import SHAPES, varied, written

from sk_mnist import DigitImageTransformer, KerasMLPClassifier, fetch_mnist
from sk_mnist.cli.picture_classifier import unfamiliar_rows

Ink = Callable[[int, np.random.Generator], np.ndarray]
"""From a digit to the ink of a picture, of shape (height, width), from 0 to 1."""

PEN = 0.07  # as for a ballpoint pen and a digit of 1 cm, in parts of its height
SIDE = 400  # of a picture, in pixels
N_PICTURES = 300
CROSSED = ["18,6 48,8 78,6 78,6 60,50 46,98", "32,53 54,51 78,47"]
ONE_WITH_FOOT = ["28,28 52,2 52,2 51,98", "26,98 78,97"]
FIVE_IN_PARTS = ["34,8 31,28 28,46 28,46 52,42 70,56 68,82 46,98 20,92", "46,0 88,-4"]


def pen_of(width: float) -> Ink:
    """Return the drawing of a digit with a pen of another width."""
    return lambda digit, rng: drawn(written(digit, rng), width, SIDE, rng)


def shaped(shape: list[str]) -> Ink:
    """Return the drawing of one shape, whatever the digit."""
    return lambda digit, rng: drawn(varied(shape, rng), PEN, SIDE, rng)


def on_lines(spacing: float, *, squared: bool = False, line_ink: float = 0.35) -> Ink:
    """Return the drawing of a digit on ruled or squared paper.

    Parameters
    ----------
    spacing : float
        Distance of the lines, in parts of the side of the picture.
    squared : bool
        Whether there are vertical lines, too.
    line_ink : float
        The darkness of the lines, of which 1 is that of the pen.
    """

    def draw(digit: int, rng: np.random.Generator) -> np.ndarray:
        ink = pen_of(PEN)(digit, rng)
        is_line = np.arange(SIDE) % round(spacing * SIDE) < 3
        lines = np.broadcast_to(is_line[:, np.newaxis], ink.shape)
        return np.maximum(ink, line_ink * (lines | lines.T if squared else lines))

    return draw


def tilted(degrees: float) -> Ink:
    """Return the drawing of a digit in a picture that was taken at an angle."""

    def draw(digit: int, rng: np.random.Generator) -> np.ndarray:
        ink = Image.fromarray(np.uint8(255 * pen_of(PEN)(digit, rng)))
        return np.asarray(ink.rotate(degrees * rng.choice([-1, 1]), expand=True)) / 255

    return draw


def faint(digit: int, rng: np.random.Generator) -> np.ndarray:
    """Return the drawing of a digit with a hard pencil."""
    return 0.25 * pen_of(PEN)(digit, rng)


def beside_another(digit: int, rng: np.random.Generator) -> np.ndarray:
    """Return the drawing of a digit beside a smaller one."""
    other = drawn(written(int(rng.integers(10)), rng), PEN, SIDE // 2, rng)
    ink = pen_of(PEN)(digit, rng)
    beside = np.zeros((SIDE, SIDE // 2))
    beside[SIDE // 4 : SIDE // 4 + SIDE // 2] = other
    return np.hstack([ink, beside])


def touching_another(digit: int, rng: np.random.Generator) -> np.ndarray:
    """Return the drawing of a digit that touches another of its size."""
    curves, others = written(digit, rng), written(int(rng.integers(10)), rng)
    right = max(curve[:, 0].max() for curve in curves)
    left = min(curve[:, 0].min() for curve in others)
    half = np.array([(right - left - PEN / 2) / 2, 0])
    pair = [*(curve - half for curve in curves), *(curve + half for curve in others)]
    return drawn([0.7 * curve for curve in pair], PEN, SIDE, rng)


def cut_off(digit: int, rng: np.random.Generator) -> np.ndarray:
    """Return the drawing of a digit without its lowest fifth."""
    ink = pen_of(PEN)(digit, rng)
    rows = np.flatnonzero((ink > 0.5).any(axis=1))
    return ink[: rows[0] + round(0.8 * len(rows))]


ALL_DIGITS = tuple(SHAPES)
TROUBLES: dict[str, tuple[tuple[int, ...], Ink]] = {
    "none": (ALL_DIGITS, pen_of(PEN)),
    "crossed sevens": ((7,), shaped(CROSSED)),
    "ones with a foot": ((1,), shaped(ONE_WITH_FOOT)),
    "fives in two parts": ((5,), shaped(FIVE_IN_PARTS)),
    "thin pen": (ALL_DIGITS, pen_of(0.015)),
    "marker": (ALL_DIGITS, pen_of(0.2)),
    "hard pencil": (ALL_DIGITS, faint),
    "ruled paper": (ALL_DIGITS, on_lines(0.25)),
    "squared paper": (ALL_DIGITS, on_lines(0.125, squared=True)),
    "lines as dark as the ink": (ALL_DIGITS, on_lines(0.25, line_ink=1.0)),
    "tilted by 15 degrees": (ALL_DIGITS, tilted(15)),
    "tilted by 30 degrees": (ALL_DIGITS, tilted(30)),
    "on its side": (ALL_DIGITS, tilted(90)),
    "a smaller digit beside it": (ALL_DIGITS, beside_another),
    "touching the next digit": (ALL_DIGITS, touching_another),
    "a fifth cut off": (ALL_DIGITS, cut_off),
}
"""The digits that have each trouble, and how they are drawn."""


def pictures_with(trouble: str, n: int, rng: np.random.Generator) -> tuple[list[bytes], np.ndarray]:
    """Return photos with a trouble, as JPEG files, and the digits in them."""
    digits, draw = TROUBLES[trouble]
    y = np.resize(digits, n)
    return [photo(draw(int(digit), rng), rng) for digit in y], y


def main() -> None:
    """Print how many pictures with each trouble are read right, and how many are marked."""
    clf = KerasMLPClassifier(random_state=0).fit(*fetch_mnist(subset="train", return_X_y=True))
    rng = np.random.default_rng(0)
    print("| trouble | read right | marked as unfamiliar |\n| --- | --- | --- |")
    for trouble in TROUBLES:
        pictures, y = pictures_with(trouble, N_PICTURES, rng)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pictures without a digit
            pixels = DigitImageTransformer(errors="blank").transform(pictures)
        accuracy = np.mean((clf.predict(pixels) == y) & pixels.any(axis=1))
        marked = np.mean(unfamiliar_rows(pixels))
        print(f"| {trouble} | {100 * accuracy:.0f}% | {100 * marked:.0f}% |", flush=True)


if __name__ == "__main__":
    main()
