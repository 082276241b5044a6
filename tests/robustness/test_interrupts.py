"""A fit that is interrupted at any moment goes on as if it had not been."""

import signal

import pytest
from processes import run_python

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers that interrupt"),
]

# Timers of CPU time, which other processes do not disturb. An interrupt may still come after the
# fit has returned, and is then none of it.
INTERRUPTED_FITS = """
import random
import signal
import time
import warnings

import numpy as np
from sklearn.datasets import load_digits

from sk_mnist import KerasMLPClassifier

X, y = load_digits(return_X_y=True)
X, y = X[:200].astype(np.uint8), y[:200]


def make():
    return KerasMLPClassifier((8,), epochs=200, batch_size=64, warm_start=True, random_state=0)


def interrupt(*_):
    raise KeyboardInterrupt


warnings.filterwarnings("ignore", message="Training interrupted by user")
make().fit(X, y)
start = time.process_time()
expected = make().fit(X, y)
seconds = time.process_time() - start
signal.signal(signal.SIGPROF, interrupt)
rng, n_resumed, n_too_late = random.Random(0), 0, 0
while n_resumed < 60:
    clf = make()
    try:
        signal.setitimer(signal.ITIMER_PROF, rng.uniform(0.1, 0.8) * seconds)
        clf.fit(X, y)
        signal.setitimer(signal.ITIMER_PROF, 0)
    except KeyboardInterrupt:
        n_too_late += 1
        assert n_too_late < 20
        continue
    if clf.n_iter_ < 200:
        n_resumed += 1
        clf.fit(X, y)
    np.testing.assert_array_equal(clf.coefs_[0], expected.coefs_[0])
print(n_resumed, n_too_late)
"""


def test_a_fit_interrupted_at_any_moment_goes_on_to_the_same_network():
    n_resumed, _ = run_python(INTERRUPTED_FITS).split()
    assert n_resumed == "60"
