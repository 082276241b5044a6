"""Group "growth": scaling of time and memory of sk_mnist with rows and width."""

from __future__ import annotations

from statistics import median

import contestants
import numpy as np
from contestants import OURS, Network
from epoch_clock import EpochClock
from jobs import Job, Row
from memory_peak import peak_megabytes

HIDDEN = (128, 64)
_ROW_EPOCHS = 480_000
_MAX_EPOCHS = 16
_CHUNK_ROWS = 5_000


def measure(job: Job) -> list[Row]:
    """Time the epochs of a fit on uint8 digits, repeated to the requested number of rows."""
    contestants.load(OURS)
    kind, _, number = job.item.partition(" ")
    size = int(number)
    n_rows, hidden = (size, HIDDEN) if kind == "rows" else (job.settings.n_train, (size,))
    X, y = _tiled(job, n_rows)
    baseline = peak_megabytes()
    rows = [job.row("baseline", baseline, "MB", contestant=kind, size=size)]
    clock = EpochClock()
    for epochs in (1, _steady_epochs(job, n_rows)):  # the first fit is a warm-up
        network = Network(hidden, epochs, seed=job.round)
        contestants.make(OURS, network).set_callbacks(clock).fit(X, y)
    rows.append(job.row("epoch", median(clock.seconds), "s", contestant=kind, size=size))
    rows.append(job.row("peak", peak_megabytes(), "MB", contestant=kind, size=size))
    return rows


def _steady_epochs(job: Job, n_rows: int) -> int:
    """Return more epochs for fewer rows, whose epochs are too short to measure."""
    min_epochs = job.settings.steady_epochs
    return max(min_epochs, min(_MAX_EPOCHS, min_epochs * _ROW_EPOCHS // (8 * n_rows)))


def _tiled(job: Job, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Repeat the training digits, memory-mapped in chunks: a copy would add to the peak memory."""
    tiled = np.empty((n_rows, 784), np.uint8)
    for start in range(0, n_rows, _CHUNK_ROWS):
        chunk = tiled[start : start + _CHUNK_ROWS]
        X, y = job.digits("train", "uint8", mmap_mode="r")
        chunk[:] = X[np.arange(start, start + len(chunk)) % len(X)]
    return tiled, np.resize(y, n_rows)
