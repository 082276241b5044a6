"""The machine code on disk is found by what it depends on, and a fit does not depend on it."""

import ast
import importlib.metadata
import os
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from processes import run_python

from sk_mnist.engines.numba import kernels
from sk_mnist.engines.numba.kernels.interface import ObjectCode
from sk_mnist.engines.numba.machine_code import files
from sk_mnist.engines.numba.machine_code.entry_points import EntryPoint
from sk_mnist.engines.numba.machine_code.files import cache_key

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


@pytest.mark.parametrize("name", ["numba", "llvmlite"])
def test_cache_key_covers_the_versions_of_the_compiler(monkeypatch, name):
    before, version = cache_key(KERNELS), importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", lambda n: "0" if n == name else version(n))
    assert cache_key(KERNELS) != before


@pytest.mark.parametrize("name", ["get_host_cpu_name", "get_process_triple"])
def test_cache_key_covers_the_processor(monkeypatch, name):
    before = cache_key(KERNELS)
    monkeypatch.setattr(files.binding, name, lambda: "another")
    assert cache_key(KERNELS) != before


@pytest.mark.parametrize("name", ["NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES", "NUMBA_BOUNDSCHECK"])
def test_cache_key_covers_what_the_environment_tells_numba(monkeypatch, name):
    before = cache_key(KERNELS)
    monkeypatch.setenv(name, "1")
    assert cache_key(KERNELS) != before


def test_code_is_kept_beside_the_kernels_or_in_the_cache_of_the_user(monkeypatch, tmp_path):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    beside, of_user = files.directories()
    assert beside == KERNELS / "__pycache__"
    assert of_user.name == "kernels"
    assert "sk_mnist" in of_user.parts


def test_code_is_kept_beside_the_kernels_if_the_user_has_no_home_directory(monkeypatch):
    def no_home(name):
        raise RuntimeError("could not determine the home directory")

    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setattr(files, "user_cache_path", no_home)
    assert list(files.directories()) == [KERNELS / "__pycache__"]


def test_code_is_kept_in_the_second_directory_if_the_first_cannot_be_written(monkeypatch, tmp_path):
    (tmp_path / "a file").touch()
    directories = [tmp_path / "a file" / "below it", tmp_path / "second"]
    monkeypatch.setattr(files, "directories", lambda: iter(directories))
    code = ObjectCode(b"some code", ("malloc", "free"))
    files.write("code.o", code)
    assert files.read(tmp_path / "second" / "code.o") == code


class TestUnusableFiles:
    """Files that cannot be used cost compilation and one warning, and nothing else."""

    @pytest.fixture(autouse=True)
    def fresh(self, tmp_path, monkeypatch):
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
        monkeypatch.setattr(files, "_warned", [])

    def count(self):
        """Count in an entry point that is not loaded yet; return the file of its code, if any."""
        counts = np.zeros(2, np.int64)
        EntryPoint("csr.count_nonzero")(np.array([[1, 0, 2], [0, 0, 3]], np.uint8), counts)
        assert counts.tolist() == [2, 1]
        directory = next(files.directories())
        return next(directory.glob("*.o"), None)

    def test_code_is_compiled_once_and_then_read(self):
        path = self.count()
        inode = path.stat().st_ino
        assert self.count() == path
        assert path.stat().st_ino == inode

    def damages(content):  # noqa: N805 - called while the class is made
        middle = len(content) // 2
        return {
            "empty": b"",
            "garbage": b"garbage",
            "half": content[:middle],
            "longer": content + b"\0",
            "one bit": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
            "zeros": bytes(len(content)),
        }

    @pytest.mark.parametrize("damage", damages(b"..."))
    def test_a_damaged_file_is_named_and_replaced(self, damage):
        path = self.count()
        intact = path.read_bytes()
        path.write_bytes(TestUnusableFiles.damages(intact)[damage])
        with pytest.warns(RuntimeWarning, match=re.escape(str(path))) as caught:
            self.count()
        assert len(caught) == 1
        assert path.read_bytes() == intact

    def test_code_that_needs_what_is_not_there_is_named_and_replaced(self):
        path = self.count()
        intact = path.read_bytes()
        code = files.read(path)
        files.write(path.name, code._replace(needs=("a_function_of_another_world",)))
        with pytest.warns(RuntimeWarning, match="needs a_function_of_another_world"):
            self.count()
        assert path.read_bytes() == intact

    @pytest.mark.skipif(sys.platform == "win32", reason="needs limits of processes")
    def test_code_of_a_full_disk_is_not_kept(self, tmp_path):
        import resource

        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))  # stands for a full disk
        try:
            with pytest.warns(RuntimeWarning, match="cannot be kept.*NUMBA_CACHE_DIR") as caught:
                assert [self.count(), self.count()] == [None, None]
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert len(caught) == 1
        assert not [path for path in tmp_path.rglob("*") if path.is_file()]

    def test_a_damaged_file_that_cannot_be_replaced_does_not_hide_a_good_one(
        self, tmp_path, monkeypatch
    ):
        good = self.count()
        damaged = tmp_path / "damaged" / good.name
        damaged.parent.mkdir()
        damaged.write_bytes(b"damaged")
        monkeypatch.setattr(files, "directories", lambda: iter([damaged.parent, good.parent]))
        inode = good.stat().st_ino
        with pytest.warns(RuntimeWarning, match="cannot be read"):
            self.count()
        assert damaged.read_bytes() == b"damaged"
        assert good.stat().st_ino == inode

    @pytest.mark.skipif(
        sys.platform == "win32" or os.geteuid() == 0, reason="root may search any directory"
    )
    def test_code_in_a_directory_that_may_not_be_searched_is_compiled(self, tmp_path):
        self.count()
        tmp_path.chmod(0)
        try:
            with pytest.warns(RuntimeWarning, match="cannot be read"):
                self.count()
        finally:
            tmp_path.chmod(0o700)

    def test_code_without_a_directory_for_it_is_compiled(self, tmp_path, monkeypatch):
        (tmp_path / "a file").touch()
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "a file"))
        with pytest.warns(RuntimeWarning, match="cannot be kept.*NUMBA_CACHE_DIR"):
            assert self.count() is None


PREDICT = """
import sys
import warnings
import numpy as np
from sk_mnist.engines.numba import predict

rng = np.random.default_rng(0)
X, coefs = rng.normal(size=(50, 4)), [rng.normal(size=(4, 3)), rng.normal(size=(3, 2))]
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print(predict.logits(X, coefs, [np.ones(3), np.zeros(2)], "relu")[0].sum())
print([str(warning.message) for warning in caught if warning.category is RuntimeWarning])
print("numba" in sys.modules)
"""


@pytest.mark.slow
def test_kernels_on_disk_survive_any_damage(tmp_path):
    def predict():
        result, warned, imported_numba = run_python(
            PREDICT, NUMBA_CACHE_DIR=str(tmp_path)
        ).splitlines()
        return result, ast.literal_eval(warned), imported_numba == "True"

    first, warned, imported_numba = predict()
    assert warned == []
    assert imported_numba
    paths = list(tmp_path.rglob("*.o"))
    assert paths
    for path in paths:
        path.write_bytes(path.read_bytes()[:-1])
    again, warned, imported_numba = predict()
    assert again == first
    assert len(warned) == 1
    assert str(tmp_path) in warned[0]
    assert predict() == (first, [], False)


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
