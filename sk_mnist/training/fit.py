"""What `fit` and `partial_fit` share: from checked data to the estimator's fitted attributes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sk_mnist.data import targets
from sk_mnist.data.input_scaling import InputScaling
from sk_mnist.data.training_data import TrainingData
from sk_mnist.engines.base import NetworkState, TrainingTask
from sk_mnist.engines.select import engine_for
from sk_mnist.network import keras_model
from sk_mnist.network.initialization import initial_weights, output_intercept
from sk_mnist.network.spec import NetworkSpec
from sk_mnist.training import optimizers, resume
from sk_mnist.training.callbacks import EpochReporter
from sk_mnist.training.loop import train
from sk_mnist.training.sample_weights import class_weight_of_rows, weight_unit
from sk_mnist.training.state import TrainingPlan, TrainingState
from sk_mnist.training.validation_split import hold_out


@dataclass(frozen=True)
class FitRequest:
    """One call of `fit` or `partial_fit`, after its arguments were checked.

    Attributes
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Training data.
    y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Labels, all of them in the estimator's `classes_`.
    sample_weight : ndarray of shape (n_samples,), float64
        All positive.
    continued : bool
        Whether to continue from the estimator's fitted state.
    streaming : bool
        Whether this is `partial_fit`: one more epoch, on data that need not be representative.
    """

    X: Any
    y: npt.NDArray[Any]
    sample_weight: npt.NDArray[np.float64]
    continued: bool
    streaming: bool


def run(estimator: Any, request: FitRequest, reporter: EpochReporter) -> dict[str, Any]:
    """Train the network of an estimator.

    Parameters
    ----------
    estimator : KerasMLPClassifier
        With `classes_` set; left alone.
    request : FitRequest
        What to train on, and whether to continue.
    reporter : EpochReporter
        Notified of each epoch.

    Returns
    -------
    dict
        The fitted attributes by name.
    """
    labels = targets.encode(request.y, estimator.classes_)
    spec = _network_spec(estimator, request.X, labels)
    optimizer = optimizers.resolve_optimizer(estimator.optimizer)
    memory = resume.recall(estimator, continued=request.continued)
    if request.continued:
        scaling = resume.input_scaling(estimator)
        start = resume.training_state(estimator, spec, optimizer, memory)
    else:
        scaling = InputScaling.from_data(request.X, request.sample_weight, estimator.input_scaling)
        start = TrainingState(NetworkState(initial_weights(spec, memory.random_state)))
    data = _training_data(estimator, request, labels, scaling, spec.dtype, memory.split_seed())
    if not request.continued and not request.streaming:
        # Saves the first steps from learning the class frequencies.
        rows = data.train_rows
        start.network.state().weights[-1][:] = output_intercept(
            labels[rows], spec.layer_sizes[-1], data.row_weight[rows]
        )

    def attributes(state: TrainingState) -> dict[str, Any]:
        return _fitted_attributes(estimator, request, spec, data, state)

    reporter.fitted_attributes = attributes
    plan = _plan(estimator, request, start, data.weight_unit)
    if start.n_epochs >= plan.epochs:
        warnings.warn(
            f"warm_start=True, and all epochs={plan.epochs} have been trained before: the network "
            "stays as it is. Increase epochs to train on.",
            stacklevel=2,
        )
        return {}
    task = TrainingTask(spec, data, plan.batch_size, optimizer, use_dropout=plan.dropout > 0)
    with (
        _keras_callbacks(estimator, request, task, start, reporter),
        engine_for(task) as engine,
    ):
        state = train(engine, data, plan, start, memory.random_state, reporter)
    resumable = request.streaming or estimator.warm_start
    kept = memory.remember(optimizer, state) if resumable else None
    return {**attributes(state), "_resume": kept}


@contextmanager
def _keras_callbacks(
    estimator: Any,
    request: FitRequest,
    task: TrainingTask,
    start: TrainingState,
    reporter: EpochReporter,
) -> Iterator[None]:
    """Begin the training for the estimator's Keras callbacks, if it has any."""
    if not estimator.callbacks or request.streaming:
        yield
        return
    from sk_mnist.training.keras_callbacks import KerasCallbacks, check_callbacks

    check_callbacks(estimator.callbacks)
    reporter.keras_callbacks = KerasCallbacks(
        estimator.callbacks,
        keras_model.build_compiled(
            task.spec,
            start.network.state().weights,  # placeholders: each call sets the current weights
            estimator.dropout,
            optimizers.make_optimizer(estimator),
            estimator.label_smoothing,
        ),
        task.data.scaling,
        epochs=estimator.epochs,
        steps=-(-len(task.data.train_rows) // estimator.batch_size),
        verbose=int(estimator.verbose),
    )
    try:
        yield
    finally:
        reporter.keras_callbacks.release()


def _network_spec(estimator: Any, X: Any, labels: npt.NDArray[Any]) -> NetworkSpec:
    hidden = tuple(np.atleast_1d(np.asarray(estimator.hidden_layer_sizes)).tolist())
    if not all(type(units) is int and units > 0 for units in hidden):  # bool is an int, too
        raise ValueError(
            "The 'hidden_layer_sizes' parameter of KerasMLPClassifier must hold positive "
            f"integers, one per hidden layer. Got {estimator.hidden_layer_sizes!r} instead."
        )
    softmax = labels.ndim == 1
    n_outputs = len(estimator.classes_) if softmax else labels.shape[1]
    return NetworkSpec(
        layer_sizes=(X.shape[1], *hidden, n_outputs),
        activation=estimator.activation,
        out_activation="softmax" if softmax else "logistic",
        dtype="float64" if X.dtype == np.float64 else "float32",
    )


def _training_data(
    estimator: Any,
    request: FitRequest,
    labels: npt.NDArray[Any],
    scaling: InputScaling,
    dtype: str,
    split_seed: int,
) -> TrainingData:
    weight = request.sample_weight
    row_weight = weight * class_weight_of_rows(
        estimator.class_weight, request.y, estimator.classes_, weight
    )
    train_rows, validation_rows = np.arange(len(weight)), None
    if estimator.early_stopping and not request.streaming:
        train_rows, validation_rows = hold_out(labels, estimator.validation_fraction, split_seed)
    if not row_weight[train_rows].any():
        raise ValueError(
            f"class_weight={estimator.class_weight!r} gives every sample the weight zero: no "
            "samples are left to train on."
        )
    unit = weight_unit(row_weight)
    row_weight = row_weight / unit
    train_rows = train_rows[row_weight[train_rows] >= np.finfo(dtype).tiny]
    validation_weight = None if validation_rows is None else weight[validation_rows]
    return TrainingData(
        request.X,
        labels,
        row_weight,
        scaling,
        train_rows,
        validation_rows,
        None if validation_weight is None else validation_weight / weight_unit(validation_weight),
        unit,
    )


def _plan(estimator: Any, request: FitRequest, start: TrainingState, unit: float) -> TrainingPlan:
    rate = optimizers.learning_rate_of(estimator)
    return TrainingPlan(
        epochs=start.n_epochs + 1 if request.streaming else estimator.epochs,
        batch_size=estimator.batch_size,
        optimizer=estimator.optimizer,
        learning_rate=optimizers.rates_by_step(rate) if callable(rate) else rate,
        learning_rate_schedule=(
            "constant" if request.streaming else estimator.learning_rate_schedule
        ),
        alpha=estimator.alpha / unit,
        dropout=estimator.dropout,
        label_smoothing=estimator.label_smoothing,
        n_iter_no_change=estimator.n_iter_no_change,
        tol=estimator.tol,
    )


def _fitted_attributes(
    estimator: Any,
    request: FitRequest,
    spec: NetworkSpec,
    data: TrainingData,
    state: TrainingState,
) -> dict[str, Any]:
    weights = list(state.network.state().final_weights)
    weights[:2] = data.scaling.fold(*weights[:2])
    losses = state.history["loss"]
    scores = state.history.get("val_accuracy")
    epochs_before = len(estimator.history_["loss"]) if request.continued else 0
    samples_before = estimator.t_ if request.continued else 0
    return {
        "coefs_": weights[::2],
        "intercepts_": weights[1::2],
        "n_layers_": len(spec.layer_sizes),
        "n_outputs_": spec.layer_sizes[-1],
        "out_activation_": spec.out_activation,
        "n_iter_": len(losses),
        "t_": samples_before + (len(losses) - epochs_before) * len(data.train_rows),
        "loss_": losses[-1],
        "loss_curve_": losses,
        "validation_scores_": scores,
        "best_validation_score_": None if scores is None else float(np.nanmax(scores)),
        "history_": state.history,
        "_input_offset": data.scaling.offset,
        "_input_scale": data.scaling.scale,
        "_activation": spec.activation,
        "_multilabel": request.y.ndim == 2,
    }
