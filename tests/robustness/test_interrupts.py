"""A fit that is interrupted at any moment goes on as if it had not been."""

import random
import signal
import time

import numpy as np
import pytest
from sklearn.datasets import load_digits

from sk_mnist import KerasMLPClassifier

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers that interrupt"),
]

X, Y = load_digits(return_X_y=True)
X, Y = X[:200].astype(np.uint8), Y[:200]


def make():
    return KerasMLPClassifier((8,), epochs=200, batch_size=64, warm_start=True, random_state=0)


def interrupt(*_):
    raise KeyboardInterrupt


@pytest.mark.filterwarnings("ignore:Training interrupted by user")
def test_a_fit_interrupted_at_any_moment_goes_on_to_the_same_network():
    expected = make().fit(X, Y)
    start = time.perf_counter()
    make().fit(X, Y)
    seconds = time.perf_counter() - start
    previous, rng, n_resumed = signal.signal(signal.SIGALRM, interrupt), random.Random(0), 0
    try:
        while n_resumed < 60:
            clf = make()
            signal.setitimer(signal.ITIMER_REAL, rng.uniform(0.1, 0.8) * seconds)
            clf.fit(X, Y)
            signal.setitimer(signal.ITIMER_REAL, 0)
            if clf.n_iter_ < 200:
                n_resumed += 1
                clf.fit(X, Y)
            np.testing.assert_array_equal(clf.coefs_[0], expected.coefs_[0])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
