"""Fitted classifiers in the forms of other libraries."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sk_mnist.network.forward import FloatArray
from sk_mnist.network.spec import NetworkSpec

__all__ = ["register_onnx_converter", "to_keras", "to_onnx", "to_sklearn"]

if TYPE_CHECKING:
    from onnx import ModelProto

    from sk_mnist.classifier import KerasMLPClassifier


def to_keras(estimator: KerasMLPClassifier) -> Any:
    """Build the Keras model of a fitted classifier, compiled as its `fit` trains.

    Parameters
    ----------
    estimator : KerasMLPClassifier
        Fitted.

    Returns
    -------
    keras.Sequential
        As `compiled_keras_model` makes it.
    """
    check_is_fitted(estimator)
    return compiled_keras_model(estimator, fitted_spec(estimator), fitted_weights(estimator))


def to_sklearn(estimator: KerasMLPClassifier) -> MLPClassifier:
    """Make a fitted `sklearn.neural_network.MLPClassifier` of a fitted classifier.

    Parameters
    ----------
    estimator : KerasMLPClassifier
        Fitted, with an activation that `MLPClassifier` has.

    Returns
    -------
    MLPClassifier
        With copies of the weights. It predicts the same, up to rounding, and can be trained on:
        anew by the optimizer, if that is Keras's SGD or Adam, else by scikit-learn's Adam; without
        what it has no parameter for, such as dropout and schedules.

    Raises
    ------
    ValueError
        If `MLPClassifier` does not have the activation, or if there is only one class.
    """
    check_is_fitted(estimator)
    activation = estimator._activation
    known = ("identity", "logistic", "tanh", "relu")
    if activation not in known:
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
        batch_size=estimator.batch_size,
        max_iter=estimator.epochs,
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
    return mlp


def _solver_parameters(estimator: KerasMLPClassifier) -> dict[str, Any]:
    """Return what `MLPClassifier` calls the optimizer and its options."""
    optimizer = estimator.optimizer
    if isinstance(optimizer, str):
        solver = optimizer if optimizer in ("adam", "sgd") else "adam"
        return {"solver": solver, "learning_rate_init": estimator.learning_rate}
    import keras

    from sk_mnist.training import optimizers

    parameters: dict[str, Any] = {"solver": "adam"}
    if type(optimizer) is keras.optimizers.SGD:
        parameters["solver"] = "sgd"
        parameters["momentum"] = optimizer.momentum
        parameters["nesterovs_momentum"] = optimizer.nesterov
    elif type(optimizer) is keras.optimizers.Adam:
        parameters |= {name: getattr(optimizer, name) for name in ("beta_1", "beta_2", "epsilon")}
    rate = optimizers.learning_rate_of(estimator)
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


def _label_binarizer(estimator: KerasMLPClassifier) -> LabelBinarizer:
    """Make what `MLPClassifier` turns outputs into labels with."""
    classes = estimator.classes_
    labels = np.eye(len(classes), dtype=int) if estimator._multilabel else classes
    binarizer: LabelBinarizer = LabelBinarizer().fit(labels)
    return binarizer


def to_onnx(model: Any, X: Any, **options: Any) -> ModelProto:
    """Convert a fitted classifier, or a pipeline that ends in one, to ONNX.

    Needs the extra ``onnx`` of this package: ``pip install "sk_mnist[onnx]"``.

    Parameters
    ----------
    model : KerasMLPClassifier or Pipeline
        Fitted. All other steps must be known to skl2onnx.
    X : {array-like, DataFrame} of shape (n_samples, n_features)
        A sample of the inputs; only its types and number of columns count. A DataFrame, of pandas
        or polars, makes a model with an input a column. A classifier takes numbers of any type;
        for the steps of a pipeline, integers but int64 become float32, in which the model then
        takes them.
    **options
        Further arguments for `skl2onnx.to_onnx`; a `target_opset` has to be 13 or more.

    Returns
    -------
    onnx.ModelProto
        Two outputs: the labels, and the probabilities as a tensor of shape
        (n_samples, n_classes). Save it with ``onnx.save(model, path)``.

    Raises
    ------
    ImportError
        If skl2onnx is not installed.
    ValueError
        If `target_opset` is too low.
    """
    register_onnx_converter()
    import skl2onnx

    check_is_fitted(model)
    is_pipeline = isinstance(model, Pipeline)
    final = model[-1] if is_pipeline else model
    options = {"options": {id(final): {"zipmap": False}}, **options}
    return skl2onnx.to_onnx(model, _sample(X, for_pipeline=is_pipeline), **options)


def _sample(X: Any, for_pipeline: bool) -> Any:
    """Bring a sample of the inputs into one of the forms that skl2onnx can read types from."""
    import pandas as pd  # here, as fit has no use for it

    if isinstance(X, list) and not isinstance(X[0][0], str):  # else skl2onnx's names and types
        X = np.asarray(X[:1])
    elif hasattr(X, "columns") and not isinstance(X, pd.DataFrame):
        X = pd.DataFrame({name: np.asarray(X[name]) for name in X.columns})
    if for_pipeline and isinstance(X, np.ndarray):
        return X[:1].astype(_common_type(X.dtype))
    if for_pipeline and isinstance(X, pd.DataFrame):
        return X[:1].astype({name: _common_type(dtype) for name, dtype in X.dtypes.items()})
    return X


def _common_type(dtype: Any) -> Any:
    """Return float32 for types of integers that skl2onnx's converters do not take in general."""
    rare = ("int8", "int16", "int32", "uint8", "uint16", "uint32", "uint64")
    return "float32" if str(dtype) in rare else dtype


