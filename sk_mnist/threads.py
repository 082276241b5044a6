"""How many threads a training may have, and how they are kept from getting in each other's way."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import joblib
from threadpoolctl import ThreadpoolController

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


class _Trainings:
    """The trainings that run in this process now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_running = 0
        self._blas_threads: list[int] | None = None

    @contextmanager
    def one_more(self) -> Iterator[int]:
        """Count one more while it runs; yield how many there are.

        While any runs, BLAS has one thread for each caller: trainings have threads of their own.
        A limit of each training's own would be lifted by the one that ends first.
        """
        with self._lock:
            self._n_running += 1
            n_running = self._n_running
            if self._blas_threads is None:
                self._blas_threads = [library.num_threads for library in _blas()]
                _set_blas_threads([1] * len(_blas()))
        try:
            yield n_running
        finally:
            with self._lock:
                self._n_running -= 1
                if self._n_running == 0 and self._blas_threads is not None:
                    _set_blas_threads(self._blas_threads)
                    self._blas_threads = None


@functools.cache
def _n_processors() -> int:
    """Count the processors that this process may use, once: it means to read several files."""
    return int(joblib.cpu_count())


@functools.cache
def _blas() -> list[Any]:
    """Find the libraries, that of SciPy among them, which is loaded here if it was not yet."""
    import scipy.linalg.cython_blas  # noqa: F401

    return list(ThreadpoolController().select(user_api="blas").lib_controllers)


def _set_blas_threads(numbers: list[int]) -> None:
    """Set how many threads each library has, whichever thread asks for it."""
    for library, number in zip(_blas(), numbers, strict=True):
        # Since threadpoolctl 3.8, the thread that was first to set a number owns the library, and
        # what others set has no effect. Trainings begin and end in any thread.
        disown = getattr(library, "clear_controlling_thread", _do_nothing)
        disown(force=True)
        library.set_num_threads(number)
        disown(force=True)


def _do_nothing(**options: Any) -> None:
    """Stand in for what older versions lack."""


_trainings = _Trainings()


@contextmanager
def team_size() -> Iterator[int]:
    """Yield how many threads a training may have while it runs.

    The processors that there are, or as many as the environment grants, shared among the
    trainings that run in this process.
    """
    with _trainings.one_more() as n_running:
        n_threads = min(_n_processors(), granted_threads() or _n_processors())
        yield max(1, n_threads // n_running)
