"""Training: epochs of shuffled batches, learning-rate schedules and early stopping."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from sk_mnist.data.input_scaling import InputScaling
from sk_mnist.engines.chunks import Feed, Part, TrainingData
from sk_mnist.engines.select import Evaluate, Trainer, trainer_for
from sk_mnist.network.forward import FloatArray
from sk_mnist.network.spec import NetworkSpec, turned
from sk_mnist.network import forward as inference

SCHEDULES: dict[str, Callable[[FloatArray], FloatArray]] = {
    "constant": np.ones_like,
    "cosine": lambda progress: (1 + np.cos(np.pi * progress)) / 2,
    "linear": lambda progress: 1 - progress,
}
"""Factor of the learning rate as a function of the share of all steps that is done, in [0, 1)."""


@dataclass(frozen=True)
class TrainingPlan:
    """How to train; the names are the estimator's.

    The optimizer may be an instance, and the learning rate a function, as
    `sk_mnist.training.optimizers.rates_by_step` makes it; then `learning_rate_schedule` has no say.
    """

    epochs: int
    batch_size: int
    optimizer: Any
    learning_rate: float | Callable[[npt.NDArray[np.intp]], FloatArray]
    learning_rate_schedule: str
    alpha: float
    dropout: float
    label_smoothing: float
    n_iter_no_change: float
    tol: float


@dataclass(frozen=True)
class TrainingState:
    """A network in training, between two epochs.

    Attributes
    ----------
    weights : list of ndarray
        For scaled inputs, in the order of `NetworkSpec.initial_weights`. While training runs,
        these and the optimizer's variables are tensors on the device, as the program takes them;
        `fetched` brings them back.
    optimizer_state : list of ndarray or None
        The optimizer's variables; None before the first step.
    history : dict of str to list of float
        One entry an epoch: "loss", "accuracy" and "learning_rate", with validation also "val_loss"
        and "val_accuracy".
    averages : list of ndarray or None
        What an optimizer with `use_ema` ends with in place of the weights, which it goes on with:
        their moving averages. None with any other.
    rate_factor : float
        What the learning rates of the plan are multiplied by.
    """

    weights: list[Any]
    optimizer_state: list[Any] | None = None
    history: dict[str, list[float]] = field(default_factory=dict)
    averages: list[Any] | None = None
    rate_factor: float = 1.0

    @property
    def network(self) -> list[Any]:
        """The weights that training would end with now."""
        return self.weights if self.averages is None else self.averages

    @property
    def n_epochs(self) -> int:
        """Number of finished epochs."""
        return len(self.history.get("loss", []))

    def record(self, metrics: dict[str, float]) -> TrainingState:
        """Return this state with one more epoch in the history; what is missing is NaN."""
        missing = [np.nan] * self.n_epochs
        history = {
            name: [*self.history.get(name, missing), metrics.get(name, np.nan)]
            for name in {**self.history, **metrics}
        }
        return replace(self, history=history)

    def entered(self) -> TrainingState:
        """Return this state as the program takes it."""
        averages = self.averages
        return replace(
            self,
            weights=turned(self.weights),
            averages=None if averages is None else turned(averages),
        )

    def fetched(self) -> TrainingState:
        """Return a state of the program as arrays that the caller may keep."""
        variables, averages = self.optimizer_state, self.averages
        return replace(
            self,
            weights=_turned_copies(self.weights),
            optimizer_state=None if variables is None else [np.array(v) for v in variables],
            averages=None if averages is None else _turned_copies(averages),
        )


def _turned_copies(weights: list[Any]) -> list[FloatArray]:
    return [np.array(weight, order="C") for weight in turned(weights)]


class EpochMonitor(Protocol):
    """What watches a training, epoch by epoch, and may act on it."""

    def epoch_begins(self, epoch: int, state: TrainingState, rates: FloatArray) -> TrainingState:
        """Take note that an epoch begins, and of the rates planned; return the state to train."""

    def epoch_ends(self, state: TrainingState) -> tuple[TrainingState, bool]:
        """Take note of the state after an epoch; return one to go on with, and whether to stop."""

    def epoch_diverges(self, state: TrainingState) -> bool:
        """Take note of a state that is not finite; return whether to end with the epoch before."""

    def training_ends(self, state: TrainingState) -> TrainingState:
        """Take note of the state after the last epoch; return the one to keep."""


def train(
    spec: NetworkSpec,
    data: TrainingData,
    plan: TrainingPlan,
    start: TrainingState,
    random_state: np.random.RandomState,
    monitor: EpochMonitor,
) -> TrainingState:
    """Train a network.

    Parameters
    ----------
    spec : NetworkSpec
        The network.
    data : TrainingData
        What to train on.
    plan : TrainingPlan
        How to train.
    start : TrainingState
        Weights, and where training continues also all else but the averages.
    random_state : RandomState
        Draws one permutation an epoch, and dropout's seed.
    monitor : EpochMonitor
        Told of each epoch; may stop the training.

    Returns
    -------
    TrainingState
        After `plan.epochs` epochs, those before the start counted. With validation rows, weights,
        averages and optimizer state are those of the epoch with the best accuracy on them.

    Raises
    ------
    ValueError
        If the loss or a weight stops being finite.
    KeyboardInterrupt
        If interrupted before the first epoch ends. After that, an interrupt warns and the finished
        epochs are kept.
    """
    lent = trainer_for(spec, data, plan.batch_size, plan.optimizer, use_dropout=plan.dropout > 0)
    with lent as (trainer, parts):
        n_steps = -(-len(data.train_rows) // trainer.batch_size)
        state = best = _averaged(trainer, start.entered())
        validate = _validation(trainer, parts, spec, data)
        try:
            for epoch in range(start.n_epochs, plan.epochs):
                rates = _epoch_rates(plan, state, epoch, n_steps)
                begun = monitor.epoch_begins(epoch, state, rates)
                order = random_state.permutation(data.train_rows)
                seed = int(random_state.randint(2**32, dtype=np.uint32))
                finished, metrics = _run_epoch(trainer, parts(order), begun, rates, seed, plan)
                if not np.isfinite(metrics["loss"]):
                    _stop_on_divergence(finished.record(metrics), start, plan, monitor)
                    break
                metrics.update(validate(finished.network))
                state = finished.record(metrics)  # from here on, an interrupt keeps this epoch
                is_best = _is_best(state)
                best = state if is_best else best
                state, stop = monitor.epoch_ends(state)
                best = state if is_best else best
                if stop or _should_stop(state, plan):
                    break
        except KeyboardInterrupt:
            if state.n_epochs == start.n_epochs:
                raise
            warnings.warn(
                f"Training interrupted by user: the {state.n_epochs} finished epochs of "
                f"{plan.epochs} are kept.",
                stacklevel=2,
            )
    result = replace(best, history=state.history, rate_factor=state.rate_factor).fetched()
    result = monitor.training_ends(result)
    if not all(np.isfinite(weight).all() for weight in result.network):
        raise _divergence("a weight that is not finite", state.n_epochs, plan)
    return result


def _averaged(trainer: Trainer, state: TrainingState) -> TrainingState:
    """Return a state of the program with the averages that its optimizer has of the weights."""
    if state.optimizer_state is None:
        return state
    return replace(state, averages=trainer.averages([*state.weights, *state.optimizer_state]))


def _stop_on_divergence(
    diverged: TrainingState, start: TrainingState, plan: TrainingPlan, monitor: EpochMonitor
) -> None:
    """Raise, unless the user's callbacks stop training in such a case: then warn."""
    stop = monitor.epoch_diverges(diverged)
    n_epochs = diverged.n_epochs - 1
    if not stop or n_epochs == start.n_epochs:
        raise _divergence(f"a loss of {diverged.history['loss'][-1]}", n_epochs + 1, plan)
    warnings.warn(
        f"A callback stopped training when epoch {n_epochs + 1} diverged: the {n_epochs} epochs "
        "before it are kept.",
        stacklevel=3,
    )


