"""The pool of compiled programs of this process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sk_mnist.engines.xla.program import Program, ProgramKey


class ProgramPool:
    """Programs by key, each used by one fit at a time.

    A program is taken out for a fit and put back after it, so that fits in several threads never
    share one; a second thread with the same key gets a second program.
    """

    # Each program holds its weights and compiled code, a few megabytes.
    MAX_IDLE = 32

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Program] = []

    @contextmanager
    def program(self, key: ProgramKey) -> Iterator[Program]:
        """Yield a program for this key, made now if none is idle."""
        with self._lock:
            found = next((p for p in reversed(self._idle) if p.key == key), None)
            if found is not None:
                self._idle.remove(found)
        program = found or Program(key)
        try:
            yield program
        finally:
            with self._lock:
                self._idle.append(program)
                del self._idle[: -self.MAX_IDLE]


pool = ProgramPool()
"""The programs of this process."""
