"""Which of Keras's optimizers the kernels have, and how they are told the options.

To add one: a function in `kernels.optimizers`, and a function here in the table `_MAKE`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sk_mnist._utils.typing import FloatArray
from sk_mnist.engines.base import OptimizerSpec

_Options: TypeAlias = Mapping[str, Any]

_COMMON = {
    "weight_decay": None,
    "clipnorm": None,
    "global_clipnorm": None,
    "clipvalue": None,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}
_ADAM = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "amsgrad": False}

DEFAULTS: dict[str, dict[str, Any]] = {
    "adam": {**_COMMON, **_ADAM},
    "adamw": {**_COMMON, **_ADAM, "weight_decay": 0.004},
    "rmsprop": {**_COMMON, "rho": 0.9, "momentum": 0.0, "epsilon": 1e-7, "centered": False},
    "sgd": {**_COMMON, "momentum": 0.0, "nesterov": False},
}
"""The options of Keras's classes with their defaults, by the name of the class in lower case."""

NOT_IN_KERNELS = ("loss_scale_factor", "gradient_accumulation_steps")
"""The options that have to stay at their defaults."""


@dataclass(frozen=True)
class KernelOptimizer:
    """An optimizer as the kernels have it.

    Attributes
    ----------
    update : str
        A key of `kernels.optimizers.OPTIMIZERS`.
    slot_groups : tuple of tuple of int
        The slots in the order of Keras's variables: for each group, and within a group for each
        array of weights, the slots of the group. The moving averages are the last slot.
    step_options : callable
        Maps learning rates, the number of the first step (from one) and the dtype of the network to
        the options of each step, an array of shape (n_steps, n_options).
    options : mapping
        Keras's, of which those in `_COMMON` are used around the update.
    """

    update: str
    slot_groups: tuple[tuple[int, ...], ...]
    step_options: Callable[[FloatArray, int, Any], FloatArray]
    options: _Options

    @property
    def has_average(self) -> bool:
        """Whether the network ends with moving averages of the weights."""
        return bool(self.options["use_ema"])

    def limit(self, name: str) -> float:
        """Return a limit of gradients, zero if there is none: Keras ignores negative ones."""
        return max(float(self.options[name] or 0), 0.0)

    @property
    def clips_norm(self) -> bool:
        """Whether a step needs the norms of whole gradients."""
        return self.limit("clipnorm") > 0 or self.limit("global_clipnorm") > 0


def kernel_optimizer(optimizer: OptimizerSpec) -> KernelOptimizer | None:
    """Return an optimizer as the kernels have it, None if they do not have it."""
    if optimizer.name not in DEFAULTS:
        return None
    options = DEFAULTS[optimizer.name] | dict(optimizer.options)
    unknown = options.keys() - DEFAULTS[optimizer.name].keys() - {"learning_rate", "name"}
    if unknown or any(options[name] for name in NOT_IN_KERNELS):
        return None
    update, groups, step_options = _MAKE[optimizer.name](options)
    if options["use_ema"]:
        groups = ((sum(map(len, groups)),), *groups)  # Keras's first variables
    found = KernelOptimizer(update, groups, step_options, options)
    # The padding of matrices would become 0 / 0, which no step reads but the sum of a norm.
    return None if found.clips_norm and options.get("epsilon") == 0 else found


def _adam(options: _Options) -> Any:
    rest_1, rest_2 = 1 - options["beta_1"], 1 - options["beta_2"]

    def step_options(rates: FloatArray, first_step: int, dtype: Any) -> FloatArray:
        # Rounded as in Keras: these options to float32, all else to the dtype of the network.
        beta_1, beta_2 = _cast(options["beta_1"], dtype), _cast(options["beta_2"], dtype)
        t = np.arange(first_step, first_step + len(rates)).astype(dtype)
        step_size = _cast(rates, dtype) * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        return _rows(step_size, rest_1, rest_2, options["epsilon"], options["amsgrad"])

    return "adam", ((0, 1), (2,)) if options["amsgrad"] else ((0, 1),), step_options


def _sgd(options: _Options) -> Any:
    kept = np.float32(options["momentum"])

    def step_options(rates: FloatArray, first_step: int, dtype: Any) -> FloatArray:
        return _rows(_cast(rates, dtype), kept, options["nesterov"])

    return ("momentum", ((0,),), step_options) if kept else ("sgd", (), step_options)


def _rmsprop(options: _Options) -> Any:
    rho, kept, is_centered = options["rho"], options["momentum"], options["centered"]

    def step_options(rates: FloatArray, first_step: int, dtype: Any) -> FloatArray:
        return _rows(_cast(rates, dtype), rho, 1 - rho, options["epsilon"], kept, is_centered)

    n_slots = 1 + (kept > 0) + bool(is_centered)
    return "rmsprop", tuple((slot,) for slot in range(n_slots)), step_options


_MAKE = {"adam": _adam, "adamw": _adam, "rmsprop": _rmsprop, "sgd": _sgd}


def _cast(values: Any, dtype: Any) -> Any:
    """Convert Python's numbers as Keras does, which rounds them to float32 first."""
    return np.asarray(values, np.float32).astype(dtype)[()]


def _rows(*columns: Any) -> FloatArray:
    """Return a matrix with these columns; the first one is a vector, the others may be numbers."""
    table: npt.NDArray[np.float64] = np.empty((len(columns[0]), len(columns)))
    for j, column in enumerate(columns):
        table[:, j] = column
    return table
