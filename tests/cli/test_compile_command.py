"""The compile command leaves nothing to compile for the fits that follow."""

import re
import subprocess
import sys

import pytest
from cli_checks import assert_one_line_error
from processes import run_python

FITS = """
import numpy as np
from scipy import sparse
from sk_mnist import KerasMLPClassifier
from sk_mnist.prediction import backend

backend._MANY_MULTIPLICATIONS = 0  # so that kernels predict
rng = np.random.default_rng(0)
y = np.arange(60) % 3
for X in (rng.integers(0, 255, (60, 5)), rng.normal(size=(60, 5)), np.eye(60)):
    for dtype in ("uint8", "float32", "float64"):
        for layers in ((), (8,)):
            clf = KerasMLPClassifier(layers, epochs=1, input_scaling="rms").fit(X.astype(dtype), y)
            clf.predict(X.astype(dtype))
            clf.predict(X.astype("uint8"))
    KerasMLPClassifier((8,), epochs=1, early_stopping=True).fit(sparse.csr_array(X), y)
    KerasMLPClassifier((8,), epochs=1).fit(X, np.eye(3, dtype=int)[y])
for optimizer in ("adamw", "rmsprop", "sgd"):
    KerasMLPClassifier((8,), epochs=1, activation="gelu", optimizer=optimizer).fit(X, y)
"""


@pytest.mark.slow
def test_compile_leaves_nothing_to_compile(tmp_path):
    compile_all = "import sys; from sk_mnist.cli import main; sys.exit(main(['compile']))"
    told = run_python(compile_all, NUMBA_CACHE_DIR=str(tmp_path))
    assert re.fullmatch(rf"Compiled in [\d.]+ s, kept in {tmp_path}/sk_mnist\n", told)
    before = sorted(tmp_path.rglob("*"))
    fits = f"{FITS}import sys; print('numba' in sys.modules)"
    assert run_python(fits, NUMBA_CACHE_DIR=str(tmp_path)).split() == ["False"]
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of processes")
def test_compile_says_what_to_do_where_nothing_can_be_kept(offline, tmp_path):
    code = """
import resource, sys
from sk_mnist.cli import main

resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))  # stands for a full disk
sys.exit(main(["compile"]))
"""
    process = subprocess.run(
        [sys.executable, "-c", code],
        env={**offline, "NUMBA_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert_one_line_error(process, f"cannot be kept in {tmp_path}.*Set NUMBA_CACHE_DIR")


def test_compile_says_that_compilation_is_off(run):
    assert_one_line_error(run("compile", NUMBA_DISABLE_JIT="1"), "NUMBA_DISABLE_JIT")
