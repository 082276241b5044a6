"""The train command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from sk_mnist._utils.files import remove_file
from sk_mnist.cli.console import CommandError, make_console
from sk_mnist.cli.data.request import DataRequest
from sk_mnist.cli.options import (
    OPTION_OF_PARAMETER,
    SEED_HELP,
    DataOption,
    ForceOption,
    IgnoreOption,
    JsonOption,
    OutputOption,
    QuietOption,
    TargetOption,
    TestOption,
    TestSizeOption,
)


class TrainCommand(TyperCommand):
    """A command whose help shows the defaults of `KerasMLPClassifier`.

    They are looked up only for the help, because importing scikit-learn takes a second.
    """

    def format_help(self, *args: Any, **kwargs: Any) -> None:
        """Write the help."""
        from sk_mnist.classifier import KerasMLPClassifier

        defaults = KerasMLPClassifier().get_params()
        for parameter in self.params:
            if parameter.default is None and parameter.name in OPTION_OF_PARAMETER:
                default = defaults[parameter.name]
                is_sizes = isinstance(default, tuple)
                parameter.default = ",".join(map(str, default)) if is_sizes else default
        super().format_help(*args, **kwargs)


def train(
    hidden_layer_sizes: Annotated[
        str | None,
        typer.Option(
            "--hidden",
            metavar="N,N,...",
            help="Number of units of each hidden layer; '' for no hidden layer.",
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Number of epochs.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Mini-batch size.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Initial learning rate.")] = None,
    dropout: Annotated[
        float | None, typer.Option(help="Dropout rate of the hidden layers.")
    ] = None,
    random_state: Annotated[
        int | None, typer.Option("--seed", min=0, show_default="0", help=SEED_HELP)
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="Any other parameter of the classifier, such as 'alpha=0.01' or "
            "'class_weight=balanced'; can be repeated.",
        ),
    ] = None,
    data: DataOption = "auto",
    target: TargetOption = None,
    test: TestOption = None,
    test_size: TestSizeOption = None,
    ignore: IgnoreOption = None,
    output: OutputOption = Path("sk_mnist_run"),
    force: ForceOption = False,
    checkpoint: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Save the training every N epochs, so that --resume can go on with it whatever "
            "ends the process. After Ctrl-C it can in any case.",
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on with the training that was ended in --output, as it was begun."
        ),
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Train a classifier on MNIST or data of your own, test it and save it.

    Writes model.safetensors, model.joblib, metrics.json, history.csv,
    confusion_matrix.png and report.html to --output. For a table the model
    is a pipeline with what has to be done to its columns, which is saved as
    model.joblib only.
    """
    request = DataRequest(data, target, test, test_size, tuple(ignore or ()))
    request.check()
    from sk_mnist.cli.checkpoints import CHECKPOINT_FILE, TrainingCheckpoint
    from sk_mnist.cli.checkpoints import resume as load_checkpoint
    from sk_mnist.cli.data.training import load_training_data
    from sk_mnist.cli.file_contents import TRAINING_FILES
    from sk_mnist.cli.fitting import fit_model, warm_up
    from sk_mnist.cli.models import make_classifier
    from sk_mnist.cli.output_directory import prepare
    from sk_mnist.cli.results import evaluate_and_save

    options = {
        "hidden_layer_sizes": _parse_sizes(hidden_layer_sizes),
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "dropout": dropout,
        "random_state": random_state,
    }
    parameters = _merged(options, param or [])
    path = output / CHECKPOINT_FILE
    training = load_checkpoint(path, parameters, request) if resume else None
    if training is not None:
        classifier, request, seconds = training.classifier, training.request, training.seconds
    else:
        classifier, seconds = make_classifier({"random_state": 0, **parameters}), 0.0
        if path.exists() and not force:
            raise CommandError(
                f"{path} holds a training that was ended; go on with it by --resume, or use "
                "--force to start over"
            )
    prepare(output, TRAINING_FILES, overwrite=force, option="--output")

    console = make_console(as_json=as_json, quiet=quiet)
    loaded = load_training_data(request, console)
    if training is not None:
        training.check(loaded)
    warm_up(console)
    saved = TrainingCheckpoint(path, loaded, seconds, every=checkpoint or 1)
    model = fit_model(classifier, loaded, console, saved, saves_epochs=checkpoint is not None)
    run_info = {
        "seed": classifier.random_state,
        "training_seconds": round(saved.seconds, 3),
    }
    evaluate_and_save(model, loaded, run_info, console, output, overwrite=force, as_json=as_json)
    remove_file(path)


def _merged(options: Mapping[str, Any], param: Sequence[str]) -> dict[str, Any]:
    """Return the parameters that options of their own and --param have set."""
    given = {name: value for name, value in options.items() if value is not None}
    if not param:
        return given
    from sk_mnist.cli.grid import make_parameters  # imports scikit-learn

    parameters = make_parameters(param)
    if twice := sorted(set(parameters) & set(given)):
        raise CommandError(
            f"{OPTION_OF_PARAMETER[twice[0]]} and --param {twice[0]} set the same; use one of them"
        )
    return given | parameters


def _parse_sizes(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        sizes = tuple(int(size) for size in text.split(",")) if text.strip() else ()
    except ValueError:
        sizes = (0,)
    if min(sizes, default=1) < 1:
        raise CommandError(
            f"--hidden must be positive integers separated by commas, such as 512,256, or '' for "
            f"no hidden layer; got {text!r}"
        )
    return sizes
