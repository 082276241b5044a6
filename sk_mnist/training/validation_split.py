"""The rows that are held out for early stopping."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import train_test_split


def hold_out(
    labels: npt.NDArray[Any], fraction: float, seed: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Choose the rows to train on and those to hold out.

    The split is stratified unless the labels are multi-label or a class would be missing from
    either side.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        As `sk_mnist.data.targets.encode` returns them.
    fraction : float
        Share of the rows to hold out.
    seed : int
        Seed of the split.

    Returns
    -------
    train_rows, validation_rows : ndarray of int

    Raises
    ------
    ValueError
        If no row is left to train on.
    """
    n_samples = len(labels)
    n_held_out = int(np.ceil(fraction * n_samples))
    if n_samples < 2 or n_held_out >= n_samples:
        raise ValueError(
            f"early_stopping=True with validation_fraction={fraction} leaves none of "
            f"{n_samples} sample(s) to train on. Give more samples, decrease validation_fraction, "
            "or set early_stopping=False."
        )
    single_label = labels.ndim == 1 or labels.shape[1] == 1
    counts = np.unique(labels, return_counts=True)[1]
    room = min(n_held_out, n_samples - n_held_out) >= len(counts) and counts.min() >= 2
    train_rows, held_out = train_test_split(
        np.arange(n_samples),
        test_size=n_held_out,
        random_state=seed,
        stratify=labels if single_label and room else None,
    )
    return train_rows, held_out
