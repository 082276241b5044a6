"""Counters that the workers of a training share. This module does not import Numba."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

N_WORKERS, ARRIVALS, N_JOINED, STOP, QUEUES = range(5)
"""Rows of the counters; the queues are all rows from `QUEUES` on."""

N_QUEUES = 4
"""Kinds of tasks in a step: tiles, row blocks, weight blocks, and these again to be updated."""


def new_counters(n_workers: int) -> npt.NDArray[np.int64]:
    """Make the counters that workers share.

    Each counter has cache lines of its own: one that is written to often would slow down others.

    Parameters
    ----------
    n_workers : int
        Number of workers, all of which have to run at the same time.

    Returns
    -------
    ndarray of shape (4 + 4 * n_workers, 16), int64
        Only the first column is used: the number of workers; how often one has arrived at a
        barrier; how many workers have started; whether to stop, which any thread may set to one;
        and of each queue, how many of each worker's own tasks were taken.
    """
    counters = np.zeros((QUEUES + N_QUEUES * n_workers, 16), np.int64)
    counters[N_WORKERS] = n_workers
    return counters
