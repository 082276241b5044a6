"""Fitted classifiers as Keras models."""

from __future__ import annotations

from typing import Any

from sklearn.utils.validation import check_is_fitted

from sk_mnist.network import keras_model
from sk_mnist.network.input_limit import limit_of
from sk_mnist.network.spec import NetworkSpec
from sk_mnist.training.optimizers import make_optimizer


def to_keras(estimator: Any) -> Any:
    """Build the Keras model of a fitted classifier, compiled to be evaluated or trained further.

    Parameters
    ----------
    estimator : KerasMLPClassifier
        Fitted.

    Returns
    -------
    keras.Sequential
        With the optimizer (at the start of its learning rate), the loss and the accuracy. It takes
        X as it is. Targets are class numbers, the positions in `classes_`, and zeros and ones for
        multi-label problems. There is no label smoothing for several classes: the loss is that of
        Keras's `SparseCategoricalCrossentropy`.
    """
    check_is_fitted(estimator)
    spec = NetworkSpec(
        layer_sizes=(len(estimator.coefs_[0]), *(len(b) for b in estimator.intercepts_)),
        activation=estimator._activation,
        out_activation=estimator.out_activation_,
        dtype=estimator.coefs_[0].dtype.name,
    )
    layers = zip(estimator.coefs_, estimator.intercepts_, strict=True)
    return keras_model.build_compiled(
        spec,
        [weight for layer in layers for weight in layer],
        estimator.dropout_,
        make_optimizer(estimator),
        estimator.label_smoothing,
        limit_of(estimator),
    )
