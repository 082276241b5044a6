"""Cross-entropy and accuracy of a batch, as TensorFlow operations with Keras's losses."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from sk_mnist.network.spec import OutActivation


def cross_entropy(
    logits: Any, labels: Any, out_activation: OutActivation, label_smoothing: Any
) -> Any:
    """Return the cross-entropy of each row, for independent outputs summed over the outputs."""
    if out_activation == "softmax":
        n_classes = logits.shape[1]
        targets = tf.one_hot(labels, n_classes, dtype=logits.dtype)
        targets = targets * (1 - label_smoothing) + label_smoothing / n_classes
        return keras.ops.categorical_crossentropy(targets, logits, from_logits=True)
    targets = tf.cast(labels, logits.dtype) * (1 - label_smoothing) + label_smoothing / 2
    losses = keras.ops.binary_crossentropy(targets, logits, from_logits=True)
    return tf.reduce_sum(losses, axis=1)


def is_correct(logits: Any, labels: Any, out_activation: OutActivation) -> Any:
    """Return which rows are predicted correctly, all outputs of a row together."""
    if out_activation == "softmax":
        return tf.argmax(logits, axis=1, output_type=labels.dtype) == labels
    return tf.reduce_all((logits > 0) == (labels > 0), axis=1)
