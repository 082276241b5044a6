"""Groups "fit" and "fit_wide": time of a whole fit."""

from __future__ import annotations

import contestants
import numpy as np
from contestants import OURS_DENSE, Network
from jobs import Job, Row, timed

HIDDEN = {"fit": (128, 64), "fit_wide": (512, 512)}


def measure(job: Job) -> list[Row]:
    """Fit twice in this process; for "fit_wide" the first fit is a warm-up of one epoch."""
    import_seconds, _ = timed(lambda: contestants.load(job.item))
    dtype = contestants.dtype_of(job.item)
    X, y = job.digits("train", dtype)
    X_test, y_test = job.digits("test", dtype)
    if job.item == OURS_DENSE:
        X, X_test = np.maximum(X, 1 / 255), np.maximum(X_test, 1 / 255)
    hidden, epochs = HIDDEN[job.group], job.settings.epochs
    rows = [job.row("imports", import_seconds, "s")]
    for measure_name in ("first fit", "second fit"):
        warm_up = job.group == "fit_wide" and measure_name == "first fit"
        network = Network(hidden, 1 if warm_up else epochs, seed=job.round)
        seconds, model = timed(lambda n=network: contestants.make(job.item, n).fit(X, y))
        if not warm_up:
            accuracy = float(np.mean(model.predict(X_test) == y_test))
            rows.append(job.row(measure_name, seconds, "s", epochs=epochs, accuracy=accuracy))
    return rows
