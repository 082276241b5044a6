"""Products in vectors of numbers, as LLVM code that Numba compiles into the kernels that call it.

In Numba's own words sums would go through memory at each step, and loops over columns would begin
by asking whether their arrays overlap: together half of the time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.core.codegen import get_host_cpu_features

from sk_mnist.engines.numba.kernels.llvm_atomics import coded


def _has_512_bit_registers() -> bool:
    """Tell whether the processor that Numba compiles for has them, 32 of them."""
    features = config.CPU_FEATURES
    if features is None:
        features = get_host_cpu_features()
    return "+avx512f" in features.split(",")


TILE = 64
"""Columns that sparse products work on at a time; they stay in the processor's registers."""

VECTOR_BYTES = 64
"""Bytes of numbers that dense products take at once; the compiler cuts them to its registers."""

TILE_ROWS = 6
"""Rows that dense products work on at a time; their sums stay in the processor's registers."""

WIDE_VECTORS = 4 if _has_512_bit_registers() else 1
"""Vectors of columns that dense products work on at a time, as long as there are so many."""

# Numbers in a vector of sparse products, of float32 64 bytes, too.
_LANES = 16


@coded
def add_scaled_rows(
    typing_context: Any,
    total: Any,
    tile: Any,
    first: Any,
    last: Any,
    rows: Any,
    factors: Any,
    start: Any,
    stop: Any,
) -> tuple[Any, Callable[..., Any]]:
    """Add to `total` the rows ``rows[k]`` of a matrix times ``factors[k]``, k up from `start`.

    It ends at `stop`, or where ``rows[k]`` is not below `last`, and returns where. `tile` is the
    matrix from row `first` on, which has `TILE` columns. No row may lie before it.
    """
    index = types.intp
    signature = index(total, tile, index, index, rows, factors, index, index)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        total, tile, rows, factors = _pointers(context, builder, signature, args, (0, 1, 4, 5))
        first, last = args[2:4]
        start, stop = args[6:]
        size = context.get_abi_sizeof(total.type.pointee)
        sums = [
            cgutils.alloca_once_value(builder, builder.load(part, align=size))
            for part in _vectors(builder, total)
        ]
        place = cgutils.alloca_once_value(builder, start)
        look, add, end = map(builder.append_basic_block, ("look", "add", "end"))
        builder.branch(look)
        builder.position_at_end(look)
        k = builder.load(place)
        inside = builder.append_basic_block("inside")
        builder.cbranch(builder.icmp_signed("<", k, stop), inside, end)
        builder.position_at_end(inside)
        row = builder.zext(builder.load(builder.gep(rows, [k])), k.type)
        builder.cbranch(builder.icmp_signed("<", row, last), add, end)
        builder.position_at_end(add)
        factor = _everywhere(builder, builder.load(builder.gep(factors, [k])))
        row_vectors = _row_vectors(builder, tile, row, first)
        for part_sum, part in zip(sums, row_vectors, strict=True):
            product = builder.fmul(factor, builder.load(part, align=size), flags=["contract"])
            part_total = builder.fadd(builder.load(part_sum), product, flags=["contract"])
            builder.store(part_total, part_sum)
        builder.store(builder.add(k, k.type(1)), place)
        builder.branch(look)
        builder.position_at_end(end)
        for part_sum, part in zip(sums, _vectors(builder, total), strict=True):
            builder.store(builder.load(part_sum), part, align=size)
        return builder.load(place)

    return signature, generate


@coded
def add_to_rows(
    typing_context: Any,
    tile: Any,
    first: Any,
    rows: Any,
    factors: Any,
    added: Any,
    start: Any,
    stop: Any,
) -> tuple[Any, Callable[..., Any]]:
    """Add `added` times ``factors[k]`` to the rows ``rows[k]`` of a matrix, k from start to stop.

    The matrix is given as in `add_scaled_rows`.
    """
    index = types.intp
    signature = types.void(tile, index, rows, factors, added, index, index)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        tile, rows, factors, added = _pointers(context, builder, signature, args, (0, 2, 3, 4))
        first = args[1]
        start, stop = args[5:]
        size = context.get_abi_sizeof(tile.type.pointee)
        added = [builder.load(part, align=size) for part in _vectors(builder, added)]
        with cgutils.for_range_slice(builder, start, stop, start.type(1)) as (k, _):
            row = builder.zext(builder.load(builder.gep(rows, [k])), k.type)
            factor = _everywhere(builder, builder.load(builder.gep(factors, [k])))
            row_vectors = _row_vectors(builder, tile, row, first)
            for vector, part in zip(added, row_vectors, strict=True):
                product = builder.fmul(factor, vector, flags=["contract"])
                part_total = builder.fadd(
                    builder.load(part, align=size), product, flags=["contract"]
                )
                builder.store(part_total, part, align=size)
        return context.get_dummy_value()

    return signature, generate


def _pointers(context: Any, builder: Any, signature: Any, args: Any, which: Any) -> list[Any]:
    """Return where the numbers of some arguments, which are arrays, begin."""
    return [context.make_array(signature.args[i])(context, builder, args[i]).data for i in which]


def _vectors(builder: Any, pointer: Any) -> list[Any]:
    """Return the vectors that `TILE` numbers consist of."""
    integer = ir.IntType(64)
    vector = ir.VectorType(pointer.type.pointee, _LANES)
    pointers = [builder.gep(pointer, [integer(i)]) for i in range(0, TILE, _LANES)]
    return [builder.bitcast(p, vector.as_pointer()) for p in pointers]


def _row_vectors(builder: Any, tile: Any, row: Any, first: Any) -> list[Any]:
    """Return the vectors of a row of a matrix, of which `tile` is what begins at row `first`."""
    place = builder.mul(builder.sub(row, first), row.type(TILE))
    return _vectors(builder, builder.gep(tile, [place]))


def _everywhere(builder: Any, number: Any, n: int = _LANES) -> Any:
    """Return a vector with one number in all places."""
    vector = ir.Constant(ir.VectorType(number.type, n), ir.Undefined)
    vector = builder.insert_element(vector, number, ir.IntType(32)(0))
    everywhere = ir.Constant(ir.VectorType(ir.IntType(32), n), [0] * n)
    return builder.shuffle_vector(vector, vector, everywhere)


