"""Group "options": cost of options per epoch, and efficiency relative to matrix products."""

from __future__ import annotations

from statistics import median
from typing import Any

import contestants
import numpy as np
from contestants import OURS, Network
from epoch_clock import EpochClock
from jobs import Job, Row, timed

HIDDEN = (512, 512)
PLAIN = "plain"
DENSE = "dense input"
EARLY_STOPPING = "early_stopping=True"
VALIDATION_FRACTION = 0.1
VARIANTS: dict[str, dict[str, Any]] = {
    PLAIN: {},
    DENSE: {},
    "dropout=0.2": {"dropout": 0.2},
    "alpha=1e-4": {"alpha": 1e-4},
    "sample_weight": {},
    'class_weight="balanced"': {"class_weight": "balanced"},
    EARLY_STOPPING: {
        "early_stopping": True,
        "validation_fraction": VALIDATION_FRACTION,
        "n_iter_no_change": 100,
    },
}


def measure(job: Job) -> list[Row]:
    """Time epochs with alternating options, and matrix products before each repetition."""
    contestants.load(OURS)
    X, y = job.digits("train", "float32")
    weight = np.random.default_rng(job.round).uniform(0.5, 1.5, len(y))
    rows = []
    for repeat in range(-1, job.settings.repeats):  # the first is a warm-up
        number = job.round * job.settings.repeats + repeat
        rate = matrix_rate(job.settings.matrix_size)
        measured = [job.row("matrix products", rate, "GFLOP/s", contestant="NumPy", round=number)]
        network = Network(HIDDEN, 1 if repeat < 0 else job.settings.steady_epochs, number + 1)
        for name, options in VARIANTS.items():
            fit_weight = weight if name == "sample_weight" else None
            inputs = np.maximum(X, 1 / 255) if name == DENSE else X
            seconds = _epoch_seconds(network, options, (inputs, y, fit_weight))
            measured.append(job.row("epoch", seconds, "s", contestant=name, round=number))
        rows += measured if repeat >= 0 else []
    return rows


def _epoch_seconds(network: Network, options: dict[str, Any], data: tuple[Any, ...]) -> float:
    """Return the median time per epoch of a fit."""
    clock = EpochClock()
    model = contestants.make(OURS, network).set_params(**options).set_callbacks(clock)
    model.fit(*data)
    return median(clock.seconds)


def matrix_rate(size: int, repeats: int = 5) -> float:
    """Return the median rate of NumPy's float32 matrix products, in GFLOP/s."""
    rng = np.random.default_rng(0)
    a, b = rng.random((2, size, size), dtype=np.float32)
    product = np.empty_like(a)
    seconds = [timed(lambda: np.matmul(a, b, out=product))[0] for _ in range(repeats)]
    return 2 * size**3 / median(seconds) / 1e9