def _epoch_rates(plan: TrainingPlan, state: TrainingState, epoch: int, n_steps: int) -> FloatArray:
    """Return the learning rate that the plan has for each step of an epoch."""
    first = epoch * n_steps
    if callable(plan.learning_rate) and state.optimizer_state is not None:
        # Keras's schedules go by the optimizer's own count, its first variable.
        first = int(np.asarray(state.optimizer_state[0]))
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


def _run_epoch(
    trainer: Trainer,
    parts: Iterator[Part],
    state: TrainingState,
    rates: FloatArray,
    seed: int,
    plan: TrainingPlan,
) -> tuple[TrainingState, dict[str, float]]:
    """Train one epoch; return the state, the epoch not yet recorded, and what was measured."""
    rates = rates * state.rate_factor
    variables = [*state.weights, *(state.optimizer_state or trainer.initial_optimizer_state)]
    totals = np.zeros(3)
    for part in parts:
        variables, sums = trainer.run(
            variables,
            part.data,
            part.order,
            rates,
            first_step=part.first_step,
            seed=seed,
            alpha=plan.alpha,
            dropout=plan.dropout,
            label_smoothing=plan.label_smoothing,
        )
        totals += sums
    loss, accuracy = totals[:2] / totals[2]
    n_weights = len(state.weights)
    trained = replace(state, weights=variables[:n_weights], optimizer_state=variables[n_weights:])
    return _averaged(trainer, trained), {
        "loss": float(loss),
        "accuracy": float(accuracy),
        "learning_rate": float(rates[0]),
    }


