"""Files that appear under their names complete, or not at all."""

from __future__ import annotations

import errno
import glob
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4


def write_file(path: Path, content: bytes) -> None:
    """Write a file, which takes the place of an earlier one only when it is complete on disk.

    Parameters
    ----------
    path : Path
        Where to write. A link is followed; what is no regular file, such as a pipe, is written to.
    content : bytes
        What to write.

    Raises
    ------
    OSError
        If the file cannot be written. An earlier one is as it was.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    path = Path(os.path.realpath(path))
    temporary = _write_beside(path, content)
    try:
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_files(contents: Mapping[Path, bytes], *, overwrite: bool) -> dict[Path, OSError]:
    """Write files that belong together, so that never some are new and some are old.

    All of them are complete on disk before the first gets its name. If some cannot be written, the
    others are, because they may be all that is left of hours of work; then old files in the place
    of those that failed are removed. If none can be written, all old files stay.

    Parameters
    ----------
    contents : mapping of Path to bytes
        What to write, by path.
    overwrite : bool
        Whether to replace existing files. Otherwise they count as failures, and stay.

    Returns
    -------
    dict of Path to OSError
        Why files could not be written, by their paths.
    """
    failures: dict[Path, OSError] = {}
    temporaries: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            try:
                if not overwrite and os.path.lexists(path):
                    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
                temporaries[path] = _write_beside(path, content)
            except OSError as error:
                failures[path] = error
    except BaseException:
        for temporary in temporaries.values():
            temporary.unlink(missing_ok=True)
        raise
    # Whatever ends the process from here on leaves the new files, if under temporary names.
    if overwrite and temporaries:
        for path in contents:
            path.unlink(missing_ok=True)
    for path, temporary in temporaries.items():
        os.replace(temporary, path)
    return failures


def remove_file(path: Path) -> None:
    """Remove a file, if it exists, and what killed processes have left of files in its place.

    Parameters
    ----------
    path : Path
        The file, which no process may be writing.
    """
    for temporary in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        temporary.unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def _write_beside(path: Path, content: bytes) -> Path:
    """Write a file of a temporary name in the same directory to disk, and return its path."""
    temporary = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.is_file():
            shutil.copymode(path, temporary)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary
