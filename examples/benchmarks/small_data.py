"""Group "small": cross-validation on small data, where overhead dominates."""

from __future__ import annotations

import contestants
import numpy as np
from contestants import OURS
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
    """Make sk_mnist with its defaults, or `MLPClassifier` with the same batch size and epochs.

    Both use the default layers of sk_mnist unless the item names others.
    """
    from sklearn.neural_network import MLPClassifier

    from sk_mnist import KerasMLPClassifier

    epochs = job.settings.small_epochs
    defaults = KerasMLPClassifier()
    hidden = (128, 64) if job.item.endswith("(128, 64)") else defaults.hidden_layer_sizes
    if contestants.library(job.item) == OURS:
        return KerasMLPClassifier(hidden, epochs=epochs, random_state=job.round)
    return MLPClassifier(
        hidden,
        batch_size=defaults.batch_size,
        max_iter=epochs,
        random_state=job.round,
    )
