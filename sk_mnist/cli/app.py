"""The command line: train a classifier on MNIST, search for a better one, score a saved one.

Whatever is slow to import is imported by the function that needs it, so that help and complaints
come at once.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TextIO

import typer
from rich.console import Console
from typer.core import TyperCommand

import sk_mnist
from sk_mnist.cli.console import CommandError, complain, print_candidates, print_scores

if TYPE_CHECKING:
    from sk_mnist.classifier import KerasMLPClassifier
    from sk_mnist.cli.inputs import Splits

EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130


class TrainCommand(TyperCommand):
    """A command whose help shows the defaults of `KerasMLPClassifier`.

    They are looked up for the help only: importing scikit-learn takes a second.
    """

    def format_help(self, *args: Any, **kwargs: Any) -> None:
        """Write the help."""
        from sk_mnist.classifier import KerasMLPClassifier
        from sk_mnist.cli.runs import OPTIONS

        defaults = KerasMLPClassifier().get_params()
        for parameter in self.params:
            if parameter.default is None and parameter.name in OPTIONS:
                default = defaults[parameter.name]
                sizes = isinstance(default, Sequence)
                parameter.default = ",".join(map(str, default)) if sizes else default
        super().format_help(*args, **kwargs)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"sk_mnist {sk_mnist.__version__}")
        raise typer.Exit


# What a TOML file of `search` may have: its options by their names without dashes.
_CONFIG_NAMES = ("param", "cv", "jobs", "seed", "data", "output")


def _take_defaults_from(context: typer.Context, path: Path | None) -> Path | None:
    """Take the defaults of the other options from a TOML file, and keep its values to try."""
    if path is not None and not context.resilient_parsing:
        from sk_mnist.cli.grid import read_config

        config = read_config(path, _CONFIG_NAMES)
        context.obj = config.pop("param", {})
        if "seed" in config:
            config["random_state"] = config.pop("seed")
        context.default_map = config
    return path


DataOption = Annotated[
    Literal["auto", "mnist", "sample"],
    typer.Option(
        help="mnist: all of it, from the directory that SK_MNIST_DATA names, the cache or a "
        "download. sample: 5,000 of its training digits, which are always there. auto: the "
        "sample if mnist cannot be had."
    ),
]

SeedOption = Annotated[
    int, typer.Option("--seed", min=0, help="The same seed gives the same network.")
]
OutputOption = Annotated[
    Path, typer.Option(help="Directory for the results; it is made if necessary.")
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Replace the results of an earlier run.")
]

app = typer.Typer(add_completion=False)


@app.callback()
def _common(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Neural networks for handwritten digits, with Keras and scikit-learn."""


@app.command(cls=TrainCommand)
def train(
    hidden_layer_sizes: Annotated[
        str | None,
        typer.Option(
            "--hidden", metavar="N,N,...", help="Units of each hidden layer; '' for none."
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training digits.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Digits in a training step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Learning rate at the start.")] = None,
    dropout: Annotated[
        float | None, typer.Option(help="Share of the hidden units to drop in a step.")
    ] = None,
    random_state: SeedOption = 0,
    data: DataOption = "auto",
    output: OutputOption = Path("sk_mnist_run"),
    force: ForceOption = False,
) -> None:
    """Train a network on MNIST, test it and save it.

    The directory receives model.joblib, metrics.json, history.csv, report.html and a picture.
    """
    from sk_mnist.cli import run_directory as _run_directory
    from sk_mnist.cli import runs as _runs
    from sk_mnist.cli.inputs import load_digits

    parameters = {
        "hidden_layer_sizes": _parse_sizes(hidden_layer_sizes),
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "dropout": dropout,
        "random_state": random_state,
    }
    classifier = _runs.make_classifier({k: v for k, v in parameters.items() if v is not None})
    _run_directory.prepare(
        output, _run_directory.TRAINING_FILES, overwrite=force, option="--output"
    )

    console = Console()
    dataset, splits = load_digits(data, ["train", "test"])
    _print_dataset(console, dataset, splits)
    seconds = _runs.fit(classifier, *splits["train"], console)
    facts = {
        "dataset": dataset,
        "n_train": len(splits["train"][0]),
        "seed": random_state,
        "training_seconds": round(seconds, 3),
    }
    _test_and_save(classifier, splits, facts, console, output, overwrite=force)


@app.command()
def search(
    context: typer.Context,
    param: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE,...",
            help="A parameter of the classifier and the values to try; once for each parameter. "
            "One value holds for all. Between networks stand semicolons: "
            "'hidden_layer_sizes=128;256,128'.",
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            is_eager=True,
            callback=_take_defaults_from,
            help="A TOML file with values for these options, and in a table named param lists of "
            "values to try. What is given here wins.",
        ),
    ] = None,
    cv: Annotated[int, typer.Option(min=2, help="Folds of the cross-validation.")] = 3,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that work side by side.")] = 1,
    random_state: SeedOption = 0,
    data: DataOption = "auto",
    output: OutputOption = Path("sk_mnist_search"),
    force: ForceOption = False,
) -> None:
    """Try all combinations of parameters by cross-validation, and train the best network.

    The directory receives cv_results.csv, cv_results.png, and for that network what train leaves.

    The test digits are looked at once, for the best network.
    """
    from sk_mnist.cli import grid as _grid
    from sk_mnist.cli import run_directory as _run_directory
    from sk_mnist.cli import runs as _runs
    from sk_mnist.cli.inputs import load_digits

    grid = _grid.make_grid(context.obj or {}, param or [])
    names = (*_run_directory.TRAINING_FILES, *_run_directory.SEARCH_FILES)
    _run_directory.prepare(output, names, overwrite=force, option="--output")

    console = Console()
    dataset, splits = load_digits(data, ["train", "test"])
    _print_dataset(console, dataset, splits)
    X, y = splits["train"]
    found = _runs.search(grid, X, y, console, cv=cv, jobs=jobs, random_state=random_state)
    print_candidates(console, found.cv_results_)
    facts = {
        "dataset": dataset,
        "n_train": len(y),
        "seed": random_state,
        "training_seconds": round(found.refit_time_, 3),
        "cv_accuracy": found.best_score_,
        "cv_folds": cv,
    }
    contents = _run_directory.search_files(found)
    _test_and_save(
        found.best_estimator_, splits, facts, console, output, overwrite=force, contents=contents
    )


