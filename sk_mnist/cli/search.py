"""The search command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sk_mnist.cli.console import make_console
from sk_mnist.cli.data.request import DataRequest
from sk_mnist.cli.options import (
    DataOption,
    ForceOption,
    IgnoreOption,
    JsonOption,
    OutputOption,
    QuietOption,
    SeedOption,
    TargetOption,
    TestOption,
    TestSizeOption,
)

_CONFIG_OPTIONS = (
    "param",
    "cv",
    "jobs",
    "seed",
    "data",
    "target",
    "test",
    "test_size",
    "ignore",
    "output",
)
"""The options that a TOML file may set, without their dashes."""


def _read_defaults(context: typer.Context, path: Path | None) -> Path | None:
    """Read the defaults of the other options, and the values to try, from a TOML file."""
    if path is not None and not context.resilient_parsing:
        from sk_mnist.cli.grid import read_config

        config = read_config(path, _CONFIG_OPTIONS)
        context.obj = config.pop("param", {})
        if "seed" in config:
            config["random_state"] = config.pop("seed")
        context.default_map = config
    return path


def search(
    context: typer.Context,
    param: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE,...",
            help="Parameter of the classifier and the values to try; can be repeated. A single "
            "value applies to all candidates. Separate networks with semicolons: "
            "'hidden_layer_sizes=128;256,128'.",
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            is_eager=True,
            callback=_read_defaults,
            help="TOML file that sets these options, with the lists of values to try in a table "
            "named param. Command-line options take precedence.",
        ),
    ] = None,
    cv: Annotated[int, typer.Option(min=2, help="Number of cross-validation folds.")] = 3,
    jobs: Annotated[int, typer.Option(min=1, help="Number of parallel jobs.")] = 1,
    random_state: SeedOption = 0,
    data: DataOption = "auto",
    target: TargetOption = None,
    test: TestOption = None,
    test_size: TestSizeOption = None,
    ignore: IgnoreOption = None,
    output: OutputOption = Path("sk_mnist_search"),
    force: ForceOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run a cross-validated grid search and save the best network.

    Writes cv_results.csv, cv_results.png and, for the best network, the same
    files as train to --output.

    The test set is used only once, to score the best network.
    """
    request = DataRequest(data, target, test, test_size, tuple(ignore or ()))
    request.check()
    from sk_mnist.cli.data.training import load_training_data
    from sk_mnist.cli.file_contents import SEARCH_FILES, TRAINING_FILES, search_contents
    from sk_mnist.cli.grid import make_grid
    from sk_mnist.cli.grid_search import grid_search
    from sk_mnist.cli.output_directory import prepare
    from sk_mnist.cli.results import evaluate_and_save
    from sk_mnist.cli.tables import print_candidates

    grid = make_grid(context.obj or {}, param or [])
    prepare(output, [*TRAINING_FILES, *SEARCH_FILES], overwrite=force, option="--output")

    console = make_console(as_json=as_json, quiet=quiet)
    loaded = load_training_data(request, console)
    fitted = grid_search(
        grid,
        *loaded.train,
        console,
        cv=cv,
        jobs=jobs,
        random_state=random_state,
        preparation=loaded.preparation,
    )
    print_candidates(console, fitted.cv_results_)
    run_info = {
        "seed": random_state,
        "training_seconds": round(fitted.refit_time_, 3),
        "best_parameters": fitted.best_params_,
        "cv_accuracy": fitted.best_score_,
        "cv_folds": cv,
    }
    evaluate_and_save(
        fitted.best_estimator_,
        loaded,
        run_info,
        console,
        output,
        overwrite=force,
        as_json=as_json,
        extra_contents=search_contents(fitted),
    )
