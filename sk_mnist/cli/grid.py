"""Parameters of the classifier from options or a TOML file: a grid to search, or one value each."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from sklearn.model_selection import ParameterGrid

from sk_mnist.classifier import KerasMLPClassifier
from sk_mnist.cli.console import CommandError

# Parameters with an option of their own, or without meaning in a search.
_NOT_SEARCHED = {"callbacks", "random_state", "verbose", "warm_start"}

Grid: TypeAlias = dict[str, list[Any]]
"""Values to try, by parameter names of `KerasMLPClassifier`."""


def make_grid(config: Mapping[str, Any], options: Sequence[str]) -> Grid:
    """Combine the parameters of a TOML file and of the options, which take precedence.

    Parameters
    ----------
    config : mapping
        The table of parameters in a TOML file, with lists of values or single values.
    options : sequence of str
        Such as "learning_rate=0.001,0.002", or "hidden_layer_sizes=128;256,128": semicolons
        separate networks, and commas the layers of each network. Likewise
        "class_weight=balanced;{8: 2, 9: 2}".

    Returns
    -------
    dict of str to list

    Raises
    ------
    CommandError
        If there are fewer than two candidates, or if a parameter or a value is not valid.
    """
    grid: Grid = {
        name: [
            _value_from_toml(name, item) for item in (given if isinstance(given, list) else [given])
        ]
        for name, given in config.items()
    }
    grid |= dict(_parse_option(option) for option in options)
    if not grid:
        raise CommandError(
            "nothing to search: use --param, such as --param learning_rate=0.001,0.002, or "
            "--config with a [param] table"
        )
    _validate(grid, "searched")
    if len(ParameterGrid(grid)) == 1:
        raise CommandError(
            "nothing to search: there is only one candidate; give a parameter several values, such "
            "as --param learning_rate=0.001,0.002"
        )
    return grid


def make_parameters(options: Sequence[str]) -> dict[str, Any]:
    """Return the parameters that options set to one value each.

    Parameters
    ----------
    options : sequence of str
        As for `make_grid`, such as "alpha=0.1" or "hidden_layer_sizes=256,128".

    Returns
    -------
    dict of str to object

    Raises
    ------
    CommandError
        If a parameter or a value is not valid, or one is given several values.
    """
    grid: Grid = {}
    for option in options:
        name, values = _parse_option(option)
        if name in grid or len(values) > 1:
            raise CommandError(f"--param {name} must have one value; search tries several")
        grid[name] = values
    _validate(grid, "set by --param")
    return {name: values[0] for name, values in grid.items()}


def read_config(path: Path, names: Sequence[str]) -> dict[str, Any]:
    """Read a TOML file of options.

    Parameters
    ----------
    path : Path
        The file.
    names : sequence of str
        Names of the valid options.

    Returns
    -------
    dict
        Values by option names.

    Raises
    ------
    CommandError
        If it is not a valid TOML file, or has other names.
    """
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} is not a valid TOML file: {error}") from error
    unknown = sorted(set(config) - set(names))
    if unknown:
        raise CommandError(
            f"{path} has the unknown option {unknown[0]!r}; valid options are "
            f"{', '.join(sorted(names))}"
        )
    if not isinstance(config.get("param", {}), dict):
        raise CommandError(f"{path}: param must be a table, [param], of values to try")
    return config


def _parse_option(option: str) -> tuple[str, list[Any]]:
    name, equals, text = option.partition("=")
    name = name.strip()
    if not equals or not name:
        raise CommandError(
            f"--param must be a name and values, such as learning_rate=0.001,0.002; got {option!r}"
        )
    if name == "class_weight" and "{" in text:
        return name, [_parse_value(value) for value in text.split(";")]
    if name != "hidden_layer_sizes":
        return name, [_parse_value(value) for value in text.split(",")]
    return name, [_parse_sizes(network.strip()) for network in text.split(";")]


def _parse_sizes(network: str) -> tuple[Any, ...] | str:
    if network == "auto":
        return network
    return tuple(_parse_value(units) for units in network.split(",")) if network else ()


def _parse_value(text: str) -> Any:
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError):
        return text.strip()  # a name, such as relu


def _value_from_toml(name: str, item: Any) -> Any:
    if name == "class_weight" and isinstance(item, dict):  # the keys of TOML are text
        return {int(key) if key.isdecimal() else key: weight for key, weight in item.items()}
    if name != "hidden_layer_sizes" or item == "auto":
        return item
    return tuple(item) if isinstance(item, list) else (item,)


def _validate(grid: Grid, purpose: str) -> None:
    """Validate the parameters as `fit` does, but before the digits are loaded."""
    names = sorted(set(KerasMLPClassifier().get_params()) - _NOT_SEARCHED)
    for name, values in grid.items():
        if name not in names:
            raise CommandError(
                f"{name!r} cannot be {purpose}; choose from {', '.join(names)}"
                + ("; use --seed to set the seed" if name == "random_state" else "")
            )
        if not values:
            raise CommandError(f"no values are given for {name}")
        for candidate in ParameterGrid({name: values}):
            if name == "hidden_layer_sizes" and candidate[name] != "auto":
                _validate_sizes(candidate[name])
            try:
                KerasMLPClassifier(**candidate)._validate_params()
            except (TypeError, ValueError) as error:
                raise CommandError(str(error)) from error


def _validate_sizes(sizes: Sequence[Any]) -> None:
    if not all(type(units) is int and units > 0 for units in sizes):  # bool is a subclass of int
        raise CommandError(
            "hidden_layer_sizes must be auto or positive integers, such as 128;256,128 for a "
            f"network with one hidden layer and one with two; got {','.join(map(str, sizes))}"
        )
