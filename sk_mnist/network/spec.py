"""What a network is: its layers, its initial weights, and its view as a Keras model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from sk_mnist.network.forward import FloatArray

KERAS_ACTIVATIONS = {"identity": "linear", "logistic": "sigmoid"}
"""Names that Keras spells differently from scikit-learn; all others are the same."""


OPTIMIZERS = (
    "adadelta",
    "adagrad",
    "adam",
    "adamax",
    "adamw",
    "ftrl",
    "lamb",
    "lion",
    "nadam",
    "rmsprop",
    "sgd",
)
"""Names of the Keras optimizers that train a network."""


@dataclass(frozen=True)
class NetworkSpec:
    """The shape of a dense network.

    Attributes
    ----------
    layer_sizes : tuple of int
        Number of inputs, units of each hidden layer, number of outputs.
    activation : str
        Activation of the hidden layers, a key of `sk_mnist.network.forward.ACTIVATIONS`.
    out_activation : {"softmax", "logistic"}
        Activation of the output layer.
    dtype : {"float32", "float64"}
        Number type of weights and computations.
    """

    layer_sizes: tuple[int, ...]
    activation: str
    out_activation: str
    dtype: str

    @property
    def n_hidden_layers(self) -> int:
        """Number of hidden layers, which may be zero."""
        return len(self.layer_sizes) - 2

    def initial_weights(self, random_state: np.random.RandomState) -> list[FloatArray]:
        """Draw weights to start from: ``[coef, intercept, coef, intercept, ...]``.

        Weights are uniform after Glorot & Bengio [1]_, as in Keras; biases are zero. A network
        without hidden layers is a logistic regression, whose loss is convex: it starts at zero
        rather than having to unlearn a random start.

        References
        ----------
        .. [1] X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward
           neural networks", AISTATS 2010.
        """
        weights: list[FloatArray] = []
        for n_inputs, n_units in pairwise(self.layer_sizes):
            limit = np.sqrt(6 / (n_inputs + n_units)) if self.n_hidden_layers else 0.0
            coef = random_state.uniform(-limit, limit, (n_inputs, n_units))
            weights += [coef.astype(self.dtype), np.zeros(n_units, self.dtype)]
        return weights

    def to_keras(self, weights: Sequence[FloatArray], dropout: float) -> Any:
        """Build the `keras.Sequential` that computes the same as these weights.

        Parameters
        ----------
        weights : sequence of ndarray
            Weights and biases in the order of `initial_weights`, for unscaled inputs.
        dropout : float
            Rate of the Dropout layers after the hidden layers; none where it is zero.

        Returns
        -------
        keras.Sequential
            Not compiled.
        """
        import keras

        model = keras.Sequential(name="KerasMLPClassifier")
        model.add(keras.Input((self.layer_sizes[0],), dtype=self.dtype))
        activation = KERAS_ACTIVATIONS.get(self.activation, self.activation)
        for units in self.layer_sizes[1:-1]:
            model.add(keras.layers.Dense(units, activation=activation, dtype=self.dtype))
            if dropout:
                model.add(keras.layers.Dropout(dropout, dtype=self.dtype))
        out_activation = KERAS_ACTIVATIONS.get(self.out_activation, self.out_activation)
        model.add(
            keras.layers.Dense(self.layer_sizes[-1], activation=out_activation, dtype=self.dtype)
        )
        model.set_weights(list(weights))
        return model


def turned(weights: Sequence[Any]) -> list[Any]:
    """Transpose the matrices among the weights, from `NetworkSpec`'s shapes to the trainers'.

    The same leads back.
    """
    return [np.asarray(weight).T for weight in weights]
