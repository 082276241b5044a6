"""Sparse matrices and data frames."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from classifier_checks import assert_close_networks, assert_same_network
from scipy import sparse

from sk_mnist.engines import data_loading


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csc_matrix, sparse.coo_array])
@pytest.mark.parametrize("input_scaling", ["rms", "standard"])
def test_sparse_data_train_as_dense_data(small, digits, container, input_scaling):
    X, y = digits
    dense = small(input_scaling=input_scaling, early_stopping=True).fit(X, y)
    clf = small(input_scaling=input_scaling, early_stopping=True).fit(container(X), y)
    assert_same_network(clf, dense)
    np.testing.assert_allclose(
        clf.predict_proba(container(X)), dense.predict_proba(X), rtol=0, atol=1e-6
    )


@pytest.mark.parametrize(
    "params",
    [{}, {"dropout": 0.3}, {"class_weight": "balanced", "early_stopping": True}],
    ids=str,
)
@pytest.mark.parametrize("n_bytes", [4 * 32 * 64 * 4 * 3, 1])
def test_sparse_data_too_large_to_be_dense_train_the_same(
    small, digits, monkeypatch, params, n_bytes
):
    X, y = digits
    dense = small(**params).fit(X, y)
    monkeypatch.setattr(data_loading, "DENSE_BYTES", n_bytes)  # chunks of three batches, or of one
    clf = small(**params).fit(sparse.csr_matrix(X), y)
    assert_close_networks(clf, dense, 1e-6)
    for name, values in dense.history_.items():
        assert clf.history_[name] == pytest.approx(values, rel=1e-6)


def test_partial_fit_takes_sparse_data(small, digits):
    X, y = digits
    dense = small().partial_fit(X, y, classes=range(10)).partial_fit(X, y)
    clf = small().partial_fit(sparse.csr_matrix(X), y, classes=range(10))
    assert_same_network(clf.partial_fit(sparse.csc_matrix(X), y), dense)


def test_data_frames_give_their_names(small, fitted, digits):
    X, y = digits
    frame = pd.DataFrame(X, columns=[f"pixel {i}" for i in range(64)])
    clf = small().fit(frame, pd.Series(y))
    assert clf.feature_names_in_.tolist() == list(frame.columns)
    assert_same_network(clf, fitted)
    np.testing.assert_array_equal(clf.predict_proba(frame), fitted.predict_proba(X))


def test_a_data_frame_in_another_order_is_refused(small, digits):
    X, y = digits
    frame = pd.DataFrame(X, columns=[f"pixel {i}" for i in range(64)])
    clf = small(epochs=1).fit(frame, y)
    with pytest.raises(ValueError, match="feature names should match"):
        clf.predict(frame[frame.columns[::-1]])


def test_names_are_forgotten_when_the_next_data_have_none(small, digits):
    X, y = digits
    clf = small(epochs=1).fit(pd.DataFrame(X, columns=[f"pixel {i}" for i in range(64)]), y)
    clf.fit(X, y)
    assert not hasattr(clf, "feature_names_in_")


@pytest.mark.parametrize("dtype", [">f8", ">f4", ">i2"])
def test_byte_order_does_not_matter(small, digits, dtype):
    X, y = digits
    native = np.dtype(dtype).newbyteorder("=")
    expected = small().fit(X.astype(native), y)
    clf = small().fit(X.astype(dtype), y)
    assert_same_network(clf, expected)
    np.testing.assert_array_equal(
        clf.predict_proba(X.astype(dtype)), expected.predict_proba(X.astype(native))
    )


X_CHANGES_DURING_FIT = """
import threading
import numpy as np
from scipy import sparse
from sk_mnist import KerasMLPClassifier

X = np.zeros((20_000, 784), "uint8")
X[:, ::20] = 1
matrix = sparse.csr_matrix(X)
y = np.arange(20_000) % 10

def change():
    i = 0
    while True:
        X[:, 1::3] = i & 1
        matrix.indices[:] = (matrix.indices + i) % 784
        i += 1

threading.Thread(target=change, daemon=True).start()
for _ in range(6):
    for data in (X, matrix):
        clf = KerasMLPClassifier((16,), epochs=1, input_scaling="rms").fit(data, y)
        assert np.isfinite(clf.coefs_[0]).all()
print("survived")
"""


@pytest.mark.slow
def test_data_that_change_during_fit_do_no_harm():
    """Another thread, or another process through a memory map, may write to X meanwhile."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", X_CHANGES_DURING_FIT],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "survived\n"), done.stderr
