"""Arrays as tensors of a fixed number of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from sk_mnist._utils.memory import aligned


def padded_rows(n_rows: int) -> int:
    """Round a number of rows up to an eighth of a power of two.

    Data of 8,000 and of 8,001 rows then share a program, at the price of at most an eighth more
    memory. The padding is never gathered, so it costs no time.
    """
    unit = max(64, 1 << max(0, (n_rows - 1).bit_length() - 4))
    return -(-n_rows // unit) * unit


def padded_tensor(array: npt.NDArray[Any], n_rows: int, dtype: npt.DTypeLike) -> Any:
    """Copy an array into a tensor with more rows, once: `tf.constant` would copy it three times."""
    shape = (n_rows, *array.shape[1:])
    padded = aligned(shape, np.dtype(dtype))  # as compiled programs read their arguments
    padded[: len(array)] = array
    # The tensor shares the memory, which nothing else uses; identity moves it to a GPU, if any.
    return tf.identity(tf.experimental.dlpack.from_dlpack(padded.__dlpack__()))
