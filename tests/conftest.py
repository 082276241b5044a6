"""What several test modules share: quiet TensorFlow, and a small problem with a small network."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pytest
from sklearn.datasets import load_digits

from sk_mnist import KerasMLPClassifier


@pytest.fixture(scope="session")
def digits():
    """Return 500 digits of 64 pixels from 0 to 16, float32, and their labels."""
    X, y = load_digits(return_X_y=True)
    return X[:500].astype(np.float32), y[:500]


@pytest.fixture(scope="session")
def small():
    """Return a factory of classifiers that train in a blink and share compiled programs."""

    def make(**params):
        defaults = {"hidden_layer_sizes": (16,), "epochs": 3, "batch_size": 32, "random_state": 0}
        return KerasMLPClassifier(**{**defaults, **params})

    return make
