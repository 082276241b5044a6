"""UnfamiliarDigitDetector: which pictures are unlike all digits that one knows."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

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

    n_neighbors_ : int
        The number of digits to compare with, as at the time of `fit`.

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
        self._fit(X)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def fit_predict(self, X: Any, y: Any = None, **kwargs: Any) -> npt.NDArray[np.int64]:
        """Learn from digits, and tell the unfamiliar ones among them, each without itself.

        Parameters
        ----------
        X : array-like of shape (n_samples, 784)
            The reference, as in `fit`.

        y : Ignored
            Exists for pipelines.

        **kwargs : Ignored
            Exists for scikit-learn's outlier detectors.

        Returns
        -------
        ndarray of shape (n_samples,), dtype=int64
            -1 for unfamiliar digits, 1 for all others. About `false_alarm_rate` of them are -1.
            `predict` of the same digits would find each of them in the reference.
        """
        return _labels(self._fit(X) - self.offset_)

    def _fit(self, X: Any) -> npt.NDArray[np.float64]:
        """Set the fitted attributes, and return the scores of X, each row without itself."""
        pixels = check_array(X, dtype="numeric", estimator=self)
        _check_n_features(pixels)
        if len(pixels) < self.n_neighbors + 2:
            raise ValueError(
                f"n_neighbors={self.n_neighbors} needs at least {self.n_neighbors + 2} images, "
                f"got {len(pixels)}."
            )
        reference = edge_directions(pixels)
        distances, neighbors = _nearest(
            reference, reference, self.n_neighbors, leave_out_itself=True
        )
        spread = np.maximum(distances, _SHORTEST)
        scores = _scores(distances, spread[neighbors])
        # Not before: a fit that fails leaves the detector as it was.
        validate_data(self, X, skip_check_array=True)
        self.n_neighbors_ = int(self.n_neighbors)
        self._reference, self._spread = reference, spread
        self.offset_ = float(np.quantile(scores, self.false_alarm_rate))
        return scores

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
        check_is_fitted(self, "offset_")
        pixels = np.asarray(validate_data(self, X, reset=False, dtype="numeric"))
        distances, neighbors = _nearest(
            edge_directions(pixels), self._reference, self.n_neighbors_, leave_out_itself=False
        )
        return _scores(distances, self._spread[neighbors])

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
        return _labels(self.decision_function(X))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags


def _check_n_features(X: npt.NDArray[Any]) -> None:
    if X.shape[1] != _N_PIXELS:
        raise ValueError(
            f"X has {X.shape[1]} features. Images of {SIDE} x {SIDE} pixels have {_N_PIXELS}."
        )


def _nearest(
    features: Features, reference: Features, n_neighbors: int, *, leave_out_itself: bool
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """Return root mean square distances to the nearest images of the reference, and these."""
    distances = np.empty(len(features))
    neighbors = np.empty((len(features), n_neighbors), dtype=np.intp)
    for start in range(0, len(features), _CHUNK_ROWS):
        rows = np.arange(start, min(start + _CHUNK_ROWS, len(features)))
        # Vectors of length one: the larger the product, the smaller the distance.
        products = features[rows] @ reference.T
        if leave_out_itself:
            products[rows - start, rows] = -np.inf
        nearest = np.argpartition(products, -n_neighbors, axis=1)
        neighbors[rows] = nearest[:, -n_neighbors:]
        mean = np.take_along_axis(products, neighbors[rows], axis=1).mean(axis=1, dtype=np.float64)
        distances[rows] = np.sqrt(np.maximum(2 - 2 * mean, 0))
    return distances, neighbors


def _scores(
    distances: npt.NDArray[np.float64], spread_of_neighbors: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    return np.asarray(-distances / np.sqrt(spread_of_neighbors.mean(axis=1)))


def _labels(decision: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return -1 unless the decision is at least 0: a score that is NaN is not familiar."""
    return np.where(decision >= 0, 1, -1).astype(np.int64)
