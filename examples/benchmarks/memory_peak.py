"""Group "memory": increase of peak memory during a fit."""

from __future__ import annotations

import sys

import contestants
from contestants import Network
from jobs import Job, Row

HIDDEN = (512, 256)
EPOCHS = 2


def measure(job: Job) -> list[Row]:
    """Read the peak before and after a fit; libraries and data are loaded before."""
    contestants.load(job.item)
    X, y = job.digits("train", contestants.dtype_of(job.item))
    baseline = peak_megabytes()
    contestants.make(job.item, Network(HIDDEN, EPOCHS, seed=job.round)).fit(X, y)
    return [
        job.row("baseline", baseline, "MB", size=len(X)),
        job.row("peak", peak_megabytes(), "MB", size=len(X), epochs=EPOCHS),
    ]


def peak_megabytes() -> float:
    """Return the peak resident memory of this process, in 10**6 bytes."""
    import resource  # not available on Windows, where only the groups that measure memory fail

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e6
