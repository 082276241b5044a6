"""The options --json and --quiet, for scripts."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from sk_mnist.cli import main

TRAIN = ["train", "--data", "tiny.npz", "--epochs", "4", "--hidden", "8"]
SEARCH = [
    "search",
    "--data",
    "tiny.npz",
    "--cv",
    "2",
    "--param",
    "alpha=0,1",
    "--param",
    "epochs=2",
]

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _tiny_data(_working_directory):
    X = np.random.default_rng(0).normal(size=(60, 4))
    np.savez("tiny.npz", X=X, y=np.where(X[:, 0] > 0, "above", "below"))


@pytest.mark.parametrize("command", [TRAIN, SEARCH], ids=["train", "search"])
def test_json_is_alone_on_stdout(capfd, command):
    assert main([*command, "--json", "--output", "run"]) == 0
    stdout, stderr = capfd.readouterr()
    assert json.loads(stdout) == json.loads(Path("run/metrics.json").read_text())
    assert "Test accuracy" in stderr


@pytest.mark.parametrize("command", [TRAIN, SEARCH], ids=["train", "search"])
def test_quiet_prints_warnings_only(capfd, command):
    assert main([*command, "--quiet"]) == 0
    stdout, stderr = capfd.readouterr()
    assert stdout == ""
    assert all(line.startswith("sk_mnist: warning: ") for line in stderr.splitlines())


def test_json_and_quiet_print_json_only(capfd):
    assert main([*TRAIN, "--json", "--quiet"]) == 0
    stdout, stderr = capfd.readouterr()
    assert json.loads(stdout)["classes"].keys() == {"above", "below"}
    assert "Epoch" not in stderr


def test_json_of_an_error_is_empty(capsys):
    assert main(["train", "--data", "tiny.npz", "--target", "z", "--json", "--quiet"]) == 2
    stdout, stderr = capsys.readouterr()
    assert stdout == ""
    assert re.fullmatch(r"sk_mnist: error: tiny.npz has no array 'z'.*\n", stderr)


def test_json_of_evaluate_has_the_metrics_of_the_digits(training, metrics, capsys):
    model = str(training[1] / "model.safetensors")
    assert main(["evaluate", model, "--data", "sample", "--json", "--quiet"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["dataset"] == "sample"
    for name in ("accuracy", "n_errors", "classes", "confusion_matrix"):
        assert found[name] == metrics[name]
