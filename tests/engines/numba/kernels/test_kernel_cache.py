"""The machine code on disk is found by what it depends on, and a fit does not depend on it."""

import ast
import importlib
import pkgutil
import re
import resource
import shutil
import sys
from pathlib import Path

import llvmlite
import llvmlite.binding
import numba
import pytest
from numba.core.dispatcher import Dispatcher
from numba.core.extending import _Intrinsic
from numba.core.registry import cpu_target
from processes import run_python

import sk_mnist
from sk_mnist._utils import memory
from sk_mnist.engines.numba import kernels
from sk_mnist.engines.numba.kernels import code_cache, structs
from sk_mnist.engines.numba.kernels.compile import cache_key, entry_point

PACKAGE = Path(sk_mnist.__file__).parent
KERNELS = Path(kernels.__file__).parent
FILES = sorted(path.name for path in KERNELS.glob("*.py"))


@pytest.fixture
def copied_kernels(tmp_path):
    return Path(shutil.copytree(KERNELS, tmp_path / "kernels"))


def test_cache_key_is_that_of_the_files(copied_kernels):
    assert cache_key(copied_kernels) == cache_key(KERNELS)


def test_cache_key_ignores_the_readme(copied_kernels):
    (copied_kernels / "README.md").write_text("other")
    assert cache_key(copied_kernels) == cache_key(KERNELS)


@pytest.mark.parametrize("name", FILES)
def test_cache_key_covers_each_file(copied_kernels, name):
    with (copied_kernels / name).open("a") as file:
        file.write("# changed\n")
    assert cache_key(copied_kernels) != cache_key(KERNELS)


def test_cache_key_covers_new_renamed_and_deleted_files(copied_kernels):
    keys = [cache_key(copied_kernels)]
    (copied_kernels / "momentum.py").write_text("")
    keys.append(cache_key(copied_kernels))
    (copied_kernels / "momentum.py").rename(copied_kernels / "nesterov.py")
    keys.append(cache_key(copied_kernels))
    (copied_kernels / "loss.py").unlink()
    keys.append(cache_key(copied_kernels))
    assert len(set(keys)) == 4


@pytest.mark.parametrize("module", [numba, llvmlite])
def test_cache_key_covers_the_versions_of_the_compiler(monkeypatch, module):
    before = cache_key(KERNELS)
    monkeypatch.setattr(module, "__version__", "0.0")
    assert cache_key(KERNELS) != before


def test_cache_of_numba_has_our_key_and_covers_the_processor():
    @entry_point
    def double(x):
        return 2 * x

    codegen = cpu_target.target_context.codegen()
    double(1)
    assert cache_key(KERNELS) in double._cache._impl.filename_base
    index_key = double._cache._index_key(double.signatures[0], codegen)
    assert llvmlite.binding.get_host_cpu_name() in codegen.magic_tuple()
    assert codegen.magic_tuple() in index_key


class TestUnusableCache:
    """A cache that cannot be used costs compilation and one warning, and nothing else."""

    @pytest.fixture
    def compile_double(self, tmp_path, monkeypatch):
        """Return a function that compiles a function of a file, and the file's directory."""
        (tmp_path / "doubling.py").write_text("def double(x):\n    return 2 * x\n")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setattr(code_cache, "_warned", [])

        def compile_double():
            sys.modules.pop("doubling", None)
            return entry_point(importlib.import_module("doubling").double)

        yield compile_double, tmp_path
        sys.modules.pop("doubling", None)

    def test_cache_is_used_if_it_is_usable(self, compile_double):
        compile_double, directory = compile_double
        assert [compile_double()(4), compile_double()(4.0)] == [8, 8.0]
        again = compile_double()
        assert again(4) == 8
        assert again(4.0) == 8.0
        assert sum(again.stats.cache_hits.values()) == 2
        assert len(list(directory.rglob("*.nbc"))) == 2

    def damages(content):  # noqa: N805 - called while the class is made
        middle = len(content) // 2
        return {
            "empty": b"",
            "garbage": b"garbage",
            "other pickle": b"\x80\x04K\x01.",
            "half": content[:middle],
            "longer": content + b"\0",
            "one bit": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
            "zeros": bytes(len(content)),
        }

    @pytest.mark.parametrize("damage", damages(b"..."))
    def test_a_damaged_file_is_named_and_replaced(self, compile_double, damage):
        compile_double, directory = compile_double
        assert compile_double()(4) == 8
        (path,) = directory.rglob("*.nbc")
        intact = path.read_bytes()
        path.write_bytes(TestUnusableCache.damages(intact)[damage])
        with pytest.warns(RuntimeWarning, match=re.escape(str(path))) as caught:
            assert compile_double()(4) == 8
        assert len(caught) == 1
        again = compile_double()
        assert again(4) == 8
        assert sum(again.stats.cache_hits.values()) == 1

    def test_code_of_a_full_disk_is_not_kept(self, compile_double):
        compile_double, directory = compile_double
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))  # stands for a full disk
        try:
            with pytest.warns(RuntimeWarning, match="cannot be kept.*NUMBA_CACHE_DIR") as caught:
                assert [compile_double()(4), compile_double()(4.0)] == [8, 8.0]
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert len(caught) == 1
        assert not [path for path in directory.rglob("*") if ".nb" in path.name]

    def test_function_without_a_place_for_a_cache_is_compiled(self, monkeypatch):
        monkeypatch.setattr(code_cache, "_warned", [])
        namespace = {}
        exec("def double(x):\n    return 2 * x", namespace)  # in no file
        with pytest.warns(RuntimeWarning, match="cannot be kept.*NUMBA_CACHE_DIR"):
            assert entry_point(namespace["double"])(4) == 8


