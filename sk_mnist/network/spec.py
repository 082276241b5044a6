"""The shape of a network."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

OutActivation: TypeAlias = Literal["softmax", "logistic"]


@dataclass(frozen=True)
class NetworkSpec:
    """The shape of a dense network.

    Attributes
    ----------
    layer_sizes : tuple of int
        Number of inputs, units of each hidden layer, number of outputs.
    activation : str
        Activation of the hidden layers, a key of `sk_mnist.network.activations.ACTIVATIONS`.
    out_activation : {"softmax", "logistic"}
        Activation of the output layer.
    dtype : {"float32", "float64"}
        Data type of weights and computations.
    """

    layer_sizes: tuple[int, ...]
    activation: str
    out_activation: OutActivation
    dtype: str

    @property
    def n_hidden_layers(self) -> int:
        """Number of hidden layers, which may be zero."""
        return len(self.layer_sizes) - 2

    @property
    def weight_shapes(self) -> list[tuple[int, ...]]:
        """Shapes of the weights: ``(n_inputs, n_units), (n_units,)`` for each layer."""
        pairs = pairwise(self.layer_sizes)
        return [shape for n_inputs, n_units in pairs for shape in ((n_inputs, n_units), (n_units,))]
