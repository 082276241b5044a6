"""The compile command."""

from __future__ import annotations

from sk_mnist.cli.console import CommandError, ResultConsole


def compile_kernels() -> None:
    """Compile for this processor, and keep the code on disk for later processes.

    Otherwise the first fit does so, which takes some seconds. In a container
    image, run this while it is built.
    """
    import time
    import warnings

    import numpy as np

    from sk_mnist.classifier import KerasMLPClassifier
    from sk_mnist.engines.numba import predict
    from sk_mnist.engines.numba.machine_code.entry_points import ACTIVATIONS, OPTIMIZERS
    from sk_mnist.engines.numba.machine_code.files import code_directory

    console = ResultConsole()
    start = time.perf_counter()
    blank, y = np.zeros((10, 4)), np.arange(10)
    with warnings.catch_warnings(), console.status("Compiling kernels..."):
        warnings.filterwarnings("error", "Compiled kernels cannot be kept", RuntimeWarning)
        try:
            for dtype in (np.uint8, np.float32, np.float64):
                for X in (blank.astype(dtype), blank.astype(dtype) + 1):  # sparse, dense
                    classifier = KerasMLPClassifier((4,)).partial_fit(X, y, y)
                    for rows in (X, blank.astype(np.uint8)):
                        predict.logits(rows, classifier.coefs_, classifier.intercepts_, "relu")
            for function in (*ACTIVATIONS.values(), *OPTIMIZERS.values()):
                for name in ("float32", "float64"):
                    function.address(name)
        except (RuntimeWarning, RuntimeError) as error:  # cannot be kept, or is turned off
            raise CommandError(str(error)) from error
    seconds = time.perf_counter() - start
    console.print(
        f"Compiled in {seconds:.1f} s, kept in {code_directory()}", markup=False, soft_wrap=True
    )
