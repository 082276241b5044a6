"""The demo command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from sk_mnist.cli.console import CommandError, ResultConsole
from sk_mnist.cli.options import SeedOption

if TYPE_CHECKING:
    from rich.console import Console

_DEFAULT_PAGE = Path("sk_mnist_run") / "demo.html"


def demo(
    context: typer.Context,
    model: Annotated[
        Path | None,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="Model file written by train, search, save or joblib.dump; by default, a "
            "classifier is trained first, which takes seconds.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            help="HTML file to write, to be kept or put on a web site. By default "
            f"{_DEFAULT_PAGE.as_posix()}, in place of an earlier one.",
            show_default=False,
        ),
    ] = None,
    title: Annotated[str, typer.Option(help="Title of the page.")] = "Draw a digit",
    opens: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in the browser.")
    ] = True,
    data: Annotated[
        Literal["auto", "mnist", "sample"],
        typer.Option(
            help="Digits to train on without MODEL: all of MNIST, or the bundled sample of 5,000 "
            "digits; auto: mnist if it is available, else sample."
        ),
    ] = "auto",
    seed: SeedOption = 0,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Write a page to draw digits on, which a classifier reads, and open it.

    It is one HTML file with the network inside, and needs neither a server nor a
    network connection.

    A .safetensors file is safe to open. Any other is a pickle, and opening a
    pickle runs the code in it: only open files that you trust.
    """
    from sk_mnist.cli.browser import open_page
    from sk_mnist.cli.output_directory import prepare, write

    if model is not None:
        _refuse_training_options(context)
    path = _DEFAULT_PAGE if output is None else output
    overwrite = force or output is None
    prepare(path.parent, [path.name], overwrite=overwrite, option="--output")
    console = ResultConsole()
    content = _page_of(model, title, data, seed, console)
    write(path.parent, {path.name: content}, overwrite=overwrite)
    console.print(f"Saved {path} ({len(content) / 1e6:.1f} MB)", markup=False, soft_wrap=True)
    if opens and not open_page(path):
        console.print(
            f"No browser can be opened here. Open the file in one: {path.resolve()}",
            markup=False,
            soft_wrap=True,
        )


def _refuse_training_options(context: typer.Context) -> None:
    for name in ("data", "seed"):
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise CommandError(
                f"--{name} is for training, and MODEL is trained already. Leave out one of them."
            )


def _page_of(model: Path | None, title: str, data: str, seed: int, console: Console) -> bytes:
    """Return the page of a saved or of a new classifier."""
    from sklearn.exceptions import NotFittedError

    from sk_mnist.cli.models import load_classifier
    from sk_mnist.export.html_page import page

    if model is None:
        return page(_train(data, seed, console), title=title)
    classifier: Any = load_classifier(model)
    try:
        return page(classifier, title=title)
    except (TypeError, ValueError, NotFittedError) as error:
        raise CommandError(f"{model}: {error}") from error


def _train(data: str, seed: int, console: Console) -> Any:
    """Return a new classifier with the default parameters."""
    from sk_mnist.cli.data import load_splits, print_splits
    from sk_mnist.cli.fitting import fit, warm_up
    from sk_mnist.cli.models import make_classifier

    classifier = make_classifier({"random_state": seed})
    dataset, splits = load_splits(data, ["train"])
    print_splits(console, dataset, splits)
    warm_up(console)
    fit(classifier, *splits["train"], console, None, saves_epochs=False)
    return classifier
