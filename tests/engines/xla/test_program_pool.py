"""Programs are compiled once for each shape, pooled, and used by one fit at a time."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from jobs import BINARY, SOFTMAX, assert_all_equal, make_job, run_by, weighted
from processes import run_python

from sk_mnist.engines.xla.pool import ProgramPool, pool
from sk_mnist.engines.xla.program import Program
from sk_mnist.engines.xla.trainer import XlaTrainer, program_key

pytestmark = [pytest.mark.keras, pytest.mark.slow]


def key_of(job):
    return program_key(job.task)


def weights_by(program, job):
    return run_by(job, XlaTrainer(program, job.task))[0].weights


def test_pool_yields_the_same_program_again():
    own_pool, key = ProgramPool(), key_of(make_job(SOFTMAX))
    with own_pool.program(key) as first:
        pass
    with own_pool.program(key) as second:
        assert second is first


def test_pool_yields_two_programs_at_once():
    own_pool, key = ProgramPool(), key_of(make_job(SOFTMAX))
    with own_pool.program(key):
        pass
    with own_pool.program(key) as first, own_pool.program(key) as second:
        assert second is not first


@pytest.mark.parametrize(
    "other",
    [
        make_job(BINARY),
        make_job(SOFTMAX, batch_size=17),
        make_job(SOFTMAX, optimizer="sgd"),
        make_job(SOFTMAX, dropout=0.1),
        make_job(SOFTMAX, n_rows=65),
    ],
    ids=["network", "batch_size", "optimizer", "dropout", "rows"],
)
def test_pool_yields_another_program_for_another_key(other):
    own_pool = ProgramPool()
    with own_pool.program(key_of(make_job(SOFTMAX))) as first:
        pass
    with own_pool.program(key_of(other)) as second:
        assert second is not first


def test_pool_gets_a_program_back_after_an_error():
    own_pool, key = ProgramPool(), key_of(make_job(SOFTMAX))
    with pytest.raises(RuntimeError, match="interrupted"), own_pool.program(key) as first:
        raise RuntimeError("interrupted")
    with own_pool.program(key) as second:
        assert second is first


def test_pool_keeps_the_programs_that_were_used_last():
    own_pool = ProgramPool()
    own_pool.MAX_IDLE = 2
    used = []
    for batch_size in (8, 16, 32):
        with own_pool.program(key_of(make_job(BINARY, batch_size=batch_size))) as program:
            used.append(program)
    for program, is_kept in zip(reversed(used), (True, True, False), strict=True):
        with own_pool.program(program.key) as found:
            assert (found is program) == is_kept


def test_threads_that_train_at_once_get_the_results_of_one_thread():
    jobs = [weighted(make_job(SOFTMAX, dropout=0.4, seed=seed)) for seed in (1, 2)]
    barrier = threading.Barrier(2, timeout=60)

    def train(job):
        with pool.program(key_of(jobs[0])) as program:
            barrier.wait()
            return program, [weights_by(program, job) for _ in range(5)]

    with ThreadPoolExecutor(2) as threads:
        at_once = list(threads.map(train, jobs))
    assert at_once[0][0] is not at_once[1][0]
    for job, (program, results) in zip(jobs, at_once, strict=True):
        expected = weights_by(program, job)
        for found in results:
            assert_all_equal(found, expected)


def assert_can_share_a_program(job, other):
    """Assert that a program which was compiled for one job trains another as its own would."""
    key = key_of(job)
    assert key_of(other) == key
    used = Program(key)
    weights_by(used, job)
    found = weights_by(used, other)
    assert_all_equal(found, weights_by(Program(key), other))
    assert not np.array_equal(found[0], weights_by(used, job)[0])


@pytest.mark.slow
@pytest.mark.parametrize(
    "other",
    [
        make_job(SOFTMAX, n_rows=60),
        make_job(SOFTMAX, n_rows=10, n_epochs=1),
        make_job(SOFTMAX, learning_rate=0.5),
        make_job(SOFTMAX, label_smoothing=0.2),
        make_job(SOFTMAX, alpha=3.0),
    ],
    ids=["rows", "steps", "learning_rate", "label_smoothing", "alpha"],
)
def test_hyperparameters_are_arguments_of_the_program(other):
    assert_can_share_a_program(make_job(SOFTMAX, alpha=0.1), other)


@pytest.mark.slow
def test_dropout_rate_and_seed_are_arguments_of_the_program():
    job = make_job(SOFTMAX, dropout=0.4)
    assert_can_share_a_program(job, replace(job, dropout=0.1))
    assert_can_share_a_program(job, replace(job, seed=2**32 - 10))


GRID_SEARCH = """
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sk_mnist import KerasMLPClassifier
X, y = load_digits(return_X_y=True)
grid = {"hidden_layer_sizes": [(8,), (8, 8)], "learning_rate": [1e-3, 1e-2, 1e-1]}
classifier = KerasMLPClassifier(optimizer="nadam", epochs=2, random_state=0)
search = GridSearchCV(classifier, grid, cv=3, refit=False)
search.fit(X[:301], y[:301])
"""

OTHER_FITS = """
for n_rows in (193, 200, 224, 256):
    KerasMLPClassifier(
        hidden_layer_sizes=(8,),
        optimizer="nadam",
        epochs=n_rows % 4 + 1,
        learning_rate=1 / n_rows,
        learning_rate_schedule="cosine",
        alpha=n_rows / 100,
        label_smoothing=n_rows / 1000,
        class_weight="balanced",
        input_scaling="standard",
        random_state=n_rows,
    ).fit(X[:n_rows], y[:n_rows], sample_weight=X[:n_rows, 3] + 1)
"""


@pytest.mark.slow
class TestCompilations:
    """XLA itself reports what it compiles: it dumps each program before it optimizes it."""

    @pytest.fixture(scope="class")
    @classmethod
    def compilations(cls, tmp_path_factory):
        """Return how many programs were compiled, after a grid search and after other fits."""
        dump = tmp_path_factory.mktemp("xla")
        count = f"""
from pathlib import Path
print(len(list(Path({str(dump)!r}).glob("*before_optimizations.txt"))))
"""
        printed = run_python(
            GRID_SEARCH + count + OTHER_FITS + count,
            XLA_FLAGS=f"--xla_dump_to={dump} --xla_dump_hlo_as_text",
        )
        return [int(number) for number in printed.split()]

    def test_grid_search_of_18_fits_over_2_networks_compiles_2_programs(self, compilations):
        assert compilations[0] == 2

    def test_other_numbers_of_rows_steps_and_values_compile_nothing(self, compilations):
        assert compilations[1] == compilations[0]
