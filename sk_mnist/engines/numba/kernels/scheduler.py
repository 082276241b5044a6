"""How the workers of a training share its tasks: work queues and barriers."""

from __future__ import annotations

from sk_mnist.engines.numba.kernels.compile import inlined, kernel
from sk_mnist.engines.numba.kernels.counters import ARRIVALS, N_JOINED, N_WORKERS, QUEUES, STOP
from sk_mnist.engines.numba.kernels.llvm_atomics import fetch_add, load, yield_processor
from sk_mnist.engines.numba.kernels.llvm_views import part

SPIN_LIMIT = 1000
"""How often a worker looks for the others before it yields its processor."""


@kernel
def join(counters):
    """Return the number of a worker that starts, from zero on."""
    return fetch_add(_counter(counters, N_JOINED), 1)


@kernel
def next_task(worker, queue, n_tasks, counters):
    """Take a task: one of the worker's own, or else of another's; `n_tasks` if none is left.

    A worker's own tasks are the same in every step, so that their data stay in its cache.
    """
    n_workers = counters[N_WORKERS, 0]
    for i in range(n_workers):
        owner = (worker + i) % n_workers
        n_taken = fetch_add(_counter(counters, QUEUES + queue * n_workers + owner), 1)
        task = owner + n_workers * n_taken
        if task < n_tasks:
            return task
    return n_tasks


@kernel
def refill(worker, queue, counters):
    """Offer a worker's own tasks of a queue again."""
    counters[QUEUES + queue * counters[N_WORKERS, 0] + worker, 0] = 0


@kernel
def wait_at_barrier(target, counters):
    """Wait until workers have arrived `target` times in all; return whether to go on."""
    arrivals, stop = _counter(counters, ARRIVALS), _counter(counters, STOP)
    fetch_add(arrivals, 1)
    n_spins = 0
    while load(arrivals) < target:
        n_spins += 1
        if n_spins > SPIN_LIMIT:
            if load(stop) > 0:
                break
            yield_processor()
    return load(stop) == 0


@inlined
def _counter(counters, row):
    return part(counters, row * counters.shape[1], 1)
