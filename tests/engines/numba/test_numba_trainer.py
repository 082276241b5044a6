"""What the kernels alone promise: no denormals, metrics of each batch, no TensorFlow."""

from dataclasses import replace

import numpy as np
import pytest
from jobs import SMALL, SOFTMAX, make_job, run, weighted
from numpy.testing import assert_allclose, assert_array_equal
from processes import run_python

from sk_mnist.network import forward

pytestmark = pytest.mark.keras  # `jobs` imports TensorFlow


def test_moments_do_not_become_denormal():
    """If a gradient is zero for long, moments decay to zero."""
    job = make_job(replace(SMALL, dtype="float32"), n_epochs=1)
    data = replace(job.data, X=job.data.X.astype("float32"))
    state, _ = run(replace(job, data=data), "numba")
    data.X[:, 0] = 0
    order = np.tile(job.epochs[0], 100)
    state, _ = run(replace(job, data=data, epochs=(order,) * 3), "numba", state)
    moments = np.concatenate([np.ravel(array) for array in state.optimizer_state[2:]])
    assert (moments == 0).any()
    assert not np.any((moments != 0) & (np.abs(moments) < np.finfo("float32").tiny))


def test_training_leaves_denormals_of_the_callers_thread_alone():
    denormal = np.full(8, 1e-39, "float32")
    run(make_job(replace(SMALL, dtype="float32"), n_epochs=1), "numba")
    # As bits: where denormals are zeros, they compare equal to zero.
    assert_array_equal((denormal * np.float32(1)).view("uint32"), denormal.view("uint32"))


def test_metrics_are_those_of_the_network_before_each_step():
    job = weighted(make_job(SOFTMAX, n_epochs=1, batch_size=50, learning_rate=0.0))
    state, metrics = run(job, "numba")
    logits = forward.logits(job.data.X, state.weights[::2], state.weights[1::2], "relu")
    log_p = forward.log_probabilities(logits, "softmax")
    share = job.data.row_weight / job.data.row_weight.sum()
    labels = job.data.labels
    loss = -(share * log_p[np.arange(50), labels]).sum()
    assert_allclose(metrics[0], [loss, share[logits.argmax(axis=1) == labels].sum()], rtol=1e-10)


@pytest.mark.slow
def test_training_and_predicting_import_neither_keras_nor_tensorflow():
    code = """
import sys
import numpy as np
from sk_mnist import KerasMLPClassifier
X = np.eye(20, dtype="float32")
clf = KerasMLPClassifier(4, epochs=2, early_stopping=True, dropout=0.1).fit(X, np.arange(20) % 2)
clf.predict_proba(X)
print(sorted(sys.modules.keys() & {"keras", "tensorflow", "jax"}))
"""
    assert run_python(code).strip() == "[]"
