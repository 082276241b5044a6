"""A job, its measurements and its data."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from settings import Settings

Row = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """One item of a group, in one round.

    Attributes
    ----------
    group : str
        One of `settings.GROUPS`.
    item : str
        A contestant, a command or a size.
    round : int
        Index of the round, from 0; also the seed.
    settings : Settings
        Sizes of the run.
    workspace : str
        Directory with the data and models saved by `prepare`.
    """

    group: str
    item: str
    round: int
    settings: Settings
    workspace: str

    def row(self, measure: str, value: float, unit: str, **others: Any) -> Row:
        """Return a measurement as a row of the results.

        Parameters
        ----------
        measure : str
            Name of the measure.
        value : float
            Measured value.
        unit : str
            Unit of the value.
        **others
            Further columns of the results: contestant, size, epochs, round, accuracy, detail.
        """
        row = {"group": self.group, "contestant": self.item, "round": self.round, "status": "ok"}
        return {**row, "measure": measure, "value": float(value), "unit": unit, **others}

    def digits(
        self, subset: str, dtype: str, mmap_mode: Literal["r"] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Load images (uint8, or float32 from 0 to 1) and labels of "train" or "test"."""
        images, labels = (
            np.load(Path(self.workspace) / f"{subset}_{kind}.npy", mmap_mode=mmap_mode)
            for kind in (dtype, "y")
        )
        return images, labels


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the duration of a call in seconds, and its result."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result
