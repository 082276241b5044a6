"""User errors are one line and exit code 2; help and errors appear without slow imports."""

import re
import subprocess
import sys

import pytest
from cli_checks import assert_one_line_error

import sk_mnist
from sk_mnist.cli import main


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trian"], "No such command 'trian'"),
        (["--nonsense"], "No such option: --nonsense"),
        (["train", "--nonsense"], "No such option: --nonsense"),
        (["train", "--epochs", "many"], "'--epochs'"),
        (["train", "--data", "cifar"], "'--data'.*'cifar'"),
        (["train", "extra"], "extra"),
        (["evaluate"], "Missing argument 'model'"),
        (["evaluate", "no_such.joblib"], "'no_such.joblib' does not exist"),
        (["evaluate", "."], "'.' is a directory"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_usage_error_is_one_line_and_exit_code_2(run, arguments, message):
    assert_one_line_error(run(*arguments), message)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--hidden", "512,abc"),
        ("--hidden", "512,0"),
        ("--hidden", "512,,256"),
        ("--epochs", "0"),
        ("--batch-size", "-1"),
        ("--learning-rate", "0"),
        ("--learning-rate", "nan"),
        ("--dropout", "1"),
        ("--seed", "-1"),
        ("--seed", "4294967296"),
    ],
)
def test_invalid_value_error_names_option(capsys, tmp_path, option, value):
    assert main(["train", option, value, "--output", str(tmp_path / "run")]) == 2
    assert re.fullmatch(rf"sk_mnist: error: .*{option}\b.*\n", capsys.readouterr().err)
    assert not (tmp_path / "run").exists()


@pytest.fixture
def list_imports(offline):
    """Return a function that runs the command line and returns the packages that it imports."""

    def list_imports(*arguments):
        process = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "sk_mnist", *arguments],
            env=offline,
            capture_output=True,
            text=True,
        )
        return set(re.findall(r"\| +(\w+)", process.stderr))

    return list_imports


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--epochs", "x"]], ids=" ".join)
def test_help_and_usage_errors_import_nothing_slow(list_imports, arguments):
    imported = list_imports(*arguments)
    assert "typer" in imported
    assert not imported & {"tensorflow", "keras", "sklearn", "pandas", "matplotlib", "numpy"}


@pytest.mark.slow
@pytest.mark.parametrize("option", ["--help", "--epochs=0"])
def test_train_help_does_not_import_tensorflow(list_imports, option):
    imported = list_imports("train", option)
    assert "sklearn" in imported
    assert not imported & {"tensorflow", "keras", "matplotlib", "seaborn"}


def test_no_arguments_show_help(run):
    process = run()
    assert process.returncode == 0
    assert process.stdout == run("--help").stdout


def test_version_option(run):
    assert run("--version").stdout == f"sk_mnist {sk_mnist.__version__}\n"
