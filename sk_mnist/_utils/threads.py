"""Threads: how many a fit or a large prediction may have, and the pools that start them."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import joblib

# Thread limits that joblib's loky sets in its workers, and users for their whole process.
_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


def granted_threads() -> int | None:
    """Return how many threads the environment grants to numerical libraries, if it says so."""
    limits = [os.environ.get(name, "") for name in _VARIABLES]
    granted = [int(limit) for limit in limits if limit.isdecimal() and int(limit) > 0]
    return min(granted, default=None)


class _RunningPools:
    """Counts the thread pools that work in this process now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_running = 0

    @contextmanager
    def one_more(self) -> Iterator[int]:
        """Count one more pool while it runs; yield how many there are."""
        with self._lock:
            self._n_running += 1
            n_running = self._n_running
        try:
            yield n_running
        finally:
            with self._lock:
                self._n_running -= 1


@functools.cache
def _n_processors() -> int:
    """Count the processors that this process may use, once: it means to read several files."""
    return int(joblib.cpu_count())


_running_pools = _RunningPools()


@contextmanager
def thread_budget() -> Iterator[int]:
    """Yield how many threads a thread pool may have while it works.

    The number of processors, or of threads that the environment grants, is shared among the thread
    pools that work in this process.
    """
    with _running_pools.one_more() as n_running:
        n_threads = min(_n_processors(), granted_threads() or _n_processors())
        yield max(1, n_threads // n_running)


@contextmanager
def thread_pool() -> Iterator[tuple[ThreadPoolExecutor, int]]:
    """Start a pool with as many threads as the budget allows; yield the pool and their number."""
    with thread_budget() as n_threads, ThreadPoolExecutor(n_threads) as pool:
        yield pool, n_threads
