"""Errors of the command line, and what is written to standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console


class ResultConsole(Console):
    """A console for standard output that falls silent when its reader is gone.

    Rich ends the process then: ``sk-mnist train | head -1`` would lose the network.
    """

    def on_broken_pipe(self) -> None:
        """Discard what is printed from here on."""
        self.quiet = True
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, sys.stdout.fileno())
        os.close(devnull)


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
