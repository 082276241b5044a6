"""What trains a network: kernels of our own where they can, else a program that XLA compiles."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from sk_mnist.engines.chunks import Feed, TrainingData, feed
from sk_mnist.engines.numba import trainer as native
from sk_mnist.engines.numba.csr import takes_sparse
from sk_mnist.network.forward import NEGATIVE_SLOPES
from sk_mnist.network.spec import NetworkSpec
from sk_mnist.training import optimizers

# What the drivers of Nvidia, AMD and Windows's Linux make known of graphics processors.
_GPU_DEVICES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


class Evaluate(Protocol):
    """What measures a network by loaded rows: a method of a trainer."""

    def __call__(
        self,
        weights: Sequence[Any],
        data: Any,
        order: npt.NDArray[np.intp],
        row_weight: npt.NDArray[Any],
    ) -> list[float]:
        """Return sums over rows; `sk_mnist.engines.numba.trainer.NativeTrainer.evaluate` says which."""


class Trainer(Protocol):
    """What trains a network, in the hands of one fit."""

    initial_optimizer_state: list[Any]

    @property
    def batch_size(self) -> int:
        """Rows a step."""

    @property
    def evaluate(self) -> Evaluate | None:
        """What measures networks by loaded rows; None leaves it to NumPy."""

    def averages(self, state: Sequence[Any]) -> list[Any] | None:
        """Return what the optimizer ends with in place of the weights, None if it keeps them."""

    def run(
        self,
        state: Sequence[Any],
        data: Any,
        order: npt.NDArray[np.intp],
        learning_rates: npt.NDArray[np.floating[Any]],
        *,
        first_step: int,
        seed: int,
        alpha: float,
        dropout: float,
        label_smoothing: float,
    ) -> tuple[list[Any], list[float]]:
        """Run one step for each batch of rows; `sk_mnist.engines.xla.trainer.Trainer` says how."""


@contextmanager
def trainer_for(
    spec: NetworkSpec, data: TrainingData, batch_size: int, optimizer: Any, *, use_dropout: bool
) -> Iterator[tuple[Trainer, Feed]]:
    """Lend a trainer.

    Parameters
    ----------
    spec : NetworkSpec
        The network.
    data : TrainingData
        What to train on.
    batch_size : int
        Rows a step; fewer if there are fewer rows.
    optimizer : str or keras.optimizers.Optimizer
        Name of a Keras optimizer, or an instance.
    use_dropout : bool
        Whether there will be dropout.

    Yields
    ------
    trainer : Trainer
        In nobody else's hands until the context ends.
    feed : callable
        Makes the parts of an epoch from the order of its rows.
    """
    choice = optimizers.choose(optimizer)
    if choice.adam is not None and spec.activation in NEGATIVE_SLOPES and not _has_gpu():
        trainer = native.NativeTrainer(spec, min(batch_size, data.X.shape[0]), choice.adam)
        whole = takes_sparse(data.X, data.scaling)
        yield trainer, feed(data, trainer.load, trainer.batch_size, whole=whole)
        return
    from sk_mnist.engines.xla import trainer as engine  # Keras and TensorFlow, which take seconds

    key = engine.program_for(spec, data, batch_size, choice, use_dropout=use_dropout)
    with engine.pool.trainer(key) as compiled:
        yield compiled, feed(data, compiled.load, key.batch_size)


def _has_gpu() -> bool:
    """Tell whether TensorFlow has a graphics processor; where there is none, it is not asked."""
    if "tensorflow" not in sys.modules and not any(Path(path).exists() for path in _GPU_DEVICES):
        return False
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))
