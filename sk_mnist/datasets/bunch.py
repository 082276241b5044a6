"""The return values of the loaders, arranged as by scikit-learn's loaders."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

N_PIXELS = 28 * 28

MNIST_DESCRIPTION = """\
The MNIST handwritten digits
----------------------------

Grayscale images of the digits 0 to 9: 60,000 for training and 10,000 for testing. Each row is one
image of 28 x 28 pixels in row-major order, from 0 for the background to 255 for full ink. LeCun,
Cortes and Burges derived the images from NIST's Special Databases 1 and 3: each digit is scaled to
fit into a box of 20 x 20 pixels and placed in a field of 28 x 28 pixels, centered by its center of
mass. The writers of the training set and of the test set are disjoint.

Y. LeCun, L. Bottou, Y. Bengio and P. Haffner. "Gradient-based learning applied to document
recognition." Proceedings of the IEEE, 86(11):2278-2324, November 1998.
"""


def as_dataset(
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    description: str,
    return_X_y: bool,
    as_frame: bool,
) -> Bunch | tuple[Any, Any]:
    """Arrange images and labels as scikit-learn's loaders do.

    Parameters
    ----------
    images : ndarray of shape (n_samples, 28, 28) or (n_samples, 784), dtype uint8
        The pixels.
    labels : ndarray of shape (n_samples,), dtype uint8
        The digits.
    description : str
        Value of `DESCR`.
    return_X_y : bool
        Whether to return ``(data, target)`` instead of a Bunch.
    as_frame : bool
        Whether `data` and `target` are pandas objects.

    Returns
    -------
    Bunch or tuple
        As documented in `fetch_mnist`.
    """
    feature_names = [f"pixel_{index}" for index in range(N_PIXELS)]
    data: Any = images.reshape(-1, N_PIXELS)
    target: Any = labels.astype(np.int64)
    frame = None
    if as_frame:
        import pandas as pd

        data = pd.DataFrame(data, columns=feature_names, copy=False)
        target = pd.Series(target, name="target", copy=False)
        frame = pd.concat([data, target], axis="columns")
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        frame=frame,
        feature_names=feature_names,
        target_names=list("0123456789"),
        DESCR=description,
    )
