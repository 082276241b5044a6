"""Products of dense matrices, as kernels."""

from __future__ import annotations

from sk_mnist.engines.numba.kernels.compile import kernel
from sk_mnist.engines.numba.kernels.llvm_simd import (
    TILE_ROWS,
    VECTOR_BYTES,
    WIDE_VECTORS,
    multiply_tile,
    transpose_square,
)


@kernel
def multiply(shape, left, steps, right, pitch, total, total_pitch):
    """Compute ``total = left @ right``, matrices in vectors, each from its first number on.

    Parameters
    ----------
    shape : (int, int, int)
        Rows and columns of `total`, and the length of the sums.
    left : ndarray
        The first factor.
    steps : (int, int)
        In `left`, from one row to the next, and from one column to the next.
    right, total : ndarray
        The second factor and the result, row by row. Behind `right` there must be a line of the
        cache that may be read, as `sk_mnist.engines.numba.kernels.structs.aligned` leaves.
    pitch, total_pitch : int
        In these, from one row to the next.
    """
    n_rows, n_columns, length = shape
    row_step, step = steps
    narrow = VECTOR_BYTES // total.itemsize
    wide = WIDE_VECTORS * narrow
    j = 0
    while j < n_columns:
        width = wide if n_columns - j >= wide else narrow
        # What is left is computed with columns before it, if there are any: whole vectors.
        first = max(0, min(j, n_columns - width))
        for i in range(0, n_rows, TILE_ROWS):
            multiply_tile(
                n_rows - i,
                min(width, n_columns - first),
                length,
                left[i * row_step :],
                row_step,
                step,
                right[first:],
                pitch,
                total[i * total_pitch + first :],
                total_pitch,
            )
        j = first + width


@kernel
def transpose(n_rows, n_columns, matrix, pitch, target, target_pitch):
    """Write the rows of a matrix as columns of another."""
    side = VECTOR_BYTES // matrix.itemsize
    whole_rows, whole_columns = n_rows - n_rows % side, n_columns - n_columns % side
    for j in range(0, whole_columns, side):
        for i in range(0, whole_rows, side):
            source = matrix[i * pitch + j :]
            transpose_square(source, pitch, target[j * target_pitch + i :], target_pitch)
    for i in range(n_rows):
        for j in range(whole_columns if i < whole_rows else 0, n_columns):
            target[j * target_pitch + i] = matrix[i * pitch + j]
