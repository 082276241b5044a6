"""The protocol of engines, and what they are told.

An engine trains one network on the data of one fit. It keeps the network in whatever layout it
likes: `Engine.load_state` makes that layout of NumPy arrays in natural shape, and
`LoadedState.state` gives such arrays back. No other code knows the layout.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from sk_mnist._utils.typing import FloatArray
from sk_mnist.data.training_data import TrainingData
from sk_mnist.network.spec import NetworkSpec

EngineName: TypeAlias = Literal["native", "tensorflow"]


def first_engine_of(optimizer: Any, activation: str) -> EngineName:
    """Return what has trained a network that says nothing of engines: as it was then, on a CPU."""
    plain = isinstance(optimizer, str) and optimizer == "adam"
    return "native" if plain and activation in ("relu", "leaky_relu", "identity") else "tensorflow"


@dataclass(frozen=True)
class OptimizerSpec:
    """An optimizer without its learning rate, which an engine is given for every step.

    Attributes
    ----------
    kind : type or None
        The class of an instance, which says more than its name: users may define a class anew.
        None if the optimizer was given by name.
    description : str
        Equal for optimizers that differ in nothing but the learning rate: the name, or the name of
        the class with its options.
    make : callable
        Makes a new Keras optimizer.
    name : str or None
        The name of Keras's class in lower case; None for a class that is not Keras's.
    options : mapping
        The options of that class, defaults may be left out.
    """

    kind: type[Any] | None
    description: str
    make: Callable[[], Any] = field(compare=False, repr=False)
    name: str | None = field(default=None, compare=False)
    options: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class TrainingTask:
    """What an engine is made for.

    Attributes
    ----------
    spec : NetworkSpec
        The network.
    data : TrainingData
        The data.
    batch_size : int
        Rows per step; an engine takes fewer if there are fewer rows.
    optimizer : OptimizerSpec
        The optimizer.
    use_dropout : bool
        Whether there will be dropout.
    """

    spec: NetworkSpec
    data: TrainingData
    batch_size: int
    optimizer: OptimizerSpec
    use_dropout: bool = False


@dataclass(frozen=True)
class StepOptions:
    """The numbers that every step of a fit uses; names are those of the estimator."""

    alpha: float = 0.0
    dropout: float = 0.0
    label_smoothing: float = 0.0


class Totals(NamedTuple):
    """Sums over rows: of weight times loss, of the weights of correct rows, and of weights."""

    loss: float
    correct: float
    weight: float

    @property
    def mean_loss(self) -> float:
        """Weighted mean of the loss."""
        return float(self.loss / self.weight)

    @property
    def accuracy(self) -> float:
        """Weighted share of the rows that are predicted correctly."""
        return float(self.correct / self.weight)


@dataclass(frozen=True)
class NetworkState:
    """A network in training, as NumPy arrays in natural shape.

    Attributes
    ----------
    weights : list of ndarray
        For scaled inputs: ``[coef, intercept, coef, intercept, ...]`` of the shapes
        ``(n_inputs, n_units)`` and ``(n_units,)``.
    optimizer_state : list of ndarray or None
        The variables of the Keras optimizer, in its order, those of a coefficient matrix in the
        shape of that matrix; None before the first step.
    averages : list of ndarray or None
        The moving averages of the weights that an optimizer with `use_ema` ends with, while
        training goes on with the weights. None for any other optimizer.
    """

    weights: list[FloatArray]
    optimizer_state: list[npt.NDArray[Any]] | None = None
    averages: list[FloatArray] | None = None

    @property
    def final_weights(self) -> list[FloatArray]:
        """The weights that training would end with now."""
        return self.weights if self.averages is None else self.averages

    @property
    def n_steps(self) -> int | None:
        """Steps that the optimizer has made, None if it has no state."""
        # The first variable of every Keras optimizer.
        return None if self.optimizer_state is None else int(self.optimizer_state[0])

    def state(self) -> NetworkState:
        """Return the state itself, so that it can stand where a `LoadedState` does."""
        return self


class LoadedState(Protocol):
    """A network as an engine keeps it; never changed after it was made."""

    @property
    def n_steps(self) -> int | None:
        """Steps that the optimizer has made, None if it has no state."""

    def state(self) -> NetworkState:
        """Return the network as arrays that the caller may keep."""


class Engine(Protocol):
    """Trains and evaluates one network on the data of one fit."""

    @property
    def batch_size(self) -> int:
        """Rows per step."""

    def load_state(self, state: LoadedState) -> LoadedState:
        """Bring a network into the engine's layout.

        Parameters
        ----------
        state : NetworkState or LoadedState
            What this method or `train_epoch` returned passes as it is.

        Returns
        -------
        LoadedState
        """

    def train_epoch(
        self,
        state: LoadedState,
        order: npt.NDArray[np.intp],
        learning_rates: FloatArray,
        seed: int,
        options: StepOptions,
    ) -> tuple[LoadedState, Totals]:
        """Run one step for each batch of rows.

        Parameters
        ----------
        state : LoadedState
            The network before the epoch; left alone.
        order : ndarray of int of shape (n,)
            Rows to train on, batch after batch; the last batch may be smaller.
        learning_rates : ndarray of shape (n_steps,)
            Learning rate of each step.
        seed : int
            Seed of the epoch's dropout masks, below 2 ** 32.
        options : StepOptions
            What else the steps use.

        Returns
        -------
        state : LoadedState
            The network after the epoch.
        totals : Totals
            Of the training batches, each measured before its step.
        """

    def evaluate(self, state: LoadedState) -> Totals:
        """Measure a network, with averages if there are any, by the validation rows."""
