"""Fixtures of the tests of the classifier."""

import numpy as np
import pytest
from sklearn.datasets import load_iris

from sk_mnist.training import validation_split


@pytest.fixture(scope="module")
def wide_digits(digits):
    """Return the digits as float64, for comparisons to many digits."""
    X, y = digits
    return X.astype(np.float64), y


@pytest.fixture(scope="module")
def fitted(small, digits):
    """Return a classifier fitted on the digits; not to be changed."""
    return small().fit(*digits)


@pytest.fixture
def held_out(monkeypatch):
    """Listen in on the split for early stopping: a list of (train_rows, held_out_rows)."""
    splits = []
    split = validation_split.train_test_split

    def listen(*args, **kwargs):
        rows = split(*args, **kwargs)
        splits.append(tuple(rows))
        return rows

    monkeypatch.setattr(validation_split, "train_test_split", listen)
    return splits


@pytest.fixture(scope="module")
def iris():
    """Return iris with its 150 rows as float64, which make one batch."""
    return load_iris(return_X_y=True)
