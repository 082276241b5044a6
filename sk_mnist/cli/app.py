"""The application: its commands, and how errors become messages and exit codes.

Help and error messages have to appear at once. Modules that import numpy or scikit-learn are
therefore imported by the functions that need them: here, and in the modules of the commands.
"""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Annotated, TextIO

import typer

import sk_mnist
from sk_mnist.cli.compile import compile_kernels
from sk_mnist.cli.console import print_error
from sk_mnist.cli.demo import demo
from sk_mnist.cli.evaluate import evaluate
from sk_mnist.cli.predict import predict
from sk_mnist.cli.search import search
from sk_mnist.cli.train import TrainCommand, train

EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130

app = typer.Typer(add_completion=False)
app.command(cls=TrainCommand)(train)
app.command()(search)
app.command()(evaluate)
app.command()(predict)
app.command()(demo)
app.command("compile")(compile_kernels)


def _print_version(requested: bool) -> None:
    if requested:
        print(f"sk_mnist {sk_mnist.__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Train, tune and evaluate MLP classifiers on MNIST or data of your own."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, default=None
        The command-line arguments, without the program name. By default, those of the process.
        Without any argument, the help is shown.

    Returns
    -------
    int
        The exit code: 0 on success, 2 after a user error, which is reported in one line, and 130
        after Ctrl-C.

    Examples
    --------
    >>> from sk_mnist.cli import main
    >>> main(["--version"])
    sk_mnist ...
    0
    """
    # TensorFlow reads this on import. Its log would garble the progress bar.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Not every terminal can show the names of all classes.
        sys.stdout.reconfigure(errors="backslashreplace")
    arguments = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        try:
            status = typer.main.get_command(app).main(args=arguments, standalone_mode=False)
        except typer.TyperException as error:
            print_error(f"error: {error.format_message()}")
            return EXIT_USER_ERROR
        except OSError as error:
            print_error(f"error: {error}")
            return EXIT_USER_ERROR
    if status == EXIT_INTERRUPTED:
        print_error("interrupted")
    return status or 0


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    print_error(f"warning: {message}")
