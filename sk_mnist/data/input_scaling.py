"""Input scaling, learned from the training set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from sk_mnist._utils.typing import FloatArray
from sk_mnist.data import statistics
from sk_mnist.data.statistics import FeatureArray, RowWeight

ScalingMethod: TypeAlias = Literal["robust", "rms", "standard"]

# In features that are zero in at least this share of the rows, "robust" takes zero for a value of
# its own, such as paper or an absent category.
_ZERO_SHARE = 0.1

# The interquartile range of a normal distribution, in standard deviations.
_NORMAL_IQR = 1.349


@dataclass(frozen=True)
class InputScaling:
    """The map ``x -> (x - offset) / scale`` between the data and the first layer.

    Attributes
    ----------
    offset, scale : ndarray of shape (n_features,) or (1,), float64
        Of length one where all features share the number. The scale is never zero: a constant
        feature has scale one.
    """

    offset: FeatureArray
    scale: FeatureArray

    @classmethod
    def from_data(
        cls, X: Any, sample_weight: RowWeight, method: ScalingMethod | None
    ) -> InputScaling:
        """Learn the map from training data.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n_samples, n_features)
            The training data.
        sample_weight : ndarray of shape (n_samples,)
            The weight of each row in the statistics.
        method : {"robust", "rms", "standard"} or None
            "rms" divides all features by one number, the root mean square of X. "standard"
            subtracts the mean of each feature and divides by its standard deviation. "robust"
            subtracts the median and divides by the interquartile range, in units that make this
            the standard deviation of normally distributed data; features that are often zero
            keep their zeros, and are divided by half the root mean square of their other values;
            for bytes, such as pixels, it is "rms". None leaves X as it is.

        Returns
        -------
        InputScaling
        """
        # A scale of its own would enlarge the noise of pixels that are hardly ever inked.
        if method == "rms" or (method == "robust" and X.dtype == np.uint8):
            rms = statistics.root_mean_square(X, sample_weight) or 1.0
            return cls(np.zeros(1), np.full(1, rms))
        if method == "standard":
            return cls(*_mean_and_deviation(X, sample_weight))
        if method == "robust":
            return cls(*_median_and_range(X, sample_weight))
        return cls(np.zeros(1), np.ones(1))

    def fold(self, coef: FloatArray, intercept: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return first-layer weights that take the data as they are."""
        folded = coef / self.scale[:, None]
        intercept = intercept - self._offset_output(folded)
        return folded.astype(coef.dtype), intercept.astype(coef.dtype)

    def unfold(self, coef: FloatArray, intercept: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return first-layer weights that take scaled data: the inverse of `fold`."""
        unfolded = coef * self.scale[:, None]
        intercept = intercept + self._offset_output(coef)
        return unfolded.astype(coef.dtype), intercept.astype(coef.dtype)

    def _offset_output(self, coef: FloatArray) -> FeatureArray:
        """Return the layer's output for the offset, in float64, as large offsets cancel here."""
        return np.asarray(np.broadcast_to(self.offset, len(coef)) @ coef.astype(np.float64))


def _mean_and_deviation(X: Any, sample_weight: RowWeight) -> tuple[FeatureArray, FeatureArray]:
    mean = statistics.mean(X, sample_weight)
    deviation = statistics.deviation(X, sample_weight, mean)
    # Rounding alone can give a constant feature a tiny deviation.
    rounding = X.shape[0] * np.finfo(np.float64).eps * np.abs(mean)
    return mean, np.where(deviation > rounding, deviation, 1.0)


def _median_and_range(X: Any, sample_weight: RowWeight) -> tuple[FeatureArray, FeatureArray]:
    zero_share, rms = statistics.zero_share_and_rms(X, sample_weight)
    offset, scale = np.zeros(X.shape[1]), rms / 2
    rarely_zero = np.flatnonzero(zero_share < _ZERO_SHARE)
    if len(rarely_zero):
        low, median, high = statistics.quartiles(X, sample_weight, rarely_zero)
        offset[rarely_zero], scale[rarely_zero] = median, (high - low) / _NORMAL_IQR
    discrete = rarely_zero[scale[rarely_zero] == 0]  # half of the rows share one value
    if len(discrete):
        center = offset[discrete]
        scale[discrete] = statistics.deviation(X[:, discrete], sample_weight, center)
    return offset, np.where(scale > 0, scale, 1.0)
