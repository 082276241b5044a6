"""What `fit` and `partial_fit` share: from checked data to the estimator's fitted attributes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sk_mnist._utils.optional_imports import import_keras
from sk_mnist._utils.typing import FloatArray
from sk_mnist.data import targets
from sk_mnist.data.training_data import TrainingData
from sk_mnist.engines.base import NetworkState, TrainingTask
from sk_mnist.engines.evaluation import logits
from sk_mnist.engines.select import choose_engine, engine_for
from sk_mnist.network import keras_model
from sk_mnist.network.initialization import initial_weights, output_intercept
from sk_mnist.network.input_limit import LIMIT
from sk_mnist.network.spec import NetworkSpec
from sk_mnist.training import optimizers, resume
from sk_mnist.training.callbacks import EpochReporter
from sk_mnist.training.convergence import warn_if_hardly_learned
from sk_mnist.training.defaults import MANY_ROWS, starts_small
from sk_mnist.training.inputs import InputTransform
from sk_mnist.training.loop import train
from sk_mnist.training.request import FitRequest
from sk_mnist.training.sample_weights import weight_unit
from sk_mnist.training.state import TrainingPlan, TrainingState
from sk_mnist.training.temperature import best_temperature, held_out_share
from sk_mnist.training.validation_split import hold_out


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
    spec = _network_spec(estimator, request, labels)
    optimizer = optimizers.resolve_optimizer(estimator.optimizer)
    engine_name = choose_engine(estimator.engine, optimizer)
    memory = resume.recall(estimator, continued=request.continued)
    if request.continued:
        inputs = InputTransform.from_estimator(estimator)
        start = resume.training_state(estimator, spec, inputs, optimizer, memory)
    else:
        relative = request.row_weight / weight_unit(request.row_weight)
        inputs = InputTransform.from_data(request.X, relative, estimator.input_scaling)
        small = starts_small(request.X, streaming=request.streaming)
        weights = initial_weights(spec, memory.random_state, small=small)
        start = TrainingState(NetworkState(weights))
    if request.streaming:  # makes an epoch in any case
        start = replace(start, best_network=None)
    data, calibration_rows = _training_data(
        estimator, request, labels, inputs, spec.dtype, memory.split_seed()
    )
    if not request.continued and not request.streaming:
        # Saves the first steps from learning the class frequencies.
        rows = data.train_rows
        start.network.state().weights[-1][:] = output_intercept(
            labels[rows], spec.layer_sizes[-1], data.row_weight[rows]
        )

    def attributes(
        state: TrainingState, temperature: float = 1.0, *, resumable: bool = True
    ) -> dict[str, Any]:
        network = state.network.state()  # once: for callbacks this is done after each epoch
        weights = network.final_weights
        fitted = _fitted_attributes(
            estimator, request, spec, inputs, data, state.history, weights, temperature
        )
        kept = None
        if resumable:
            in_estimator = temperature == 1 and inputs.limited
            kept = memory.remember(optimizer, state, network, in_estimator=in_estimator)
        return {**fitted, "engine_": engine_name, "_resume": kept}

    reporter.fitted_attributes = attributes
    plan = _plan(estimator, request, start, data.weight_unit)
    if start.n_epochs >= plan.epochs and start.best_network is None:
        warnings.warn(
            f"warm_start=True, and all epochs={plan.epochs} have been trained before: the network "
            "stays as it is. Increase epochs to train on.",
            stacklevel=2,
        )
        return {}
    if not (request.streaming and request.continued):
        reporter.training_begins(request.settings, engine_name)
    task = TrainingTask(spec, data, plan.batch_size, optimizer, use_dropout=plan.dropout > 0)
    with (
        _keras_callbacks(estimator, request, task, inputs, start, reporter),
        engine_for(task, engine_name) as engine,
    ):
        state = train(engine, data, plan, start, memory.random_state, reporter)
    finished = state.n_epochs == plan.epochs or estimator.early_stopping
    if finished and not request.streaming:
        warn_if_hardly_learned(state, plan, data, spec)
    temperature = 1.0
    if calibration_rows is not None:
        temperature = _temperature(spec, data, calibration_rows, state)
    return attributes(state, temperature, resumable=request.streaming or estimator.warm_start)


@contextmanager
def _keras_callbacks(
    estimator: Any,
    request: FitRequest,
    task: TrainingTask,
    inputs: InputTransform,
    start: TrainingState,
    reporter: EpochReporter,
) -> Iterator[None]:
    """Begin the training for the estimator's Keras callbacks, if it has any."""
    if not estimator.callbacks or request.streaming:
        yield
        return
    import_keras()  # says what is missing
    from sk_mnist.training.keras_callbacks import KerasCallbacks, check_callbacks

    check_callbacks(estimator.callbacks)
    reporter.keras_callbacks = KerasCallbacks(
        estimator.callbacks,
        keras_model.build_compiled(
            task.spec,
            start.network.state().weights,  # placeholders: each call sets the current weights
            request.settings.dropout,
            optimizers.make_optimizer(estimator),
            estimator.label_smoothing,
            inputs.limit,
        ),
        inputs.folded,
        epochs=request.settings.epochs,
        steps=-(-len(task.data.train_rows) // request.settings.batch_size),
        verbose=int(estimator.verbose),
    )
    try:
        yield
    finally:
        reporter.keras_callbacks.release()


def _network_spec(estimator: Any, request: FitRequest, labels: npt.NDArray[Any]) -> NetworkSpec:
    X, hidden = request.X, request.settings.hidden_layer_sizes
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
    inputs: InputTransform,
    dtype: str,
    split_seed: int,
) -> tuple[TrainingData, npt.NDArray[np.intp] | None]:
    """Return the data, and the rows held out for the temperature, if there are any."""
    train_rows, validation_rows, calibration_rows = np.arange(len(labels)), None, None
    calibrates = estimator.label_smoothing > 0 and len(labels) >= MANY_ROWS
    if estimator.early_stopping and not request.streaming:
        train_rows, validation_rows = hold_out(labels, estimator.validation_fraction, split_seed)
        calibration_rows = validation_rows if calibrates else None
    elif calibrates and not request.streaming:
        train_rows, calibration_rows = hold_out(labels, held_out_share(len(labels)), split_seed)
    unit = weight_unit(request.row_weight[train_rows])
    with np.errstate(over="ignore"):  # of rows that are held out
        row_weight = np.minimum(request.row_weight / unit, np.finfo(dtype).max)
    train_rows = train_rows[row_weight[train_rows] >= np.finfo(dtype).tiny]
    validation_weight = None if validation_rows is None else row_weight[validation_rows]
    X, scaling = inputs.for_engine(request.X, dtype)
    data = TrainingData(
        X,
        labels,
        row_weight,
        scaling,
        train_rows,
        validation_rows,
        None if validation_weight is None else validation_weight / weight_unit(validation_weight),
        unit,
    )
    return data, calibration_rows