@app.command()
def evaluate(
    model: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="A file that train or joblib.dump has written."
        ),
    ],
    data: DataOption = "auto",
    report: Annotated[Path, typer.Option(help="The page to write, with all scores.")] = Path(
        "report.html"
    ),
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier page.")] = False,
) -> None:
    """Score a saved classifier on the test digits.

    Loading a model runs code that its file contains: only open files that you trust.
    """
    from sk_mnist.cli import run_directory as _run_directory
    from sk_mnist.cli.inputs import load_classifier, load_digits
    from sk_mnist.evaluation import evaluate as evaluate_classifier

    _run_directory.prepare(report.parent, [report.name], overwrite=force, option="--report")
    classifier = load_classifier(model)
    console = Console()
    dataset, splits = load_digits(data, ["test"])
    _print_dataset(console, dataset, splits)
    if dataset == "sample":
        complain(
            "warning: the sample belongs to MNIST's training digits: it is no fair test of a "
            "classifier that was trained on MNIST"
        )
    try:
        scores = evaluate_classifier(classifier, *splits["test"])
    except ValueError as error:
        raise CommandError(f"{model} does not fit these digits: {error}") from error
    try:
        contents = {report.name: _run_directory.report_file(scores)}
        _run_directory.write(report.parent, contents, overwrite=force)
    finally:
        print_scores(console, scores)
    console.print(f"Saved {report}", markup=False, soft_wrap=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, default=None
        The arguments, by default those of the process. Without any it shows the help.

    Returns
    -------
    int
        The exit status: 0, 2 after a mistake of the user, which is reported in one line, or 130
        after Ctrl-C.
    """
    # TensorFlow reads it when it is imported; its log would run into the progress bar.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    arguments = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        try:
            status = typer.main.get_command(app).main(args=arguments, standalone_mode=False)
        except typer.TyperException as error:
            complain(f"error: {error.format_message()}")
            return EXIT_USER_ERROR
        except OSError as error:
            complain(f"error: {error}")
            return EXIT_USER_ERROR
    if status == EXIT_INTERRUPTED:
        complain("interrupted")
    return status or 0


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    complain(f"warning: {message}")


def _parse_sizes(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        sizes = tuple(int(size) for size in text.split(",")) if text.strip() else ()
    except ValueError:
        sizes = (0,)
    if min(sizes, default=1) < 1:
        raise CommandError(
            f"--hidden takes positive whole numbers with commas between, such as 512,256, "
            f"or '' for no hidden layer; got {text!r}"
        )
    return sizes


def _print_dataset(console: Console, dataset: str, splits: Splits) -> None:
    name = {"mnist": "MNIST", "sample": "the sample of MNIST"}[dataset]
    sizes = [f"{len(y):,} digits to {subset}" for subset, (_, y) in splits.items()]
    console.print(f"Data: {name}, {', '.join(sizes)}", highlight=False)


def _test_and_save(
    classifier: KerasMLPClassifier,
    splits: Splits,
    facts: dict[str, Any],
    console: Console,
    output: Path,
    *,
    overwrite: bool,
    contents: dict[str, bytes] | None = None,
) -> None:
    """Score the classifier on the test digits, and write all results, also if one cannot be."""
    from sk_mnist.cli import run_directory as _run_directory
    from sk_mnist.evaluation import evaluate

    report = evaluate(classifier, *splits["test"])
    try:
        files = _run_directory.training_files(classifier, report, facts) | (contents or {})
        _run_directory.write(output, files, overwrite=overwrite)
    finally:
        print_scores(console, report)
    console.print(f"Saved in {output}: {', '.join(files)}", markup=False, soft_wrap=True)
