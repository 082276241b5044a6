"""Products and transposes of dense matrices.

As in BLAS, a matrix is given as a vector that begins with its first element, and by its leading
dimension, the elements from one row to the next.
"""

from __future__ import annotations

from sk_mnist.engines.numba.kernels.compile import kernel
from sk_mnist.engines.numba.kernels.llvm_simd import (
    MICRO_ROWS,
    MICRO_VECTORS,
    VECTOR_BYTES,
    gemm_microkernel,
    transpose_square,
)
from sk_mnist.engines.numba.kernels.llvm_views import tail


@kernel
def gemm(shape, a, a_strides, b, ldb, c, ldc):
    """Compute ``c = a @ b``.

    Each element is summed in order from the first product on, whatever the shape, so that its bits
    do not depend on the rows and columns around it.

    Parameters
    ----------
    shape : (int, int, int)
        Rows and columns of `c`, and the length of the sums.
    a : ndarray
        The first factor.
    a_strides : (int, int)
        In `a`, elements from one row to the next, and from one column to the next.
    b, c : ndarray
        The second factor and the result. A cache line behind `b` is read, too, and must be
        readable, as `sk_mnist._utils.memory.aligned` makes it.
    ldb, ldc : int
        Their leading dimensions.
    """
    m, n, k = shape
    row_stride, column_stride = a_strides
    narrow = VECTOR_BYTES // c.itemsize
    wide = MICRO_VECTORS * narrow
    j = 0
    while j < n:
        width = wide if n - j >= wide else narrow
        # The remaining columns are computed together with columns before them, as whole vectors.
        first = max(0, min(j, n - width))
        for i in range(0, m, MICRO_ROWS):
            gemm_microkernel(
                m - i,
                min(width, n - first),
                k,
                tail(a, i * row_stride),
                row_stride,
                column_stride,
                tail(b, first),
                ldb,
                tail(c, i * ldc + first),
                ldc,
            )
        j = first + width


@kernel
def transpose(n_rows, n_columns, a, lda, b, ldb):
    """Write the rows of `a` to the columns of `b`."""
    side = VECTOR_BYTES // a.itemsize
    whole_rows, whole_columns = n_rows - n_rows % side, n_columns - n_columns % side
    for j in range(0, whole_columns, side):
        for i in range(0, whole_rows, side):
            transpose_square(tail(a, i * lda + j), lda, tail(b, j * ldb + i), ldb)
    for i in range(n_rows):
        for j in range(whole_columns if i < whole_rows else 0, n_columns):
            b[j * ldb + i] = a[i * lda + j]
