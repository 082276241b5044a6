"""Which ink is the digit: connected components."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sk_mnist.images.ink import Ink

_EIGHT_NEIGHBORS = np.ones((3, 3), dtype=bool)
# In parts of the ink of the largest component.
_SPECK = 0.02
_RIVAL = 0.1
# In parts of the longer side of the digit.
_LARGEST_GAP = 0.2
_LONGEST_AT_BORDER = 2.0


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

    Components are pixels of the mask that are connected by sides or corners, and weigh as much as
    they have ink. The digit is the heaviest component that does not touch the border of the
    picture, if it weighs at least a tenth of the heaviest; otherwise the heaviest of all. The other
    components follow by decreasing weight. One belongs to the digit if

    - it weighs at least 2% of the digit's first component, else it is a speck;
    - the gap between its bounding box and that of what the digit has so far is at most 0.2 of the
      longer side of the latter, else it is something else, such as another digit;
    - it does not touch the border, or its longer side is at most twice that of the first
      component, else it is the edge of a table or a ruled line.

    Parameters
    ----------
    ink : Ink
        With at least one pixel in the mask.

    Returns
    -------
    ndarray of shape (height, width), dtype=bool
    """
    height, width = ink.mask.shape
    labels, n_components = ndimage.label(ink.mask, _EIGHT_NEIGHBORS)
    weights = np.bincount(labels.ravel(), ink.amount.ravel(), n_components + 1)[1:]
    boxes = [
        Box(rows.start, rows.stop, columns.start, columns.stop)
        for rows, columns in ndimage.find_objects(labels)
    ]
    at_border = np.array(
        [b.top == 0 or b.left == 0 or b.bottom == height or b.right == width for b in boxes]
    )
    order = np.argsort(-weights, kind="stable")
    inside = [i for i in order if not at_border[i] and weights[i] >= _RIVAL * weights[order[0]]]
    first = inside[0] if inside else order[0]
    kept, box = [first], boxes[first]
    for i in order:
        if weights[i] < _SPECK * weights[first]:
            break
        too_long = boxes[i].longer_side > _LONGEST_AT_BORDER * boxes[first].longer_side
        if i == first or (at_border[i] and too_long):
            continue
        if boxes[i].gap(box) <= _LARGEST_GAP * box.longer_side:
            kept.append(i)
            box = box.union(boxes[i])
    is_kept = np.zeros(n_components + 1, dtype=bool)
    is_kept[np.array(kept) + 1] = True
    return np.asarray(is_kept[labels])


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
