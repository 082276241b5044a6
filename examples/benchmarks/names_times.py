"""Groups "names" and "names_256": fits with every named activation and optimizer."""

from __future__ import annotations

import contestants
import numpy as np
from contestants import OURS, Network
from jobs import Job, Row, timed

NARROW, WIDE = (128, 64), (512, 512)

_OPTIMIZERS = ("sgd", "adamw", "rmsprop")


def measure(job: Job) -> list[Row]:
    """Fit narrow layers twice, then wide ones."""
    contestants.load(job.item)
    X, y = job.digits("train", contestants.dtype_of(job.item))
    X_test, y_test = job.digits("test", contestants.dtype_of(job.item))
    rows = []
    for name, hidden in (("first fit", NARROW), ("second fit", NARROW), ("wide fit", WIDE)):
        model = contestants.make(job.item, Network(hidden, job.settings.steady_epochs, job.round))
        model.set_params(**_parameters(job.item))
        seconds, _ = timed(lambda model=model: model.fit(X, y))
        accuracy = float(np.mean(model.predict(X_test) == y_test))
        epochs = job.settings.steady_epochs
        rows.append(job.row(name, seconds, "s", epochs=epochs, accuracy=accuracy))
    return rows


def _parameters(item: str) -> dict[str, str]:
    contestant, _, name = item.partition(", ")
    if name in _OPTIMIZERS:
        return {"optimizer" if contestant == OURS else "solver": name}
    return {"activation": name} if name else {}
