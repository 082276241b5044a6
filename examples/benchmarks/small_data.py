"""Group "small": cross-validation on small data, where overhead dominates."""

from __future__ import annotations

import contestants
import numpy as np
from contestants import BATCH_SIZE, OURS
from jobs import Job, Row
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_validate


def measure(job: Job) -> list[Row]:
    """Time the fits of a 5-fold cross-validation on scikit-learn's 8 x 8 digits."""
    contestants.load(job.item)
    X, y = load_digits(return_X_y=True)
    result = cross_validate(_model(job), X, y, cv=5, error_score="raise")
    seconds = result["fit_time"]
    accuracy = float(np.mean(result["test_score"]))
    return [
        job.row("first fit", seconds[0], "s", accuracy=accuracy),
        job.row("median of later fits", np.median(seconds[1:]), "s", accuracy=accuracy),
        job.row("slowest later fit", seconds[1:].max(), "s", accuracy=accuracy),
    ]


def _model(job: Job) -> object:
    """Make sk_mnist, or `MLPClassifier` with the same layers, batch size and epochs."""
    from sklearn.neural_network import MLPClassifier

    from sk_mnist import KerasMLPClassifier

    epochs = job.settings.small_epochs
    hidden = (128, 64) if job.item.endswith("(128, 64)") else (512, 256)
    if contestants.library(job.item) == OURS:
        return KerasMLPClassifier(
            hidden,
            epochs=epochs,
            batch_size=BATCH_SIZE,
            dropout=0,
            label_smoothing=0,
            random_state=job.round,
        )
    return MLPClassifier(
        hidden,
        batch_size=BATCH_SIZE,
        max_iter=epochs,
        random_state=job.round,
    )
