"""Callbacks for `fit`, by scikit-learn's protocol: give them to `set_callbacks`."""

from sk_mnist.callbacks.checkpoint import Checkpoint

__all__ = ["Checkpoint"]
