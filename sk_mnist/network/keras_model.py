"""The view of a network as a Keras model; Keras is imported by the functions that need it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sk_mnist._utils.fork import refuse_tensorflow_after_fork
from sk_mnist._utils.optional_imports import import_keras
from sk_mnist._utils.typing import FloatArray
from sk_mnist.network.activations import ACTIVATIONS, KERAS_OUTPUTS
from sk_mnist.network.input_limit import LIMIT, InputLimit
from sk_mnist.network.spec import NetworkSpec


def build(
    spec: NetworkSpec,
    weights: Sequence[FloatArray],
    dropout: float,
    limit: InputLimit | None = None,
) -> Any:
    """Build the `keras.Sequential` that computes the same as these weights.

    Parameters
    ----------
    spec : NetworkSpec
        The network.
    weights : sequence of ndarray
        Of the shapes `spec.weight_shapes`, for inputs that are not scaled but by the limit.
    dropout : float
        Rate of the Dropout layers after the hidden layers; at zero there are none.
    limit : InputLimit or None
        Applied before the first layer.

    Returns
    -------
    keras.Sequential
        Not compiled.
    """
    keras = import_keras()
    if keras.backend.backend() == "tensorflow":
        refuse_tensorflow_after_fork()
    model = keras.Sequential(name="KerasMLPClassifier")
    model.add(keras.Input((spec.layer_sizes[0],), dtype=spec.dtype))
    if limit is not None:
        model.add(keras.layers.Rescaling(1.0, -limit.offset, dtype=spec.dtype))
        model.add(keras.layers.Rescaling(1 / (LIMIT * limit.scale), dtype=spec.dtype))
        model.add(keras.layers.Activation("tanh", dtype=spec.dtype))
        model.add(keras.layers.Rescaling(LIMIT, dtype=spec.dtype))
    activation = ACTIVATIONS[spec.activation].keras_name
    for units in spec.layer_sizes[1:-1]:
        model.add(keras.layers.Dense(units, activation=activation, dtype=spec.dtype))
        if dropout:
            model.add(keras.layers.Dropout(dropout, dtype=spec.dtype))
    out_activation = KERAS_OUTPUTS[spec.out_activation]
    model.add(keras.layers.Dense(spec.layer_sizes[-1], activation=out_activation, dtype=spec.dtype))
    model.set_weights(list(weights))
    return model


def build_compiled(
    spec: NetworkSpec,
    weights: Sequence[FloatArray],
    dropout: float,
    optimizer: Any,
    label_smoothing: float,
    limit: InputLimit | None = None,
) -> Any:
    """Build the Keras model of a network, compiled as it is trained.

    Parameters
    ----------
    spec, weights, dropout, limit
        As in `build`.
    optimizer : keras.optimizers.Optimizer
        An optimizer that no other model has.
    label_smoothing : float
        Share of the target of a logistic output that is spread evenly. Keras's loss of class
        numbers has none.

    Returns
    -------
    keras.Sequential
        With the optimizer, the loss and the accuracy. It takes X as it is. Targets are the numbers
        of the classes, and zeros and ones for logistic outputs.
    """
    keras = import_keras()
    model = build(spec, weights, dropout, limit)
    loss = (
        keras.losses.SparseCategoricalCrossentropy()
        if spec.out_activation == "softmax"
        else keras.losses.BinaryCrossentropy(label_smoothing=label_smoothing)
    )
    # Otherwise Keras warns, when it loads the model, that the optimizer's variables are missing.
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, loss, metrics=["accuracy"])
    return model
