"""Dropout masks as TensorFlow operations: `sk_mnist.network.dropout.keep_mask` in a graph.

A counter-based hash rather than a random-number generator: XLA fuses whatever makes the mask into
its consumers and computes it again and again, which makes the generator of `keras.layers.Dropout`
up to 25 times slower than the rest of the step.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf

from sk_mnist.network.dropout import MAX_LAYERS, MULTIPLIERS, SHIFTS


def keep_mask(shape: Any, dropout: Any, seed: Any, step: Any, layer: int) -> Any:
    """Draw which elements dropout keeps.

    Parameters
    ----------
    shape : (int, int)
        Shape of the mask.
    dropout : scalar tensor
        Probability that an element is dropped.
    seed : scalar uint32 tensor
        Seed of the epoch.
    step : scalar int32 tensor
        Number of the step in the epoch.
    layer : int
        Number of the layer.

    Returns
    -------
    bool tensor of that shape
        True with probability ``1 - dropout``.
    """
    key = _hash(tf.cast(step, "uint32") * np.uint32(MAX_LAYERS) + np.uint32(layer))
    key = _hash(key ^ seed)
    index = tf.reshape(tf.range(math.prod(shape), dtype="int32"), shape)
    # Two rounds: index ^ key takes the same values for every key, only in another order.
    bits = _hash(_hash(tf.cast(index, "uint32") ^ key) + key)
    # The upper 24 bits are exact as a float of any dtype.
    uniform = tf.cast(tf.bitwise.right_shift(bits, np.uint32(8)), dropout.dtype)
    return uniform >= dropout * 2**24


def _hash(x: Any) -> Any:
    for shift, multiplier in zip(SHIFTS, MULTIPLIERS, strict=False):
        x = (x ^ tf.bitwise.right_shift(x, np.uint32(shift))) * np.uint32(multiplier)
    return x ^ tf.bitwise.right_shift(x, np.uint32(SHIFTS[-1]))
