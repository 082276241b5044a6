"""What train and search save, even if the test or a picture fails."""

import json
from pathlib import Path

import numpy as np
import pytest

from sk_mnist import KerasMLPClassifier, load
from sk_mnist.cli.console import CommandError, make_console
from sk_mnist.cli.data.request import DataRequest
from sk_mnist.cli.data.training import TrainingData
from sk_mnist.cli.file_contents import drawn
from sk_mnist.cli.results import evaluate_and_save


@pytest.fixture(scope="module")
def train():
    X, y = np.repeat(np.eye(2, 3), 20, axis=0), np.repeat([0, 1], 20)
    return KerasMLPClassifier((4,), epochs=60, random_state=0).fit(X, y), (X, y)


def save(train, test):
    model, rows = train
    data = TrainingData(DataRequest("auto"), "sample", rows, test)
    Path("run").mkdir()
    console = make_console(as_json=False, quiet=True)
    evaluate_and_save(model, data, {}, console, Path("run"), overwrite=False, as_json=False)


def test_results_of_a_test_set_of_one_class_are_complete(train):
    save(train, (np.eye(2, 3)[:1], np.array([0])))
    assert len([*Path("run").iterdir()]) == 6
    assert json.loads(Path("run/metrics.json").read_text())["n_test"] == 1


def test_results_have_the_network_if_it_cannot_be_tested(train):
    with pytest.raises(CommandError, match=r"is saved in run, but cannot be tested: .*NaN"):
        save(train, (np.full((2, 3), np.nan), np.array([0, 1])))
    assert load("run/model.safetensors").n_features_in_ == 3
    assert {path.name for path in Path("run").iterdir()} == {
        "model.safetensors",
        "model.joblib",
        "history.csv",
    }


def test_results_leave_out_a_picture_that_cannot_be_drawn(capsys):
    contents = drawn({"bad.png": lambda: bytes(1 // 0), "good.png": lambda: b"drawn"})
    assert contents == {"good.png": b"drawn"}
    assert "warning: bad.png is left out, it cannot be drawn (ZeroDivisionError: " in (
        capsys.readouterr().err
    )
