"""Learning-rate schedules: the rate of each step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from sk_mnist._utils.typing import FloatArray
from sk_mnist.training.state import TrainingPlan, TrainingState

ScheduleName: TypeAlias = Literal["constant", "cosine", "linear"]

SCHEDULES: dict[str, Callable[[FloatArray], FloatArray]] = {
    "constant": np.ones_like,
    "cosine": lambda progress: (1 + np.cos(np.pi * progress)) / 2,
    "linear": lambda progress: 1 - progress,
}
"""Factor of the learning rate as a function of the share of all steps that is done, in [0, 1)."""


def epoch_rates(plan: TrainingPlan, state: TrainingState, epoch: int, n_steps: int) -> FloatArray:
    """Return the planned learning rate of each of the `n_steps` steps of an epoch."""
    first = epoch * n_steps
    if callable(plan.learning_rate):
        # Keras's schedules go by the optimizer's own count of steps.
        done = state.network.n_steps
        first = first if done is None else done
    return learning_rates(plan, np.arange(first, first + n_steps), n_steps * plan.epochs)


def learning_rates(plan: TrainingPlan, steps: npt.NDArray[np.intp], n_steps: int) -> FloatArray:
    """Return the learning rates of some of the steps of a training.

    Parameters
    ----------
    plan : TrainingPlan
        Its `learning_rate` and `learning_rate_schedule`.
    steps : ndarray of int
        Numbers of the steps, counted from 0 at the start of the training.
    n_steps : int
        Number of steps of all epochs together.

    Returns
    -------
    ndarray of the shape of `steps`
    """
    if callable(plan.learning_rate):
        return plan.learning_rate(steps)
    return plan.learning_rate * SCHEDULES[plan.learning_rate_schedule](steps / n_steps)
