"""How long epochs take, without what a fit costs before and after them."""

from __future__ import annotations

import time
from typing import Any


class EpochClock:
    """Callback, by scikit-learn's protocol, that notes how many seconds each epoch takes.

    Attributes
    ----------
    seconds : list of float
        One entry for each epoch of the last fit.
    """

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def setup(self, estimator: Any, context: Any) -> None:
        """Forget the fit before."""
        self.seconds.clear()

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Start the clock, at every epoch anew."""
        self._start = time.perf_counter()

    def on_fit_task_end(self, estimator: Any, context: Any) -> None:
        """Stop it; the end of the whole fit, which has no parent, is no epoch."""
        if context.parent is not None:
            self.seconds.append(time.perf_counter() - self._start)

    def teardown(self, estimator: Any, context: Any) -> None:
        """Do nothing more."""
