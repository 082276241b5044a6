"""Time per epoch, without the setup cost of a fit."""

from __future__ import annotations

import time
from typing import Any


class EpochClock:
    """scikit-learn callback that records the time of each epoch.

    Attributes
    ----------
    seconds : list of float
        One entry per epoch of the last fit.
    """

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def setup(self, estimator: Any, context: Any) -> None:
        """Discard the times of the previous fit."""
        self.seconds.clear()

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Start the clock; called for the fit and for each epoch."""
        self._start = time.perf_counter()

    def on_fit_task_end(self, estimator: Any, context: Any) -> None:
        """Record the time of an epoch; the task without parent is the whole fit."""
        if context.parent is not None:
            self.seconds.append(time.perf_counter() - self._start)

    def teardown(self, estimator: Any, context: Any) -> None:
        """Do nothing; required by the protocol."""
