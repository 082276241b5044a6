"""Group "predict": probabilities of one row and of many rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import contestants
import numpy as np
from contestants import KERAS, Network
from jobs import Job, Row, timed

ARCHITECTURES = ((128, 64), (512, 512))
PREDICT_NAME = "keras.Model.predict"
CALL_NAME = "keras.Model.__call__"
_MAX_CALLS = 2000
_TRAINING_ROWS = 6000


def measure(job: Job) -> list[Row]:
    """Time the predictions of networks trained for one epoch."""
    contestants.load(job.item)
    X, y = (array[:_TRAINING_ROWS] for array in job.digits("train", "float32"))
    X_test, _ = job.digits("test", "float32")
    rows = []
    for hidden in ARCHITECTURES:
        model = contestants.make(job.item, Network(hidden, 1, seed=job.round)).fit(X, y)
        functions = {job.item: model.predict_proba}
        if job.item == KERAS:
            functions = {PREDICT_NAME: model.predict_proba, CALL_NAME: model.call}
        for name, predict in functions.items():
            if hidden == ARCHITECTURES[0]:
                microseconds = 1e6 * _one_row(predict, X_test[:1], job.settings.predict_seconds)
                rows.append(job.row("one row", microseconds, "µs", contestant=name))
            milliseconds = 1e3 * _batch(predict, X_test, job.settings.repeats)
            others = {"contestant": name, "size": len(X_test)}
            rows.append(job.row(f"all rows, {hidden}", milliseconds, "ms", **others))
    return rows


def _one_row(predict: Callable[[np.ndarray], np.ndarray], row: np.ndarray, budget: float) -> float:
    """Return the median time of many calls, in seconds."""
    for _ in range(5):
        predict(row)
    seconds = []
    end = time.perf_counter() + budget
    while len(seconds) < _MAX_CALLS and (not seconds or time.perf_counter() < end):
        seconds.append(timed(lambda: predict(row))[0])
    return median(seconds)


def _batch(predict: Callable[[np.ndarray], np.ndarray], X: np.ndarray, repeats: int) -> float:
    """Return the median time of several calls after a warm-up, in seconds."""
    predict(X)
    return median(timed(lambda: predict(X))[0] for _ in range(repeats))
