"""What has to be settled before TensorFlow trains: Keras's backend and the number of threads."""

from __future__ import annotations

import keras
import tensorflow as tf

from sk_mnist._utils.optional_imports import NATIVE_TRAINING
from sk_mnist._utils.threads import granted_threads


def require_tensorflow_backend() -> None:
    """Refuse Keras's other backends, whose variables and optimizers TensorFlow cannot compile."""
    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise RuntimeError(
            f"Training needs Keras's TensorFlow backend, and Keras has been set to {backend!r}. "
            "Set KERAS_BACKEND=tensorflow, or unset it, before Keras is first imported. "
            f"{NATIVE_TRAINING}. Fitted classifiers predict without Keras."
        )


def limit_threads() -> None:
    """Give TensorFlow no more threads than the environment grants to numerical libraries.

    This has to happen before TensorFlow's first operation; afterwards its threads exist already,
    and whoever started them has decided.
    """
    granted = granted_threads()
    if granted and tf.config.threading.get_intra_op_parallelism_threads() == 0:
        try:
            tf.config.threading.set_intra_op_parallelism_threads(granted)
        except RuntimeError:  # documented: TensorFlow is running already
            return
