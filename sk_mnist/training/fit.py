"""What `fit` and `partial_fit` share: from checked data to the estimator's fitted attributes."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state

from sk_mnist.data import targets
from sk_mnist.data.input_scaling import InputScaling
from sk_mnist.engines.chunks import TrainingData
from sk_mnist.export.convert import compiled_keras_model, fitted_weights
from sk_mnist.network.spec import NetworkSpec
from sk_mnist.training.callbacks import EpochReporter
from sk_mnist.training import optimizers
from sk_mnist.training.loop import TrainingPlan, TrainingState, train

if TYPE_CHECKING:
    from sk_mnist.classifier import KerasMLPClassifier


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
        Whether to go on from the estimator's fitted state.
    streaming : bool
        Whether this is `partial_fit`: one more epoch, on data that need not be typical of all.
    """

    X: Any
    y: npt.NDArray[Any]
    sample_weight: npt.NDArray[np.float64]
    continued: bool
    streaming: bool


def run(
    estimator: KerasMLPClassifier, request: FitRequest, reporter: EpochReporter
) -> dict[str, Any]:
    """Train the network of an estimator.

    Parameters
    ----------
    estimator : KerasMLPClassifier
        With `classes_` set; left alone.
    request : FitRequest
        What to train on, and how it continues.
    reporter : EpochReporter
        Told of each epoch.

    Returns
    -------
    dict
        The fitted attributes by name.
    """
    labels = targets.encode(request.y, estimator.classes_)
    spec = _network_spec(estimator, request.X, labels)
    # What a later call needs to go on as if there had been no break.
    resume = dict(estimator._resume or {}) if request.continued else {}
    if resume:  # a copy: a training that fails must leave the estimator as it was
        random_state = deepcopy(resume["random_state"])
    else:
        random_state = check_random_state(estimator.random_state)
    if request.continued:
        scaling = estimator._input_scaling
        start = _resumed_state(estimator, spec, resume)
    else:
        scaling = InputScaling.from_data(request.X, request.sample_weight, estimator.input_scaling)
        start = TrainingState(spec.initial_weights(random_state))
    if "split_seed" not in resume:
        resume["split_seed"] = random_state.randint(2**31)
    data = _training_data(estimator, request, labels, scaling, spec.dtype, resume["split_seed"])
    if not request.continued and not request.streaming:
        # The first steps need not be spent on learning how frequent each class is.
        rows = data.train_rows
        start.weights[-1][:] = targets.log_odds(
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
    with _keras_callbacks(estimator, request, spec, data, start, reporter):
        state = train(spec, data, plan, start, random_state, reporter)
    resume.update(
        random_state=random_state,
        optimizer=optimizers.choose(estimator.optimizer).description,
        optimizer_state=state.optimizer_state,
        weights=None if state.averages is None else state.weights,
        rate_factor=state.rate_factor,
    )
    resumable = request.streaming or estimator.warm_start
    return {**attributes(state), "_resume": resume if resumable else None}


@contextmanager
def _keras_callbacks(
    estimator: KerasMLPClassifier,
    request: FitRequest,
    spec: NetworkSpec,
    data: TrainingData,
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
        # Of any weights: each call of the callbacks sets those of the moment.
        compiled_keras_model(estimator, spec, start.weights),
        data.scaling,
        epochs=estimator.epochs,
        steps=-(-len(data.train_rows) // estimator.batch_size),
        verbose=int(estimator.verbose),
    )
    try:
        yield
    finally:
        reporter.keras_callbacks.release()


def _network_spec(estimator: KerasMLPClassifier, X: Any, labels: npt.NDArray[Any]) -> NetworkSpec:
    hidden = tuple(np.atleast_1d(np.asarray(estimator.hidden_layer_sizes)).tolist())
    if not all(type(units) is int and units > 0 for units in hidden):  # bool is an int, too
        raise ValueError(
            "The 'hidden_layer_sizes' parameter of KerasMLPClassifier must hold positive "
            f"integers, one a hidden layer. Got {estimator.hidden_layer_sizes!r} instead."
        )
    softmax = labels.ndim == 1
    n_outputs = len(estimator.classes_) if softmax else labels.shape[1]
    return NetworkSpec(
        layer_sizes=(X.shape[1], *hidden, n_outputs),
        activation=estimator.activation,
        out_activation="softmax" if softmax else "logistic",
        dtype="float64" if X.dtype == np.float64 else "float32",
    )


def _resumed_state(
    estimator: KerasMLPClassifier, spec: NetworkSpec, resume: dict[str, Any]
) -> TrainingState:
    fitted_sizes = (len(estimator.coefs_[0]), *(len(b) for b in estimator.intercepts_))
    if fitted_sizes != spec.layer_sizes:
        raise ValueError(
            f"The fitted network has layers of {fitted_sizes} units; it cannot go on with "
            f"hidden_layer_sizes={estimator.hidden_layer_sizes!r}, which makes {spec.layer_sizes}. "
            "Set hidden_layer_sizes back, or warm_start=False and call fit to start anew."
        )
    if estimator._activation != spec.activation:
        raise ValueError(
            f"The fitted network has activation={estimator._activation!r}; it cannot go on with "
            f"activation={spec.activation!r}. Set it back, or call fit with warm_start=False."
        )
    same_optimizer = resume.get("optimizer") == optimizers.choose(estimator.optimizer).description
    known = resume if same_optimizer else {}
    weights = known.get("weights")
    if weights is None:
        weights = fitted_weights(estimator)
        weights[:2] = estimator._input_scaling.unfold(*weights[:2])
    return TrainingState(
        weights,
        known.get("optimizer_state"),
        estimator.history_,
        rate_factor=known.get("rate_factor", 1.0),
    )


def _training_data(
    estimator: KerasMLPClassifier,
    request: FitRequest,
    labels: npt.NDArray[Any],
    scaling: InputScaling,
    dtype: str,
    split_seed: int,
) -> TrainingData:
    weight = request.sample_weight
    row_weight = weight * targets.class_weight_of_rows(
        estimator.class_weight, request.y, estimator.classes_, weight
    )
    train_rows, validation_rows = np.arange(len(weight)), None
    if estimator.early_stopping and not request.streaming:
        train_rows, validation_rows = _hold_out(labels, estimator.validation_fraction, split_seed)
    if not row_weight[train_rows].any():
        raise ValueError(
            f"class_weight={estimator.class_weight!r} gives every sample the weight zero: nothing "
            "is left to train on."
        )
    weight_unit = _unit(row_weight)
    row_weight = row_weight / weight_unit
    train_rows = train_rows[row_weight[train_rows] >= np.finfo(dtype).tiny]
    validation_weight = None if validation_rows is None else weight[validation_rows]
    return TrainingData(
        request.X,
        labels,
        row_weight,
        scaling,
        train_rows,
        validation_rows,
        None if validation_weight is None else validation_weight / _unit(validation_weight),
        weight_unit,
    )


def _unit(weight: npt.NDArray[np.float64]) -> float:
    """Return the unit in which weights are used, which only count relative to each other.

    It is about the largest, so that they are in the range of any number type, and a power of two,
    so that nothing is rounded.
    """
    return math.ldexp(1.0, math.frexp(weight.max())[1] - 1)


def _hold_out(
    labels: npt.NDArray[Any], fraction: float, seed: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Split the rows for early stopping, stratified if there is room for each class."""
    n_samples = len(labels)
    n_held_out = int(np.ceil(fraction * n_samples))
    if n_samples < 2 or n_held_out >= n_samples:
        raise ValueError(
            f"early_stopping=True with validation_fraction={fraction} leaves nothing of "
            f"{n_samples} sample(s) to train on. Give more samples, decrease validation_fraction, "
            "or set early_stopping=False."
        )
    single_label = labels.ndim == 1 or labels.shape[1] == 1
    counts = np.unique(labels, return_counts=True)[1]
    room = min(n_held_out, n_samples - n_held_out) >= len(counts) and counts.min() >= 2
    train_rows, held_out = train_test_split(
        np.arange(n_samples),
        test_size=n_held_out,
        random_state=seed,
        stratify=labels if single_label and room else None,
    )
    return train_rows, held_out


def _plan(
    estimator: KerasMLPClassifier, request: FitRequest, start: TrainingState, weight_unit: float
) -> TrainingPlan:
    rate = optimizers.learning_rate_of(estimator)
    return TrainingPlan(
        epochs=start.n_epochs + 1 if request.streaming else estimator.epochs,
        batch_size=estimator.batch_size,
        optimizer=estimator.optimizer,
        learning_rate=optimizers.rates_by_step(rate) if callable(rate) else rate,
        learning_rate_schedule=(
            "constant" if request.streaming else estimator.learning_rate_schedule
        ),
        alpha=estimator.alpha / weight_unit,
        dropout=estimator.dropout,
        label_smoothing=estimator.label_smoothing,
        n_iter_no_change=estimator.n_iter_no_change,
        tol=estimator.tol,
    )


def _fitted_attributes(
    estimator: KerasMLPClassifier,
    request: FitRequest,
    spec: NetworkSpec,
    data: TrainingData,
    state: TrainingState,
) -> dict[str, Any]:
    weights = list(state.network)
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
        "_input_scaling": data.scaling,
        "_activation": spec.activation,
        "_multilabel": request.y.ndim == 2,
    }
