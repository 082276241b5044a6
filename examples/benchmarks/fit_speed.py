"""How much faster a fit is than `keras.Model.fit` on the same network, in one process.

All of MNIST, hidden layers (128, 64), Adam 0.001 constant, no dropout, 10 epochs, batches of 128;
imports and loading of the data are not counted, compilation is. Contestants take turns, so that a
machine whose speed drifts is the same for both.

Run with ``python examples/benchmarks/fit_speed.py``; about 2 minutes on 2 cores.
"""

import argparse
import time
from collections.abc import Callable

import keras
import numpy as np

from sk_mnist import KerasMLPClassifier, fetch_mnist
from sk_mnist import fitting as _  # noqa: F401 - imports are not counted, so do them all now

HIDDEN = (128, 64)


def fit_keras(X: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Train with `keras.Model.fit` and return a function that predicts labels."""
    layers = [keras.layers.Dense(units, activation="relu") for units in HIDDEN]
    model = keras.Sequential(
        [keras.Input((784,)), *layers, keras.layers.Dense(10, activation="softmax")]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, keras.utils.to_categorical(y, 10), epochs=10, batch_size=128, verbose=0)
    return lambda X_test: model.predict(X_test, verbose=0).argmax(axis=1)


def fit_ours(X: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Train with `KerasMLPClassifier` and return a function that predicts labels."""
    classifier = KerasMLPClassifier(
        HIDDEN, learning_rate=0.001, learning_rate_schedule="constant", random_state=0
    )
    return classifier.fit(X, y).predict


def main() -> None:
    """Time the contestants in turn and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    X_train, y_train = fetch_mnist(subset="train", return_X_y=True)
    X_test, y_test = fetch_mnist(subset="test", return_X_y=True)
    # Keras gets what it is fastest with, unit-scale float32; we take the bytes as they are.
    X_train_float, X_test_float = (X.astype(np.float32) / 255 for X in (X_train, X_test))
    contestants = {
        "keras": (fit_keras, X_train_float, X_test_float),
        "sk_mnist": (fit_ours, X_train, X_test),
    }
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for round_number in range(1, rounds + 1):
        for name, (fit, X, X_held_out) in contestants.items():
            start = time.perf_counter()
            predict = fit(X, y_train)
            seconds[name].append(time.perf_counter() - start)
            accuracy = np.mean(predict(X_held_out) == y_test)
            print(
                f"fit {round_number}: {name:9} {seconds[name][-1]:6.2f} s   "
                f"test accuracy {accuracy:.4f}",
                flush=True,
            )
    ratios = np.divide(seconds["keras"], seconds["sk_mnist"])
    print(f"first fit: {ratios[0]:.1f} times as fast as keras.Model.fit")
    print(f"later fits (median): {np.median(ratios[1:]):.1f} times as fast")


if __name__ == "__main__":
    main()