def register_onnx_converter() -> None:
    """Make skl2onnx convert `KerasMLPClassifier`, wherever it stands in a model.

    For those who call `skl2onnx.to_onnx` or `skl2onnx.convert_sklearn` themselves.

    Raises
    ------
    ImportError
        If skl2onnx is not installed.
    """
    try:
        import skl2onnx  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "The export to ONNX needs skl2onnx. Install it with: "
            'python -m pip install "sk_mnist[onnx]"'
        ) from error
    from sk_mnist.export import onnx_converter

    onnx_converter.register()


def fitted_spec(estimator: KerasMLPClassifier) -> NetworkSpec:
    """Return the shape of a fitted network."""
    return NetworkSpec(
        layer_sizes=(len(estimator.coefs_[0]), *(len(b) for b in estimator.intercepts_)),
        activation=estimator._activation,
        out_activation=estimator.out_activation_,
        dtype=estimator.coefs_[0].dtype.name,
    )


def fitted_weights(estimator: KerasMLPClassifier) -> list[FloatArray]:
    """Return the weights of a fitted network in the order of `NetworkSpec.initial_weights`."""
    layers = zip(estimator.coefs_, estimator.intercepts_, strict=True)
    return [weight for layer in layers for weight in layer]


def compiled_keras_model(
    estimator: KerasMLPClassifier, spec: NetworkSpec, weights: Sequence[FloatArray]
) -> Any:
    """Build the Keras model of a network, compiled as the classifier's `fit` trains.

    Parameters
    ----------
    estimator : KerasMLPClassifier
        Its parameters say how it is trained.
    spec : NetworkSpec
        The network.
    weights : sequence of ndarray
        For unscaled inputs.

    Returns
    -------
    keras.Sequential
        With the optimizer (at the start of its learning rate), the loss and the accuracy. It takes
        X as it is; the targets are one-hot for several classes, else zeros and ones.
    """
    import keras

    from sk_mnist.training import optimizers

    model = spec.to_keras(weights, estimator.dropout)
    loss = (
        keras.losses.CategoricalCrossentropy
        if spec.out_activation == "softmax"
        else keras.losses.BinaryCrossentropy
    )
    optimizer = optimizers.choose(estimator.optimizer).make()
    optimizer.learning_rate = optimizers.learning_rate_of(estimator)
    # Else Keras warns, when it loads the model, that the optimizer's variables are missing.
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, loss(label_smoothing=estimator.label_smoothing), metrics=["accuracy"])
    return model
