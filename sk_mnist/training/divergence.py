"""The error of a training that diverges, with advice."""

from __future__ import annotations

from sk_mnist.training.state import TrainingPlan


def divergence_error(found: str, n_epochs: int, plan: TrainingPlan) -> ValueError:
    """Make the error that says what diverged, the likely cause, and what to try.

    Parameters
    ----------
    found : str
        What is not finite.
    n_epochs : int
        Number of epochs trained.
    plan : TrainingPlan
        How they were trained.

    Returns
    -------
    ValueError
    """
    used, remedy = _rate_advice(plan)
    return ValueError(
        f"Training diverged: {found} after {n_epochs} epoch(s). The likely cause is a learning "
        f"rate that is too high for this data: {used}. Try {remedy}, and "
        "input_scaling='robust' if inputs are large."
    )


def _rate_advice(plan: TrainingPlan) -> tuple[str, str]:
    """Say where the learning rate comes from, and what to set there."""
    rate, optimizer = plan.learning_rate, plan.optimizer
    kind = type(optimizer).__name__
    if callable(rate):
        return f"the schedule of the optimizer given, {kind}", "a schedule of lower rates"
    used, lower = f"learning_rate={rate:g}", f"learning_rate={rate / 10:g}"
    if isinstance(optimizer, str):
        return f"{used} with optimizer={optimizer!r}", lower
    return f"{used} of the optimizer given, {kind}", f"{kind}({lower})"
