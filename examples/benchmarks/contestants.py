"""The contestants: the same network in different libraries, with a common interface.

All use ReLU layers, Adam with a constant learning rate of 0.001, batches of 128 and shuffled rows,
without dropout, weight penalty or validation. Importing this module does not import the libraries.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from typing import Any, Self

import numpy as np

OURS = "sk_mnist"
OURS_BYTES = "sk_mnist (uint8)"
OURS_DENSE = "sk_mnist (dense input)"
OURS_NEW = "sk_mnist (kernels not cached)"
KERAS = "keras.Model.fit"
KERAS_WRAPPER = "keras.wrappers.SKLearnClassifier"
SCIKERAS = "SciKeras"
MLP = "MLPClassifier"
SKORCH = "skorch"
TORCH = "PyTorch"

LEARNING_RATE = 0.001
BATCH_SIZE = 128

# Everything that a fit imports, so that imports are not timed as part of it. The first component of
# each name is the package that has to be installed.
_MODULES = {
    OURS: ("sk_mnist.classifier", "sk_mnist.training.fit", "sk_mnist.training.callbacks"),
    KERAS: ("keras",),
    KERAS_WRAPPER: ("keras.wrappers", "sklearn.pipeline", "sklearn.preprocessing"),
    SCIKERAS: ("scikeras.wrappers",),
    MLP: ("sklearn.neural_network",),
    # PyTorch imports torch._dynamo with the first optimizer, which takes seconds.
    SKORCH: ("torch", "torch._dynamo", "skorch"),
    TORCH: ("torch", "torch._dynamo"),
}


@dataclass(frozen=True)
class Network:
    """Network to train: hidden layers, number of epochs and seed."""

    hidden: tuple[int, ...]
    epochs: int
    seed: int


def library(item: str) -> str:
    """Return the contestant of an item such as "sk_mnist (uint8)"."""
    return next((name for name in (OURS, MLP) if item.startswith(name)), item)


def dtype_of(item: str) -> str:
    """Return the dtype of the data for an item."""
    return "uint8" if item == OURS_BYTES else "float32"


def missing_package(item: str) -> str | None:
    """Return the names of missing packages, None if the item can run."""
    packages = {module.partition(".")[0] for module in _MODULES.get(library(item), ())}
    missing = sorted(name for name in packages if importlib.util.find_spec(name) is None)
    return ", ".join(missing) or None


def load(item: str) -> None:
    """Import everything that an item needs."""
    if item == OURS_NEW:  # an empty cache, as after installation
        os.environ["NUMBA_CACHE_DIR"] = tempfile.mkdtemp()
    for module in _MODULES[library(item)]:
        import_module(module)


def make(item: str, network: Network) -> Any:
    """Make an unfitted model with `fit`, `predict` and (except Keras's wrapper) `predict_proba`."""
    makers = {
        OURS: _ours,
        KERAS: KerasModel,
        KERAS_WRAPPER: _keras_wrapper,
        SCIKERAS: scikeras_classifier,
        MLP: mlp_classifier,
        SKORCH: skorch_classifier,
        TORCH: TorchModel,
    }
    return makers[library(item)](network)


def _ours(network: Network) -> Any:
    from sk_mnist import KerasMLPClassifier

    return KerasMLPClassifier(
        network.hidden,
        learning_rate=LEARNING_RATE,
        learning_rate_schedule="constant",
        epochs=network.epochs,
        batch_size=BATCH_SIZE,
        input_scaling="rms",
        dropout=0,
        label_smoothing=0,
        random_state=network.seed,
    )


def mlp_classifier(network: Network) -> Any:
    """Make scikit-learn's network, which never stops early here."""
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier(
        network.hidden,
        alpha=0,
        batch_size=BATCH_SIZE,
        learning_rate_init=LEARNING_RATE,
        max_iter=network.epochs,
        tol=0,
        n_iter_no_change=network.epochs,
        random_state=network.seed,
    )


def keras_layers(hidden: tuple[int, ...], n_features: int = 784) -> Any:
    """Make an uncompiled `keras.Sequential` of dense layers."""
    import keras

    layers = [keras.layers.Dense(units, activation="relu") for units in hidden]
    output = keras.layers.Dense(10, activation="softmax")
    return keras.Sequential([keras.Input((n_features,)), *layers, output])


def _compiled(network: Network, loss: str) -> Any:
    import keras

    model = keras_layers(network.hidden)
    model.compile(keras.optimizers.Adam(LEARNING_RATE), loss)
    return model


class KerasModel:
    """`keras.Model.fit` as in its documentation, but without metrics, which cost time."""

    def __init__(self, network: Network) -> None:
        self.network = network

    def fit(self, X: np.ndarray, y: np.ndarray) -> Self:
        """Build, compile and train."""
        import keras

        keras.utils.set_random_seed(self.network.seed)
        self.model = _compiled(self.network, "sparse_categorical_crossentropy")
        self.model.fit(X, y, epochs=self.network.epochs, batch_size=BATCH_SIZE, verbose=0)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities from `keras.Model.predict`."""
        return self.model.predict(X, verbose=0)

    def call(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities from a direct call, which Keras recommends for few rows."""
        return self.model(X, training=False).numpy()

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return labels."""
        return self.predict_proba(X).argmax(axis=1)


def _keras_wrapper(network: Network) -> Any:
    import keras

    def build(X: np.ndarray, y: np.ndarray) -> Any:
        keras.utils.set_random_seed(network.seed)
        return _compiled(network, "categorical_crossentropy")  # the wrapper one-hot encodes y

    options = {"epochs": network.epochs, "batch_size": BATCH_SIZE, "verbose": 0}
    return keras.wrappers.SKLearnClassifier(model=build, fit_kwargs=options)


def scikeras_classifier(network: Network) -> Any:
    """Make an unmodified SciKeras classifier.

    Since scikit-learn 1.6 it is no longer recognized as a classifier, because it lacks
    `__sklearn_tags__`. It works when called directly, and in a search with explicit folds.
    """
    import keras
    from scikeras.wrappers import KerasClassifier

    # Its random_state would make TensorFlow deterministic and slower.
    keras.utils.set_random_seed(network.seed)
    return KerasClassifier(
        model=keras_layers,
        hidden=network.hidden,
        optimizer="adam",
        optimizer__learning_rate=LEARNING_RATE,
        loss="sparse_categorical_crossentropy",
        epochs=network.epochs,
        batch_size=BATCH_SIZE,
        verbose=0,
    )


def torch_layers(hidden: tuple[int, ...], n_features: int = 784) -> Any:
    """Make a `torch.nn.Sequential` that returns logits."""
    from torch import nn

    sizes = (n_features, *hidden)
    layers = [module for a, b in pairwise(sizes) for module in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], 10))


def skorch_classifier(network: Network) -> Any:
    """Make a skorch classifier without output and validation split."""
    import torch
    from skorch import NeuralNetClassifier

    torch.manual_seed(network.seed)
    return NeuralNetClassifier(
        torch_layers,
        module__hidden=network.hidden,
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=LEARNING_RATE,
        max_epochs=network.epochs,
        batch_size=BATCH_SIZE,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )


class TorchModel:
    """PyTorch with a custom loop: one permutation per epoch, batches by indexing, fused Adam."""

    def __init__(self, network: Network) -> None:
        self.network = network

    def fit(self, X: np.ndarray, y: np.ndarray) -> Self:
        """Build and train."""
        import torch

        torch.manual_seed(self.network.seed)
        self.model = torch_layers(self.network.hidden)
        optimizer = torch.optim.Adam(self.model.parameters(), LEARNING_RATE, fused=True)
        inputs, labels = torch.from_numpy(X), torch.from_numpy(y)
        for _ in range(self.network.epochs):
            for rows in torch.randperm(len(inputs)).split(BATCH_SIZE):
                optimizer.zero_grad()
                logits = self.model(inputs[rows])
                torch.nn.functional.cross_entropy(logits, labels[rows]).backward()
                optimizer.step()
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities."""
        import torch

        with torch.inference_mode():
            return self.model(torch.from_numpy(X)).softmax(dim=1).numpy()

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return labels."""
        return self.predict_proba(X).argmax(axis=1)
