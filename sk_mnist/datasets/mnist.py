"""fetch_mnist: the complete dataset."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch
from sklearn.utils._param_validation import StrOptions, validate_params

from sk_mnist.datasets.bunch import MNIST_DESCRIPTION, as_dataset
from sk_mnist.datasets.download import download_file
from sk_mnist.datasets.files import find_file, read_file, search_directories
from sk_mnist.datasets.idx import FILE_PREFIXES, image_files, label_files, parse_idx

if TYPE_CHECKING:
    import pandas as pd


@overload
def fetch_mnist(
    *,
    subset: Literal["train", "test", "all"] = ...,
    data_home: str | os.PathLike[str] | None = ...,
    download_if_missing: bool = ...,
    return_X_y: Literal[False] = ...,
    as_frame: bool = ...,
) -> Bunch: ...
@overload
def fetch_mnist(
    *,
    subset: Literal["train", "test", "all"] = ...,
    data_home: str | os.PathLike[str] | None = ...,
    download_if_missing: bool = ...,
    return_X_y: Literal[True],
    as_frame: Literal[False] = ...,
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]: ...
@overload
def fetch_mnist(
    *,
    subset: Literal["train", "test", "all"] = ...,
    data_home: str | os.PathLike[str] | None = ...,
    download_if_missing: bool = ...,
    return_X_y: Literal[True],
    as_frame: Literal[True],
) -> tuple[pd.DataFrame, pd.Series[int]]: ...
@overload
def fetch_mnist(
    *,
    subset: Literal["train", "test", "all"] = ...,
    data_home: str | os.PathLike[str] | None = ...,
    download_if_missing: bool = ...,
    return_X_y: bool,
    as_frame: bool = ...,
) -> Bunch | tuple[Any, Any]: ...
@validate_params(
    {
        "subset": [StrOptions(set(FILE_PREFIXES))],
        "data_home": [str, os.PathLike, None],
        "download_if_missing": ["boolean"],
        "return_X_y": ["boolean"],
        "as_frame": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def fetch_mnist(
    *,
    subset: Literal["train", "test", "all"] = "all",
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Bunch | tuple[Any, Any]:
    """Load the 70,000 MNIST handwritten digits, downloading them if necessary.

    The files are searched for in `data_home`, then in the directory that the environment variable
    ``SK_MNIST_DATA`` names, then in the user's cache. Only files found in none of them are
    downloaded (11 MB in total). They are MNIST's four IDX files, such as
    ``train-images-idx3-ubyte`` or ``train-images.idx3-ubyte``, plain or with ``.gz``. Wherever a
    file comes from, it is used only if the SHA-256 of its uncompressed content is that of the
    original.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="all"
        The 60,000 training samples, the 10,000 test samples, or the former followed by the
        latter. Only the files of that subset are needed.
    data_home : str or path-like, default=None
        The directory to search first and to download to; it is created if necessary. By default,
        files are downloaded to the user's cache.
    download_if_missing : bool, default=True
        If False, raise an OSError if the data is not locally available instead of downloading it.
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch object.
    as_frame : bool, default=False
        If True, `data` is a pandas DataFrame and `target` a pandas Series.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : {ndarray, DataFrame} of shape (n_samples, 784), dtype uint8
            One image of 28 x 28 pixels per row, in row-major order.
        target : {ndarray, Series} of shape (n_samples,), dtype int64
            The digits.
        frame : DataFrame of shape (n_samples, 785) or None
            `data` and `target`, which is the last column. None unless `as_frame` is True.
        feature_names : list of str
            ``["pixel_0", ..., "pixel_783"]``.
        target_names : list of str
            ``["0", ..., "9"]``.
        DESCR : str
            The description of the dataset.

    (data, target) : tuple if `return_X_y` is True
        The first two of these attributes.

    Raises
    ------
    ValueError
        If a file that was found is damaged or is not MNIST's. It is not modified.
    OSError
        If files are missing and `download_if_missing` is False, if no mirror delivers them, if
        they cannot be written, or if ``SK_MNIST_DATA`` is not a directory.

    See Also
    --------
    load_mnist_sample : 5,000 of the training samples, without a download.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner. "Gradient-based learning applied to document
    recognition." Proceedings of the IEEE, 86(11):2278-2324, November 1998.

    Examples
    --------
    >>> from sk_mnist.datasets import fetch_mnist
    >>> X_test, y_test = fetch_mnist(subset="test", return_X_y=True)  # doctest: +SKIP
    >>> X_test.shape, y_test.shape  # doctest: +SKIP
    ((10000, 784), (10000,))
    """
    home = None if data_home is None else Path(data_home).expanduser().absolute()
    images, labels = image_files(subset), label_files(subset)
    contents = _load_contents([*images, *labels], home, download_if_missing)
    # Concatenation copies, so the arrays are writable, unlike views of bytes.
    return as_dataset(
        np.concatenate([parse_idx(contents[name]) for name in images]),
        np.concatenate([parse_idx(contents[name]) for name in labels]),
        MNIST_DESCRIPTION,
        return_X_y,
        as_frame,
    )


def _load_contents(names: list[str], home: Path | None, download: bool) -> dict[str, bytes]:
    """Return the uncompressed contents of MNIST files by name."""
    paths = {name: find_file(name, home) for name in names}
    missing = [name for name, path in paths.items() if path is None]
    if missing and not download:
        raise OSError(
            f"Data not found and `download_if_missing` is False.\n"
            f"Missing, plain or with .gz: {', '.join(missing)}.\n"
            f"Searched in: {', '.join(map(str, search_directories(home)))}.\n"
            f"Set data_home or the environment variable SK_MNIST_DATA to the directory that "
            f"contains them, or allow the download."
        )
    return {
        name: read_file(path, name) if path else download_file(name, home)
        for name, path in paths.items()
    }
