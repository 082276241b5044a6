"""Which engine trains a network."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sk_mnist._utils.fork import refuse_tensorflow_after_fork
from sk_mnist._utils.optional_imports import has_tensorflow, require_tensorflow
from sk_mnist.engines.base import Engine, TrainingTask
from sk_mnist.engines.numba.optimizers import kernel_optimizer
from sk_mnist.engines.numba.trainer import NumbaTrainer

# What the drivers of Nvidia, of AMD and of the Windows Subsystem for Linux show of GPUs.
_GPU_DEVICES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


@contextmanager
def engine_for(task: TrainingTask) -> Iterator[Engine]:
    """Yield the engine for a fit: the kernels, or TensorFlow on a GPU and for other optimizers.

    Parameters
    ----------
    task : TrainingTask
        What is to be trained.

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
    if kernels_can_train(task) and not _has_gpu():
        yield NumbaTrainer(task)
        return
    require_tensorflow()
    refuse_tensorflow_after_fork()
    from sk_mnist.engines.xla.trainer import xla_trainer  # Keras and TensorFlow take seconds

    with xla_trainer(task) as trainer:
        yield trainer


def kernels_can_train(task: TrainingTask) -> bool:
    """Tell whether the kernels have the optimizer."""
    return kernel_optimizer(task.optimizer) is not None


def _has_gpu() -> bool:
    """Tell whether TensorFlow has a GPU; where no device is to be seen, it is not asked."""
    if "tensorflow" not in sys.modules and not any(Path(path).exists() for path in _GPU_DEVICES):
        return False
    if not has_tensorflow():
        return False
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))
