"""The grid of a search: parsing and validation of options and TOML files."""

import re

import pytest

from sk_mnist import KerasMLPClassifier
from sk_mnist.cli import main
from sk_mnist.cli.console import CommandError
from sk_mnist.cli.grid import make_grid, read_config

GRID = ["--param", "learning_rate=0.001,0.004", "--param", "hidden_layer_sizes=16;16,8"]


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("hidden_layer_sizes=128;256,128", [(128,), (256, 128)]),
        ("hidden_layer_sizes=;8", [(), (8,)]),
        ("hidden_layer_sizes=8;auto", [(8,), "auto"]),
        ("activation=relu, gelu", ["relu", "gelu"]),
        ("early_stopping=True,False", [True, False]),
        ("class_weight=None,balanced", [None, "balanced"]),
        ("alpha=1e-4,0", [1e-4, 0]),
    ],
)
def test_grid_values_are_parsed_as_literals(option, values):
    name = option.partition("=")[0]
    assert make_grid({}, [option]) == {name: values}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to search: use --param"),
        (
            ["--param", "epochs=3"],
            "nothing to search: there is only one candidate; give a parameter several values",
        ),
        (["--param", "learning_rate"], "--param must be a name and values"),
        (["--param", "width=3"], "'width' cannot be searched; choose from activation, alpha"),
        (["--param", "random_state=1,2"], "use --seed to set the seed"),
        (["--param", "dropout=0.1,2"], "'dropout' parameter .* Got 2 instead"),
        (["--param", "epochs=1,many"], "'epochs' parameter .* Got 'many' instead"),
        (["--param", "hidden_layer_sizes=8;0"], "positive integers.*got 0"),
        (["--param", "hidden_layer_sizes=8,x"], "positive integers.*got 8,x"),
        (["--cv", "1", *GRID], "'--cv'"),
        (["--config", "none.toml"], "'none.toml' does not exist"),
    ],
)
def test_grid_option_error_is_one_line_before_any_work(capsys, tmp_path, arguments, message):
    assert main(["search", *arguments]) == 2
    captured = capsys.readouterr()
    assert re.fullmatch(rf"sk_mnist: error: .*{message}.*\n", captured.err)
    assert captured.out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cv = [", "is not a valid TOML file"),
        (
            "folds = 3",
            "has the unknown option 'folds'; valid options are cv, data, ignore, jobs, output, "
            "param, seed, target, test, test_size",
        ),
        ("param = 3", "param must be a table"),
        ("cv = 'few'\n[param]\nalpha = 0.1", "'--cv'"),
        ("[param]\nalpha = []", "no values are given for alpha"),
        ("[param]\nepochs = [1, 0]", "'epochs' parameter"),
    ],
)
def test_grid_toml_error_is_one_line(capsys, tmp_path, text, message):
    (tmp_path / "grid.toml").write_text(text)
    assert main(["search", "--config", "grid.toml"]) == 2
    assert re.fullmatch(rf"sk_mnist: error: .*{message}.*\n", capsys.readouterr().err)


def test_grid_error_lists_all_searchable_parameters():
    with pytest.raises(CommandError) as caught:
        make_grid({}, ["width=3"])
    parameters = set(KerasMLPClassifier().get_params())
    named = set(re.findall(r"\w+", str(caught.value).partition("choose from")[2]))
    assert named == parameters - {"callbacks", "random_state", "verbose", "warm_start"}


def test_grid_class_weights_may_be_weights_of_digits(tmp_path):
    expected = {"class_weight": ["balanced", {8: 2, 9: 1.5}]}
    assert make_grid({}, ["class_weight=balanced;{8: 2, 9: 1.5}"]) == expected
    path = tmp_path / "search.toml"
    path.write_text('[param]\nclass_weight = ["balanced", {8 = 2, 9 = 1.5}]\n')
    assert make_grid(read_config(path, ["param"])["param"], []) == expected
