"""Measuring a network by the validation rows in NumPy, for engines without code of their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sk_mnist._utils.typing import FloatArray
from sk_mnist.data.training_data import TrainingData
from sk_mnist.engines.base import Totals
from sk_mnist.network import forward
from sk_mnist.network.loss import cross_entropy, is_correct
from sk_mnist.network.spec import NetworkSpec


class NumpyEvaluator:
    """Measures networks by the validation rows.

    Parameters
    ----------
    spec : NetworkSpec
        The network.
    data : TrainingData
        With validation rows, which are copied.
    """

    def __init__(self, spec: NetworkSpec, data: TrainingData) -> None:
        rows, row_weight = data.validation_rows, data.validation_weight
        if rows is None or row_weight is None:
            raise ValueError("the data have no validation rows")
        self._spec = spec
        self._scaling = data.scaling
        self._X, self._labels = data.X[rows], data.labels[rows]
        self._row_weight = row_weight

    def __call__(self, weights: Sequence[FloatArray]) -> Totals:
        """Return the totals of weights for scaled inputs, in natural shape."""
        weights = list(weights)
        weights[:2] = self._scaling.fold(weights[0], weights[1])
        z = forward.logits(self._X, weights[::2], weights[1::2], self._spec.activation)
        losses = cross_entropy(z, self._labels, self._spec.out_activation)
        correct = is_correct(z, self._labels, self._spec.out_activation)
        weight = self._row_weight
        return Totals(
            np.multiply(losses, weight).sum(), np.multiply(correct, weight).sum(), weight.sum()
        )
