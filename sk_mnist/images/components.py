"""Which ink is the digit: connected components."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sk_mnist.images.ink import Ink

_EIGHT_NEIGHBORS = np.ones((3, 3), dtype=bool)
# In parts of the ink of the digit's first component.
_SPECK = 0.02
# In parts of the longer side of what the digit has so far.
_LARGEST_GAP = 0.2
# In parts of the longer side of the picture.
_RIVAL = 0.1
# In parts of a side of the picture.
_EDGE = 0.9
# In parts of its length.
_THICKEST_LINE = 0.1
# Strokes of a digit cross the border of the picture at fewer places.
_GRID_CROSSINGS = 8


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels: rows `top` to `bottom` - 1 and columns `left` to `right` - 1."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def longer_side(self) -> int:
        """The larger of height and width."""
        return max(self.bottom - self.top, self.right - self.left)

    @property
    def slices(self) -> tuple[slice, slice]:
        """The index of these pixels."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def gap(self, other: Self) -> int:
        """Return the number of rows or columns between two boxes, whichever are more."""
        rows = max(self.top, other.top) - min(self.bottom, other.bottom)
        columns = max(self.left, other.left) - min(self.right, other.right)
        return max(rows, columns, 0)

    def union(self, other: Self) -> Box:
        """Return the smallest box that contains both."""
        return Box(
            min(self.top, other.top),
            max(self.bottom, other.bottom),
            min(self.left, other.left),
            max(self.right, other.right),
        )


def select_digit(ink: Ink) -> NDArray[np.bool_]:
    """Keep the ink of one digit.

    Components are pixels of the mask that are connected by sides or corners. They weigh as much as
    they have ink. Not considered are

    - horizontal lines: components from the left to the right border whose height is at most a
      tenth of the width of the picture;
    - grids: components that the four sides of the picture cut at 8 or more places;
    - if there is any other component whose longer side is at least a tenth of that of the picture:
      edges, such as those of a table, which cover at least 0.9 of one side of the picture, and
      vertical lines.

    The digit is the heaviest of the others. The rest follow by decreasing weight. One belongs to
    the digit if it weighs at least 2% of the first component, else it is a speck; and if the gap
    between its bounding box and that of what the digit has so far is at most 0.2 of the longer side
    of the latter, else it is something else, such as another digit.

    Parameters
    ----------
    ink : Ink
        With at least one pixel in the mask.

    Returns
    -------
    ndarray of shape (height, width), dtype=bool
        All False if there is no digit.
    """
    labels, n_components = ndimage.label(ink.mask, _EIGHT_NEIGHBORS)
    masses = np.bincount(labels.ravel(), ink.amount.ravel(), n_components + 1)[1:]
    boxes = [
        Box(rows.start, rows.stop, columns.start, columns.stop)
        for rows, columns in ndimage.find_objects(labels)
    ]
    candidates = _candidates(labels, boxes)
    order = sorted(candidates, key=lambda i: -masses[i])
    is_kept = np.zeros(n_components + 1, dtype=bool)
    box = boxes[order[0]] if order else Box(0, 0, 0, 0)
    for i in order:
        if masses[i] < _SPECK * masses[order[0]]:
            break
        if boxes[i].gap(box) <= _LARGEST_GAP * box.longer_side:
            is_kept[i + 1] = True
            box = box.union(boxes[i])
    return np.asarray(is_kept[labels])


def _candidates(labels: NDArray[np.int32], boxes: list[Box]) -> list[int]:
    """Return the components that may be a digit."""
    height, width = labels.shape
    sides = (labels[0], labels[-1], labels[:, 0], labels[:, -1])
    covered = np.zeros(len(boxes) + 1)
    n_crossings = np.zeros(len(boxes) + 1, dtype=np.intp)
    for side in sides:
        covered = np.maximum(covered, np.bincount(side, minlength=len(boxes) + 1) / len(side))
        starts = side[np.diff(side, prepend=0) != 0]
        n_crossings += np.bincount(starts, minlength=len(boxes) + 1)
    possible: list[int] = []
    doubtful: list[int] = []
    for i, box in enumerate(boxes):
        is_row = box.right - box.left == width and box.bottom - box.top <= _THICKEST_LINE * width
        is_column = box.bottom - box.top == height and (
            box.right - box.left <= _THICKEST_LINE * height
        )
        if is_row or n_crossings[i + 1] >= _GRID_CROSSINGS:
            continue
        (doubtful if is_column or covered[i + 1] >= _EDGE else possible).append(i)
    has_rival = any(boxes[i].longer_side >= _RIVAL * max(labels.shape) for i in possible)
    return possible if has_rival else sorted(possible + doubtful)


def with_edges(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Add the pixels next to a mask, by sides or corners: the soft edges of its strokes.

    Parameters
    ----------
    mask : ndarray of shape (height, width), dtype=bool

    Returns
    -------
    ndarray of shape (height, width), dtype=bool
    """
    return np.asarray(ndimage.binary_dilation(mask, _EIGHT_NEIGHBORS))


def bounding_box(mask: NDArray[np.bool_]) -> Box:
    """Return the smallest box that contains a mask of at least one pixel.

    Parameters
    ----------
    mask : ndarray of shape (height, width), dtype=bool

    Returns
    -------
    Box
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return Box(int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)
