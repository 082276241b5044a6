"""What the options about data ask for, checked before anything is read.

Nothing slow is imported here, so that mistakes are reported at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

import typer

from sk_mnist.cli.console import CommandError

DIGITS = ("auto", "mnist", "sample")
TABLE_SUFFIXES = (".csv", ".parquet")
SUFFIXES = (*TABLE_SUFFIXES, ".npz")
DEFAULT_TEST_SIZE = 0.2

Kind: TypeAlias = Literal["digits", "table", "arrays", "images"]


@dataclass(frozen=True)
class DataRequest:
    """What to train and test on.

    Attributes
    ----------
    data : str, default="auto"
        "auto", "mnist", "sample", or the path of a file or a folder.
    target : str, default=None
        The column of the classes, or in an .npz file the array, by default "y".
    test : Path, default=None
        A file or folder to test on. By default, a part of `data` is held out.
    test_size : float, default=None
        The share that is held out, by default 0.2.
    ignored : tuple of str, default=()
        Columns that are left out.
    """

    data: str = "auto"
    target: str | None = None
    test: Path | None = None
    test_size: float | None = None
    ignored: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """Return what kind of data it is."""
        return "digits" if self.data in DIGITS else kind_of(Path(self.data))

    @property
    def share(self) -> float:
        """Return the share of the rows to hold out, if there is no file to test on."""
        return DEFAULT_TEST_SIZE if self.test_size is None else self.test_size

    def resolved(self) -> DataRequest:
        """Return the same request for a process in any directory."""
        if self.kind == "digits":
            return self
        test = None if self.test is None else self.test.resolve()
        return replace(self, data=str(Path(self.data).resolve()), test=test)

    def check(self) -> None:
        """Check that the options go together.

        Raises
        ------
        CommandError
            If one has no meaning for this kind of data, or one is missing.
        """
        given = {
            "--target": self.target,
            "--test": self.test,
            "--test-size": self.test_size,
            "--ignore": self.ignored,
        }
        meaningless = {
            "digits": ("--target", "--test", "--test-size", "--ignore"),
            "images": ("--target", "--ignore"),
            "arrays": ("--ignore",),
            "table": (),
        }
        for option in meaningless[self.kind]:
            if given[option] not in (None, ()):
                raise CommandError(f"{option} has no meaning for {self._described()}")
        if self.test is not None:
            self._check_test(self.test)
        if self.test_size is not None and not 0 < self.test_size < 1:
            raise CommandError(
                f"--test-size must be a share between 0 and 1, such as 0.2; got {self.test_size}"
            )

    def _check_test(self, test: Path) -> None:
        check_path(test, "--test")
        if self.test_size is not None:
            raise CommandError("--test-size has no meaning beside --test; use one of the two")
        if kind_of(test) != self.kind:
            raise CommandError(
                f"--test must be of the same kind as --data, but {test} is not like {self.data}"
            )

    def _described(self) -> str:
        if self.kind == "digits":
            return (
                f"--data {self.data}; it is for data of your own: "
                "--data FILE.csv, FILE.parquet, FILE.npz or FOLDER"
            )
        if self.kind == "images":
            return f"the folder {self.data}, in which the sub-folders are the classes"
        return f"{self.data}; it is for .csv and .parquet files"


def kind_of(path: Path) -> Kind:
    """Return what kind of data a file or a folder holds.

    Parameters
    ----------
    path : Path
        As checked by `check_path`.

    Returns
    -------
    {"table", "arrays", "images"}
    """
    if path.suffix.lower() in TABLE_SUFFIXES and not path.is_dir():
        return "table"
    return "arrays" if path.suffix.lower() == ".npz" and not path.is_dir() else "images"


def check_path(path: Path, option: str) -> None:
    """Check that a file or a folder exists and can be read.

    Parameters
    ----------
    path : Path
        The file or folder.
    option : str
        The option that gives it.

    Raises
    ------
    typer.BadParameter
    """
    if not path.exists():
        reason = "does not exist"
        if option == "--data":
            reason = f"is none of {', '.join(DIGITS)}, and no such file or folder exists"
        raise typer.BadParameter(f"'{path}' {reason}.", param_hint=f"'{option}'")
    if not path.is_dir() and path.suffix.lower() not in SUFFIXES:
        raise typer.BadParameter(
            f"'{path}' must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}, or be a folder "
            "of images with a sub-folder for each class.",
            param_hint=f"'{option}'",
        )


def check_data_option(value: str) -> str:
    """Check the value of --data; a callback of typer.

    Parameters
    ----------
    value : str
        As given.

    Returns
    -------
    str
        The same.

    Raises
    ------
    typer.BadParameter
        If it is neither a dataset nor a file or folder of a kind that can be read.
    """
    if value not in DIGITS:
        check_path(Path(value), "--data")
    return value
