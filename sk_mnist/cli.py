"""The command line: train a classifier on MNIST, and score a saved one.

Whatever is slow to import is imported by the function that needs it, so that help and complaints
come at once.
"""

from __future__ import annotations

import os
import re
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TextIO

import typer
from rich.console import Console
from typer.core import TyperCommand

import sk_mnist
from sk_mnist._console import CommandError, EpochProgress, complain, load_tensorflow, print_scores

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from sklearn.base import ClassifierMixin

    from sk_mnist._inputs import Splits
    from sk_mnist.classifier import KerasMLPClassifier

EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130

# By the parameters of KerasMLPClassifier that they set.
OPTIONS = {
    "hidden_layer_sizes": "--hidden",
    "epochs": "--epochs",
    "batch_size": "--batch-size",
    "learning_rate": "--learning-rate",
    "dropout": "--dropout",
    "random_state": "--seed",
}


class TrainCommand(TyperCommand):
    """A command whose help shows the defaults of `KerasMLPClassifier`.

    They are looked up for the help only: importing scikit-learn takes a second.
    """

    def format_help(self, *args: Any, **kwargs: Any) -> None:
        """Write the help."""
        from sk_mnist.classifier import KerasMLPClassifier

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


DataOption = Annotated[
    Literal["auto", "mnist", "sample"],
    typer.Option(
        help="mnist: all of it, from the directory that SK_MNIST_DATA names, the cache or a "
        "download. sample: 5,000 of its training digits, which are always there. auto: the "
        "sample if mnist cannot be had."
    ),
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
    random_state: Annotated[
        int, typer.Option("--seed", min=0, help="The same seed gives the same network.")
    ] = 0,
    data: DataOption = "auto",
    output: Annotated[
        Path, typer.Option(help="Directory for the results; it is made if necessary.")
    ] = Path("sk_mnist_run"),
    force: Annotated[
        bool, typer.Option("--force", help="Replace the results of an earlier run.")
    ] = False,
) -> None:
    """Train a network on MNIST, test it and save it.

    The output directory receives model.joblib, metrics.json, history.csv and confusion_matrix.png.
    """
    from sk_mnist import _run_directory
    from sk_mnist._inputs import load_digits

    parameters = {
        "hidden_layer_sizes": _parse_sizes(hidden_layer_sizes),
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "dropout": dropout,
        "random_state": random_state,
    }
    classifier = _make_classifier({k: v for k, v in parameters.items() if v is not None})
    _run_directory.prepare(output, overwrite=force)

    console = Console()
    dataset, splits = load_digits(data, ["train", "test"])
    _print_dataset(console, dataset, splits)
    seconds = _fit(classifier, *splits["train"], console)
    confusion, report = _score(classifier, *splits["test"])
    facts = {
        "dataset": dataset,
        "n_train": len(splits["train"][0]),
        "seed": random_state,
        "training_seconds": round(seconds, 3),
    }
    try:
        contents = _run_directory.serialize(classifier, confusion, report, facts)
        _run_directory.write(output, contents, overwrite=force)
    finally:
        print_scores(console, confusion, report)
    console.print(f"Saved in {output}: {', '.join(contents)}", markup=False, soft_wrap=True)


@app.command()
def evaluate(
    model: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="A file that train or joblib.dump has written."
        ),
    ],
    data: DataOption = "auto",
) -> None:
    """Score a saved classifier on the test digits.

    Loading a model runs code that its file contains: only open files that you trust.
    """
    from sk_mnist._inputs import load_classifier, load_digits

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
        scores = _score(classifier, *splits["test"])
    except ValueError as error:
        raise CommandError(f"{model} does not fit these digits: {error}") from error
    print_scores(console, *scores)


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


def _make_classifier(parameters: dict[str, Any]) -> KerasMLPClassifier:
    from sk_mnist.classifier import KerasMLPClassifier

    classifier = KerasMLPClassifier(**parameters)
    try:
        # As `fit` does, but before the digits are loaded.
        classifier._validate_params()
    except ValueError as error:
        raise CommandError(_with_options(str(error))) from error
    return classifier


def _with_options(message: str) -> str:
    """Name the options where the estimator names the parameters that they set."""
    for parameter, option in OPTIONS.items():
        message = re.sub(rf"The '{parameter}' parameter of \w+|\b{parameter}(?==)", option, message)
    return message


def _print_dataset(console: Console, dataset: str, splits: Splits) -> None:
    name = {"mnist": "MNIST", "sample": "the sample of MNIST"}[dataset]
    sizes = [f"{len(y):,} digits to {subset}" for subset, (_, y) in splits.items()]
    console.print(f"Data: {name}, {', '.join(sizes)}", highlight=False)


def _fit(
    classifier: KerasMLPClassifier, X: NDArray[Any], y: NDArray[Any], console: Console
) -> float:
    """Fit the classifier in sight of the user, and return the seconds that it took."""
    load_tensorflow(console)
    classifier.set_callbacks(EpochProgress(console))
    start = time.perf_counter()
    try:
        with warnings.catch_warnings():
            # That finished epochs are kept is no news for somebody who ends the command.
            warnings.filterwarnings("ignore", "Training interrupted by user")
            classifier.fit(X, y)
    except ValueError as error:
        raise CommandError(_with_options(str(error))) from error
    except MemoryError as error:
        raise CommandError(f"out of memory, try a smaller --hidden: {error}") from error
    finally:
        classifier.set_callbacks()  # else they would be saved with it
    if classifier.n_iter_ < classifier.epochs:
        raise KeyboardInterrupt
    return time.perf_counter() - start


def _score(
    classifier: ClassifierMixin, X: NDArray[Any], y: NDArray[Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the confusion matrix and the report of the classifier."""
    from sk_mnist.evaluation import classification_report_frame, confusion_matrix_frame

    y_pred = classifier.predict(X)
    return confusion_matrix_frame(y, y_pred), classification_report_frame(y, y_pred)
