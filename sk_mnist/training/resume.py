"""How a fit continues from an earlier one: warm starts and `partial_fit`."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from sk_mnist.engines.base import NetworkState, OptimizerSpec
from sk_mnist.network.spec import NetworkSpec
from sk_mnist.training.defaults import Settings, is_auto
from sk_mnist.training.inputs import InputTransform
from sk_mnist.training.state import TrainingState


@dataclass(frozen=True)
class Memory:
    """What a fit keeps for the next, besides the fitted attributes.

    Attributes
    ----------
    random_state : RandomState
        Source of the fit's random numbers, which go on from call to call.
    kept : dict
        What the previous fit kept, empty if there was none. Plain arrays, numbers and strings, and
        the random state.
    """

    random_state: np.random.RandomState
    kept: dict[str, Any]

    def split_seed(self) -> int:
        """Return the seed of the validation split, drawn in the first fit."""
        if "split_seed" not in self.kept:
            self.kept["split_seed"] = self.random_state.randint(2**31)
        return int(self.kept["split_seed"])

    def remember(
        self,
        optimizer: OptimizerSpec,
        state: TrainingState,
        network: NetworkState,
        *,
        in_estimator: bool,
    ) -> dict[str, Any]:
        """Return what the next fit needs to go on as if there had been no break.

        Parameters
        ----------
        optimizer : OptimizerSpec
            That of the training.
        state : TrainingState
            After an epoch.
        network : NetworkState
            Its network as arrays.
        in_estimator : bool
            Whether the weights of the estimator are those in training, bit for bit.

        Returns
        -------
        dict
        """
        kept = {
            **self.kept,
            "random_state": self.random_state,
            "optimizer": optimizer.description,
            "optimizer_state": network.optimizer_state,
            "weights": None if in_estimator and network.averages is None else network.weights,
            "rate_factor": state.rate_factor,
        }
        kept.pop("best", None)
        best = state.best_network
        if best is not None:  # in the middle of a training
            arrays = None  # the same
            if best is not state.network:
                best = best.state()
                arrays = (best.weights, best.optimizer_state)
            kept |= {"best": arrays, "random_state": deepcopy(self.random_state)}
        return kept


def recall(estimator: Any, *, continued: bool) -> Memory:
    """Return what the previous fit kept, or an empty memory for a new start."""
    kept = dict(estimator._resume or {}) if continued else {}
    if kept:  # a copy: a training that fails must leave the estimator as it was
        return Memory(deepcopy(kept["random_state"]), kept)
    return Memory(check_random_state(estimator.random_state), kept)


def as_fitted(estimator: Any, settings: Settings) -> Settings:
    """Return the settings with the layers of the fitted network, if they are to be "auto"."""
    if not is_auto(estimator.hidden_layer_sizes):
        return settings
    return replace(settings, hidden_layer_sizes=estimator.hidden_layer_sizes_)


def training_state(
    estimator: Any,
    spec: NetworkSpec,
    inputs: InputTransform,
    optimizer: OptimizerSpec,
    memory: Memory,
) -> TrainingState:
    """Return the state that the fitted network goes on from.

    Raises
    ------
    ValueError
        If parameters that shape the network were changed.
    """
    _check_same_network(estimator, spec)
    known = memory.kept if memory.kept.get("optimizer") == optimizer.description else {}
    weights = known.get("weights")
    if weights is None:
        layers = zip(estimator.coefs_, estimator.intercepts_, strict=True)
        weights = [weight for layer in layers for weight in layer]
        weights[:2] = inputs.folded.unfold(*weights[:2])
        if estimator.temperature_ != 1:
            weights[-2:] = [(w * estimator.temperature_).astype(w.dtype) for w in weights[-2:]]
    network = best = NetworkState(weights, known.get("optimizer_state"))
    if known.get("best") is not None:
        best = NetworkState(*known["best"])
    return TrainingState(
        network,
        estimator.history_,
        rate_factor=known.get("rate_factor", 1.0),
        best_network=best if "best" in known else None,
    )


def _check_same_network(estimator: Any, spec: NetworkSpec) -> None:
    fitted_sizes = (len(estimator.coefs_[0]), *(len(b) for b in estimator.intercepts_))
    if fitted_sizes != spec.layer_sizes:
        raise ValueError(
            f"The fitted network has layers of {fitted_sizes} units; it cannot continue with "
            f"hidden_layer_sizes={estimator.hidden_layer_sizes!r}, which makes {spec.layer_sizes}. "
            "Set hidden_layer_sizes back, or warm_start=False and call fit to start over."
        )
    if estimator._activation != spec.activation:
        raise ValueError(
            f"The fitted network has activation={estimator._activation!r}; it cannot continue with "
            f"activation={spec.activation!r}. Set it back, or call fit with warm_start=False to "
            "start over."
        )
    if estimator._input_scaling != estimator.input_scaling:
        raise ValueError(
            f"The fitted network has input_scaling={estimator._input_scaling!r}; it cannot "
            f"continue with input_scaling={estimator.input_scaling!r}. Set it back, or call fit "
            "with warm_start=False to start over."
        )