def _validation(
    trainer: Trainer, parts: Feed, spec: NetworkSpec, data: TrainingData
) -> Callable[[list[Any]], dict[str, float]]:
    """Return what measures weights by the validation rows, if there are any."""
    rows, row_weight = data.validation_rows, data.validation_weight
    if rows is None or row_weight is None:
        return lambda weights: {}
    if trainer.evaluate is None or data.scaling.offset.any():
        # With an offset, weights that predict are not as exact as weights that train.
        X, labels = data.X[rows], data.labels[rows]
        measure = partial(_evaluate, spec, X, labels, row_weight, data.scaling)
    else:
        by_place = np.argsort(rows)  # as they lie in the memory
        measure = partial(
            _evaluate_loaded, trainer.evaluate, parts, rows[by_place], row_weight[by_place]
        )

    def metrics(weights: list[Any]) -> dict[str, float]:
        return dict(zip(("val_loss", "val_accuracy"), measure(weights), strict=True))

    return metrics


def _evaluate_loaded(
    evaluate: Evaluate,
    parts: Feed,
    rows: npt.NDArray[np.intp],
    row_weight: npt.NDArray[Any],
    weights: list[Any],
) -> tuple[float, float]:
    """Compute loss and accuracy on rows that a trainer has loaded."""
    totals, first = np.zeros(3), 0
    for part in parts(rows):
        last = first + len(part.order)
        totals += evaluate(weights, part.data, part.order, row_weight[first:last])
        first = last
    return float(totals[0] / totals[2]), float(totals[1] / totals[2])


def _evaluate(
    spec: NetworkSpec,
    X: Any,
    labels: npt.NDArray[Any],
    row_weight: npt.NDArray[Any],
    scaling: InputScaling,
    weights: Sequence[Any],
) -> tuple[float, float]:
    """Compute loss and accuracy by NumPy, of weights as the program has them."""
    weights = turned(weights)
    weights[:2] = scaling.fold(*weights[:2])
    z = inference.logits(X, weights[::2], weights[1::2], spec.activation)
    if spec.out_activation == "softmax":
        losses = -inference.log_probabilities(z, "softmax")[np.arange(len(z)), labels]
        hits = z.argmax(axis=1) == labels
    else:
        # The logarithm of one minus a logistic output is that of the output for minus z.
        signed = np.where(labels > 0, z, -z)
        losses = -inference.log_probabilities(signed, "logistic").sum(axis=1)
        hits = ((z > 0) == (labels > 0)).all(axis=1)
    loss, accuracy = (float(np.average(values, weights=row_weight)) for values in (losses, hits))
    return loss, accuracy


def _is_best(state: TrainingState) -> bool:
    """Tell whether the last epoch has the best validation score, or is the last for want of one."""
    scores = state.history.get("val_accuracy", [np.nan])
    return bool(np.isnan(scores[-1]) or not np.any(np.array(scores[:-1]) >= scores[-1]))


def _should_stop(state: TrainingState, plan: TrainingPlan) -> bool:
    """Tell whether the validation score has not improved for `n_iter_no_change` epochs in a row."""
    best, stale_epochs = -np.inf, 0
    for score in state.history.get("val_accuracy", []):
        if not np.isnan(score):
            stale_epochs = stale_epochs + 1 if score < best + plan.tol else 0
            best = max(best, score)
    return stale_epochs >= plan.n_iter_no_change


def _divergence(found: str, n_epochs: int, plan: TrainingPlan) -> ValueError:
    used, remedy = _rate_advice(plan)
    return ValueError(
        f"Training diverged: {found} after {n_epochs} epoch(s). The likely cause is a learning "
        f"rate that is too high for this data: {used}. Try {remedy}, and "
        "input_scaling='rms' or 'standard' if inputs are large."
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
