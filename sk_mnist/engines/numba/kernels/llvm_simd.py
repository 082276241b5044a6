"""LLVM code for products in SIMD vectors, which Numba compiles into the kernels that call it.

Loops in Python would take twice as long: their sums go through memory in every iteration, and loops
over columns begin with checks whether arrays overlap. `llvm_atomics` says what an intrinsic is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.core.codegen import get_host_cpu_features
from numba.extending import intrinsic

from sk_mnist.engines.numba.kernels.structs import TILE


def _has_512_bit_registers() -> bool:
    """Tell whether the processor that Numba compiles for has them, 32 of them."""
    features = config.CPU_FEATURES
    if features is None:
        features = get_host_cpu_features()
    return "+avx512f" in features.split(",")


VECTOR_BYTES = 64
"""Bytes of a SIMD vector of dense products; the compiler splits it into registers."""

MICRO_ROWS = 6
"""Rows of the gemm microkernel; its sums stay in registers."""

MICRO_VECTORS = 4 if _has_512_bit_registers() else 1
"""Vectors of columns of the gemm microkernel, if the product has so many columns."""

# Elements in a SIMD vector of a tile.
_LANES = 16


@intrinsic
def add_scaled_rows(
    typing_context: Any,
    total: Any,
    tile: Any,
    first: Any,
    last: Any,
    indices: Any,
    values: Any,
    start: Any,
    stop: Any,
) -> tuple[Any, Callable[..., Any]]:
    """Add ``values[k] * matrix[indices[k]]`` to `total`, for k from `start` on.

    It ends at `stop`, or where ``indices[k]`` is not below `last`, and returns that k. `tile` is
    the matrix from row `first` on, and has `TILE` columns. No index may be below `first`.
    """
    index = types.intp
    signature = index(total, tile, index, index, indices, values, index, index)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        total, tile, indices, values = _pointers(context, builder, signature, args, (0, 1, 4, 5))
        first, last = args[2:4]
        start, stop = args[6:]
        size = context.get_abi_sizeof(total.type.pointee)
        sums = [
            cgutils.alloca_once_value(builder, builder.load(vector, align=size))
            for vector in _tile_row_vectors(builder, total)
        ]
        position = cgutils.alloca_once_value(builder, start)
        look, add, end = map(builder.append_basic_block, ("look", "add", "end"))
        builder.branch(look)
        builder.position_at_end(look)
        k = builder.load(position)
        inside = builder.append_basic_block("inside")
        builder.cbranch(builder.icmp_signed("<", k, stop), inside, end)
        builder.position_at_end(inside)
        row = builder.zext(builder.load(builder.gep(indices, [k])), k.type)
        builder.cbranch(builder.icmp_signed("<", row, last), add, end)
        builder.position_at_end(add)
        value = _splat(builder, builder.load(builder.gep(values, [k])))
        vectors = _tile_row_vectors(builder, _tile_row(builder, tile, row, first))
        for vector_sum, vector in zip(sums, vectors, strict=True):
            product = builder.fmul(value, builder.load(vector, align=size), flags=["contract"])
            new_sum = builder.fadd(builder.load(vector_sum), product, flags=["contract"])
            builder.store(new_sum, vector_sum)
        builder.store(builder.add(k, k.type(1)), position)
        builder.branch(look)
        builder.position_at_end(end)
        for vector_sum, vector in zip(sums, _tile_row_vectors(builder, total), strict=True):
            builder.store(builder.load(vector_sum), vector, align=size)
        return builder.load(position)

    return signature, generate


@intrinsic
def scatter_add_rows(
    typing_context: Any,
    tile: Any,
    first: Any,
    indices: Any,
    values: Any,
    added: Any,
    start: Any,
    stop: Any,
) -> tuple[Any, Callable[..., Any]]:
    """Add ``values[k] * added`` to the row ``indices[k]`` of a matrix, for k from start to stop.

    The matrix is given as in `add_scaled_rows`.
    """
    index = types.intp
    signature = types.void(tile, index, indices, values, added, index, index)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        tile, indices, values, added = _pointers(context, builder, signature, args, (0, 2, 3, 4))
        first = args[1]
        start, stop = args[5:]
        size = context.get_abi_sizeof(tile.type.pointee)
        added_vectors = [
            builder.load(vector, align=size) for vector in _tile_row_vectors(builder, added)
        ]
        with cgutils.for_range_slice(builder, start, stop, start.type(1)) as (k, _):
            row = builder.zext(builder.load(builder.gep(indices, [k])), k.type)
            value = _splat(builder, builder.load(builder.gep(values, [k])))
            vectors = _tile_row_vectors(builder, _tile_row(builder, tile, row, first))
            for added_vector, vector in zip(added_vectors, vectors, strict=True):
                product = builder.fmul(value, added_vector, flags=["contract"])
                new_sum = builder.fadd(
                    builder.load(vector, align=size), product, flags=["contract"]
                )
                builder.store(new_sum, vector, align=size)
        return context.get_dummy_value()

    return signature, generate


def _pointers(context: Any, builder: Any, signature: Any, args: Any, which: Any) -> list[Any]:
    """Return pointers to the first elements of those arguments, which are arrays."""
    return [context.make_array(signature.args[i])(context, builder, args[i]).data for i in which]


def _tile_row(builder: Any, tile: Any, row: Any, first: Any) -> Any:
    """Return a pointer to a row of a matrix, of which `tile` is what begins at row `first`."""
    offset = builder.mul(builder.sub(row, first), row.type(TILE))
    return builder.gep(tile, [offset])


def _tile_row_vectors(builder: Any, pointer: Any) -> list[Any]:
    """Return pointers to the vectors of `TILE` elements."""
    vector_type = ir.VectorType(pointer.type.pointee, _LANES)
    return _vectors(builder, pointer, vector_type, TILE // _LANES)


def _vectors(builder: Any, pointer: Any, vector_type: Any, n_vectors: int) -> list[Any]:
    """Return pointers to vectors that lie behind each other."""
    integer = ir.IntType(64)
    starts = [builder.gep(pointer, [integer(i * vector_type.count)]) for i in range(n_vectors)]
    return [builder.bitcast(start, vector_type.as_pointer()) for start in starts]


def _splat(builder: Any, scalar: Any, n: int = _LANES) -> Any:
    """Return a vector with the same scalar in all lanes."""
    vector = ir.Constant(ir.VectorType(scalar.type, n), ir.Undefined)
    vector = builder.insert_element(vector, scalar, ir.IntType(32)(0))
    all_first = ir.Constant(ir.VectorType(ir.IntType(32), n), [0] * n)
    return builder.shuffle_vector(vector, vector, all_first)


@intrinsic
def gemm_microkernel(
    typing_context: Any,
    m: Any,
    n: Any,
    k: Any,
    a: Any,
    row_stride: Any,
    column_stride: Any,
    b: Any,
    ldb: Any,
    c: Any,
    ldc: Any,
) -> tuple[Any, Callable[..., Any]]:
    """Compute the first rows and columns of ``c = a @ b``, as many as fit in registers.

    These are `MICRO_ROWS` rows and `MICRO_VECTORS` vectors of columns, or one vector if there are
    fewer columns. Arguments are those of `sk_mnist.engines.numba.kernels.gemm.gemm`. Rows of `b`
    are read as whole vectors.
    """
    index = types.intp
    arguments = [index] * 3 + [a, index, index, b, index, c, index]

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        m, n, k = args[:3]
        row_stride, column_stride, ldb, ldc = args[4], args[5], args[7], args[9]
        a, b, c = _pointers(context, builder, signature, args, (3, 6, 8))
        scalar_type = c.type.pointee
        size = context.get_abi_sizeof(scalar_type)
        vector_type = ir.VectorType(scalar_type, VECTOR_BYTES // size)
        # If there are fewer rows, the last one is computed repeatedly, without a branch.
        last = builder.sub(m, m.type(1))
        rows = []
        for i in map(m.type, range(MICRO_ROWS)):
            rows.append(builder.select(builder.icmp_signed("<", i, last), i, last))
        a_rows = [builder.gep(a, [builder.mul(row, row_stride)]) for row in rows]
        c_rows = [builder.gep(c, [builder.mul(row, ldc)]) for row in rows]

        def sums_of(n_vectors: int) -> list[list[Any]]:
            zero = ir.Constant(vector_type, None)
            sums = [
                [cgutils.alloca_once_value(builder, zero) for _ in range(n_vectors)] for _ in rows
            ]
            with cgutils.for_range(builder, k) as loop:
                b_row = builder.gep(b, [builder.mul(loop.index, ldb)])
                b_vectors = [
                    builder.load(vector, align=size)
                    for vector in _vectors(builder, b_row, vector_type, n_vectors)
                ]
                column = builder.mul(loop.index, column_stride)
                for a_row, row_sums in zip(a_rows, sums, strict=True):
                    scalar = builder.load(builder.gep(a_row, [column]))
                    factor = _splat(builder, scalar, vector_type.count)
                    for b_vector, vector_sum in zip(b_vectors, row_sums, strict=True):
                        product = builder.fmul(factor, b_vector, flags=["contract"])
                        old_sum = builder.load(vector_sum)
                        new_sum = builder.fadd(old_sum, product, flags=["contract"])
                        builder.store(new_sum, vector_sum)
            return sums

        def store_vectors(sums: list[list[Any]]) -> None:
            for c_row, row_sums in zip(c_rows, sums, strict=True):
                vectors = _vectors(builder, c_row, vector_type, len(row_sums))
                for vector_sum, vector in zip(row_sums, vectors, strict=True):
                    builder.store(builder.load(vector_sum), vector, align=size)

        def store_scalars(sums: list[list[Any]]) -> None:
            for c_row, (vector_sum,) in zip(c_rows, sums, strict=True):
                scalars = builder.bitcast(vector_sum, scalar_type.as_pointer())
                with cgutils.for_range(builder, n) as loop:
                    scalar = builder.load(builder.gep(scalars, [loop.index]))
                    builder.store(scalar, builder.gep(c_row, [loop.index]))

        def has_columns_for(n_vectors: int) -> Any:
            return builder.icmp_signed(">=", n, n.type(n_vectors * vector_type.count))

        with builder.if_else(has_columns_for(MICRO_VECTORS)) as (many, few):
            with many:
                store_vectors(sums_of(MICRO_VECTORS))
            with few:
                sums = sums_of(1)
                with builder.if_else(has_columns_for(1)) as (whole, partial):
                    with whole:
                        store_vectors(sums)
                    with partial:
                        store_scalars(sums)
        return context.get_dummy_value()

    return types.void(*arguments), generate


@intrinsic
def transpose_square(
    typing_context: Any, a: Any, lda: Any, b: Any, ldb: Any
) -> tuple[Any, Callable[..., Any]]:
    """Write the first rows of `a` to the columns of `b`, as many and as long as a SIMD vector."""
    index = types.intp

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        a, b = _pointers(context, builder, signature, args, (0, 2))
        scalar_type = a.type.pointee
        size = context.get_abi_sizeof(scalar_type)
        n = VECTOR_BYTES // size
        vector_type = ir.VectorType(scalar_type, n)

        def rows(pointer: Any, leading_dim: Any) -> list[Any]:
            starts = [builder.mul(leading_dim, leading_dim.type(i)) for i in range(n)]
            return [
                builder.bitcast(builder.gep(pointer, [start]), vector_type.as_pointer())
                for start in starts
            ]

        def shuffle(one: Any, other: Any, lanes: list[int]) -> Any:
            mask = ir.Constant(ir.VectorType(ir.IntType(32), n), lanes)
            return builder.shuffle_vector(one, other, mask)

        vectors = [builder.load(row, align=size) for row in rows(a, args[1])]
        # Exchange two of the four quarters of the square, then of each quarter, down to scalars.
        side = n // 2
        while side:
            for i in range(n):
                if not i & side:
                    above, below = vectors[i], vectors[i + side]
                    left = [j if not j & side else n + j - side for j in range(n)]
                    right = [j + side if not j & side else n + j for j in range(n)]
                    vectors[i] = shuffle(above, below, left)
                    vectors[i + side] = shuffle(above, below, right)
            side //= 2
        for vector, row in zip(vectors, rows(b, args[3]), strict=True):
            builder.store(vector, row, align=size)
        return context.get_dummy_value()

    return types.void(a, index, b, index), generate
