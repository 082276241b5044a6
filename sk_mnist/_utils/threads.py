"""How many threads a training or a large prediction may have beside others in the process."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Iterator
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


class _Teams:
    """The teams of threads that work in this process now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_running = 0

    @contextmanager
    def one_more(self) -> Iterator[int]:
        """Count one more while it runs; yield how many there are."""
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


_teams = _Teams()


@contextmanager
def team_size() -> Iterator[int]:
    """Yield how many threads a team may have while it works.

    The processors that there are, or as many as the environment grants, shared among the teams that
    work in this process.
    """
    with _teams.one_more() as n_running:
        n_threads = min(_n_processors(), granted_threads() or _n_processors())
        yield max(1, n_threads // n_running)
