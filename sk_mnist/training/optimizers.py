"""Keras optimizers, given by name or as an instance that is only ever copied."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from sk_mnist._utils.optional_imports import import_keras
from sk_mnist._utils.typing import FloatArray
from sk_mnist.engines.base import OptimizerSpec

# Callbacks set learning rates as multiples of the planned one, which zero does not have. This rate
# is zero in float32, in which engines take their rates.
_NO_LEARNING = 1e-100

# Below this number of steps, evaluating a schedule one by one is faster than building its graph.
_MIN_STEPS_AT_ONCE = 64


OptimizerName: TypeAlias = Literal[
    "adadelta",
    "adagrad",
    "adam",
    "adamax",
    "adamw",
    "ftrl",
    "lamb",
    "lion",
    "nadam",
    "rmsprop",
    "sgd",
]

OPTIMIZERS: tuple[str, ...] = get_args(OptimizerName)
"""Names of the Keras optimizers that train a network."""


def resolve_optimizer(optimizer: Any) -> OptimizerSpec:
    """Return the optimizer that the user means, without its learning rate.

    Parameters
    ----------
    optimizer : str or keras.optimizers.Optimizer
        A name, or an instance to copy.

    Returns
    -------
    OptimizerSpec

    Raises
    ------
    TypeError
        If it is neither.
    ValueError
        If it is an instance that a copy would not be the same as, or that cannot train here.
    """
    if isinstance(optimizer, str):
        # As in scikit-learn's MLPClassifier, "sgd" means Nesterov's momentum; Keras's has none.
        by_name = {"momentum": 0.9, "nesterov": True} if optimizer == "sgd" else {}
        return OptimizerSpec(
            None,
            optimizer,
            lambda: _classes()[optimizer](**by_name),
            optimizer,
            by_name,
        )
    _check_instance(optimizer)
    kind = type(optimizer)
    name = kind.__name__.lower()
    config = _options(optimizer)
    options = json.dumps(config, sort_keys=True, default=repr)
    return OptimizerSpec(
        kind,
        f"{kind.__module__}.{kind.__qualname__}({options})",
        lambda: kind.from_config(dict(config)),
        name if _classes().get(name) is kind else None,
        config,
    )


def _classes() -> dict[str, type[Any]]:
    """Return Keras's optimizers by the names of this package, in lower case."""
    keras = import_keras()  # takes seconds, and a fit with Adam does not need it
    # Not keras.optimizers.get, which does not know all optimizers of the module.
    return {name.lower(): value for name, value in vars(keras.optimizers).items()}


def learning_rate_of(estimator: Any) -> Any:
    """Return the learning rate to start with: a number, or one of Keras's schedules.

    An instance brings its own, in place of the estimator's.
    """
    resolve_optimizer(estimator.optimizer)  # raises for anything else
    if isinstance(estimator.optimizer, str):
        return float(estimator.learning_rate)
    default = inspect.signature(type(estimator)).parameters["learning_rate"].default
    if estimator.learning_rate != default:
        raise ValueError(
            f"learning_rate={estimator.learning_rate!r} would have no effect: the optimizer given, "
            f"{type(estimator.optimizer).__name__}, brings its own. Set the learning rate there "
            f"and leave learning_rate={default!r}, or give the optimizer by name."
        )
    keras = import_keras()
    # The schedule itself: to rebuild it from its config, its class would have to be registered.
    rate = estimator.optimizer._learning_rate
    if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        return rate
    # Keras stores 0.002 as float32; the user's number is the shortest one that rounds to it.
    return float(str(np.float32(float(rate)))) or _NO_LEARNING


def make_optimizer(estimator: Any) -> Any:
    """Return a new Keras optimizer as in the estimator, with its initial learning rate."""
    optimizer = resolve_optimizer(estimator.optimizer).make()
    optimizer.learning_rate = learning_rate_of(estimator)
    return optimizer


def rates_by_step(schedule: Any) -> Callable[[npt.NDArray[np.intp]], FloatArray]:
    """Make a function that evaluates a Keras schedule for many steps at once.

    Evaluating one step takes a millisecond, which is longer than training it.

    Parameters
    ----------
    schedule : keras.optimizers.schedules.LearningRateSchedule
        The schedule.

    Returns
    -------
    callable
        Maps an array of step numbers to an array of learning rates.
    """
    at_once = functools.cache(lambda: _evaluated_at_once(schedule))

    def one_by_one(steps: npt.NDArray[np.intp]) -> FloatArray:
        return np.array([float(schedule(int(step))) for step in steps])

    def rates(steps: npt.NDArray[np.intp]) -> FloatArray:
        if len(steps) < _MIN_STEPS_AT_ONCE:
            return one_by_one(steps)
        try:
            return at_once()(steps)
        except Exception:  # user-defined schedules may need plain numbers
            return one_by_one(steps)

    return rates


def _evaluated_at_once(schedule: Any) -> Callable[[npt.NDArray[np.intp]], FloatArray]:
    """Make a TensorFlow graph of a schedule with the same bits as evaluating single steps.

    TensorFlow rewrites the arithmetic of a `tf.function`, for example divisions as multiplications.
    Only for a session can this be switched off.
    """
    import tensorflow as tf  # here, as make_optimizer works with other backends

    config = tf.compat.v1.ConfigProto(device_count={"GPU": 0})
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    config.graph_options.optimizer_options.opt_level = -1
    with tf.Graph().as_default() as graph:
        steps = tf.compat.v1.placeholder("int64", [None])
        rates = tf.map_fn(schedule, steps, fn_output_signature="float32")
    session = tf.compat.v1.Session(graph=graph, config=config)
    return lambda values: np.asarray(session.run(rates, {steps: values}), np.float64)


def _check_instance(optimizer: Any) -> None:
    """Refuse what is not an optimizer, and optimizers that cannot be copied or train here."""
    keras = import_keras()
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        hint = " Call the class to make one." if isinstance(optimizer, type) else ""
        raise TypeError(
            "optimizer must be a name or an instance of keras.optimizers.Optimizer; got "
            f"{optimizer!r}.{hint}"
        )
    name = type(optimizer).__name__
    refused = {
        "LossScaleOptimizer": (
            "it serves float16, and the network is float32 or float64. Give the optimizer inside, "
            "with loss_scale_factor if a fixed factor is wanted"
        ),
        "MultiOptimizer": (
            "all layers share one learning rate, and it has several. Give one optimizer"
        ),
    }
    for kind, reason in refused.items():
        # Not every version of Keras has all of them.
        if isinstance(optimizer, getattr(keras.optimizers, kind, ())):
            raise ValueError(f"optimizer must not be a {kind}: {reason}.")
    rate = optimizer._learning_rate
    is_schedule = isinstance(rate, keras.optimizers.schedules.LearningRateSchedule)
    if callable(rate) and not is_schedule:
        raise ValueError(
            f"The learning rate of the optimizer given, {name}, is a function: {rate!r}. Give a "
            "number or an instance of keras.optimizers.schedules.LearningRateSchedule."
        )
    excluded = getattr(optimizer, "_exclude_from_weight_decay", None)
    if excluded or getattr(optimizer, "_exclude_from_weight_decay_pattern", None):
        raise ValueError(
            f"The optimizer given, {name}, excludes variables from weight decay by "
            "exclude_from_weight_decay(), which its copies in training would forget. Give one "
            "without exclusions; alpha is a penalty that leaves out the intercepts."
        )


def _options(optimizer: Any) -> dict[str, Any]:
    """Return the config of an optimizer without its learning rate and name."""
    # From a copy without the learning rate: a user-defined schedule need not have a config.
    view = object.__new__(type(optimizer))
    vars(view).update(vars(optimizer), _learning_rate=0.001)
    # The learning rate is replaced before the first step, and names are only counters.
    config: dict[str, Any] = view.get_config()
    return {**config, "learning_rate": 0.001, "name": None}
