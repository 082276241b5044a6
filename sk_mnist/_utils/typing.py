"""Types that signatures share."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]
"""float32 or float64."""


class KerasOptimizer(Protocol):
    """What a `keras.optimizers.Optimizer` is checked for.

    Keras has no type hints. An annotation with Keras's own class would be `Any` to type checkers,
    and let misspelled names of optimizers pass.
    """

    def apply(self, grads: Any, trainable_variables: Any = None) -> Any:
        """Update the variables."""

    def get_config(self) -> dict[str, Any]:
        """Return the options."""
