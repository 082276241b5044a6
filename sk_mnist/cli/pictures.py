"""The files that predict is given: found by their names, and pictures read."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from rich.console import Console
from rich.progress import track

from sk_mnist.cli.console import CommandError
from sk_mnist.datasets.bunch import N_PIXELS
from sk_mnist.images import ImageError, prepare_digit
from sk_mnist.images.prepare import Polarity

# What phones write and Pillow does not read: an error says so, instead of leaving photos out.
_UNREADABLE_SUFFIXES = {".heic", ".heif"}


def find_files(arguments: Sequence[str]) -> list[str]:
    """Return the files that the arguments stand for.

    Parameters
    ----------
    arguments : sequence of str
        Files, directories and patterns such as "*.png". "~" is the home directory. A file that does
        not exist is returned, too, for an error to be shown beside the others.

    Returns
    -------
    list of str
        In the order of the arguments. The files of a directory or pattern are sorted by name.
        Of a directory these are the files that are pictures by their suffix, without hidden ones
        and without those in its own directories.

    Raises
    ------
    CommandError
        If a directory has no pictures, or if no file matches a pattern.
    """
    return [path for argument in arguments for path in _expand(os.path.expanduser(argument))]


def _expand(argument: str) -> list[str]:
    if os.path.isdir(argument):
        return _pictures_in(argument)
    if os.path.lexists(argument) or not glob.has_magic(argument):
        return [argument]
    matches = sorted(path for path in glob.glob(argument, recursive=True) if os.path.isfile(path))
    if not matches:
        raise CommandError(f"no file matches {argument}")
    return matches


def _pictures_in(directory: str) -> list[str]:
    suffixes = {*Image.registered_extensions(), *_UNREADABLE_SUFFIXES}
    pictures = sorted(
        entry.path
        for entry in os.scandir(directory)
        if Path(entry.name).suffix.lower() in suffixes
        and not entry.name.startswith(".")
        and entry.is_file()
    )
    if not pictures:
        raise CommandError(f"{directory} is a directory without pictures")
    return pictures


def read_pictures(
    paths: Sequence[str], polarity: Polarity, *, quiet: bool = False
) -> tuple[npt.NDArray[np.uint8], dict[int, str]]:
    """Read pictures and make them like MNIST's digits.

    Parameters
    ----------
    paths : sequence of str
        The files. If they are many, a terminal shows the progress on standard error.
    polarity : {"auto", "dark", "light"}
        Whether ink is darker or lighter than the background.
    quiet : bool, default=False
        Whether not to show the progress.

    Returns
    -------
    pixels : ndarray of shape (n_readable, 784), dtype=uint8
        The digits, without those of files that failed.
    failures : dict of int to str
        What is wrong with the others, by their position in `paths`.
    """
    rows = []
    failures = {}
    for position, path in enumerate(paths if quiet else _with_progress(paths)):
        try:
            rows.append(prepare_digit(path, polarity=polarity).pixels)
        except ImageError as error:
            failures[position] = error.reason
    return np.array(rows, dtype=np.uint8).reshape(-1, N_PIXELS), failures


def _with_progress(paths: Sequence[str]) -> Iterable[str]:
    console = Console(stderr=True)
    if not console.is_terminal or len(paths) < 50:
        return paths
    return track(paths, description="Reading pictures", console=console, transient=True)
