"""The predict command for tables: one prediction for each row."""

import io
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sk_mnist
from sk_mnist import KerasMLPClassifier
from sk_mnist.cli import main

PENGUINS = Path(__file__).resolve().parents[2] / "docs" / "data" / "penguins.csv"
COLUMNS = ["file", "row", "prediction", "probability", "runner_up", "runner_up_probability"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Train on the table of penguins, with text columns and missing values."""
    directory = tmp_path_factory.mktemp("table") / "run"
    arguments = ["--data", PENGUINS, "--target", "species", "--output", directory]
    options = ["--param", "epochs=20", "--hidden", "16", "--quiet"]
    assert main(["train", *map(str, arguments), *options]) == 0
    return str(directory / "model.joblib")


@pytest.fixture
def unlabeled(tmp_path):
    """Write a table without the classes, with its columns in another order and one more."""
    frame = pd.read_csv(PENGUINS)
    path = tmp_path / "new.csv"
    frame.drop(columns="species").iloc[:, ::-1].assign(note="x").to_csv(path, index=False)
    return path, frame.species


def test_predict_rows_of_a_table(model, unlabeled, capsys):
    path, species = unlabeled
    assert main(["predict", model, path.name, "--csv"]) == 0
    table = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert list(table.columns) == COLUMNS
    assert list(table.row) == [*range(1, len(species) + 1)]
    assert set(table.file) == {path.name}
    assert np.mean(table.prediction == species) > 0.95
    assert (table.runner_up != table.prediction).all()
    assert (table.runner_up_probability <= table.probability).all()


def test_predict_rows_as_json_and_as_table(model, unlabeled, capsys):
    assert main(["predict", model, unlabeled[0].name, "--json"]) == 0
    records = json.loads(capsys.readouterr().out)
    assert [*records[0]] == COLUMNS
    assert main(["predict", model, "new.csv"]) == 0
    stdout = capsys.readouterr().out
    assert re.search(r"file +row +class +probability +runner-up", stdout)
    assert re.search(rf"new.csv +1 +{records[0]['prediction']} +\d+.\d% +\w+ \(", stdout)


def test_predict_rows_of_arrays(capsys, tmp_path):
    X = np.eye(3, dtype=np.float32)
    clf = KerasMLPClassifier((8,), random_state=0).fit(
        np.repeat(X, 20, axis=0), np.arange(60) // 20
    )
    clf.save(tmp_path / "model.safetensors")
    np.savez(tmp_path / "rows.npz", X=X[::-1])
    assert main(["predict", "model.safetensors", "rows.npz", "--json"]) == 0
    records = json.loads(capsys.readouterr().out)
    expected = sk_mnist.load(tmp_path / "model.safetensors").predict(X[::-1])
    assert [record["prediction"] for record in records] == expected.tolist()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["few.csv"], "few.csv .*flipper_length_mm"),
        (["few.csv", "a.png"], "pictures and tables cannot be predicted together"),
        (["few.csv", "--polarity", "dark"], "--polarity has no meaning for tables"),
        (["missing.csv"], "missing.csv"),
    ],
)
def test_predict_table_error_is_one_line(model, capsys, tmp_path, arguments, message):
    pd.read_csv(PENGUINS)[["island", "sex"]].to_csv(tmp_path / "few.csv", index=False)
    assert main(["predict", model, *arguments]) == 2
    stdout, stderr = capsys.readouterr()
    assert stdout == ""
    assert re.search(rf"sk_mnist: error: .*{message}", stderr.splitlines()[-1])
    assert stderr.count("error") == 1
