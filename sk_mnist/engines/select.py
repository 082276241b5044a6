"""Which engine trains a network."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from sk_mnist._utils.fork import refuse_tensorflow_after_fork
from sk_mnist._utils.optional_imports import has_tensorflow, require_tensorflow
from sk_mnist.engines.base import Engine, EngineName, OptimizerSpec, TrainingTask
from sk_mnist.engines.numba.optimizers import DEFAULTS, NOT_IN_KERNELS, kernel_optimizer
from sk_mnist.engines.numba.trainer import NumbaTrainer

# What the drivers of Nvidia, of AMD and of the Windows Subsystem for Linux show of GPUs.
_GPU_DEVICES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


def choose_engine(engine: EngineName | Literal["auto"], optimizer: OptimizerSpec) -> EngineName:
    """Return the engine that trains.

    Parameters
    ----------
    engine : {"auto", "native", "tensorflow"}
        As in the estimator.
    optimizer : OptimizerSpec
        The optimizer.

    Returns
    -------
    {"native", "tensorflow"}

    Raises
    ------
    ValueError
        If the native engine is asked for, and does not have the optimizer.
    """
    is_native = kernel_optimizer(optimizer) is not None
    if engine == "native" and not is_native:
        raise ValueError(
            f"engine='native' does not have the optimizer {optimizer.description}. It has "
            f"{', '.join(DEFAULTS)}, with all options but {' and '.join(NOT_IN_KERNELS)}. "
            "Set engine='auto', or engine='tensorflow' to train by Keras's optimizer."
        )
    if engine == "auto":
        return "native" if is_native and not _has_gpu() else "tensorflow"
    return engine


@contextmanager
def engine_for(task: TrainingTask, engine: EngineName) -> Iterator[Engine]:
    """Yield an engine for a fit.

    Parameters
    ----------
    task : TrainingTask
        What is to be trained.
    engine : {"native", "tensorflow"}
        Which one, see `choose_engine`.

    Yields
    ------
    Engine
        Used by nothing else until the context ends.

    Raises
    ------
    ImportError
        If TensorFlow is needed and not installed.
    RuntimeError
        If TensorFlow would hang, as it ran before this process was forked.
    """
    if engine == "native":
        yield NumbaTrainer(task)
        return
    require_tensorflow()
    refuse_tensorflow_after_fork()
    from sk_mnist.engines.xla.trainer import xla_trainer  # Keras and TensorFlow take seconds

    with xla_trainer(task) as trainer:
        yield trainer


def _has_gpu() -> bool:
    """Tell whether TensorFlow has a GPU; where no device is to be seen, it is not asked."""
    if "tensorflow" not in sys.modules and not any(Path(path).exists() for path in _GPU_DEVICES):
        return False
    if not has_tensorflow():
        return False
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))
