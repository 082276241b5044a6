"""Train out of core with ``partial_fit``: 10 passes over a file in chunks of 1,000 rows.

Prints the test accuracy after each pass.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from sk_mnist import KerasMLPClassifier, fetch_mnist, load_mnist_sample

CHUNK = 1_000


def main() -> None:
    """Write the digits to a file, memory-map it, and train on its chunks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--passes", type=int, default=10)
    parser.add_argument("--sample", action="store_true", help="use 5,000 digits instead of MNIST")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        if options.sample:
            X, y = load_mnist_sample(return_X_y=True)
            (X_test, y_test), (X, y) = (X[:1000], y[:1000]), (X[1000:], y[1000:])
        else:
            X, y = fetch_mnist(subset="train", return_X_y=True)
            X_test, y_test = fetch_mnist(subset="test", return_X_y=True)
        path = Path(folder, "digits.npy")
        np.save(path, X)
        del X
        rows = np.load(path, mmap_mode="r")

        clf = KerasMLPClassifier(learning_rate=0.001, random_state=0)
        starts = np.arange(0, len(rows), CHUNK)
        rng = np.random.default_rng(0)
        for number in range(1, options.passes + 1):
            # Only the rows of the chunk are read; partial_fit shuffles them.
            for start in rng.permutation(starts):
                chunk = slice(start, start + CHUNK)
                clf.partial_fit(rows[chunk], y[chunk], classes=np.arange(10))
            # partial_fit keeps the learning rate constant, so decrease it between passes.
            clf.set_params(learning_rate=0.001 * (1 - number / options.passes) or 1e-6)
            print(f"pass {number}: test accuracy {clf.score(X_test, y_test):.4f}", flush=True)


if __name__ == "__main__":
    main()
