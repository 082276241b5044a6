"""The data of one fit, after all checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sk_mnist.data.input_scaling import InputScaling


@dataclass(frozen=True)
class TrainingData:
    """What a network is trained on and validated by.

    Attributes
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Inputs as the user gave them, not scaled.
    labels : ndarray of shape (n_samples,), int32, or of shape (n_samples, n_outputs), uint8
        Class numbers for a softmax output, 0 or 1 for logistic outputs.
    row_weight : ndarray of shape (n_samples,), float64
        Weight of each row in the loss, in units of `weight_unit`.
    scaling : InputScaling
        Applied to X on its way into the network.
    train_rows : ndarray of int
        Rows to train on.
    validation_rows : ndarray of int or None
        Rows held out for early stopping; None trains all epochs.
    validation_weight : ndarray of shape (n_validation_rows,), float64, or None
        Weight of each held-out row in the validation score, in an arbitrary unit.
    weight_unit : float
        What a row weight of one stands for.
    """

    X: Any
    labels: npt.NDArray[Any]
    row_weight: npt.NDArray[np.float64]
    scaling: InputScaling
    train_rows: npt.NDArray[np.intp]
    validation_rows: npt.NDArray[np.intp] | None = None
    validation_weight: npt.NDArray[np.float64] | None = None
    weight_unit: float = 1.0
