"""Errors of the command line, and what is written to standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer


class CommandError(typer.TyperException):
    """An error that the user can fix. Its message is shown in one line."""


def print_error(text: str) -> None:
    """Print one line to standard error.

    Parameters
    ----------
    text : str
        The message. Line breaks are replaced by spaces.
    """
    print(f"sk_mnist: {' '.join(text.split())}", file=sys.stderr)


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Discard what the process, including C++ libraries, writes to standard error."""
    sys.stderr.flush()
    saved = os.dup(2)
    try:
        with open(os.devnull, "wb") as devnull:
            os.dup2(devnull.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
