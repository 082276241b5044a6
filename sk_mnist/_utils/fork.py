"""Forks of a process in which TensorFlow runs: there it waits for ever for threads that are gone.

Importing this module has every fork from then on looked at.
"""

from __future__ import annotations

import os
import sys

from sk_mnist._utils.optional_imports import NATIVE_TRAINING

_forked_from_tensorflow = False


def refuse_tensorflow_after_fork() -> None:
    """Raise an error where TensorFlow would hang.

    Raises
    ------
    RuntimeError
        If this process was forked from one in which TensorFlow had run.
    """
    if _forked_from_tensorflow:
        raise RuntimeError(
            "TensorFlow ran in this process before it was forked, and would now wait for ever for "
            "threads that a fork does not copy. Start processes by 'spawn' or 'forkserver', for "
            "example with multiprocessing.get_context('spawn') or joblib's default backend. "
            f"{NATIVE_TRAINING}."
        )


def _look_for_tensorflow() -> None:
    global _forked_from_tensorflow
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None:
        return
    threading = tensorflow.config.threading
    n_threads = threading.get_inter_op_parallelism_threads()
    try:
        threading.set_inter_op_parallelism_threads(n_threads + 1)
    except RuntimeError:  # documented: TensorFlow is running already
        _forked_from_tensorflow = True
    else:
        threading.set_inter_op_parallelism_threads(n_threads)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_look_for_tensorflow)
