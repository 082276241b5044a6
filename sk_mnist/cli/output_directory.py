"""The output directory: checked before the work, written after it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from sk_mnist._utils.files import write_files


def prepare(directory: Path, names: Sequence[str], *, overwrite: bool, option: str) -> None:
    """Check that results can be written, before the work that produces them.

    Parameters
    ----------
    directory : Path
        The directory, which is created if it does not exist.
    names : sequence of str
        Names of the files that will be written there.
    overwrite : bool
        Whether existing files may be overwritten.
    option : str
        The command-line option that sets the path, for error messages.

    Raises
    ------
    OSError
        If the directory cannot be created or written to, or if one of the files already exists.
    """
    if directory.exists() and not directory.is_dir():
        raise NotADirectoryError(f"{directory} is not a directory")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise OSError(f"cannot write to {directory}: {error.strerror}") from error

    for path in (directory / name for name in names):
        if path.is_dir():
            raise IsADirectoryError(
                f"{path} is a directory, expected a file; remove it or use another {option}"
            )
        if os.path.lexists(path) and not overwrite:
            raise FileExistsError(
                f"{path} already exists; use --force to overwrite it, or another {option}"
            )


def write(directory: Path, contents: Mapping[str, bytes], *, overwrite: bool) -> None:
    """Write the files of a run, which appear together, each of them complete.

    Parameters
    ----------
    directory : Path
        An existing directory.
    contents : mapping of str to bytes
        Contents of the files, by file name.
    overwrite : bool
        Whether existing files may be overwritten.

    Raises
    ------
    OSError
        If a file cannot be written, or exists and may not be overwritten. The others are written.
    """
    paths = {directory / name: content for name, content in contents.items()}
    if failures := write_files(paths, overwrite=overwrite):
        reasons = [f"{path.name} ({error.strerror})" for path, error in failures.items()]
        raise OSError(f"could not write to {directory}: {', '.join(reasons)}")