@coded
def multiply_tile(
    typing_context: Any,
    n_rows: Any,
    n_columns: Any,
    length: Any,
    left: Any,
    row_step: Any,
    step: Any,
    right: Any,
    pitch: Any,
    total: Any,
    total_pitch: Any,
) -> tuple[Any, Callable[..., Any]]:
    """Compute the first rows and columns of a product, as many as fit in a tile.

    Arguments are those of `sk_mnist.engines.numba.kernels.gemm.multiply`. A tile has `TILE_ROWS` rows and
    `WIDE_VECTORS` of columns, or one where there are fewer columns. Of `right` it is a row of whole
    vectors that is read.
    """
    index = types.intp
    arguments = [index] * 3 + [left, index, index, right, index, total, index]

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        n_rows, n_columns, length = args[:3]
        row_step, step, pitch, total_pitch = args[4], args[5], args[7], args[9]
        left, right, total = _pointers(context, builder, signature, args, (3, 6, 8))
        number = total.type.pointee
        size = context.get_abi_sizeof(number)
        vector = ir.VectorType(number, VECTOR_BYTES // size)
        # Where there are fewer rows, the last is computed more than once, without a branch.
        last = builder.sub(n_rows, n_rows.type(1))
        rows = []
        for i in map(n_rows.type, range(TILE_ROWS)):
            rows.append(builder.select(builder.icmp_signed("<", i, last), i, last))
        factors = [builder.gep(left, [builder.mul(row, row_step)]) for row in rows]
        totals = [builder.gep(total, [builder.mul(row, total_pitch)]) for row in rows]

        def vectors(pointer: Any, n_vectors: int) -> list[Any]:
            starts = [length.type(i * vector.count) for i in range(n_vectors)]
            return [
                builder.bitcast(builder.gep(pointer, [start]), vector.as_pointer())
                for start in starts
            ]

        def sums_of(n_vectors: int) -> list[list[Any]]:
            zero = ir.Constant(vector, None)
            sums = [
                [cgutils.alloca_once_value(builder, zero) for _ in range(n_vectors)] for _ in rows
            ]
            with cgutils.for_range(builder, length) as loop:
                row = builder.gep(right, [builder.mul(loop.index, pitch)])
                parts = [builder.load(part, align=size) for part in vectors(row, n_vectors)]
                place = builder.mul(loop.index, step)
                for pointer, row_sums in zip(factors, sums, strict=True):
                    value = builder.load(builder.gep(pointer, [place]))
                    factor = _everywhere(builder, value, vector.count)
                    for part, part_sum in zip(parts, row_sums, strict=True):
                        product = builder.fmul(factor, part, flags=["contract"])
                        so_far = builder.load(part_sum)
                        builder.store(builder.fadd(so_far, product, flags=["contract"]), part_sum)
            return sums

        def store_vectors(sums: list[list[Any]]) -> None:
            for pointer, row_sums in zip(totals, sums, strict=True):
                for part_sum, part in zip(row_sums, vectors(pointer, len(row_sums)), strict=True):
                    builder.store(builder.load(part_sum), part, align=size)

        def store_numbers(sums: list[list[Any]]) -> None:
            for pointer, (row_sum,) in zip(totals, sums, strict=True):
                numbers = builder.bitcast(row_sum, number.as_pointer())
                with cgutils.for_range(builder, n_columns) as loop:
                    value = builder.load(builder.gep(numbers, [loop.index]))
                    builder.store(value, builder.gep(pointer, [loop.index]))

        def are_at_least(n_vectors: int) -> Any:
            return builder.icmp_signed(">=", n_columns, length.type(n_vectors * vector.count))

        with builder.if_else(are_at_least(WIDE_VECTORS)) as (many, few):
            with many:
                store_vectors(sums_of(WIDE_VECTORS))
            with few:
                sums = sums_of(1)
                with builder.if_else(are_at_least(1)) as (whole, partial):
                    with whole:
                        store_vectors(sums)
                    with partial:
                        store_numbers(sums)
        return context.get_dummy_value()

    return types.void(*arguments), generate


@coded
def transpose_square(
    typing_context: Any, matrix: Any, pitch: Any, target: Any, target_pitch: Any
) -> tuple[Any, Callable[..., Any]]:
    """Write the first columns of a matrix as rows of another, as long and as many as a vector."""
    index = types.intp

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        matrix, target = _pointers(context, builder, signature, args, (0, 2))
        number = matrix.type.pointee
        size = context.get_abi_sizeof(number)
        n = VECTOR_BYTES // size
        vector = ir.VectorType(number, n)

        def rows(pointer: Any, pitch: Any) -> list[Any]:
            starts = [builder.mul(pitch, pitch.type(i)) for i in range(n)]
            return [
                builder.bitcast(builder.gep(pointer, [start]), vector.as_pointer())
                for start in starts
            ]

        def mixed(one: Any, other: Any, places: list[int]) -> Any:
            mask = ir.Constant(ir.VectorType(ir.IntType(32), n), places)
            return builder.shuffle_vector(one, other, mask)

        vectors = [builder.load(row, align=size) for row in rows(matrix, args[1])]
        # Of a square's four quarters, two change places, and so in each quarter, down to numbers.
        side = n // 2
        while side:
            for i in range(n):
                if not i & side:
                    above, below = vectors[i], vectors[i + side]
                    left = [j if not j & side else n + j - side for j in range(n)]
                    right = [j + side if not j & side else n + j for j in range(n)]
                    vectors[i] = mixed(above, below, left)
                    vectors[i + side] = mixed(above, below, right)
            side //= 2
        for value, row in zip(vectors, rows(target, args[3]), strict=True):
            builder.store(value, row, align=size)
        return context.get_dummy_value()

    return types.void(matrix, index, target, index), generate
