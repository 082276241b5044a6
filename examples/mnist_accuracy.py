"""Accuracy, log loss and calibration on MNIST's test digits: the defaults and plain networks.

The plain networks follow the notebook from which this package originated: ReLU layers, Adam with a
constant learning rate of 0.001, one scale for all pixels, neither dropout nor label smoothing. Run
with ``python examples/mnist_accuracy.py``; five seeds take about 3 minutes on 2 cores.
"""

import argparse
import time

import numpy as np
from sklearn.metrics import log_loss

from sk_mnist import KerasMLPClassifier, expected_calibration_error, fetch_mnist

PLAIN = {
    "learning_rate": 0.001,
    "learning_rate_schedule": "constant",
    "input_scaling": "rms",
    "dropout": 0,
    "label_smoothing": 0,
}
CONFIGURATIONS = {
    "defaults": {},
    "plain, hidden (512,)": {"hidden_layer_sizes": (512,), **PLAIN},
    "plain, hidden (128, 64)": {"hidden_layer_sizes": (128, 64), **PLAIN},
    "plain, hidden (512, 512)": {"hidden_layer_sizes": (512, 512), **PLAIN},
}


def main() -> None:
    """Fit each configuration once per seed and print the accuracies."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    seeds = range(parser.parse_args().seeds)
    X_train, y_train = fetch_mnist(subset="train", return_X_y=True)
    X_test, y_test = fetch_mnist(subset="test", return_X_y=True)
    for name, parameters in CONFIGURATIONS.items():
        start = time.perf_counter()
        probabilities = [
            KerasMLPClassifier(random_state=seed, **parameters)
            .fit(X_train, y_train)
            .predict_proba(X_test)
            for seed in seeds
        ]
        seconds = (time.perf_counter() - start) / len(seeds)
        accuracies = [np.mean(p.argmax(axis=1) == y_test) for p in probabilities]
        losses = [log_loss(y_test, p) for p in probabilities]
        errors = [expected_calibration_error(y_test, p) for p in probabilities]
        print(
            f"{name:25} mean {np.mean(accuracies):.4f}  worst {min(accuracies):.4f}  "
            f"log loss {np.mean(losses):.4f}  calibration error {np.mean(errors):.4f}  "
            f"{seconds:.1f} s per fit",
            flush=True,
        )


if __name__ == "__main__":
    main()
