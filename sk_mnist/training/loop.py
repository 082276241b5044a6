"""The training loop: epochs of shuffled batches, run by any engine."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Protocol

import numpy as np

from sk_mnist._utils.typing import FloatArray
from sk_mnist.data.training_data import TrainingData
from sk_mnist.engines.base import Engine
from sk_mnist.training.divergence import divergence_error
from sk_mnist.training.early_stopping import is_best_epoch, should_stop
from sk_mnist.training.interrupts import is_one_of_several_fits
from sk_mnist.training.schedules import epoch_rates
from sk_mnist.training.state import TrainingPlan, TrainingState


class EpochMonitor(Protocol):
    """Watches a training, epoch by epoch, and may act on it."""

    def epoch_begins(self, epoch: int, state: TrainingState, rates: FloatArray) -> TrainingState:
        """Handle the start of an epoch with its planned rates; return the state to train."""

    def epoch_ends(self, state: TrainingState) -> tuple[TrainingState, bool]:
        """Handle the end of an epoch; return the state to continue with, and whether to stop."""

    def epoch_diverges(self, state: TrainingState) -> bool:
        """Handle a state that is not finite; return whether to stop with the previous epoch."""

    def training_ends(self, state: TrainingState) -> TrainingState:
        """Handle the end of training; return the state to keep."""


def train(
    engine: Engine,
    data: TrainingData,
    plan: TrainingPlan,
    start: TrainingState,
    random_state: np.random.RandomState,
    monitor: EpochMonitor,
) -> TrainingState:
    """Train a network.

    Parameters
    ----------
    engine : Engine
        Runs the epochs; made for the network and the data.
    data : TrainingData
        Its rows to train on and to validate by.
    plan : TrainingPlan
        How to train.
    start : TrainingState
        The network to start from; where training continues, with optimizer state and history.
    random_state : RandomState
        Draws for each epoch one permutation and the seed of dropout.
    monitor : EpochMonitor
        Notified of each epoch; may stop the training.

    Returns
    -------
    TrainingState
        After `plan.epochs` epochs, those before the start counted, with its network as NumPy
        arrays. With validation rows, the network is that of the epoch with the best accuracy on
        them.

    Raises
    ------
    ValueError
        If the loss or a weight stops being finite.
    KeyboardInterrupt
        If interrupted before the first epoch ends, or in a search, a cross-validation or an
        ensemble. Otherwise an interrupt warns and the finished epochs are kept.
    """
    n_steps = -(-len(data.train_rows) // engine.batch_size)
    best = start.best_network
    state = replace(
        start,
        network=engine.load_state(start.network),
        best_network=None if best is None else engine.load_state(best),
    )
    # A training that was ended goes on, unless its last epoch was to be the last.
    last_epoch = plan.epochs if best is None or not should_stop(start, plan) else start.n_epochs
    try:
        for epoch in range(start.n_epochs, last_epoch):
            rates = epoch_rates(plan, state, epoch, n_steps)
            begun = monitor.epoch_begins(epoch, state, rates)
            order = random_state.permutation(data.train_rows)
            seed = int(random_state.randint(2**32, dtype=np.uint32))
            rates = rates * begun.rate_factor
            network, totals = engine.train_epoch(
                begun.network, order, rates, seed, plan.step_options
            )
            finished = replace(begun, network=network)
            metrics = {
                "loss": totals.mean_loss,
                "accuracy": totals.accuracy,
                "learning_rate": float(rates[0]),
            }
            if not np.isfinite(metrics["loss"]):
                _stop_on_divergence(finished.record(metrics), start, data, plan, monitor)
                break
            if data.validation_rows is not None:
                held_out = engine.evaluate(network)
                metrics |= {"val_loss": held_out.mean_loss, "val_accuracy": held_out.accuracy}
            finished = finished.record(metrics)
            is_best = is_best_epoch(finished)
            finished = replace(finished, random_numbers=random_state.get_state())
            # From here on, an interrupt keeps this epoch.
            state = replace(finished, best_network=network) if is_best else finished
            state, stop = monitor.epoch_ends(state)
            state = replace(state, best_network=state.network) if is_best else state
            if stop or should_stop(state, plan):
                break
    except KeyboardInterrupt:
        if state.n_epochs == start.n_epochs or is_one_of_several_fits():
            raise
        random_state.set_state(state.random_numbers)  # what goes on draws the lost epoch again
        warnings.warn(
            f"Training interrupted by user: the {state.n_epochs} finished epochs of "
            f"{plan.epochs} are kept.",
            stacklevel=2,
        )
    best = state.network if state.best_network is None else state.best_network
    result = replace(state, network=best.state(), best_network=None)
    result = monitor.training_ends(result)
    if not all(np.isfinite(weight).all() for weight in result.network.state().final_weights):
        raise divergence_error(
            "a weight that is not finite", state.n_epochs, plan, data.weight_unit
        )
    return result


def _stop_on_divergence(
    diverged: TrainingState,
    start: TrainingState,
    data: TrainingData,
    plan: TrainingPlan,
    monitor: EpochMonitor,
) -> None:
    """Raise, or warn if a callback stops the training."""
    stop = monitor.epoch_diverges(diverged)
    n_epochs = diverged.n_epochs - 1
    if not stop or n_epochs == start.n_epochs:
        loss = diverged.history["loss"][-1]
        raise divergence_error(f"a loss of {loss}", n_epochs + 1, plan, data.weight_unit)
    warnings.warn(
        f"A callback stopped training when epoch {n_epochs + 1} diverged: the {n_epochs} epochs "
        "before it are kept.",
        stacklevel=3,
    )
