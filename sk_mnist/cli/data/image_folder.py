"""A folder of images, with a sub-folder for each class."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sk_mnist.cli.console import CommandError, first_of, print_error
from sk_mnist.cli.data.labels import integer_labels
from sk_mnist.cli.data.samples import Samples
from sk_mnist.cli.pictures import read_pictures
from sk_mnist.images.prepare import Polarity

_N_NAMED = 5


def read_images(folder: Path, polarity: Polarity = "auto", *, quiet: bool = False) -> Samples:
    """Read the images of a folder as `DigitImageTransformer` prepares them.

    Images that cannot be read, or show no digit, are named and left out. Hidden files are ignored.

    Parameters
    ----------
    folder : Path
        The folder.
    polarity : {"auto", "dark", "light"}, default="auto"
        Whether ink is darker or lighter than the background.
    quiet : bool, default=False
        Whether not to show the progress.

    Returns
    -------
    Samples
        Rows of 784 pixels, uint8. Labels are the names of the sub-folders: integers if all of them
        are.

    Raises
    ------
    CommandError
        If there are no sub-folders of images.
    """
    paths = _find_images(folder)
    pixels, failures = read_pictures([*map(str, paths)], polarity, quiet=quiet)
    if failures:
        reasons = [f"{paths[position]} {reason}" for position, reason in failures.items()]
        print_error(f"warning: {_told(reasons, len(paths))}")
    readable = [path for position, path in enumerate(paths) if position not in failures]
    if not readable:
        raise CommandError(f"none of the {len(paths):,} images in {folder} can be read")
    name = folder.resolve().name
    y = _as_labels([path.parent.name for path in readable])
    return Samples(name, _digest(readable), "images", pixels, y, None, f"folder {name}")


def _digest(paths: list[Path]) -> str:
    """Return a digest of the images and their classes, whatever the names of the files."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{path.parent.name}/{content}\n".encode())
    return digest.hexdigest()


def _find_images(folder: Path) -> list[Path]:
    """Return the files in the sub-folders, in the order of the names."""
    classes = sorted(path for path in _visible(folder) if path.is_dir())
    if not classes:
        raise CommandError(
            f"{folder} has no sub-folders: an own data set of images has one for each class, such "
            f"as {folder / '3'}{os.sep} for images of threes"
        )
    paths = [path for name in classes for path in sorted(_visible(name)) if path.is_file()]
    if not paths:
        nested = [path for name in classes for path in _visible(name) if path.is_dir()]
        hint = f"; give one of them, such as --data {classes[0]}" if nested else ""
        raise CommandError(f"the sub-folders of {folder} have no images{hint}")
    return paths


def _visible(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if not path.name.startswith(".")]


def _as_labels(names: list[str]) -> NDArray[Any]:
    if all(name.isdecimal() and str(int(name)) == name for name in names):
        return integer_labels([int(name) for name in names])
    return np.array(names, dtype=np.str_)


def _told(failures: list[str], n_images: int) -> str:
    shown = first_of(failures, _N_NAMED, separator="; ")
    return f"{len(failures):,} of {n_images:,} images are left out: {shown}"
