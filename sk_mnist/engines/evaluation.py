"""Measuring a network by the validation rows in NumPy, for engines without code of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sk_mnist._utils.typing import FloatArray
from sk_mnist.data.input_scaling import InputScaling
from sk_mnist.data.training_data import TrainingData
from sk_mnist.engines.base import Totals
from sk_mnist.network import forward
from sk_mnist.network.loss import cross_entropy, is_correct
from sk_mnist.network.spec import NetworkSpec


def logits(
    X: Any, scaling: InputScaling, weights: Sequence[FloatArray], spec: NetworkSpec
) -> FloatArray:
    """Compute the logits of a network in training.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_rows, n_features)
        Inputs, not scaled.
    scaling : InputScaling
        Applied to X.
    weights : sequence of ndarray
        For scaled inputs, in natural shape.
    spec : NetworkSpec
        The network.

    Returns
    -------
    ndarray of shape (n_rows, n_outputs)
    """
    folded = [*scaling.fold(weights[0], weights[1]), *weights[2:]]
    return forward.logits(X, folded[::2], folded[1::2], spec.activation)


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
        z = logits(self._X, self._scaling, weights, self._spec)
        losses = cross_entropy(z, self._labels, self._spec.out_activation)
        correct = is_correct(z, self._labels, self._spec.out_activation)
        weight = self._row_weight
        return Totals(
            np.multiply(losses, weight).sum(), np.multiply(correct, weight).sum(), weight.sum()
        )
