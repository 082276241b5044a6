"""TensorFlow gets the threads that the environment grants, and their number changes no bits."""

import re

import pytest
from processes import run_python

pytestmark = [pytest.mark.keras, pytest.mark.slow]


def test_threads_of_tensorflow_are_the_fewest_that_the_environment_grants():
    code = """
from sk_mnist.engines.xla import program
import tensorflow as tf
tf.zeros(1) + 1
print(tf.config.threading.get_intra_op_parallelism_threads())
"""
    limits = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "x"}
    assert run_python(code, **limits).split() == ["1"]


def test_threads_of_tensorflow_are_its_own_or_the_users_choice_otherwise():
    code = """
import os
from sk_mnist.engines.xla import program
from sk_mnist.engines.xla.tensorflow_setup import limit_threads
import tensorflow as tf
print(tf.config.threading.get_intra_op_parallelism_threads())
tf.config.threading.set_intra_op_parallelism_threads(2)
os.environ["OMP_NUM_THREADS"] = "1"
limit_threads()
print(tf.config.threading.get_intra_op_parallelism_threads())
"""
    assert run_python(code).split() == ["0", "2"]


def test_any_number_of_threads_trains_the_same_float32_network():
    code = """
import hashlib
import numpy as np
from sk_mnist import KerasMLPClassifier
rng = np.random.default_rng(0)
X, y = rng.random((640, 784), dtype="float32"), rng.integers(10, size=640)
clf = KerasMLPClassifier(
    (512, 300, 77),
    optimizer="adamw",
    batch_size=128,
    epochs=2,
    random_state=0,
    dropout=0.1,
    alpha=0.01,
).fit(X, y)
for array in clf.coefs_:
    print(hashlib.sha256(array.tobytes()).hexdigest())
"""
    found = [run_python(code, OMP_NUM_THREADS=n).splitlines() for n in "13"]
    assert len(found[0]) == len(set(found[0])) == 4
    assert found[1] == found[0]


def test_no_float32_product_of_matrices_is_cut_by_the_number_of_threads(tmp_path):
    # Where the first factor is transposed, XLA cuts a product by the number of threads; whether
    # the result differs, depends on the processor. So this looks at the program itself.
    code = """
import numpy as np
from sk_mnist import KerasMLPClassifier
X, y = np.ones((64, 5), "float32"), np.arange(64) % 10
KerasMLPClassifier((9, 8), optimizer="adamw", epochs=1, dropout=0.1, alpha=0.01).fit(X, y)
"""
    run_python(code, XLA_FLAGS=f"--xla_dump_to={tmp_path} --xla_dump_hlo_as_text")
    (program,) = tmp_path.glob("*cpu_after_optimizations.txt")
    contracted = re.findall(r" dot\(.*lhs_contracting_dims={(\d)}", program.read_text())
    assert contracted == ["1"] * 8  # 3 layers: forward, gradients of weights, of 2 inputs
