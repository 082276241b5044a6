"""Labeled samples from a file or a folder of any kind that the commands take."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

from sk_mnist.cli.data import array_files
from sk_mnist.cli.data.labels import make_labels
from sk_mnist.cli.data.request import kind_of
from sk_mnist.cli.data.samples import Features, Samples
from sk_mnist.cli.data.table_files import read_table, split_target
from sk_mnist.images.prepare import Polarity


def read_samples(
    path: Path,
    target: str | None,
    polarity: Polarity = "auto",
    *,
    texts: Collection[str] = (),
    quiet: bool = False,
) -> Samples:
    """Read a file or folder.

    Parameters
    ----------
    path : Path
        As checked by `request.check_path`.
    target : str or None
        The column or array of the labels.
    polarity : {"auto", "dark", "light"}, default="auto"
        For images: whether ink is darker or lighter than the background.
    texts : collection of str, default=()
        As for `table_files.read_table`.
    quiet : bool, default=False
        Whether not to show the progress.

    Returns
    -------
    Samples

    Raises
    ------
    CommandError
        If it cannot be read.
    """
    kind = kind_of(path)
    if kind == "images":
        from sk_mnist.cli.data.image_folder import read_images

        return read_images(path, polarity, quiet=quiet)
    content = path.read_bytes()
    X: Features
    if kind == "arrays":
        X, labels = array_files.read_arrays(path, content, target)
        where = f"array {labels.name!r} of {path.name}"
    else:
        X, labels = split_target(read_table(path, content, texts=texts), target, path)
        where = f"column {labels.name!r} of {path.name}"
    y, sha256 = make_labels(labels, where), hashlib.sha256(content).hexdigest()
    return Samples(path.name, sha256, "rows", X, y, str(labels.name), where)


def read_features(path: Path, *, texts: Collection[str] = ()) -> Features:
    """Read a file without labels, or with labels among its columns.

    Parameters
    ----------
    path : Path
        A table or arrays, as checked by `request.check_path`.
    texts : collection of str, default=()
        As for `table_files.read_table`.

    Returns
    -------
    DataFrame or ndarray of shape (n_samples, n_features)

    Raises
    ------
    CommandError
        If it cannot be read.
    """
    content = path.read_bytes()
    if kind_of(path) == "table":
        return read_table(path, content, texts=texts)
    return array_files.read_features(path, content)
