"""Fitted classifiers as scikit-learn's `MLPClassifier`."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, LabelBinarizer, StandardScaler
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sk_mnist._utils.optional_imports import import_keras
from sk_mnist.network.activations import ACTIVATIONS
from sk_mnist.network.input_limit import LIMIT, InputLimit, limit_of
from sk_mnist.training.optimizers import learning_rate_of


def to_sklearn(estimator: Any) -> MLPClassifier | Pipeline:
    """Convert a fitted classifier to scikit-learn's own `MLPClassifier`.

    Parameters
    ----------
    estimator : KerasMLPClassifier
        Fitted, with an activation that `MLPClassifier` has.

    Returns
    -------
    MLPClassifier or Pipeline
        With copies of the weights. It predicts the same, up to rounding. Where the input scaling is
        "robust", which is not linear, a Pipeline that scales and limits dense X is in front of the
        `MLPClassifier`. This can be trained further: with a fresh state of the optimizer, if that
        is Keras's SGD or Adam, otherwise with scikit-learn's Adam; without what it has no parameter
        for, such as dropout and schedules.

    Raises
    ------
    ValueError
        If `MLPClassifier` does not have the activation, or if there is only one class.
    """
    check_is_fitted(estimator)
    activation = estimator._activation
    if not ACTIVATIONS[activation].in_sklearn:
        known = [name for name, known in ACTIVATIONS.items() if known.in_sklearn]
        raise ValueError(
            f"MLPClassifier does not have activation={activation!r}, only {', '.join(known)}. "
            "Fit with one of them, or export with to_keras() or to_onnx()."
        )
    if len(estimator.classes_) == 1:
        raise ValueError(
            f"MLPClassifier cannot give the probability of one class alone, {estimator.classes_}: "
            "it would show two. Fit with samples of two classes or more, or export with to_keras() "
            "or to_onnx()."
        )
    mlp = MLPClassifier(
        hidden_layer_sizes=tuple(len(b) for b in estimator.intercepts_[:-1]),
        activation=activation,
        alpha=estimator.alpha,
        batch_size=estimator.batch_size_,
        max_iter=estimator.epochs_,
        random_state=deepcopy(estimator.random_state),  # an instance would be drawn from by both
        tol=estimator.tol,
        verbose=bool(estimator.verbose),
        warm_start=estimator.warm_start,
        early_stopping=estimator.early_stopping,
        validation_fraction=estimator.validation_fraction,
        n_iter_no_change=estimator.n_iter_no_change,
        **_solver_parameters(estimator),
    )
    for name in (
        "classes_",
        "coefs_",
        "feature_names_in_",
        "intercepts_",
        "loss_",
        "loss_curve_",
        "n_features_in_",
        "n_iter_",
        "n_layers_",
        "n_outputs_",
        "out_activation_",
        "t_",
        "validation_scores_",
        "best_validation_score_",
    ):
        if hasattr(estimator, name):
            setattr(mlp, name, deepcopy(getattr(estimator, name)))
    _prepare_for_training(mlp)
    mlp._label_binarizer = _label_binarizer(estimator)
    limit = limit_of(estimator)
    return mlp if limit is None else _with_limit(mlp, limit)


def _with_limit(mlp: MLPClassifier, limit: InputLimit) -> Pipeline:
    """Put the limit in front of a network, as scikit-learn's own transformers."""
    scaler = StandardScaler()
    scaler.mean_, scaler.scale_ = limit.offset.copy(), LIMIT * limit.scale
    scaler.var_ = np.square(scaler.scale_)
    scaler.n_samples_seen_ = np.int64(mlp.t_)
    scaler.n_features_in_ = mlp.n_features_in_
    if hasattr(mlp, "feature_names_in_"):
        scaler.feature_names_in_ = mlp.feature_names_in_
        del mlp.feature_names_in_
    tanh = FunctionTransformer(np.tanh, np.arctanh, check_inverse=False)
    mlp.coefs_[0] *= LIMIT
    return make_pipeline(scaler, tanh.fit(np.zeros((1, mlp.n_features_in_))), mlp)


def _solver_parameters(estimator: Any) -> dict[str, Any]:
    """Return what `MLPClassifier` calls the optimizer and its options."""
    optimizer = estimator.optimizer
    if isinstance(optimizer, str):
        solver = optimizer if optimizer in ("adam", "sgd") else "adam"
        return {"solver": solver, "learning_rate_init": estimator.learning_rate}
    keras = import_keras()
    parameters: dict[str, Any] = {"solver": "adam"}
    if type(optimizer) is keras.optimizers.SGD:
        parameters["solver"] = "sgd"
        parameters["momentum"] = optimizer.momentum
        parameters["nesterovs_momentum"] = optimizer.nesterov
    elif type(optimizer) is keras.optimizers.Adam:
        parameters |= {name: getattr(optimizer, name) for name in ("beta_1", "beta_2", "epsilon")}
    rate = learning_rate_of(estimator)
    return parameters if callable(rate) else {**parameters, "learning_rate_init": rate}


def _prepare_for_training(mlp: MLPClassifier) -> None:
    """Set what `MLPClassifier` sets in its first fit, for `partial_fit` and a warm start."""
    mlp._random_state = check_random_state(mlp.random_state)
    mlp._no_improvement_count = 0
    mlp._best_coefs = deepcopy(mlp.coefs_)
    mlp._best_intercepts = deepcopy(mlp.intercepts_)
    if not mlp.early_stopping:
        mlp.best_loss_ = min(mlp.loss_curve_)
        return
    mlp.best_loss_ = None
    if mlp.validation_scores_ is None:  # after partial_fit, which holds nothing out
        mlp.validation_scores_ = []
        mlp.best_validation_score_ = -np.inf


def _label_binarizer(estimator: Any) -> LabelBinarizer:
    """Make what `MLPClassifier` turns outputs into labels with."""
    classes = estimator.classes_
    labels = np.eye(len(classes), dtype=int) if estimator._multilabel else classes
    binarizer: LabelBinarizer = LabelBinarizer().fit(labels)
    return binarizer
