"""The error of a training that diverges, with advice."""

from __future__ import annotations

from sk_mnist.training.state import TrainingPlan

# In the unit of the loss, which is that of the weights of the samples, a penalty of this size moves
# weights further than any data.
_LARGE_ALPHA = 1.0


def divergence_error(
    found: str, n_epochs: int, plan: TrainingPlan, weight_unit: float
) -> ValueError:
    """Make the error that says what diverged, the likely cause, and what to try.

    Parameters
    ----------
    found : str
        What is not finite.
    n_epochs : int
        Number of epochs trained.
    plan : TrainingPlan
        How they were trained.
    weight_unit : float
        About the largest weight of a sample; `plan.alpha` is in this unit.

    Returns
    -------
    ValueError
    """
    diverged = f"Training diverged: {found} after {n_epochs} epoch(s). The likely cause is"
    if plan.alpha >= _LARGE_ALPHA:
        alpha = plan.alpha * weight_unit
        return ValueError(
            f"{diverged} alpha={alpha:g}, a penalty that outweighs the loss: it counts against the "
            f"weights of the samples, of which the largest is about {weight_unit:g}. Try alpha="
            f"{weight_unit / 1000:g} or less."
        )
    used, remedy = _rate_advice(plan)
    return ValueError(
        f"{diverged} a learning "
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
