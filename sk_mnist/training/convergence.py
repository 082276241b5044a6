"""Training that has hardly learned, and the warning that says so."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from sk_mnist.data.training_data import TrainingData
from sk_mnist.network.initialization import output_intercept
from sk_mnist.network.loss import cross_entropy
from sk_mnist.network.spec import NetworkSpec
from sk_mnist.training.defaults import MIN_STEPS
from sk_mnist.training.state import TrainingPlan, TrainingState

# A fit of fewer steps than this warns if it has not halved the loss. Any fit warns if it has not
# reduced the loss by 1%.
_FEW_STEPS = MIN_STEPS // 3

# About as many rows are enough to know the loss of guessing.
_MAX_ROWS = 10_000


def warn_if_hardly_learned(
    state: TrainingState, plan: TrainingPlan, data: TrainingData, spec: NetworkSpec
) -> None:
    """Warn if the loss of the last epoch is near that of a guess which knows nothing but classes.

    Parameters
    ----------
    state : TrainingState
        After training.
    plan : TrainingPlan
        How it was trained.
    data : TrainingData
        What it was trained on.
    spec : NetworkSpec
        The network.
    """
    loss, accuracy = state.history["loss"][-1], state.history["accuracy"][-1]
    guessed = _loss_of_guessing(plan, data, spec)
    steps_per_epoch = -(-len(data.train_rows) // plan.batch_size)
    n_steps = state.n_epochs * steps_per_epoch
    few = n_steps < _FEW_STEPS
    if not 0 < (0.5 if few else 0.99) * guessed < loss:
        return
    remedy = (
        f'Set epochs="auto", which is {-(-MIN_STEPS // steps_per_epoch)} here, or more'
        if few
        else "Set another learning_rate, or input_scaling. It may also be that the features do not "
        "tell the classes apart"
    )
    warnings.warn(
        f"The network has hardly learned: in {n_steps} steps ({state.n_epochs} epochs) the "
        f"training loss went from {guessed:.3g}, that of guessing by the frequencies of the "
        f"classes, to {loss:.3g}; the training accuracy is {accuracy:.1%}. {remedy}.",
        ConvergenceWarning,
        stacklevel=2,
    )


def _loss_of_guessing(plan: TrainingPlan, data: TrainingData, spec: NetworkSpec) -> float:
    rows = data.train_rows[:: max(1, len(data.train_rows) // _MAX_ROWS)]
    labels, row_weight = data.labels[rows], data.row_weight[rows]
    z = output_intercept(labels, spec.layer_sizes[-1], row_weight)
    z = np.broadcast_to(z, (len(labels), len(z)))
    losses = cross_entropy(z, labels, spec.out_activation, plan.label_smoothing)
    return float(row_weight @ losses / row_weight.sum())
