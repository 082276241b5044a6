"""Arguments arrive in machine code as they are in Python, and so does what it returns."""

import pickle
import sys
import threading
import types
from typing import Any, NamedTuple

import numpy as np
import pytest
from processes import run_python

from sk_mnist.engines.numba import kernels
from sk_mnist.engines.numba.kernels import activations, optimizers
from sk_mnist.engines.numba.kernels.compile import kernel
from sk_mnist.engines.numba.kernels.interface import pack
from sk_mnist.engines.numba.machine_code import entry_points
from sk_mnist.engines.numba.machine_code.entry_points import EntryPoint


class Pair(NamedTuple):
    matrix: Any
    number: Any


@pytest.fixture
def entry_point(monkeypatch, tmp_path):
    """Return a function that makes an entry point of a function, compiled like those of kernels."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))

    def entry_point(function):
        module = types.ModuleType("testing")
        module.function = kernel(function)
        monkeypatch.setitem(sys.modules, f"{kernels.__name__}.testing", module)
        return EntryPoint("testing.function")

    return entry_point


@pytest.mark.parametrize(
    "value",
    [
        7,
        -7,
        0.1,
        True,
        False,
        np.float32(0.1),
        np.float64(-1e300),
        np.uint32(2**32 - 1),
        np.int64(-(2**62)),
        np.bool_(True),
        float("inf"),
    ],
    ids=repr,
)
def test_numbers_arrive_in_machine_code_as_they_are(entry_point, value):
    def write(out, number):
        out[0] = number

    out = np.zeros(1, np.result_type(value))
    entry_point(write)(out, value)
    assert out[0] == value


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "int64", "float32", "float64"])
def test_arrays_and_tuples_arrive_in_machine_code_as_they_are(entry_point, dtype):
    def write(out, pair, vector):
        out[0], out[1], out[2] = pair.matrix.shape[0], pair.matrix.shape[1], len(vector)
        out[3], out[4], out[5] = pair.matrix[1, 2], vector[-1], pair.number
        pair.matrix[0, 0] = 9

    pair = Pair(np.arange(6).reshape(2, 3).astype(dtype), 11)
    out = np.zeros(6)
    entry_point(write)(out, pair, np.array([3, 4, 8], dtype))
    assert out.tolist() == [2, 3, 3, 5, 8, 11]
    assert pair.matrix[0, 0] == 9


def test_empty_arrays_arrive_in_machine_code_as_empty(entry_point):
    def size(array):
        return array.shape[0] * 10 + array.shape[1]

    assert entry_point(size)(np.zeros((0, 4))) == 4


def test_what_machine_code_returns_arrives_in_python(entry_point):
    def is_large(x):
        return x > 5

    call = entry_point(is_large)
    assert [call(9), call(1)] == [1, 0]


def test_other_kinds_of_arguments_are_compiled_for_themselves(entry_point):
    def halve(out, x):
        out[0] = x / 2

    call, out = entry_point(halve), np.zeros(1)
    for value, half in ((3, 1.5), (3.0, 1.5), (np.float32(5), 2.5), (7, 3.5)):
        call(out, value)
        assert out[0] == half
    assert call.n_variants == 3


@pytest.mark.parametrize(
    "array",
    [np.zeros((4, 6))[:, ::2], np.frombuffer(bytes(4 * 8 + 1), "float64", offset=1).reshape(2, 2)],
    ids=["not contiguous", "not aligned"],
)
def test_entry_points_refuse_arrays_that_kernels_cannot_read(array):
    with pytest.raises(ValueError, match="C-contiguous and aligned"):
        entry_points.count_nonzero(array, np.zeros(4, np.int64))


def test_tuples_that_differ_in_their_nesting_or_fields_are_of_other_kinds():
    class Other(NamedTuple):
        number: Any
        matrix: Any

    values = [((1.0, Pair(2.0, 3.0)),), ((Pair(1.0, 2.0), 3.0),), ((1.0, Other(2.0, 3.0)),)]
    assert len({pack(value[0])[0] for value in values}) == 3


def test_entry_points_are_pickled_without_addresses_of_this_process():
    counts = np.zeros(2, np.int64)
    entry_points.count_nonzero(np.eye(2), counts)
    again = pickle.loads(pickle.dumps(entry_points.count_nonzero))
    assert again.n_variants == 0
    again(np.ones((2, 3)), counts)
    assert counts.tolist() == [3, 3]
    relu = entry_points.ACTIVATIONS["relu"]
    assert pickle.loads(pickle.dumps(relu)).address("float32") != 0


def test_entry_points_called_first_by_many_threads_are_loaded_once(monkeypatch):
    loaded = []

    def load(*arguments):
        loaded.append(arguments)
        return entry_point_load(*arguments)

    entry_point_load = entry_points.load
    monkeypatch.setattr(entry_points, "load", load)
    count, barrier = EntryPoint("csr.count_nonzero"), threading.Barrier(8)
    X, counts = np.eye(4), [np.zeros(4, np.int64) for _ in range(8)]

    def run(out):
        barrier.wait()
        count(X, out)

    threads = [threading.Thread(target=run, args=(out,)) for out in counts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [out.tolist() for out in counts] == [[1, 1, 1, 1]] * 8
    assert len(loaded) == 1


def test_code_that_calls_the_c_library_is_loaded_first_in_a_process(tmp_path):
    code = """
import sys
from sk_mnist.engines.numba.machine_code.entry_points import OPTIMIZERS

OPTIMIZERS["adam"].address("float32")
print("numba" in sys.modules)
"""
    found = [run_python(code, NUMBA_CACHE_DIR=str(tmp_path)).strip() for _ in range(2)]
    assert found == ["True", "False"]


def test_an_index_out_of_bounds_is_an_error_where_numba_checks_bounds(tmp_path):
    code = """
import numpy as np
from sk_mnist.engines.numba.machine_code.entry_points import count_nonzero

try:
    count_nonzero(np.eye(4), np.zeros(2, np.int64))
except IndexError as error:
    print(error)
"""
    found = run_python(code, NUMBA_BOUNDSCHECK="1", NUMBA_CACHE_DIR=str(tmp_path))
    assert "csr.count_nonzero" in found


@pytest.mark.parametrize(
    ("module", "table"),
    [(activations, entry_points.ACTIVATIONS), (optimizers, entry_points.OPTIMIZERS)],
    ids=["activations", "optimizers"],
)
def test_tables_of_entry_points_have_all_public_kernels_of_the_module(module, table):
    public = {name for name, value in vars(module).items() if hasattr(value, "py_func")}
    imported = {"exp_parts", "normal_tail_factor", "part"}
    assert set(table) == {name for name in public - imported if not name.startswith("_")}
