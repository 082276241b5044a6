"""What a grid search on the command line tries: from options or a TOML file to candidates."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sklearn.model_selection import ParameterGrid

from sk_mnist.classifier import KerasMLPClassifier
from sk_mnist.cli.console import CommandError

# What has an option of its own, or no meaning in a search.
_NOT_SEARCHED = {"callbacks", "random_state", "verbose", "warm_start"}

Grid = dict[str, list[Any]]
"""Values to try, by the parameters of `KerasMLPClassifier`."""


def make_grid(config: Mapping[str, Any], options: Sequence[str]) -> Grid:
    """Combine what is to be searched; an option wins over a file.

    Parameters
    ----------
    config : mapping
        The table of parameters in a TOML file: lists of values, or single ones.
    options : sequence of str
        Such as "learning_rate=0.001,0.002", or "hidden_layer_sizes=128;256,128", where semicolons
        stand between the networks and commas between the layers of each.

    Returns
    -------
    dict of str to list

    Raises
    ------
    CommandError
        If there is nothing to search, or something that the classifier does not know.
    """
    grid: Grid = {
        name: [_value(name, item) for item in (given if isinstance(given, list) else [given])]
        for name, given in config.items()
    }
    grid |= dict(_parse(option) for option in options)
    if not grid:
        raise CommandError(
            "nothing to search: give --param, such as --param learning_rate=0.001,0.002, or "
            "--config with a [param] table"
        )
    _check(grid)
    if len(ParameterGrid(grid)) == 1:
        raise CommandError(
            "nothing to compare: give a parameter more than one value, such as "
            "--param learning_rate=0.001,0.002"
        )
    return grid


def read_config(path: Path, known: Sequence[str]) -> dict[str, Any]:
    """Read a TOML file of options.

    Parameters
    ----------
    path : Path
        The file.
    known : sequence of str
        The names that it may use.

    Returns
    -------
    dict
        Values by the names of the options.

    Raises
    ------
    CommandError
        If it is no TOML file, or has other names.
    """
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} is no TOML file: {error}") from error
    unknown = sorted(set(config) - set(known))
    if unknown:
        raise CommandError(f"{path} has {unknown[0]!r}; it may have {', '.join(sorted(known))}")
    if not isinstance(config.get("param", {}), dict):
        raise CommandError(f"{path}: param must be a table, [param], of values to try")
    return config


def _parse(option: str) -> tuple[str, list[Any]]:
    name, equals, text = option.partition("=")
    name = name.strip()
    if not equals or not name:
        raise CommandError(
            f"--param takes a name and values, such as learning_rate=0.001,0.002; got {option!r}"
        )
    if name != "hidden_layer_sizes":
        return name, [_literal(value) for value in text.split(",")]
    networks = [network.split(",") if network.strip() else [] for network in text.split(";")]
    return name, [tuple(_literal(units) for units in network) for network in networks]


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError):
        return text.strip()  # a name, such as relu


def _value(name: str, item: Any) -> Any:
    if name == "hidden_layer_sizes":
        return tuple(item) if isinstance(item, list) else (item,)
    return item


def _check(grid: Grid) -> None:
    """Validate as `fit` does, but before the digits are loaded."""
    names = sorted(set(KerasMLPClassifier().get_params()) - _NOT_SEARCHED)
    for name, values in grid.items():
        if name not in names:
            raise CommandError(
                f"{name!r} cannot be searched. What can is {', '.join(names)}"
                + ("; for the seed there is --seed" if name == "random_state" else "")
            )
        if not values:
            raise CommandError(f"there are no values for {name}")
        for candidate in ParameterGrid({name: values}):
            if name == "hidden_layer_sizes":
                _check_sizes(candidate[name])
            try:
                KerasMLPClassifier(**candidate)._validate_params()
            except (TypeError, ValueError) as error:
                raise CommandError(str(error)) from error


def _check_sizes(sizes: Sequence[Any]) -> None:
    if not all(type(units) is int and units > 0 for units in sizes):  # bool is an int, too
        raise CommandError(
            "hidden_layer_sizes takes positive whole numbers, such as 128;256,128 for one network "
            f"with a layer and one with two; got {','.join(map(str, sizes))}"
        )
