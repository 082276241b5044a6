"""Categories keep their text in every file, whatever types pandas would find there."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sk_mnist.cli import main
from sk_mnist.cli.console import ResultConsole
from sk_mnist.cli.data.evaluation import load_evaluation_data
from sk_mnist.cli.data.request import DataRequest
from sk_mnist.cli.data.training import load_training_data
from sk_mnist.cli.models import load_model, make_classifier, make_model
from sk_mnist.cli.predicting import predict_files


def write_codes(name, codes):
    """Write a table of 20 rows of each code, where the first has the class p."""
    rows = [(code, i, "p" if code == codes[0] else "q") for i in range(20) for code in codes]
    table = pd.DataFrame(rows, columns=["code", "size", "kind"])
    table.assign(size=table["size"] % 7).to_csv(name, index=False)


@pytest.fixture
def train():
    def train(file, output="model.joblib"):
        import joblib

        data = load_training_data(DataRequest(file, "kind"), ResultConsole(quiet=True))
        classifier = make_classifier({"epochs": 300, "hidden_layer_sizes": (8,), "random_state": 0})
        X = data.preparation.fit_transform(data.train[0])
        model = make_model(data.preparation, classifier.fit(X, data.train[1]))
        data.record.attach(model)
        joblib.dump(model, output)
        return Path(output)

    return train


@pytest.mark.parametrize(
    "codes", [["01", "02", "A1"], ["1.0", "2.0", "A1"], ["TRUE", "FALSE", "unknown"]], ids=str
)
def test_categories_are_known_again_in_a_file_of_some_of_them(capsys, train, codes):
    write_codes("all.csv", codes)
    write_codes("some.csv", codes[:2])
    path = train("all.csv")
    data = load_evaluation_data(
        DataRequest("some.csv"), load_model(path), path, ResultConsole(quiet=True)
    )
    assert data.model.score(data.X, data.y) == 1
    records = predict_files(path, ["some.csv"], None).records
    assert [record.prediction for record in records] == data.y.tolist()
    assert "not in training" not in capsys.readouterr().err


@pytest.mark.parametrize("codes", [["01", "02", "A1"], ["TRUE", "FALSE", "unknown"]], ids=str)
def test_categories_of_the_file_to_test_on_are_those_of_training(codes):
    write_codes("all.csv", codes)
    write_codes("some.csv", codes[:2])
    request = DataRequest("all.csv", "kind", test=Path("some.csv"))
    data = load_training_data(request, ResultConsole(quiet=True))
    preparation = data.preparation.fit(data.train[0])
    expected = preparation.transform(data.train[0])[np.asarray(data.train[0].code) != codes[2]]
    np.testing.assert_array_equal(
        preparation.transform(data.test[0])[:, 1:], np.asarray(expected)[:, 1:]
    )


def test_classes_that_are_text_are_known_again_in_a_file_of_some_of_them(train):
    table = pd.DataFrame({"size": [1, 2, 3] * 20, "kind": ["01", "02", "A1"] * 20})
    table.to_csv("all.csv", index=False)
    table[table["kind"] != "A1"].to_csv("some.csv", index=False)
    path = train("all.csv")
    data = load_evaluation_data(
        DataRequest("some.csv"), load_model(path), path, ResultConsole(quiet=True)
    )
    assert set(data.y) == {"01", "02"}


def test_categories_that_are_mostly_unknown_cause_a_warning(capsys, train):
    write_codes("all.csv", ["red", "green", "blue"])
    path = train("all.csv")
    write_codes("other.csv", ["Red", "Green", "blue"])
    assert main(["predict", str(path), "other.csv", "--json"]) == 0
    error = capsys.readouterr().err
    assert "40 of 60 values of column 'code' of other.csv, such as 'Red', were not in training" in (
        error
    )
    write_codes("other.csv", ["red", "green", "Blue"])
    assert main(["predict", str(path), "other.csv", "--json"]) == 0
    assert "not in training" not in capsys.readouterr().err
