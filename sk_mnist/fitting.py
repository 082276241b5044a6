"""What `fit` and `partial_fit` share: from checked data to the estimator's fitted attributes."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state

from sk_mnist import targets
from sk_mnist.feeding import TrainingData
from sk_mnist.monitoring import EpochReporter
from sk_mnist.network import NetworkSpec
from sk_mnist.scaling import InputScaling
from sk_mnist.training import TrainingPlan, TrainingState, train

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
    epochs : int
        Number of epochs.
    schedule : str
        Name of the learning-rate schedule.
    continued : bool
        Whether to go on from the estimator's fitted state.
    resumable : bool
        Whether a later call shall go on from this one, optimizer and random numbers included.
    """

    X: Any
    y: npt.NDArray[Any]
    sample_weight: npt.NDArray[np.float64]
    epochs: int
    schedule: str
    continued: bool
    resumable: bool


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
    random_state = _random_state(estimator, request)
    if request.continued:
        scaling = estimator._input_scaling
        start = _resumed_state(estimator, spec)
    else:
        scaling = InputScaling.from_data(
            request.X, request.sample_weight, estimator.input_scaling
        )
        start = TrainingState(spec.initial_weights(random_state))
    data = _training_data(estimator, request, labels, scaling, random_state)

    def attributes(state: TrainingState) -> dict[str, Any]:
        return _fitted_attributes(estimator, request, spec, data, state.fetched())

    reporter.fitted_attributes = attributes
    state = train(spec, data, _plan(estimator, request), start, random_state, reporter)
    resume = None
    if request.resumable:
        resume = {
            "optimizer": estimator.optimizer,
            "optimizer_state": state.optimizer_state,
            "random_state": random_state,
        }
    return {**attributes(state), "_resume": resume}


def _network_spec(
    estimator: KerasMLPClassifier, X: Any, labels: npt.NDArray[Any]
) -> NetworkSpec:
    hidden = tuple(np.atleast_1d(np.asarray(estimator.hidden_layer_sizes)).tolist())
    if not all(isinstance(units, int) and units > 0 for units in hidden):
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


def _random_state(estimator: KerasMLPClassifier, request: FitRequest) -> np.random.RandomState:
    if request.continued and estimator._resume is not None:
        # A copy, so that a training that fails leaves the estimator as it was.
        return deepcopy(estimator._resume["random_state"])
    return check_random_state(estimator.random_state)


def _resumed_state(estimator: KerasMLPClassifier, spec: NetworkSpec) -> TrainingState:
    layer_sizes = (len(estimator.coefs_[0]), *(len(b) for b in estimator.intercepts_))
    if layer_sizes != spec.layer_sizes:
        raise ValueError(
            f"The fitted network has layers of {layer_sizes} units, and cannot go on with "
            f"hidden_layer_sizes={estimator.hidden_layer_sizes!r}. Set warm_start=False and call "
            "fit to start anew."
        )
    weights = [w for layer in zip(estimator.coefs_, estimator.intercepts_, strict=True) for w in layer]
    weights[:2] = estimator._input_scaling.unfold(*weights[:2])
    resume = estimator._resume
    if resume is None or resume["optimizer"] != estimator.optimizer:
        return TrainingState(weights)
    return TrainingState(weights, resume["optimizer_state"])


def _training_data(
    estimator: KerasMLPClassifier,
    request: FitRequest,
    labels: npt.NDArray[Any],
    scaling: InputScaling,
    random_state: np.random.RandomState,
) -> TrainingData:
    weight = request.sample_weight
    train_rows, validation_rows = np.arange(len(weight)), None
    if estimator.early_stopping:
        multilabel = request.y.ndim == 2
        train_rows, validation_rows = train_test_split(
            train_rows,
            test_size=estimator.validation_fraction,
            random_state=random_state,
            stratify=None if multilabel else labels,
        )
        if len(validation_rows) < 2:
            raise ValueError(
                f"validation_fraction={estimator.validation_fraction} of {len(weight)} samples "
                "leaves fewer than 2 to validate on. Increase validation_fraction, give more "
                "samples, or set early_stopping=False."
            )
    row_weight = weight * targets.class_weight_of_rows(
        estimator.class_weight, request.y, estimator.classes_, weight
    )
    train_rows = train_rows[row_weight[train_rows] > 0]
    if len(train_rows) == 0:
        raise ValueError(
            f"class_weight={estimator.class_weight!r} leaves no sample to train on: all have "
            "weight zero."
        )
    return TrainingData(
        request.X,
        labels,
        row_weight,
        scaling,
        train_rows,
        validation_rows,
        None if validation_rows is None else weight[validation_rows],
    )


def _plan(estimator: KerasMLPClassifier, request: FitRequest) -> TrainingPlan:
    return TrainingPlan(
        epochs=request.epochs,
        batch_size=estimator.batch_size,
        optimizer=estimator.optimizer,
        learning_rate=estimator.learning_rate,
        learning_rate_schedule=request.schedule,
        alpha=estimator.alpha,
        # A network without hidden layers has nothing to drop.
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
    weights = list(state.weights)
    weights[:2] = data.scaling.fold(*weights[:2])
    history, n_samples_seen = state.history, state.n_epochs * len(data.train_rows)
    if request.continued:
        history = _joined(estimator.history_, history)
        n_samples_seen += estimator.t_
    scores = history.get("val_accuracy")
    return {
        "coefs_": weights[::2],
        "intercepts_": weights[1::2],
        "n_layers_": len(spec.layer_sizes),
        "n_outputs_": spec.layer_sizes[-1],
        "out_activation_": spec.out_activation,
        "n_iter_": len(history["loss"]),
        "t_": n_samples_seen,
        "loss_": history["loss"][-1],
        "loss_curve_": history["loss"],
        "validation_scores_": scores,
        "best_validation_score_": None if scores is None else float(np.nanmax(scores)),
        "history_": history,
        "_input_scaling": data.scaling,
        "_multilabel": request.y.ndim == 2,
    }


def _joined(
    before: dict[str, list[float]], after: dict[str, list[float]]
) -> dict[str, list[float]]:
    """Join two histories; what one of them did not measure is not a number there."""
    n_before, n_after = len(before["loss"]), len(after["loss"])
    return {
        name: before.get(name, [np.nan] * n_before) + after.get(name, [np.nan] * n_after)
        for name in {**before, **after}
    }
