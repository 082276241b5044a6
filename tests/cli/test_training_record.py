"""What a model remembers of its training data, and what follows from that."""

import json
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

from sk_mnist import KerasMLPClassifier, load_mnist_sample
from sk_mnist.cli.console import CommandError, ResultConsole
from sk_mnist.cli.data.evaluation import load_evaluation_data
from sk_mnist.cli.data.record import TrainingRecord, record_from_json, record_of
from sk_mnist.cli.data.request import DataRequest
from sk_mnist.cli.data.training import load_training_data
from sk_mnist.cli.models import make_model
from sk_mnist.cli.predicting import predict_files

QUIET = ResultConsole(quiet=True)
PENGUINS = Path(__file__).resolve().parents[2] / "docs" / "data" / "penguins.csv"


def train(file, target):
    """Train a tiny network as the command does, and return its file."""
    data = load_training_data(DataRequest(file, target), QUIET)
    X, y = data.train
    classifier = KerasMLPClassifier((16,), epochs=20, random_state=0)
    if data.preparation is None:
        model = classifier.fit(X, y)
    else:
        X = data.preparation.fit_transform(X)
        model = make_model(data.preparation, classifier.fit(X, y))
    data.record.attach(model)
    joblib.dump(model, "model.joblib")
    return Path("model.joblib"), model


@pytest.fixture
def pixels():
    X, y = load_mnist_sample(return_X_y=True)
    table = pd.DataFrame(X[:300], columns=[f"p{i}" for i in range(784)])
    return table.assign(label=y[:300])


def test_pixels_of_a_table_are_known_by_their_names(pixels):
    pixels.to_csv("digits.csv", index=False)
    path, model = train("digits.csv", "label")
    expected = model.predict(pixels.drop(columns="label").to_numpy())
    pixels[pixels.columns[::-1]].to_csv("reversed.csv", index=False)
    records = predict_files(path, ["reversed.csv"], None).records
    assert [record.prediction for record in records] == expected.tolist()
    data = load_evaluation_data(DataRequest("reversed.csv"), model, path, QUIET)
    assert data.model.predict(data.X).tolist() == expected.tolist()
    pixels.drop(columns="p5").assign(q=0).to_csv("other.csv", index=False)
    with pytest.raises(CommandError, match=r"lacks what the model was trained on: 'p5'"):
        predict_files(path, ["other.csv"], None)


@pytest.mark.parametrize(
    ("suffix", "change"),
    [("parquet", lambda table: table), ("csv", lambda table: table.iloc[::-1].assign(year=1))],
)
def test_evaluate_warns_of_rows_that_were_trained_on_in_another_file(capsys, suffix, change):
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    path, model = train(str(PENGUINS), "sex")
    table = change(pd.read_csv(PENGUINS).dropna(subset="sex"))
    name = f"other.{suffix}"
    table.to_csv(name, index=False) if suffix == "csv" else table.to_parquet(name)
    capsys.readouterr()
    load_evaluation_data(DataRequest(name), model, path, QUIET)
    error = capsys.readouterr().err
    if suffix == "csv":  # with another year in each row
        assert error == ""
    else:
        assert f"warning: 266 of 333 rows of {name} are rows that model.joblib was" in error


def test_evaluate_does_not_warn_of_rows_that_were_held_out(capsys):
    path, model = train(str(PENGUINS), "sex")
    data = load_training_data(DataRequest(str(PENGUINS), "sex"), QUIET)
    data.test[0].assign(sex=data.test[1]).to_csv("new.csv", index=False)
    capsys.readouterr()
    load_evaluation_data(DataRequest("new.csv"), model, path, QUIET)
    assert capsys.readouterr().err == ""


def test_evaluate_warns_of_arrays_that_were_trained_on(capsys):
    X, y = np.random.RandomState(0).rand(40, 3), np.arange(40) % 2
    np.savez("a.npz", X=X, y=y)
    path, model = train("a.npz", None)
    np.savez("b.npz", X=X.astype(np.float32)[::-1], y=y[::-1])
    load_evaluation_data(DataRequest("b.npz"), model, path, QUIET)
    assert "32 of 40 rows of b.npz are rows that model.joblib was" in capsys.readouterr().err


def test_test_file_that_is_the_data_is_refused(tmp_path):
    (tmp_path / "copy.csv").write_bytes(PENGUINS.read_bytes())
    request = DataRequest(str(PENGUINS), "sex", test=tmp_path / "copy.csv")
    with pytest.raises(CommandError, match=r"--test copy.csv has the same content as --data"):
        load_training_data(request, QUIET)


def test_record_of_a_file_is_returned_only_if_it_is_valid():
    record = TrainingRecord("a.csv", "0" * 64, "y", 0.2, ["b"], ["c"], "AAAA")
    assert record_from_json(record.to_json()) == record
    entries = json.loads(record.to_json())
    for change in (
        {"ignored": [["a"]]},
        {"columns": [1]},
        {"rows": 3},
        {"test_size": 2.0},
        {"file": None},
        {"more": 1},
    ):
        assert record_from_json(json.dumps(entries | change)) is None
    del entries["file"]
    assert record_from_json(json.dumps(entries)) is None


def test_record_of_rows_that_is_no_such_text_is_ignored(capsys):
    path, model = train(str(PENGUINS), "sex")
    model.trained_on_["rows"] = "no base64"
    assert record_of(model) is not None
    capsys.readouterr()
    pd.read_csv(PENGUINS)[::-1].dropna(subset="sex").to_csv("other.csv", index=False)
    load_evaluation_data(DataRequest("other.csv"), model, path, QUIET)
    assert capsys.readouterr().err == ""
