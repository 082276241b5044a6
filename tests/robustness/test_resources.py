"""Many fits and predictions leave no memory, files and threads behind."""

import pytest
from processes import run_python

pytestmark = pytest.mark.slow

MANY_FITS = """
import threading
import numpy as np
import psutil
from sk_mnist import KerasMLPClassifier

process = psutil.Process()
rng = np.random.default_rng(0)
shapes = [(50 + 7 * i, 3 + i) for i in range(20)]
problems = [
    (rng.normal(size=shape).astype(["f4", "f8"][shape[1] % 2]), rng.integers(0, 3, shape[0]))
    for shape in shapes
]

def fits(n):
    for i in range(n):
        X, y = problems[i % 20]
        KerasMLPClassifier((8 + i % 5,), epochs=2).fit(X, y).predict_proba(np.tile(X, (20, 1)))

def used():
    return process.memory_info().rss, process.num_fds(), threading.active_count()

fits(100)
before = used()
fits(500)
after = used()
print(after[0] - before[0], after[1] - before[1], after[2] - before[2])
"""


def test_500_fits_of_20_shapes_leave_nothing_behind():
    memory, files, threads = map(int, run_python(MANY_FITS).split())
    assert memory < 5 * 2**20
    assert files == 0
    assert threads == 0
