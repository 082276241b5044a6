"""The kernels train the same bits with any number of threads, which end on an interrupt."""

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import keras
import pytest
from jobs import assert_all_equal, make_job, run, trained_weights, weighted, with_zeros
from processes import interrupt_python, run_python

from sk_mnist._utils import threads
from sk_mnist._utils.threads import thread_budget
from sk_mnist.engines.numba import trainer
from sk_mnist.engines.numba.kernels.structs import TILE
from sk_mnist.network.spec import NetworkSpec

pytestmark = [pytest.mark.keras, pytest.mark.slow]

# Larger than tiles, row blocks, weight blocks and input ranges.
LARGE = NetworkSpec((301, 2 * TILE + 6, 140, 3), "relu", "softmax", "float64")


@pytest.fixture
def small_work_in_threads(monkeypatch):
    """Start threads for epochs that are too small for them, too."""
    monkeypatch.setattr(trainer, "MAX_SERIAL_WORK", 0)


HASHES_OF_NETWORKS = """
import hashlib
from itertools import product
import keras
import numpy as np
from sk_mnist import KerasMLPClassifier
for hidden, dtype, zeros in product(
    [(128, 64), (300, 77), (512, 512)], ["float32", "float64"], [0.0, 0.8]
):
    rng = np.random.default_rng(0)
    X, y = rng.random((640, 784)).astype(dtype), rng.integers(10, size=640)
    X[rng.random(X.shape) < zeros] = 0
    clf = KerasMLPClassifier(
        hidden, batch_size=128, epochs=2, random_state=0, dropout=0.1, alpha=0.01
    ).fit(X, y)
    weights = b"".join(map(np.ndarray.tobytes, clf.coefs_ + clf.intercepts_))
    print(hidden, dtype, f"{zeros:.0%} zeros", hashlib.sha256(weights).hexdigest())
"""


def test_any_number_of_threads_trains_the_same_bits():
    found = [run_python(HASHES_OF_NETWORKS, OMP_NUM_THREADS=n).splitlines() for n in "1238"]
    assert len(found[0]) == len(set(found[0])) == 12
    assert found[1:] == [found[0]] * 3


@pytest.mark.usefixtures("small_work_in_threads")
@pytest.mark.parametrize("n_threads", [2, 3, 8, 40])
@pytest.mark.parametrize("prepare", [lambda job: job, with_zeros], ids=["dense", "CSR"])
@pytest.mark.parametrize(
    "optimizer",
    ["adam", keras.optimizers.Adam(global_clipnorm=0.05, use_ema=True)],
    ids=["adam", "clipped"],
)
def test_more_threads_than_processors_or_tasks_train_the_same_bits(
    monkeypatch, n_threads, prepare, optimizer
):
    options = {"n_rows": 150, "batch_size": 100, "dropout": 0.2, "optimizer": optimizer}
    job = prepare(weighted(make_job(LARGE, **options)))

    def found_by(n):
        monkeypatch.setattr(threads, "thread_budget", lambda: nullcontext(n))
        state, metrics = run(job, "numba")
        return [*state.weights, *state.optimizer_state, metrics]

    assert_all_equal(found_by(n_threads), found_by(1))


def test_the_callers_thread_trains_the_same_bits(monkeypatch):
    job = weighted(make_job(LARGE, n_rows=150, batch_size=100, dropout=0.2))
    in_this_thread = trained_weights(job, "numba")
    monkeypatch.setattr(trainer, "MAX_SERIAL_WORK", 0)
    assert_all_equal(trained_weights(job, "numba"), in_this_thread)


@pytest.mark.usefixtures("small_work_in_threads")
def test_concurrent_fits_train_the_same_bits_as_consecutive_fits():
    jobs = [with_zeros(weighted(make_job(LARGE, dropout=0.4, seed=i))) for i in range(4)]
    with ThreadPoolExecutor(4) as pool:
        concurrent = list(pool.map(lambda job: trained_weights(job, "numba"), jobs))
    for job, found in zip(jobs, concurrent, strict=True):
        assert_all_equal(found, trained_weights(job, "numba"))


def test_threads_are_shared_by_the_fits_of_a_process():
    with thread_budget() as alone, thread_budget() as shared:
        assert shared == max(1, alone // 2)
    with thread_budget() as again:
        assert again == alone


LONG_EPOCH = """
import threading
from sk_mnist import KerasMLPClassifier
import numpy as np
X, y = np.random.default_rng(0).random((20_000, 784), dtype="float32"), np.arange(20_000) % 10
clf = KerasMLPClassifier((2_000, 2_000), epochs=1, batch_size=128)  # trains for half a minute
clf.fit(X[:100], y[:100])  # compiles, which takes seconds, too
n_threads = threading.active_count()
print("starts", flush=True)
try:
    clf.fit(X, y)
except KeyboardInterrupt:
    print("interrupted", threading.active_count() - n_threads)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_a_long_epoch_is_interrupted_at_once_and_leaves_no_threads():
    assert interrupt_python(LONG_EPOCH) == "interrupted 0\n"
