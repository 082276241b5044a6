"""Fitted classifiers in the forms of other libraries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sk_mnist.inference import FloatArray
from sk_mnist.network import NetworkSpec

if TYPE_CHECKING:
    from sk_mnist.classifier import KerasMLPClassifier


def to_keras(estimator: KerasMLPClassifier) -> Any:
    """Build the Keras model of a fitted classifier, compiled as its `fit` trains.

    Parameters
    ----------
    estimator : KerasMLPClassifier
        Fitted.

    Returns
    -------
    keras.Sequential
        As `compiled_keras_model` makes it.
    """
    return compiled_keras_model(estimator, fitted_spec(estimator), fitted_weights(estimator))


def fitted_spec(estimator: KerasMLPClassifier) -> NetworkSpec:
    """Return the shape of a fitted network."""
    return NetworkSpec(
        layer_sizes=(len(estimator.coefs_[0]), *(len(b) for b in estimator.intercepts_)),
        activation=estimator._activation,
        out_activation=estimator.out_activation_,
        dtype=estimator.coefs_[0].dtype.name,
    )


def fitted_weights(estimator: KerasMLPClassifier) -> list[FloatArray]:
    """Return the weights of a fitted network in the order of `NetworkSpec.initial_weights`."""
    layers = zip(estimator.coefs_, estimator.intercepts_, strict=True)
    return [weight for layer in layers for weight in layer]


def compiled_keras_model(
    estimator: KerasMLPClassifier, spec: NetworkSpec, weights: Sequence[FloatArray]
) -> Any:
    """Build the Keras model of a network, compiled as the classifier's `fit` trains.

    Parameters
    ----------
    estimator : KerasMLPClassifier
        Its parameters say how it is trained.
    spec : NetworkSpec
        The network.
    weights : sequence of ndarray
        For unscaled inputs.

    Returns
    -------
    keras.Sequential
        With the optimizer (at the start of its learning rate), the loss and the accuracy. It takes
        X as it is; the targets are one-hot for several classes, else zeros and ones.
    """
    import keras

    from sk_mnist import optimizers

    model = spec.to_keras(weights, estimator.dropout)
    loss = (
        keras.losses.CategoricalCrossentropy
        if spec.out_activation == "softmax"
        else keras.losses.BinaryCrossentropy
    )
    optimizer = optimizers.choose(estimator.optimizer).make()
    optimizer.learning_rate = optimizers.learning_rate_of(estimator)
    model.compile(optimizer, loss(label_smoothing=estimator.label_smoothing), metrics=["accuracy"])
    return model
