"""Activations of the hidden layers: what exists, by which names, and what each computes.

Engines and exports that need code of their own (kernels, TensorFlow, ONNX) take names and constants
from here, and one suite of tests holds them to the functions here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from scipy.special import expit, ndtr

from sk_mnist._utils.typing import FloatArray

ActivationName: TypeAlias = Literal[
    "elu", "gelu", "identity", "leaky_relu", "logistic", "relu", "selu", "silu", "tanh"
]

LEAKY_RELU_SLOPE = float(np.float32(0.2))
"""Keras's default, which it has in float32 whatever the dtype of the network."""

# Constants of Klambauer et al., "Self-normalizing neural networks", 2017.
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


@dataclass(frozen=True)
class Activation:
    """An activation of hidden layers.

    Attributes
    ----------
    apply : callable
        Maps an array of logits to the outputs; may overwrite its argument.
    keras_name : str
        Its name in Keras.
    in_sklearn : bool
        Whether `sklearn.neural_network.MLPClassifier` has it, by the same name.
    """

    apply: Callable[[FloatArray], FloatArray]
    keras_name: str
    in_sklearn: bool = False


def _relu(z: FloatArray) -> FloatArray:
    return np.maximum(z, 0, out=z)


def _leaky_relu(z: FloatArray) -> FloatArray:
    return np.maximum(z, z * z.dtype.type(LEAKY_RELU_SLOPE), out=z)


def _elu(z: FloatArray) -> FloatArray:
    return np.asarray(np.where(z > 0, z, np.expm1(np.minimum(z, 0))))


def _selu(z: FloatArray) -> FloatArray:
    below = SELU_ALPHA * np.expm1(np.minimum(z, 0))
    return np.where(z > 0, z, below) * z.dtype.type(SELU_SCALE)


def _silu(z: FloatArray) -> FloatArray:
    return np.asarray(z * expit(z))


def _gelu(z: FloatArray) -> FloatArray:
    return np.asarray(z * ndtr(z))


def _identity(z: FloatArray) -> FloatArray:
    return z


def _logistic(z: FloatArray) -> FloatArray:
    return np.asarray(expit(z, out=z))


def _tanh(z: FloatArray) -> FloatArray:
    return np.asarray(np.tanh(z, out=z))


ACTIVATIONS: dict[str, Activation] = {
    "elu": Activation(_elu, "elu"),
    "gelu": Activation(_gelu, "gelu"),
    "identity": Activation(_identity, "linear", in_sklearn=True),
    "leaky_relu": Activation(_leaky_relu, "leaky_relu"),
    "logistic": Activation(_logistic, "sigmoid", in_sklearn=True),
    "relu": Activation(_relu, "relu", in_sklearn=True),
    "selu": Activation(_selu, "selu"),
    "silu": Activation(_silu, "silu"),
    "tanh": Activation(_tanh, "tanh", in_sklearn=True),
}
"""All activations by the name that the estimator takes: scikit-learn's or else Keras's."""


KERAS_OUTPUTS = {"logistic": "sigmoid", "softmax": "softmax"}
"""Keras's names of the activations of the output layer."""
