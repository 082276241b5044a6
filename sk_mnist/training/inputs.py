"""How X enters the network in training: scaled and, by "robust" scaling, limited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from sk_mnist.data.input_scaling import InputScaling, ScalingMethod
from sk_mnist.network.input_limit import InputLimit

_IDENTITY = InputScaling(np.zeros(1), np.ones(1))


@dataclass(frozen=True)
class InputTransform:
    """The statistics of the training data, and what they are used for.

    Attributes
    ----------
    statistics : InputScaling
        What was learned from the training data.
    limited : bool
        Whether scaled inputs are limited. Bytes are not: they have no outliers.
    """

    statistics: InputScaling
    limited: bool

    @classmethod
    def from_data(
        cls, X: Any, row_weight: npt.NDArray[np.float64], method: ScalingMethod | None
    ) -> InputTransform:
        """Learn the statistics."""
        limited = method == "robust" and X.dtype != np.uint8
        return cls(InputScaling.from_data(X, row_weight, method), limited)

    @classmethod
    def from_estimator(cls, estimator: Any) -> InputTransform:
        """Return what a fitted estimator has learned."""
        statistics = InputScaling(estimator.input_offset_, estimator.input_scale_)
        return cls(statistics, estimator.input_limit_ is not None)

    @property
    def limit(self) -> InputLimit | None:
        """The limit of the inputs, which the network has in front of its first layer."""
        if not self.limited:
            return None
        return InputLimit(self.statistics.offset, self.statistics.scale)

    @property
    def folded(self) -> InputScaling:
        """The scaling that is folded into the first layer."""
        return _IDENTITY if self.limited else self.statistics

    def for_engine(self, X: Any, dtype: str) -> tuple[Any, InputScaling]:
        """Return the data that an engine trains on, and the scaling that it applies.

        A limit is applied here, once, and not in each epoch: engines only know linear scaling.
        """
        limit = self.limit
        if limit is None:
            return X, self.statistics
        scaling = _IDENTITY
        if sparse.issparse(X):  # see InputLimit
            scaling = InputScaling(-limit.at_zero("float64").astype(np.float64), np.ones(1))
        return limit(X, dtype), scaling