PREDICT = """
import warnings
import numpy as np
from sk_mnist.engines.numba import predict

rng = np.random.default_rng(0)
X, coefs = rng.normal(size=(50, 4)), [rng.normal(size=(4, 3)), rng.normal(size=(3, 2))]
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print(predict.logits(X, coefs, [np.ones(3), np.zeros(2)], "relu")[0].sum())
print([str(warning.message) for warning in caught if warning.category is RuntimeWarning])
"""


@pytest.mark.slow
def test_kernels_on_disk_survive_any_damage(tmp_path):
    first = run_python(PREDICT, NUMBA_CACHE_DIR=str(tmp_path)).splitlines()
    assert first[1] == "[]"
    files = list(tmp_path.rglob("*.nbc"))
    assert files
    for path in files:
        path.write_bytes(path.read_bytes()[:-1])
    again, warned = run_python(PREDICT, NUMBA_CACHE_DIR=str(tmp_path)).splitlines()
    assert again == first[0]
    assert len(ast.literal_eval(warned)) == 1
    assert str(tmp_path) in warned
    assert run_python(PREDICT, NUMBA_CACHE_DIR=str(tmp_path)).splitlines() == first


def test_training_without_compilation_is_refused_in_one_sentence():
    code = """
import numpy as np
from sk_mnist import KerasMLPClassifier

try:
    KerasMLPClassifier().fit(np.eye(3), [0, 1, 2])
except RuntimeError as error:
    print(error)
"""
    assert "Unset it" in run_python(code, NUMBA_DISABLE_JIT="1")


def test_prediction_without_compilation_is_that_of_numpy():
    code = """
import numpy as np
from sk_mnist.engines.numba import predict
from sk_mnist.network import forward

rng = np.random.default_rng(0)
X, coefs = rng.normal(size=(50, 4)), [rng.normal(size=(4, 3)), rng.normal(size=(3, 2))]
network = coefs, [np.ones(3), np.zeros(2)], "relu"
z, finite = predict.logits(X, *network)
print(finite, np.array_equal(z, forward.logits(X, *network)))
X[7, 2] = np.nan
print(predict.logits(X, *network)[1])
"""
    assert run_python(code, NUMBA_DISABLE_JIT="1").split() == ["True", "True", "False"]


def imported_modules(path):
    """Return the names of the modules that a file imports, also those within functions."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
    return names


def is_within(path, directory):
    return directory in path.parents


def test_numba_is_imported_by_kernels_only():
    for path in PACKAGE.rglob("*.py"):
        top_level = {name.split(".")[0] for name in imported_modules(path)}
        assert is_within(path, KERNELS) or not top_level & {"numba", "llvmlite"}, path


@pytest.mark.parametrize("name", FILES)
def test_kernels_import_numba_numpy_and_kernels_only(name):
    for module in imported_modules(KERNELS / name):
        top_level = module.split(".")[0]
        allowed = top_level in {"numba", "llvmlite", "numpy"} | sys.stdlib_module_names
        assert allowed or module.startswith(kernels.__name__), module


@pytest.mark.keras  # imports all modules
def test_compiled_functions_are_defined_in_kernels_only():
    n_found = 0
    for package in ("engines.numba", "network", "data", "prediction", "training", "_utils"):
        package = importlib.import_module(f"sk_mnist.{package}")
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(info.name)
            for value in vars(module).values():
                if isinstance(value, Dispatcher | _Intrinsic):
                    function = value.py_func if isinstance(value, Dispatcher) else value._defn
                    assert function.__module__.startswith(kernels.__name__), function
                    n_found += 1
    assert n_found > 20


def test_cache_line_is_the_same_for_kernels_and_their_memory():
    assert structs.CACHE_LINE == memory.CACHE_LINE
