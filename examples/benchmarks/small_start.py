"""Measure what the small start of the weights changes, on data that are not for testing.

Networks with the defaults start from small weights where samples and features are many
(`sk_mnist.training.defaults.starts_small`). This compares both starts on 10,000 training digits of
MNIST, after training on the other 50,000, and on a third of diamonds, a table of few features.

Run with ``python -m pip install -e ".[benchmark]" && python examples/benchmarks/small_start.py``;
takes about 3 minutes on 2 cores. ``--quick`` trains on few rows.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any
from unittest import mock

import numpy as np
import tables_data
from sklearn.metrics import log_loss

from sk_mnist import KerasMLPClassifier, fetch_mnist, load_mnist_sample


def main(arguments: Sequence[str] | None = None) -> None:
    """Train with both starts on both sets of data, and print the means over the seeds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args(arguments)
    for name, (X, y), n_train in _data(quick=options.quick):
        for small in (False, True):
            scores = [_score(X, y, n_train, seed, small=small) for seed in range(options.seeds)]
            accuracy, loss = np.mean(scores, axis=0)
            start = "small" if small else "Glorot"
            print(f"{name:9} {start:7} accuracy {accuracy:.4f}  log loss {loss:.4f}", flush=True)


def _data(*, quick: bool) -> list[tuple[str, tuple[Any, Any], int]]:
    """Return the name of each set of data, the data, and how many rows to train on."""
    if quick:
        return [("digits", load_mnist_sample(return_X_y=True), 500)]
    (diamonds,) = (table for table in tables_data.TABLES if table.name == "diamonds")
    X, y = tables_data.load(diamonds)
    return [
        ("MNIST", fetch_mnist(subset="train", return_X_y=True), 50_000),
        ("diamonds", (X.astype(np.float32), y), 2 * len(X) // 3),
    ]


def _score(X: Any, y: Any, n_train: int, seed: int, *, small: bool) -> tuple[float, float]:
    with mock.patch("sk_mnist.training.fit.starts_small", return_value=small):
        clf = KerasMLPClassifier(random_state=seed).fit(X[:n_train], y[:n_train])
    X_test, y_test = X[n_train:], y[n_train:]
    return clf.score(X_test, y_test), log_loss(y_test, clf.predict_proba(X_test))


if __name__ == "__main__":
    main()