def _temperature(
    spec: NetworkSpec, data: TrainingData, rows: npt.NDArray[np.intp], state: TrainingState
) -> float:
    z = logits(data.X[rows], data.scaling, state.network.state().final_weights, spec)
    return best_temperature(z, data.labels[rows], data.row_weight[rows], spec.out_activation)


def _plan(estimator: Any, request: FitRequest, start: TrainingState, unit: float) -> TrainingPlan:
    rate = optimizers.learning_rate_of(estimator)
    return TrainingPlan(
        epochs=start.n_epochs + 1 if request.streaming else request.settings.epochs,
        batch_size=request.settings.batch_size,
        optimizer=estimator.optimizer,
        learning_rate=optimizers.rates_by_step(rate) if callable(rate) else rate,
        learning_rate_schedule=(
            "constant" if request.streaming else estimator.learning_rate_schedule
        ),
        alpha=estimator.alpha / unit,
        dropout=request.settings.dropout,
        label_smoothing=estimator.label_smoothing,
        n_iter_no_change=estimator.n_iter_no_change,
        tol=estimator.tol,
    )


def _fitted_attributes(
    estimator: Any,
    request: FitRequest,
    spec: NetworkSpec,
    inputs: InputTransform,
    data: TrainingData,
    history: dict[str, list[float]],
    final_weights: Sequence[FloatArray],
    temperature: float,
) -> dict[str, Any]:
    weights = list(final_weights)
    if temperature != 1:
        weights[-2:] = [(w / temperature).astype(w.dtype) for w in weights[-2:]]
    weights[:2] = inputs.folded.fold(*weights[:2])
    losses = history["loss"]
    scores = history.get("val_accuracy")
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
        "history_": history,
        "hidden_layer_sizes_": spec.layer_sizes[1:-1],
        "batch_size_": request.settings.batch_size,
        "epochs_": request.settings.epochs,
        "dropout_": request.settings.dropout,
        "temperature_": temperature,
        "input_offset_": inputs.statistics.offset,
        "input_scale_": inputs.statistics.scale,
        "input_limit_": LIMIT if inputs.limited else None,
        "_input_scaling": estimator.input_scaling,
        "_activation": spec.activation,
        "_multilabel": request.y.ndim == 2,
    }
