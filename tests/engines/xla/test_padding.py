"""Data are padded, so that similar numbers of rows share a program; padding has no effect."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jobs import SMALL, assert_all_close, assert_all_equal, make_job, trained_weights
from numpy.testing import assert_array_equal

from sk_mnist.engines.xla.pool import pool
from sk_mnist.engines.xla.tensors import padded_rows
from sk_mnist.engines.xla.trainer import program_key

pytestmark = [pytest.mark.keras, pytest.mark.slow]

SIZES = st.integers(1, 10**7)
unhurried = settings(derandomize=True, deadline=None)


def test_rows_that_are_not_trained_on_have_no_effect():
    job = make_job(SMALL)  # 50 and 60 rows share a program of 64
    # Another first row, because positions that are padding gather it.
    X = np.vstack([np.full((1, 5), 1e3), job.data.X, np.full((9, 5), -1e3)])
    labels = np.concatenate([[2], job.data.labels, np.ones(9)]).astype("int32")
    more = replace(job.data, X=X, labels=labels, row_weight=np.ones(60))
    shifted = replace(job, data=more, epochs=tuple(order + 1 for order in job.epochs))
    assert_all_equal(trained_weights(shifted, "xla"), trained_weights(job, "xla"))


def test_a_larger_program_has_no_effect():
    job = make_job(SMALL)
    copies = {
        name: np.concatenate([getattr(job.data, name)] * 4)
        for name in ("X", "labels", "row_weight")
    }
    larger = replace(job, data=replace(job.data, **copies))
    assert program_key(larger.task).n_rows > program_key(job.task).n_rows
    found, expected = trained_weights(larger, "xla"), trained_weights(job, "xla")
    assert_all_close(found, expected, rtol=1e-13, atol=1e-14)


def test_batches_larger_than_the_data_share_a_program():
    small, large = (program_key(make_job(SMALL, batch_size=n).task) for n in (500, 10**6))
    assert small == large


@pytest.mark.parametrize(("n_rows", "expected"), [(10, 64), (100, 100), (1000, 100)])
def test_batches_are_no_larger_than_the_padded_data(n_rows, expected):
    job = make_job(SMALL, n_rows=n_rows, batch_size=100)
    assert program_key(job.task).batch_size == expected


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_padded_data_keep_their_dtype_and_have_weight_zero(dtype):
    data = make_job(SMALL).data
    data = replace(data, X=data.X.astype(dtype))
    with pool.program(program_key(replace(make_job(SMALL), data=data).task)) as program:
        X, _, row_weight, *_ = program.load(data.X, data.labels, data.row_weight, data.scaling)
    assert X.dtype.name == dtype
    assert len(X) == len(row_weight) == 64
    assert_array_equal(row_weight[:50], 1)
    assert_array_equal(row_weight[50:], 0)


@unhurried
@given(n_rows=SIZES)
@example(n_rows=1)
@example(n_rows=2**20 + 1)
def test_padded_rows_are_at_least_the_rows_and_at_most_an_eighth_more(n_rows):
    assert n_rows <= padded_rows(n_rows) <= n_rows * 9 / 8 + 64


@unhurried
@given(n_rows=SIZES)
@example(n_rows=64)
@example(n_rows=2**20)
def test_padded_rows_are_a_multiple_of_64_and_of_a_sixteenth_of_the_next_power_of_two(n_rows):
    padded = padded_rows(n_rows)
    next_power = 2 ** int(np.ceil(np.log2(n_rows)))
    assert padded % 64 == 0
    assert padded * 16 % next_power == 0


@unhurried
@given(n_rows=SIZES, more=st.integers(0, 10**5))
def test_padded_rows_grow_with_the_rows(n_rows, more):
    assert padded_rows(n_rows) <= padded_rows(n_rows + more)


@unhurried
@given(n_rows=SIZES)
def test_padded_rows_need_no_padding(n_rows):
    assert padded_rows(padded_rows(n_rows)) == padded_rows(n_rows)


def test_padded_rows_of_similar_numbers_are_the_same():
    assert padded_rows(8_000) == padded_rows(8_001)
