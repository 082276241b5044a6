"""Digits as pen strokes: shapes as plain data, and how a hand varies them.

`SHAPES` has a few ways to write each digit. A shape is a list of strokes, and a stroke a list of
points "x,y", x to the right and y down, in a field of about 100 x 100, as in the `points` of an SVG
polyline. The pen follows a smooth curve through the points. A point given twice is a corner.
"""

from itertools import pairwise

import numpy as np

SHAPES: dict[int, list[list[str]]] = {
    0: [
        [
            "55,2 25,18 15,50 27,86 50,98 74,84 84,48 74,14 52,2",
        ],
        [
            "62,6 36,8 20,40 24,78 46,96 70,78 78,40 62,10 48,4",
        ],
        [
            "48,4 34,22 28,52 34,84 50,97 66,82 71,50 64,18 50,3",
        ],
    ],
    1: [
        [
            "52,0 50,35 48,70 47,100",
        ],
        [
            "64,0 55,34 45,68 36,100",
        ],
        [
            "36,22 47,12 54,1 54,1 53,50 51,100",
        ],
    ],
    2: [
        [
            "20,24 30,6 52,1 72,12 72,34 54,60 20,94 20,94 48,93 84,92",
        ],
        [
            "22,20 38,3 62,5 72,24 62,52 38,82 22,92 18,84 30,78 50,88 70,97 88,88",
        ],
        [
            "26,14 50,2 70,10 70,32 52,58 28,92 28,92 54,96 80,91",
        ],
    ],
    3: [
        [
            "24,14 44,2 68,8 70,30 54,44 42,47 42,47 62,50 77,66 70,90 46,99 20,88",
        ],
        [
            "22,8 48,3 70,14 62,36 44,46 44,46 66,54 72,76 56,94 32,98 16,90",
        ],
        [
            "28,6 56,2 70,18 58,40 40,48 62,52 74,72 60,94 26,96",
        ],
    ],
    4: [
        [
            "34,2 28,28 22,52 22,52 50,52 82,48",
            "70,4 67,50 64,100",
        ],
        [
            "26,6 22,30 24,50 44,54 70,44",
            "74,2 70,44 66,98",
        ],
        [
            "66,100 66,50 66,2 66,2 40,34 14,64 14,64 48,65 90,64",
        ],
    ],
    5: [
        [
            "78,4 52,4 34,6 34,6 31,26 28,44 28,44 50,38 72,50 76,74 58,95 34,98 18,88",
        ],
        [
            "34,4 32,24 28,46 28,46 52,42 70,56 68,82 46,98 20,92",
            "34,5 56,4 82,2",
        ],
        [
            "76,2 56,6 40,8 40,8 34,40 34,40 54,44 66,60 62,84 42,97 22,92",
        ],
    ],
    6: [
        [
            "64,2 42,20 26,50 24,80 42,98 66,90 72,68 54,54 34,62 26,78",
        ],
        [
            "52,0 36,28 28,60 34,90 52,98 68,84 64,62 46,58 32,74",
        ],
        [
            "72,6 46,16 28,44 24,76 42,96 66,92 74,72 58,58 36,64 27,80",
        ],
    ],
    7: [
        [
            "18,8 48,6 80,4 80,4 64,36 50,68 42,100",
        ],
        [
            "22,16 30,6 54,8 80,4 80,4 66,44 50,100",
        ],
        [
            "18,6 48,8 78,6 78,6 60,50 46,98",
            "36,52 58,50 78,48",
        ],
    ],
    8: [
        [
            "70,14 52,2 34,12 36,32 54,48 72,70 64,94 44,98 30,82 38,60 60,42 72,24 66,10",
        ],
        [
            "62,6 42,6 34,24 50,44 68,64 64,90 46,98 32,84 40,60 58,40 68,20 58,4",
        ],
        [
            "54,46 34,32 36,10 54,2 70,14 66,34 48,50 30,70 36,92 56,98 72,84 68,60 52,46",
        ],
    ],
    9: [
        [
            "72,18 54,3 34,14 28,36 42,50 62,40 72,18 72,18 68,56 62,100",
        ],
        [
            "70,26 60,6 40,6 28,26 38,46 58,44 70,24 70,60 58,90 36,98",
        ],
        [
            "66,10 46,4 32,20 38,40 56,38 68,14 68,14 62,54 52,98",
        ],
    ],
}
"""The shapes of each digit, as lists of strokes."""


def points_of(stroke: str) -> np.ndarray:
    """Return the points of a stroke, of shape (n, 2)."""
    return np.array([point.split(",") for point in stroke.split()], dtype=np.float64)


def smooth(points: np.ndarray, n_steps: int = 12) -> np.ndarray:
    """Return points of the Catmull-Rom curve through the points of a stroke, of shape (n, 2)."""
    ends = [0, *(corners(points) + 1), len(points)]
    return np.concatenate([_curve(points[a:b], n_steps) for a, b in pairwise(ends)])


def corners(points: np.ndarray) -> np.ndarray:
    """Return the indices of the points that are followed by themselves."""
    return np.flatnonzero((np.diff(points, axis=0) == 0).all(axis=1))


def _curve(points: np.ndarray, n_steps: int) -> np.ndarray:
    if len(points) < 3:
        return points
    # Beyond the ends, the curve goes on straight.
    before, after = 2 * points[0] - points[1], 2 * points[-1] - points[-2]
    p = np.vstack([before, points, after])
    t = np.linspace(0, 1, n_steps, endpoint=False)[:, np.newaxis]
    parts = [
        0.5
        * (
            2 * p[i]
            + (p[i + 1] - p[i - 1]) * t
            + (2 * p[i - 1] - 5 * p[i] + 4 * p[i + 1] - p[i + 2]) * t**2
            + (3 * p[i] - p[i - 1] - 3 * p[i + 1] + p[i + 2]) * t**3
        )
        for i in range(1, len(p) - 2)
    ]
    return np.concatenate([*parts, points[-1:]])


def written(digit: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Return the curves of a digit as a hand would write it, each time otherwise.

    A shape is chosen at random, and varied.
    """
    shapes = SHAPES[digit]
    return varied(shapes[rng.integers(len(shapes))], rng)


def varied(shape: list[str], rng: np.random.Generator) -> list[np.ndarray]:
    """Return the curves of a shape as a hand would write it, each time otherwise.

    Its points move a little, and all of it is slanted, rotated and stretched. The curves, of shape
    (n, 2), are centered at (0, 0), and the longer side is 1.
    """
    slant, angle = rng.normal(0, 0.15), np.deg2rad(rng.normal(0, 4))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    transformation = rotation @ [[rng.uniform(0.75, 1.15), -slant], [0, 1]]
    curves = []
    for stroke in shape:
        points = points_of(stroke)
        moved = points + rng.normal(0, 2, points.shape)
        for i in corners(points):  # which stay one point
            moved[i + 1] = moved[i]
        curves.append(smooth(moved) @ transformation.T)
    everything = np.concatenate(curves)
    low, high = everything.min(axis=0), everything.max(axis=0)
    return [(curve - (low + high) / 2) / (high - low).max() for curve in curves]
