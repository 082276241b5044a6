"""A folder of images, with a sub-folder for each class."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from sk_mnist.cli.console import CommandError, print_error
from sk_mnist.cli.data.samples import Samples
from sk_mnist.images import ImageError, prepare_digit

_N_NAMED = 5


def read_images(folder: Path, console: Console) -> Samples:
    """Read the images of a folder as `DigitImageTransformer` prepares them.

    Images that cannot be read, or show no digit, are named and left out. Hidden files are ignored.

    Parameters
    ----------
    folder : Path
        The folder.
    console : rich.console.Console
        Where to show the progress.

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
    digest = hashlib.sha256()
    rows: list[NDArray[np.uint8]] = []
    labels: list[str] = []
    failures: list[ImageError] = []
    for path in track(paths, "Reading images", console=console, transient=True):
        try:
            content = path.read_bytes()
            rows.append(prepare_digit(path).pixels.reshape(-1))
        except OSError as error:
            failures.append(ImageError(str(path), f"cannot be read: {error.strerror}"))
        except ImageError as error:
            failures.append(error)
        else:
            labels.append(path.parent.name)
            digest.update(f"{labels[-1]}\0{len(content)}\0".encode() + content)
    if failures:
        print_error(f"warning: {_told(failures, len(paths))}")
    if not rows:
        raise CommandError(f"none of the {len(paths):,} images in {folder} can be read")
    name = folder.resolve().name
    X, y = np.stack(rows), _as_labels(labels)
    return Samples(name, digest.hexdigest(), "images", X, y, None, f"folder {name}")


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
        return np.array([int(name) for name in names], dtype=np.int64)
    return np.array(names, dtype=np.str_)


def _told(failures: list[ImageError], n_images: int) -> str:
    shown = "; ".join(str(error).rstrip(".") for error in failures[:_N_NAMED])
    more = f"; and {len(failures) - _N_NAMED:,} more" if len(failures) > _N_NAMED else ""
    return f"{len(failures):,} of {n_images:,} images are left out: {shown}{more}"
