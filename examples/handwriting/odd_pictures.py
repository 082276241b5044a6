"""Pictures that show no digit: letters, scribbles, shapes, noise, textures, and digits reversed.

Each function returns a list of gray pictures, uint8 arrays with dark ink on light paper, drawn at
random from the generator that is passed. Letters that look like digits are left out.
"""

from pathlib import Path

import matplotlib
import numpy as np
from photos import drawn
from PIL import Image, ImageDraw, ImageFont
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter
from sklearn.datasets import load_sample_images
from strokes import points_of, varied

Pictures = list[np.ndarray]

# These come with Matplotlib.
FONT_DIRECTORY = Path(matplotlib.get_data_path(), "fonts", "ttf")
FONTS = ["DejaVuSans", "DejaVuSans-Oblique", "DejaVuSerif-Bold", "cmr10", "cmss10", "cmtt10"]
OTHER_FONTS = ["STIXGeneral", "STIXGeneralItalic", "STIXGeneralBol", "DejaVuSansMono"]
LIKE_DIGITS = "OoDQIilSsZzBbgqG"
LETTERS = [
    letter
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    if letter not in LIKE_DIGITS
]

WRITTEN_LETTERS = {
    "A": ["16,100 48,2", "48,2 84,100", "28,64 74,62"],
    "E": ["76,4 22,4", "22,4 20,98", "20,98 80,96", "22,50 66,50"],
    "F": ["24,100 24,4", "24,4 80,2", "24,48 66,48"],
    "H": ["20,2 20,100", "78,2 78,100", "20,50 78,48"],
    "K": ["24,2 22,100", "76,4 24,56", "36,46 80,98"],
    "M": ["12,100 20,4", "20,4 50,62", "50,62 80,4", "80,4 90,100"],
    "N": ["20,100 20,4", "20,4 78,98", "78,98 78,2"],
    "R": ["24,100 24,4", "24,4 58,2 76,20 58,46 26,50", "44,50 80,100"],
    "T": ["12,6 88,4", "50,5 50,100"],
    "U": ["18,2 20,60 34,94 52,98 70,90 80,60 80,2"],
    "W": ["8,4 28,98", "28,98 50,30", "50,30 72,98", "72,98 92,4"],
    "X": ["18,4 82,98", "82,2 16,100"],
    "a": ["72,34 52,22 28,34 22,64 34,92 56,90 72,60", "72,24 72,80 86,98"],
    "e": ["24,56 74,52 68,28 48,20 26,36 22,68 38,96 62,98 80,84"],
    "h": ["26,2 26,100", "26,60 44,38 64,40 72,60 72,100"],
    "k": ["28,2 28,100", "66,40 30,66", "42,60 70,100"],
    "m": ["10,30 12,98", "12,50 28,32 44,40 48,98", "48,50 66,32 82,40 88,98"],
    "w": ["8,30 26,96", "26,96 48,44", "48,44 70,96", "70,96 92,30"],
}
"""Letters as pen strokes, as `strokes.SHAPES`."""


def typeset_letters(n: int, rng: np.random.Generator, fonts: list[str] = FONTS) -> Pictures:
    """Return letters in fonts, rotated by up to 10 degrees."""
    pictures = []
    for _ in range(n):
        font = ImageFont.truetype(str(FONT_DIRECTORY / f"{rng.choice(fonts)}.ttf"), 110)
        image = Image.new("L", (240, 240))
        draw = ImageDraw.Draw(image)
        draw.text((120, 120), rng.choice(LETTERS), fill=255, font=font, anchor="mm")
        pictures.append(255 - np.asarray(image.rotate(rng.uniform(-10, 10))))
    return pictures


def written_letters(n: int, rng: np.random.Generator) -> Pictures:
    """Return letters drawn as strokes, with pens of several widths."""
    shapes = list(WRITTEN_LETTERS.values())
    return [
        _dark(drawn(varied(shapes[rng.integers(len(shapes))], rng), _pen(rng), 240, rng))
        for _ in range(n)
    ]


def scribbles(n: int, rng: np.random.Generator) -> Pictures:
    """Return smooth curves through random points."""
    pictures = []
    for _ in range(n):
        points = rng.uniform(-0.5, 0.5, (int(rng.integers(6, 14)), 2))
        curve = CubicSpline(np.arange(len(points)), points)(np.linspace(0, len(points) - 1, 200))
        pictures.append(_dark(drawn([curve / np.ptp(curve, axis=0).max()], _pen(rng), 240, rng)))
    return pictures


def shapes(n: int, rng: np.random.Generator) -> Pictures:
    """Return outlines and areas: triangles, squares, stars, shirts, shoes and bags."""
    pictures = []
    for _ in range(n):
        image = Image.new("L", (240, 240))
        outline = POLYGONS[rng.integers(len(POLYGONS))]
        points = [tuple(point) for point in points_of(outline) * 1.6 + 40]
        is_filled = bool(rng.integers(2))
        draw = ImageDraw.Draw(image)
        draw.polygon(points, 255 if is_filled else 0, 255, width=int(rng.integers(8, 20)))
        pictures.append(255 - np.asarray(image.rotate(rng.uniform(-10, 10))))
    return pictures


def noise(n: int, rng: np.random.Generator) -> Pictures:
    """Return spots, of sizes from specks to clouds."""
    pictures = []
    for _ in range(n):
        cloud = gaussian_filter(rng.normal(size=(120, 120)), rng.uniform(1, 8))
        darkness = np.clip(cloud - np.quantile(cloud, rng.uniform(0.6, 0.95)), 0, None)
        pictures.append(_dark(darkness / darkness.max()))
    return pictures


def textures(n: int, rng: np.random.Generator) -> Pictures:
    """Return parts of the two photos of scikit-learn: a temple and a flower."""
    photos = [photo.mean(axis=2).astype(np.uint8) for photo in load_sample_images().images]
    pictures = []
    for _ in range(n):
        photo = photos[rng.integers(2)]
        side = int(rng.integers(60, 240))
        top, left = (int(rng.integers(length - side)) for length in photo.shape)
        pictures.append(photo[top : top + side, left : left + side])
    return pictures


def upside_down(X: np.ndarray, y: np.ndarray) -> Pictures:
    """Return the threes, fours and sevens among digits upside down. Others stay digits."""
    return [255 - image[::-1, ::-1] for image in X[np.isin(y, [3, 4, 7])].reshape(-1, 28, 28)]


def mirrored(X: np.ndarray, y: np.ndarray) -> Pictures:
    """Return the threes, fours, sixes, sevens and nines among digits mirrored."""
    return [255 - image[:, ::-1] for image in X[np.isin(y, [3, 4, 6, 7, 9])].reshape(-1, 28, 28)]


POLYGONS = [
    "50,0 100,95 0,95",
    "5,5 95,5 95,95 5,95",
    "50,0 62,36 98,36 69,58 80,95 50,73 20,95 31,58 2,36 38,36",
    "30,5 70,5 98,30 84,44 72,32 72,96 28,96 28,32 16,44 2,30",
    "5,50 32,38 50,50 92,66 97,82 5,82",
    "28,30 34,8 66,8 72,30 95,30 95,92 5,92 5,30",
    "50,0 98,48 50,96 2,48",
]


def _pen(rng: np.random.Generator) -> float:
    return float(rng.choice([0.05, 0.08, 0.12]))


def _dark(ink: np.ndarray) -> np.ndarray:
    return np.uint8(255 - np.clip(255 * ink, 0, 255))
