"""Fitted classifiers in the forms of other libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sk_mnist.network import NetworkSpec

if TYPE_CHECKING:
    from sk_mnist.classifier import KerasMLPClassifier


def compiled_keras_model(estimator: KerasMLPClassifier) -> Any:
    """Build the Keras model of a fitted classifier, compiled as its `fit` trains.

    Parameters
    ----------
    estimator : KerasMLPClassifier
        Fitted.

    Returns
    -------
    keras.Sequential
        With the optimizer (at the start of its learning rate), the loss and the accuracy. It takes
        X as it is; the targets are one-hot for several classes, else zeros and ones.
    """
    import keras

    from sk_mnist.engine import make_optimizer

    spec = NetworkSpec(
        layer_sizes=(len(estimator.coefs_[0]), *(len(b) for b in estimator.intercepts_)),
        activation=estimator._activation,
        out_activation=estimator.out_activation_,
        dtype=estimator.coefs_[0].dtype.name,
    )
    layers = zip(estimator.coefs_, estimator.intercepts_, strict=True)
    model = spec.to_keras([w for layer in layers for w in layer], estimator.dropout)
    loss = (
        keras.losses.CategoricalCrossentropy
        if estimator.out_activation_ == "softmax"
        else keras.losses.BinaryCrossentropy
    )
    optimizer = make_optimizer(estimator.optimizer)
    optimizer.learning_rate = estimator.learning_rate
    model.compile(optimizer, loss(label_smoothing=estimator.label_smoothing), metrics=["accuracy"])
    return model
