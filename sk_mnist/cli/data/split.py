"""Which rows are held out for the test."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Fixed, so that `evaluate` tests the same rows, and never one that `train` has trained on.
SPLIT_SEED = 0


def held_out(y: NDArray[Any], test_size: float) -> NDArray[np.bool_]:
    """Choose the rows to hold out: of each class the same share, at random, but always the same.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        The labels. Each class has two rows or more.
    test_size : float
        The share, in (0, 1). It is rounded for each class, but at least one row of a class is
        held out and at least one is kept.

    Returns
    -------
    ndarray of bool of shape (n_samples,)
        True for the rows that are held out.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_mnist.cli.data.split import held_out
    >>> y = np.repeat(["ant", "bee"], [10, 2])
    >>> y[held_out(y, 0.2)]
    array(['ant', 'ant', 'bee'], dtype='<U3')
    """
    # Its stream is the same in all versions of NumPy, and no version of scikit-learn matters.
    random = np.random.RandomState(SPLIT_SEED)
    chosen = np.zeros(len(y), dtype=bool)
    classes, positions = np.unique(y, return_inverse=True)
    for position in range(len(classes)):
        rows = np.flatnonzero(positions == position)
        n_rows = min(max(round(test_size * len(rows)), 1), len(rows) - 1)
        chosen[random.permutation(rows)[:n_rows]] = True
    return chosen
