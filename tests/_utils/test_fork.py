"""In a forked process TensorFlow would hang; what needs it says so, all else works."""

import os

import pytest
from processes import run_python

pytestmark = [
    pytest.mark.keras,
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs forks"),
]

PARENT = """
import os
import signal
import numpy as np
from sk_mnist import KerasMLPClassifier

X = np.random.default_rng(0).normal(size=(600, 30)).astype("float32")
y = np.arange(600) % 3

def fit(optimizer="adam"):
    return KerasMLPClassifier((32,), epochs=1, optimizer=optimizer, random_state=0).fit(X, y)

def refused(call):
    try:
        call()
    except RuntimeError as error:
        return str(error)

def print_in_child(call):
    if os.fork() == 0:
        signal.alarm(60)  # ends the child if it hangs
        print(call(), flush=True)
        os._exit(0)
    assert os.wait()[1] == 0
"""


FORKS = """
import tensorflow

trained = fit()
print_in_child(lambda: (fit("nadam").n_iter_, fit("nadam").n_iter_, trained.to_keras().built))
fit("nadam")
for call in (lambda: fit("nadam"), trained.to_keras, lambda: trained.model_):
    print_in_child(lambda: refused(call))
print_in_child(lambda: fit().loss_ == trained.loss_)
print_in_child(lambda: (trained.predict(X) == fit().predict(X)).all())
"""


@pytest.fixture(scope="module")
def printed_in_children():
    return run_python(PARENT + FORKS).splitlines()


def test_a_process_forked_before_tensorflow_ran_trains_by_it(printed_in_children):
    assert printed_in_children[0] == "(1, 1, True)"


def test_a_forked_process_refuses_what_needs_tensorflow_and_does_the_rest(printed_in_children):
    _, *refusals, trains, predicts = printed_in_children
    for message in refusals:
        assert "TensorFlow ran in this process before it was forked" in message
        assert "'spawn'" in message
    assert len(refusals) == 3
    assert (trains, predicts) == ("True", "True")
