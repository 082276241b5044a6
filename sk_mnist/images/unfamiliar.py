"""UnfamiliarDigitDetector: which pictures are unlike all digits that one knows."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted, validate_data

from sk_mnist._utils.fit_context import fit_context
from sk_mnist.images.directions import Features, edge_directions
from sk_mnist.images.placement import SIDE

_N_PIXELS = SIDE * SIDE
_CHUNK_ROWS = 1000
# Instead of zero, where an image has many copies.
_SHORTEST = 1e-3


class UnfamiliarDigitDetector(OutlierMixin, BaseEstimator):
    """Find pictures that are unlike all digits of a reference, such as letters and scribbles.

    A classifier of digits sees a digit in everything. This detector tells whether a picture looks
    like a digit at all. It compares the directions of edges with those of the most similar digits
    of the reference, and allows more difference where the digits of the reference differ more among
    themselves: any two ones are similar, fours are not.

    Parameters
    ----------
    n_neighbors : int, default=10
        Number of most similar digits to compare with.

    false_alarm_rate : float, default=0.01
        Share of digits like those of the reference that may be called unfamiliar.

    Attributes
    ----------
    offset_ : float
        The score below which a picture is unfamiliar.

    n_features_in_ : int
        784.

    See Also
    --------
    sklearn.neighbors.LocalOutlierFactor : The idea, for any features.

    Notes
    -----
    Let d be the root mean square distance from a picture to its `n_neighbors` nearest digits, and r
    the mean of the same distance for each of these digits in turn. The score is -d / sqrt(r). It
    lies between a plain distance to neighbors, -d, and a local outlier factor, -d / r, and detects
    more than both. `offset_` is a quantile of the scores of the reference, each digit without
    itself. Distances are between the directions of edges, as
    `sk_mnist.images.directions.edge_directions` returns them, which do not depend on the contrast.

    References
    ----------
    M. M. Breunig, H.-P. Kriegel, R. T. Ng and J. Sander. "LOF: identifying density-based local
    outliers." SIGMOD 2000.

    Examples
    --------
    >>> from PIL import Image, ImageDraw
    >>> from sk_mnist import DigitImageTransformer, load_mnist_sample
    >>> from sk_mnist.images import UnfamiliarDigitDetector
    >>> X, _ = load_mnist_sample(return_X_y=True)
    >>> detector = UnfamiliarDigitDetector().fit(X)
    >>> pictures = [Image.new("L", (100, 100), "white") for _ in range(2)]
    >>> ImageDraw.Draw(pictures[0]).line([(30, 20), (70, 20), (45, 80)], fill="black", width=7)
    >>> ImageDraw.Draw(pictures[1]).regular_polygon((50, 50, 40), 3, fill="black")
    >>> detector.predict(DigitImageTransformer().transform(pictures))  # -1: unfamiliar
    array([ 1, -1])
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 - scikit-learn's own form
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "false_alarm_rate": [Interval(Real, 0, 1, closed="neither")],
    }

    def __init__(self, n_neighbors: int = 10, *, false_alarm_rate: float = 0.01) -> None:
        self.n_neighbors = n_neighbors
        self.false_alarm_rate = false_alarm_rate

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn what digits look like, and which score is rare among them.

        Parameters
        ----------
        X : array-like of shape (n_samples, 784)
            The reference: digits of 28 x 28 pixels, such as those that a classifier was trained on.
            The time grows with the square of their number; some thousands are enough.

        y : Ignored
            Exists for pipelines.

        Returns
        -------
        UnfamiliarDigitDetector
            The fitted detector.
        """
        X = self._check(X, reset=True)
        if len(X) < self.n_neighbors + 2:
            raise ValueError(
                f"n_neighbors={self.n_neighbors} needs at least {self.n_neighbors + 2} images, "
                f"got {len(X)}."
            )
        self._reference = edge_directions(X)
        distances, neighbors = self._nearest(self._reference, leave_out_itself=True)
        self._spread = np.maximum(distances, _SHORTEST)
        scores = self._scores(distances, neighbors)
        self.offset_ = float(np.quantile(scores, self.false_alarm_rate))
        return self

    def score_samples(self, X: Any) -> npt.NDArray[np.float64]:
        """Return how much each image is like the digits of the reference.

        Parameters
        ----------
        X : array-like of shape (n_samples, 784)
            Images as in `fit`. The unit may be another: only ratios between pixels count.

        Returns
        -------
        ndarray of shape (n_samples,)
            Negative numbers; the smaller, the less familiar.
        """
        check_is_fitted(self)
        features = edge_directions(self._check(X, reset=False))
        return self._scores(*self._nearest(features, leave_out_itself=False))

    def decision_function(self, X: Any) -> npt.NDArray[np.float64]:
        """Return the scores shifted so that unfamiliar images have negative ones.

        Parameters
        ----------
        X : array-like of shape (n_samples, 784)
            Images as in `fit`.

        Returns
        -------
        ndarray of shape (n_samples,)
            `score_samples(X) - offset_`.
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> npt.NDArray[np.int64]:
        """Tell unfamiliar images.

        Parameters
        ----------
        X : array-like of shape (n_samples, 784)
            Images as in `fit`.

        Returns
        -------
        ndarray of shape (n_samples,), dtype=int64
            -1 for unfamiliar images, 1 for all others, as scikit-learn's outlier detectors.
        """
        return np.where(self.decision_function(X) < 0, -1, 1).astype(np.int64)

    def _check(self, X: Any, *, reset: bool) -> npt.NDArray[Any]:
        X = validate_data(self, X, reset=reset, dtype="numeric")
        if X.shape[1] != _N_PIXELS:
            raise ValueError(
                f"X has {X.shape[1]} features. Images of {SIDE} x {SIDE} pixels have {_N_PIXELS}."
            )
        return np.asarray(X)

    def _nearest(
        self, features: Features, *, leave_out_itself: bool
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.intp]]:
        """Return root mean square distances to the nearest images of the reference, and these."""
        distances = np.empty(len(features))
        neighbors = np.empty((len(features), self.n_neighbors), dtype=np.intp)
        for start in range(0, len(features), _CHUNK_ROWS):
            rows = np.arange(start, min(start + _CHUNK_ROWS, len(features)))
            # Vectors of length one: the larger the product, the smaller the distance.
            products = features[rows] @ self._reference.T
            if leave_out_itself:
                products[rows - start, rows] = -np.inf
            nearest = np.argpartition(products, -self.n_neighbors, axis=1)
            neighbors[rows] = nearest[:, -self.n_neighbors :]
            mean = np.take_along_axis(products, neighbors[rows], axis=1).mean(
                axis=1, dtype=np.float64
            )
            distances[rows] = np.sqrt(np.maximum(2 - 2 * mean, 0))
        return distances, neighbors

    def _scores(
        self, distances: npt.NDArray[np.float64], neighbors: npt.NDArray[np.intp]
    ) -> npt.NDArray[np.float64]:
        return np.asarray(-distances / np.sqrt(self._spread[neighbors].mean(axis=1)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags
