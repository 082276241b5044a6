"""Keras's optimizers, by name or by an instance that is only ever copied."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np


@dataclass(frozen=True)
class OptimizerChoice:
    """An optimizer but for its learning rate, which a program is given at every step.

    Attributes
    ----------
    description : str
        Equal for optimizers that differ in nothing but the learning rate: the name, or the class
        with its options.
    make : callable
        Makes a new optimizer.
    """

    description: str
    make: Callable[[], Any] = field(compare=False, repr=False)


def choose(optimizer: Any) -> OptimizerChoice:
    """Find out what optimizer is meant.

    Parameters
    ----------
    optimizer : str or keras.optimizers.Optimizer
        A name, or an instance to copy.

    Returns
    -------
    OptimizerChoice

    Raises
    ------
    TypeError
        If it is neither.
    """
    if isinstance(optimizer, str):
        return OptimizerChoice(optimizer, lambda: _by_name(optimizer))
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        hint = " Call the class to make one." if isinstance(optimizer, type) else ""
        raise TypeError(
            "optimizer must be a name or an instance of keras.optimizers.Optimizer; got "
            f"{optimizer!r}.{hint}"
        )
    kind = type(optimizer)
    # Any learning rate will do, it is replaced before the first step; names are mere counters.
    config = {**optimizer.get_config(), "learning_rate": 0.001, "name": None}
    options = json.dumps(config, sort_keys=True, default=repr)
    return OptimizerChoice(
        f"{kind.__module__}.{kind.__qualname__}({options})", lambda: kind.from_config(dict(config))
    )


def learning_rate_of(estimator: Any) -> float | Callable[[int], Any]:
    """Return the learning rate to start with: a number, or one of Keras's schedules.

    An instance brings its own, in place of the estimator's.
    """
    choose(estimator.optimizer)  # to refuse what is none
    if isinstance(estimator.optimizer, str):
        return float(estimator.learning_rate)
    default = inspect.signature(type(estimator)).parameters["learning_rate"].default
    if estimator.learning_rate != default:
        raise ValueError(
            f"learning_rate={estimator.learning_rate!r} would have no effect: the optimizer given, "
            f"{type(estimator.optimizer).__name__}, brings its own. Set the learning rate there "
            f"and leave learning_rate={default!r}, or give the optimizer by name."
        )
    rate = estimator.optimizer.get_config()["learning_rate"]
    if isinstance(rate, dict):
        schedule: Callable[[int], Any] = keras.optimizers.schedules.deserialize(rate)
        return schedule
    # Keras keeps 0.002 as a float32; the user's number is the shortest one that rounds to it.
    return float(str(np.float32(rate)))


def _by_name(name: str) -> Any:
    # As in scikit-learn's MLPClassifier, "sgd" means Nesterov's momentum; Keras's default has none.
    options = {"momentum": 0.9, "nesterov": True} if name == "sgd" else {}
    # Not keras.optimizers.get, which does not know all that the module has.
    classes = {key.lower(): value for key, value in vars(keras.optimizers).items()}
    return classes[name](**options)
