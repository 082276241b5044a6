"""Fixtures of the command-line tests: one training that all of them share."""

import json

import joblib
import pytest


@pytest.fixture(autouse=True)
def _working_directory(tmp_path, monkeypatch):
    """Run commands in a temporary directory, where they write by default."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def training(run, tmp_path_factory):
    """Run train without MNIST, so that it falls back to the sample."""
    directory = tmp_path_factory.mktemp("training") / "new" / "run"
    options = ["--epochs", "3", "--hidden", "16,8", "--batch-size", "32", "--seed", "7"]
    process = run("train", *options, "--output", directory)
    assert process.returncode == 0, process.stderr
    return process, directory


@pytest.fixture(scope="session")
def metrics(training):
    return json.loads((training[1] / "metrics.json").read_text())


@pytest.fixture
def save_model(tmp_path):
    """Return a function that saves an object as a model, and returns the path."""

    def save(model):
        path = tmp_path / "some.joblib"
        joblib.dump(model, path)
        return path

    return save
