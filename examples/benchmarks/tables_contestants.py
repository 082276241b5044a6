"""The classifiers of the benchmark on tables, all with their defaults but for scaled inputs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

OURS = "sk_mnist"
SCALED_MLP = "scaler + MLPClassifier"
REALMLP = "RealMLP"


@dataclass(frozen=True)
class Contestant:
    """A classifier of the benchmark.

    Attributes
    ----------
    make : callable
        Makes a new classifier from the number of training rows and a seed.
    package : str
        The package that it needs.
    """

    make: Callable[[int, int], Any]
    package: str = "sklearn"

    @property
    def is_installed(self) -> bool:
        """Whether the package is there."""
        return find_spec(self.package) is not None


def _ours(n_rows: int, seed: int, **parameters: Any) -> Any:
    from sk_mnist import KerasMLPClassifier

    return KerasMLPClassifier(random_state=seed, **parameters)


def _realmlp(n_rows: int, seed: int) -> Any:
    from pytabkit import RealMLP_TD_Classifier

    return RealMLP_TD_Classifier(device="cpu", random_state=seed)


def _skorch(n_rows: int, seed: int) -> Any:
    import torch
    from skorch import NeuralNetClassifier

    from sk_mnist import KerasMLPClassifier
    from sk_mnist.training.defaults import resolve

    ours = resolve(KerasMLPClassifier(), np.empty((n_rows, 1)), streaming=False)

    class Network(torch.nn.Sequential):
        """The layers that sk_mnist has."""

        def __init__(self, n_features: int = 1, n_classes: int = 2) -> None:
            layers: list[torch.nn.Module] = []
            for n_units in ours.hidden_layer_sizes:
                layers += [torch.nn.Linear(n_features, n_units), torch.nn.ReLU()]
                layers.append(torch.nn.Dropout(ours.dropout))
                n_features = n_units
            super().__init__(*layers, torch.nn.Linear(n_features, n_classes))

    class Classifier(NeuralNetClassifier):
        """Learns the numbers of inputs and outputs from the data."""

        def fit(self, X: Any, y: Any, **parameters: Any) -> Any:
            sizes = {"n_features": X.shape[1], "n_classes": len(np.unique(y))}
            self.set_params(**{f"module__{name}": size for name, size in sizes.items()})
            torch.manual_seed(seed)
            return super().fit(X.astype(np.float32), y.astype(np.int64), **parameters)

        def predict_proba(self, X: Any) -> Any:
            p = np.asarray(super().predict_proba(X.astype(np.float32)), dtype=np.float64)
            return p / p.sum(axis=1, keepdims=True)

    return make_pipeline(
        StandardScaler(),
        Classifier(
            Network,
            criterion=torch.nn.CrossEntropyLoss,
            optimizer=torch.optim.Adam,
            lr=0.001,
            max_epochs=ours.epochs,
            batch_size=ours.batch_size,
            train_split=None,
            iterator_train__shuffle=True,
            verbose=0,
        ),
    )


CONTESTANTS = {
    OURS: Contestant(_ours, "sk_mnist"),
    REALMLP: Contestant(_realmlp, "pytabkit"),
    "random forest": Contestant(lambda n, seed: RandomForestClassifier(random_state=seed)),
    "HistGradientBoosting": Contestant(
        lambda n, seed: HistGradientBoostingClassifier(random_state=seed)
    ),
    SCALED_MLP: Contestant(
        lambda n, seed: make_pipeline(StandardScaler(), MLPClassifier(random_state=seed))
    ),
    "scaler + logistic regression": Contestant(
        lambda n, seed: make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    ),
    "scaler + skorch": Contestant(_skorch, "skorch"),
    "MLPClassifier": Contestant(lambda n, seed: MLPClassifier(random_state=seed)),
}

# One change of the default recipe at a time.
CHANGES: dict[str, dict[str, Any]] = {
    'input_scaling="standard"': {"input_scaling": "standard"},
    'input_scaling="rms"': {"input_scaling": "rms"},
    "dropout=0": {"dropout": 0.0},
    "dropout=0.4": {"dropout": 0.4},
    "label_smoothing=0": {"label_smoothing": 0.0},
    "label_smoothing=0.1": {"label_smoothing": 0.1},
    "hidden_layer_sizes=(100,)": {"hidden_layer_sizes": (100,)},
    "hidden_layer_sizes=(512, 256)": {"hidden_layer_sizes": (512, 256)},
    "batch_size=128": {"batch_size": 128},
    "epochs=10": {"epochs": 10},
    "learning_rate=0.0005": {"learning_rate": 0.0005},
    "learning_rate=0.005": {"learning_rate": 0.005},
    'learning_rate_schedule="constant"': {"learning_rate_schedule": "constant"},
}

ABLATION = {
    name: Contestant(functools.partial(_ours, **change), "sk_mnist")
    for name, change in CHANGES.items()
}


def installed(names: Sequence[str]) -> dict[str, Contestant]:
    """Return those of the contestants whose packages are there."""
    every = CONTESTANTS | ABLATION
    return {name: every[name] for name in names if every[name].is_installed}
