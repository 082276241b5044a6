"""How far a dense network gets on MNIST, one measure on top of the other.

A rung is five networks of different seeds: their mean accuracy, and that of the mean of their
probabilities. They train on 50,000 of the training digits and are scored on the 10,000 others; with
``--test``, for one last look, they train on all 60,000 and are scored on the test digits. It takes
about 10 minutes on 2 cores; ``--quick`` trains two networks on 500 digits.
"""

import argparse

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from sk_mnist import KerasMLPClassifier, fetch_mnist, load_mnist_sample


def bent(images, seed):
    """Bend images a little, each its own way: Simard, Steinkraus and Platt (2003)."""
    noise = 2 * np.random.default_rng(seed).random((2, *images.shape), "float32") - 1
    down, right = 34 * gaussian_filter(noise, (0, 0, 4, 4))
    number, row, column = np.indices(images.shape, dtype="float32")
    return map_coordinates(images, [number, row + down, column + right], order=1)


MOVES = [(step, axis) for step in (-1, 1) for axis in (1, 2)]
RUNGS = {
    "the defaults": (0.0, lambda X: [X]),
    "with label_smoothing=0.1": (0.1, lambda X: [X]),
    "and 4 shifted copies": (0.1, lambda X: [X, *(np.roll(X, *move) for move in MOVES)]),
    "or 9 bent copies": (0.1, lambda X: [X, *map(bent, [X] * 9, range(9))]),
}


def main() -> None:
    """Climb the ladder and print it as a Markdown table."""
    parser = argparse.ArgumentParser()
    for name in ("--test", "--quick"):
        parser.add_argument(name, action="store_true")
    options = parser.parse_args()
    if options.quick:
        X, y = (array[::5] for array in load_mnist_sample(return_X_y=True))  # sorted by digit
        train, test, seeds = slice(0, None, 2), slice(1, None, 2), range(2)
    else:
        X, y = fetch_mnist(return_X_y=True)
        n = 60_000 if options.test else 50_000
        train, test, seeds = slice(n), slice(n, n + 10_000), range(5)
    print("| networks | mean of one | all together |\n| --- | --- | --- |")
    for name, (smoothing, copies) in RUNGS.items():
        X_train = np.reshape(copies(X[train].reshape(-1, 28, 28)), (-1, 784))
        y_train = np.resize(y[train], len(X_train))
        clfs = [KerasMLPClassifier(label_smoothing=smoothing, random_state=s) for s in seeds]
        outputs = [clf.fit(X_train, y_train).predict_proba(X[test]) for clf in clfs]
        correct = [p.argmax(axis=1) == y[test] for p in (*outputs, sum(outputs))]
        *each, together = 100 * np.mean(correct, axis=1)
        print(f"| {name} | {np.mean(each):.2f} % | {together:.2f} % |", flush=True)


if __name__ == "__main__":
    main()
