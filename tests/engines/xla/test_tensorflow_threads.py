"""TensorFlow gets the threads that the environment grants, and their number changes no bits."""

import re

import pytest
from processes import run_python

pytestmark = [pytest.mark.keras, pytest.mark.slow]

TRAIN = """
import hashlib
import numpy as np
from sk_mnist import KerasMLPClassifier
rng = np.random.default_rng(0)
X, y = rng.random((640, 784), dtype="float32"), rng.integers(10, size=640)
clf = KerasMLPClassifier(
    (512, 300, 77),
    optimizer="nadam",
    batch_size=128,
    epochs=2,
    random_state=0,
    dropout=0.1,
    alpha=0.01,
).fit(X, y)
for array in clf.coefs_:
    print(hashlib.sha256(array.tobytes()).hexdigest())
"""


def test_threads_of_tensorflow_are_the_users_choice_or_the_fewest_that_the_environment_grants():
    code = """
import os
from sk_mnist.engines.xla.tensorflow_setup import limit_threads
import tensorflow as tf

def threads():
    limit_threads()
    return tf.config.threading.get_intra_op_parallelism_threads()

print(threads())
os.environ["OMP_NUM_THREADS"] = "1"
tf.config.threading.set_intra_op_parallelism_threads(2)
print(threads())
tf.config.threading.set_intra_op_parallelism_threads(0)
os.environ |= {"MKL_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "x"}
print(threads())
tf.zeros(1) + 1
print(threads())
"""
    assert run_python(code).split() == ["0", "2", "1", "1"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Return hashes of the weights trained with 1 and 3 threads, and the program for 1 thread."""
    folder = tmp_path_factory.mktemp("program")
    dump = f"--xla_dump_to={folder} --xla_dump_hlo_as_text"
    one = run_python(TRAIN, OMP_NUM_THREADS="1", XLA_FLAGS=dump)
    three = run_python(TRAIN, OMP_NUM_THREADS="3")
    (program,) = folder.glob("*cpu_after_optimizations.txt")
    return one.splitlines(), three.splitlines(), program.read_text()


def test_any_number_of_threads_trains_the_same_float32_network(trained):
    one, three, _ = trained
    assert len(one) == len(set(one)) == 4
    assert three == one


def test_no_float32_product_of_matrices_is_cut_by_the_number_of_threads(trained):
    # Where the first factor is transposed, XLA cuts a product by the number of threads; whether
    # the result differs, depends on the processor. So this looks at the program itself.
    contracted = re.findall(r" dot\(.*lhs_contracting_dims={(\d)}", trained[2])
    assert contracted == ["1"] * 11  # 4 layers: forward, gradients of weights, of 3 inputs
