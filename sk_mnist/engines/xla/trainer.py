"""The TensorFlow engine: one fit by a compiled program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from sk_mnist._utils.typing import FloatArray
from sk_mnist.engines.base import (
    LoadedState,
    NetworkState,
    StepOptions,
    Totals,
    TrainingTask,
)
from sk_mnist.engines.data_loading import chunk_rows, chunks_of
from sk_mnist.engines.evaluation import NumpyEvaluator
from sk_mnist.engines.xla.pool import pool
from sk_mnist.engines.xla.program import Program, ProgramKey
from sk_mnist.engines.xla.tensors import padded_rows


@dataclass(frozen=True, eq=False)
class _DeviceState:
    """A network as tensors on the device, in the layout of the program: matrices transposed."""

    weights: list[Any]
    optimizer_state: list[Any] | None
    averages: list[Any] | None

    @property
    def n_steps(self) -> int | None:
        return None if self.optimizer_state is None else int(np.asarray(self.optimizer_state[0]))

    def state(self) -> NetworkState:
        return NetworkState(
            _transposed_copies(self.weights),
            None if self.optimizer_state is None else _transposed_copies(self.optimizer_state),
            None if self.averages is None else _transposed_copies(self.averages),
        )


class XlaTrainer:
    """Trains one network by a compiled program, with any optimizer of Keras.

    Parameters
    ----------
    program : Program
        Used by nothing else meanwhile.
    task : TrainingTask
        What the program was compiled for.
    """

    def __init__(self, program: Program, task: TrainingTask) -> None:
        self._program = program
        self._task = task
        self._chunks = chunks_of(task.data, program.load, program.key.batch_size)

    @property
    def batch_size(self) -> int:
        """Rows per step."""
        return self._program.key.batch_size

    def load_state(self, state: LoadedState) -> _DeviceState:
        """Bring a network into the layout of the program; see `Engine.load_state`."""
        if isinstance(state, _DeviceState):
            return state
        given = state.state()
        variables = given.optimizer_state
        return self._device_state(
            _transposed(given.weights), None if variables is None else _transposed(variables)
        )

    def train_epoch(
        self,
        state: LoadedState,
        order: npt.NDArray[np.intp],
        learning_rates: FloatArray,
        seed: int,
        options: StepOptions,
    ) -> tuple[_DeviceState, Totals]:
        """Run one step for each batch of rows; see `Engine.train_epoch`."""
        loaded = self.load_state(state)
        n_weights = len(loaded.weights)
        variables = [
            *loaded.weights,
            *(loaded.optimizer_state or self._program.initial_optimizer_state),
        ]
        totals = np.zeros(3)
        for chunk in self._chunks(order):
            variables, sums = self._program.run(
                variables,
                chunk.data,
                chunk.order,
                learning_rates,
                first_step=chunk.first_step,
                seed=seed,
                options=options,
            )
            totals += sums
        trained = self._device_state(variables[:n_weights], variables[n_weights:])
        return trained, Totals(*totals)

    def evaluate(self, state: LoadedState) -> Totals:
        """Measure a network by the validation rows, in NumPy; see `Engine.evaluate`."""
        loaded = self.load_state(state)
        weights = loaded.weights if loaded.averages is None else loaded.averages
        return self._evaluator(_transposed(weights))

    @cached_property
    def _evaluator(self) -> NumpyEvaluator:
        return NumpyEvaluator(self._task.spec, self._task.data)

    def _device_state(self, weights: list[Any], optimizer_state: list[Any] | None) -> _DeviceState:
        averages = None
        if optimizer_state is not None:
            averages = self._program.averages([*weights, *optimizer_state])
        return _DeviceState(weights, optimizer_state, averages)


@contextmanager
def xla_trainer(task: TrainingTask) -> Iterator[XlaTrainer]:
    """Yield a trainer whose program no other fit uses until the context ends."""
    with pool.program(program_key(task)) as program:
        yield XlaTrainer(program, task)


def program_key(task: TrainingTask) -> ProgramKey:
    """Return the key of the program that trains a network on some data.

    A program for fewer rows than `task.batch_size` has smaller batches.
    """
    X = task.data.X
    n_rows = padded_rows(X.shape[0])
    batch_size = min(task.batch_size, n_rows)
    n_rows = chunk_rows(task.data, batch_size) or n_rows
    return ProgramKey(task.spec, n_rows, X.dtype.name, batch_size, task.optimizer, task.use_dropout)


def _transposed(arrays: Sequence[Any]) -> list[Any]:
    return [np.asarray(array).T for array in arrays]


def _transposed_copies(arrays: Sequence[Any]) -> list[Any]:
    return [np.array(array.T, order="C") for array in map(np.asarray, arrays)]
