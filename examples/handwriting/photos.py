"""Photos of digits, made by a program: paper, light, ink, the pen, and the camera's JPEG.

Everything is drawn at random from the generator that is passed.
"""

import io

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter, rotate, zoom


def paper(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return textured paper in a gradient of light, from 0 to 255, of shape (height, width)."""
    y, x = np.meshgrid(*(np.linspace(-0.5, 0.5, side) for side in shape), indexing="ij")
    angle = rng.uniform(0, 2 * np.pi)
    light = 1 + rng.uniform(0, 0.5) * (x * np.cos(angle) + y * np.sin(angle))
    grain = gaussian_filter(rng.normal(0, 1, shape), 0.7)
    fibers = gaussian_filter(rng.normal(0, 1, shape), max(shape) / 60)
    texture = rng.uniform(1, 5) * grain / grain.std() + rng.uniform(1, 4) * fibers / fibers.std()
    return (rng.uniform(160, 235) + texture) * light


def photo(ink: np.ndarray, rng: np.random.Generator) -> bytes:
    """Return the JPEG file of ink on paper: dark, blue, or of a soft pencil.

    Parameters
    ----------
    ink : ndarray of shape (height, width)
        From 0 for paper to 1 for ink.
    rng : numpy.random.Generator
    """
    sheet = paper(ink.shape, rng)[..., np.newaxis] * rng.uniform((0.95, 0.92, 0.82), 1)
    color = [(0.1, 0.1, 0.1), (0.12, 0.18, 0.5), (0.4, 0.4, 0.42)][rng.integers(3)]
    covered = gaussian_filter(ink, rng.uniform(0, max(ink.shape) / 400))[..., np.newaxis]
    picture = sheet * (1 - covered * (1 - np.asarray(color)))
    picture += rng.normal(0, rng.uniform(0, 4), picture.shape)  # of the sensor
    file = io.BytesIO()
    levels = np.clip(picture + 0.5, 0, 255).astype(np.uint8)
    Image.fromarray(levels).save(file, "JPEG", quality=int(rng.integers(60, 96)))
    return file.getvalue()


def enlarged(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the ink of a small digit in a large picture, rotated and off-center.

    Parameters
    ----------
    digit : ndarray of shape (height, width), dtype=uint8
        Light on black, such as 28 x 28 pixels of MNIST.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (100 to 1000, 100 to 1000), dtype=float64
        From 0 for paper to 1 for ink.
    """
    height, width = np.exp(rng.uniform(np.log(100), np.log(1000))) * rng.uniform(0.8, 1, 2)
    side = min(height, width) * rng.uniform(0.5, 1.0)
    large = zoom(digit / 255.0, side / max(digit.shape), order=3)
    large = np.clip(rotate(large, rng.uniform(-5, 5), order=1, reshape=False), 0, 1)
    ink = np.zeros(
        (max(round(height), large.shape[0], 100), max(round(width), large.shape[1], 100))
    )
    top, left = (rng.integers(ink.shape[axis] - large.shape[axis] + 1) for axis in (0, 1))
    ink[top : top + large.shape[0], left : left + large.shape[1]] = large
    return ink


def drawn(
    curves: list[np.ndarray], width: float, side: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the ink of strokes, drawn with a round pen somewhere in a square picture.

    Parameters
    ----------
    curves : list of ndarray of shape (n, 2)
        As returned by `strokes.written`.
    width : float
        Width of the pen, in parts of the longer side of the digit.
    side : int
        Side of the picture in pixels.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (side, side), dtype=float64
        From 0 for paper to 1 for ink.
    """
    scale = 2  # drawn larger and averaged, for smooth edges
    image = Image.new("L", (scale * side, scale * side))
    draw = ImageDraw.Draw(image)
    length = scale * side * rng.uniform(0.4, 0.7)
    center = scale * side / 2 + rng.uniform(-1, 1, 2) * (0.45 * scale * side - length * 0.6)
    pen = max(2.0, width * length)
    for curve in curves:
        points = curve * length + center
        for x, y in points:
            draw.ellipse([x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2], fill=255)
        draw.line([tuple(point) for point in points], fill=255, width=round(pen))
    return np.asarray(image.reduce(scale)) / 255.0
