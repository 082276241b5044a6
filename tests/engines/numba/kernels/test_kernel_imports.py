"""Kernels are in one place, and import nothing else of the package; nothing else imports Numba."""

import ast
import importlib
import pkgutil
import sys
from pathlib import Path

import pytest
from numba.core.dispatcher import Dispatcher
from numba.core.extending import _Intrinsic
from processes import run_python

import sk_mnist
from sk_mnist._utils import memory
from sk_mnist.engines.numba import kernels
from sk_mnist.engines.numba.kernels import structs

PACKAGE = Path(sk_mnist.__file__).parent
KERNELS = Path(kernels.__file__).parent
MACHINE_CODE = KERNELS.parent / "machine_code"
FILES = sorted(path.name for path in KERNELS.glob("*.py"))


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
        assert is_within(path, KERNELS) or "numba" not in top_level, path
        may_import_llvm = is_within(path, KERNELS) or is_within(path, MACHINE_CODE)
        assert may_import_llvm or "llvmlite" not in top_level, path


@pytest.mark.parametrize("name", FILES)
def test_kernels_import_numba_numpy_and_kernels_only(name):
    for module in imported_modules(KERNELS / name):
        top_level = module.split(".")[0]
        allowed = top_level in {"numba", "llvmlite", "numpy"} | sys.stdlib_module_names
        assert allowed or module.startswith(kernels.__name__), module


def test_what_runs_kernels_does_not_import_numba():
    code = """
import sys
import sk_mnist.engines.numba.predict
import sk_mnist.engines.numba.trainer
print("numba" in sys.modules)
"""
    assert run_python(code).split() == ["False"]


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
