"""Preparation before the measurements: the digits, and models to load."""

from __future__ import annotations

from pathlib import Path

import contestants
import joblib
import numpy as np
from contestants import KERAS, MLP, OURS, Network
from jobs import Job, Row
from settings import ENVIRONMENTS

HIDDEN = (128, 64)
MODEL_FILES = {OURS: "sk_mnist.joblib", MLP: "mlp.joblib", KERAS: "model.keras"}


def measure(job: Job) -> list[Row]:
    """Save the digits or a contestant's model in the workspace, or compile for an environment."""
    directory = Path(job.workspace)
    if job.item == "digits":
        save_digits(job, directory)
        fill_kernel_cache()
    elif job.item in ENVIRONMENTS:  # the process has these variables
        fill_kernel_cache()
    else:
        save_model(job, directory)
    return []


def save_digits(job: Job, directory: Path) -> None:
    """Save the digits as arrays, so that loading them takes no extra memory."""
    for subset, (X, y) in _digits(job).items():
        np.save(directory / f"{subset}_uint8.npy", X)
        np.save(directory / f"{subset}_float32.npy", X.astype(np.float32) / 255)
        np.save(directory / f"{subset}_y.npy", y.astype(np.int64))


def _digits(job: Job) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    from sk_mnist import fetch_mnist, load_mnist_sample

    n_train, n_test = job.settings.n_train, job.settings.n_test
    if job.settings.data == "sample":
        X, y = load_mnist_sample(return_X_y=True)
        order = np.random.default_rng(0).permutation(len(X))
        train, test = order[:n_train], order[n_train : n_train + n_test]
        return {"train": (X[train], y[train]), "test": (X[test], y[test])}
    sizes = {"train": n_train, "test": n_test}
    return {
        subset: tuple(array[:n_rows] for array in fetch_mnist(subset=subset, return_X_y=True))
        for subset, n_rows in sizes.items()
    }


def fill_kernel_cache() -> None:
    """Compile the kernels into the cache on disk, as the first fits after installation do."""
    from sk_mnist.cli import main

    main(["compile"])


def save_model(job: Job, directory: Path) -> None:
    """Save a contestant trained for one epoch, and a row to predict."""
    X, y = job.digits("train", "float32")
    np.save(directory / "row.npy", X[:1])
    model = contestants.make(job.item, Network(HIDDEN, epochs=1, seed=0)).fit(X[:6000], y[:6000])
    path = directory / MODEL_FILES[job.item]
    if job.item == KERAS:
        model.model.save(path)
    else:
        joblib.dump(model, path)
