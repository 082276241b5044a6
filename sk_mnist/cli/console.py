"""What is written to standard output and to standard error, and the errors of the command line."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

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
        os.dup2(devnull, (sys.stderr if self.stderr else sys.stdout).fileno())
        os.close(devnull)


def make_console(*, as_json: bool, quiet: bool) -> ResultConsole:
    """Return where a command prints what people read: its progress, its tables.

    Parameters
    ----------
    as_json : bool
        Whether standard output is for JSON alone. What people read goes to standard error then.
    quiet : bool
        Whether to print nothing.

    Returns
    -------
    ResultConsole
    """
    return ResultConsole(stderr=as_json, quiet=quiet)


def print_json(metrics: Mapping[str, Any]) -> None:
    """Print the results of a command for programs.

    Parameters
    ----------
    metrics : mapping
        Serializable as JSON.
    """
    print(json.dumps(metrics, indent=2))


class CommandError(typer.TyperException):
    """An error that the user can fix. Its message is shown in one line."""


def print_error(text: str) -> None:
    """Print one line to standard error.

    Parameters
    ----------
    text : str
        The message. Line breaks are replaced by spaces, and control characters are escaped.
    """
    print(f"sk_mnist: {visible(' '.join(text.split()))}", file=sys.stderr)


def first_of(texts: Sequence[str], n_named: int, separator: str = ", ") -> str:
    """Name the first of some texts, and say how many more there are.

    Parameters
    ----------
    texts : sequence of str
        Any number.
    n_named : int
        How many to name at most.
    separator : str, default=", "
        What stands between them.

    Returns
    -------
    str
    """
    shown, n_more = separator.join(texts[:n_named]), len(texts) - n_named
    if n_more <= 0:
        return shown
    return f"{shown}{separator.rstrip(', ')} and {n_more:,} more"


def visible(text: str) -> str:
    """Escape what would move the cursor or change the colors of a terminal.

    Parameters
    ----------
    text : str
        From a file, or the name of one.

    Returns
    -------
    str
    """
    return "".join(c if c.isprintable() else _escaped(c) for c in encodable(text))


def _escaped(character: str) -> str:
    return f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}"


def encodable(text: str) -> str:
    """Replace bytes of file names that are not Unicode."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


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
