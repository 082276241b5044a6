"""Print hashes of trained weights and of probabilities, to compare two versions of the package.

Every line is one fit: what was asked for, then a hash of the weights and one of the probabilities.
Run it before and after a change that must not change results, on one machine, and compare::

    python tests/network_hashes.py > before.txt
    python tests/network_hashes.py > after.txt
    diff before.txt after.txt
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.datasets import load_digits

from sk_mnist import KerasMLPClassifier, load_mnist_sample

BASE: dict[str, Any] = {"hidden_layer_sizes": (70, 33), "epochs": 3, "random_state": 0}
EVERYTHING: dict[str, Any] = {
    "dropout": 0.2,
    "alpha": 0.01,
    "label_smoothing": 0.1,
    "class_weight": "balanced",
    "early_stopping": True,
    "learning_rate_schedule": "cosine",
}
KERNELS: dict[str, dict[str, Any]] = {
    "adam": {},
    "adam leaky_relu": {"activation": "leaky_relu"},
    "adam identity": {"activation": "identity"},
    "adam everything": EVERYTHING,
    "adam standard": {"input_scaling": "standard", "early_stopping": True},
    "adam unscaled": {"input_scaling": None},
    "adam no hidden layer": {"hidden_layer_sizes": ()},
    "adam wide": {"hidden_layer_sizes": (300, 256, 130), "batch_size": 100},
    "adam small batches": {"batch_size": 7, "epochs": 1},
}
TENSORFLOW: dict[str, dict[str, Any]] = {
    "sgd": {"optimizer": "sgd", "engine": "tensorflow"},
    "tanh": {"activation": "tanh", "engine": "tensorflow"},
    "gelu everything": {"activation": "gelu", "engine": "tensorflow", **EVERYTHING},
    "nadam": {"optimizer": "nadam"},
    "nadam standard": {"optimizer": "nadam", "input_scaling": "standard"},
}
ACTIVATIONS = ("elu", "logistic", "selu", "silu")


def digest(arrays: list[Any]) -> str:
    """Return a short hash of types, shapes and bits."""
    sha = hashlib.sha256()
    for array in arrays:
        array = np.ascontiguousarray(array)
        sha.update(f"{array.dtype.str}{array.shape}".encode())
        sha.update(array.tobytes())
    return sha.hexdigest()[:16]


def inputs() -> dict[str, Any]:
    """Return the same digits in the types and containers that fit takes."""
    X = load_mnist_sample(return_X_y=True)[0][::5]
    dense = X + (np.arange(X.shape[1]) % 7 + 1)  # nothing is zero
    return {
        "uint8": X,
        "float32": (X / 255).astype("f4"),
        "float64": X / 255,
        "float32 without zeros": dense.astype("f4"),
        "float64 without zeros": dense / 300,
        "sparse float32": sparse.csr_array((X / 255).astype("f4")),
        "sparse float64": sparse.csr_matrix(X / 255),
    }


def fits() -> Iterator[tuple[str, KerasMLPClassifier, Any]]:
    """Yield a name, a fitted classifier, and the samples to predict."""
    y = load_mnist_sample(return_X_y=True)[1][::5]
    weight = np.random.default_rng(0).integers(0, 4, len(y)) / 2
    for kind, X in inputs().items():
        for name, options in {**KERNELS, **TENSORFLOW}.items():
            clf = KerasMLPClassifier(**{**BASE, **options})
            yield f"{name}, {kind}", clf.fit(X, y), X
            if name in ("adam everything", "gelu everything"):
                yield f"{name}, weighted, {kind}", clf.fit(X, y, weight), X
    X = inputs()["float32"]
    for activation in ACTIVATIONS:
        clf = KerasMLPClassifier(**BASE, activation=activation)
        yield activation, clf.fit(X, y), X
    for optimizer in ("adam", "sgd", "nadam"):
        yield from other_fits(optimizer)


def other_fits(optimizer: str) -> Iterator[tuple[str, KerasMLPClassifier, Any]]:
    """Yield fits that go on, and fits to other kinds of targets."""
    X, y = load_digits(return_X_y=True)
    make = lambda **options: KerasMLPClassifier(**{**BASE, "optimizer": optimizer, **options})  # noqa: E731
    warm = make(warm_start=True, dropout=0.1).fit(X, y).set_params(epochs=5)
    yield f"{optimizer}, warm start", warm.fit(X, y), X
    streamed = make()
    for start in range(0, 1500, 500):
        rows = slice(start, start + 500)
        streamed.partial_fit(X[rows], y[rows], classes=np.arange(10))
    yield f"{optimizer}, partial_fit", streamed, X
    yield f"{optimizer}, binary", make().fit(X, y > 4), X
    labels = np.stack([y > 4, y % 2], axis=1).astype(int)
    yield f"{optimizer}, multi-label", make(dropout=0.3).fit(X, labels), X
    yield f"{optimizer}, strings", make(early_stopping=True).fit(X, y.astype(str)), X


def large_predictions() -> Iterator[tuple[str, Any]]:
    """Yield probabilities of many rows, which kernels compute."""
    X, y = load_mnist_sample(return_X_y=True)
    for kind, data in {"uint8": X, "float32": (X / 255).astype("f4"), "float64": X / 255}.items():
        clf = KerasMLPClassifier((300, 100), epochs=1, random_state=0).fit(data, y)
        yield kind, clf.predict_proba(data)


def main() -> None:
    """Print a line for each fit and each large prediction."""
    warnings.simplefilter("ignore")
    for name, clf, X in fits():
        weights = digest([*clf.coefs_, *clf.intercepts_])
        curves = digest([np.array(values) for values in clf.history_.values()])
        few, many = (digest([clf.predict_proba(X[:n])]) for n in (3, X.shape[0]))
        print(f"{name:45} {weights} {curves} {few} {many}", flush=True)
    for name, probabilities in large_predictions():
        print(f"predictions of 5,000 rows, {name:18} {digest([probabilities])}", flush=True)


if __name__ == "__main__":
    main()
