"""A table of the user's own: trained on, evaluated, searched and resumed by the commands."""

import io
import json
import re
import shutil
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from optional_features import needs_callbacks
from rich.console import Console
from sklearn.pipeline import Pipeline

from sk_mnist import KerasMLPClassifier
from sk_mnist.cli import main
from sk_mnist.cli.checkpoints import TrainingCheckpoint
from sk_mnist.cli.console import ResultConsole
from sk_mnist.cli.data.evaluation import load_evaluation_data
from sk_mnist.cli.data.request import DataRequest
from sk_mnist.cli.data.training import load_training_data
from sk_mnist.cli.fitting import fit_model
from sk_mnist.cli.models import load_model

PENGUINS = Path(__file__).resolve().parents[2] / "docs" / "data" / "penguins.csv"
TRAIN = ["train", "--target", "sex", "--epochs", "30", "--hidden", "32", "--quiet"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Train on penguins.csv, which has missing numbers, categories and labels."""
    output = tmp_path_factory.mktemp("penguins") / "run"
    assert main([*TRAIN, "--data", str(PENGUINS), "--output", str(output)]) == 0
    return output


@pytest.fixture(scope="module")
def trained_metrics(trained):
    return json.loads((trained / "metrics.json").read_text())


@pytest.fixture(scope="module")
def model(trained):
    return joblib.load(trained / "model.joblib")


def load_test_rows(trained, path):
    """Return the rows that evaluate would test, without the plots of its report."""
    model = load_model(trained / "model.joblib")
    request = DataRequest(str(path))
    return load_evaluation_data(request, model, trained / "model.joblib", ResultConsole())


def test_own_table_is_trained_into_a_pipeline_for_frames(trained, model):
    assert isinstance(model, Pipeline)
    assert isinstance(model[-1], KerasMLPClassifier)
    table = pd.read_csv(PENGUINS).dropna(subset="sex")
    assert model.score(table, table["sex"]) > 0.8
    some = table.iloc[[0, 100, 200]]
    shuffled = some[reversed(some.columns)].assign(more=1, island="a new one", bill_depth_mm=np.nan)
    assert set(model.predict(shuffled)) <= {"male", "female"}


@pytest.mark.slow
def test_own_table_run_says_which_files_it_has_written(capsys, tmp_path):
    arguments = ["train", "--data", str(PENGUINS), "--target", "species", "--epochs", "3"]
    (tmp_path / "sk_mnist_run").mkdir()
    (tmp_path / "sk_mnist_run" / "model.safetensors").write_text("of an earlier run")
    assert main(arguments) == 2
    assert "model.safetensors already exists" in capsys.readouterr().err
    assert main([*arguments, "--force"]) == 0
    stdout = capsys.readouterr().out
    assert "Data: penguins.csv, 275 training rows, 69 test rows (held out: 0.2 of each" in stdout
    assert "Columns: 5 of numbers and 2 of categories\n" in stdout
    assert "Per-class scores" in stdout
    assert "digit" not in stdout
    named = re.search(r"Saved in sk_mnist_run: (.*)\n", stdout).group(1).split(", ")
    assert {path.name for path in Path("sk_mnist_run").iterdir()} == set(named)
    assert "model.joblib" in named
    assert "model.safetensors" not in named
    assert "model.safetensors is left out" in stdout


def test_own_table_metrics_have_classes_and_columns(trained_metrics):
    assert set(trained_metrics["classes"]) == {"female", "male"}
    assert trained_metrics["n_train"] + trained_metrics["n_test"] == 333
    assert trained_metrics["dataset"] == "penguins.csv"
    assert len(trained_metrics["columns"]) == 7
    assert trained_metrics["left_out"] == {}
    assert trained_metrics["parameters"]["epochs"] == 30


def test_own_table_report_has_no_images(trained):
    page = (trained / "report.html").read_text(encoding="utf-8")
    assert page.count("<img") == 3
    assert "Most confident errors" not in page


@pytest.mark.slow
def test_evaluate_tests_only_what_train_has_held_out(capsys, tmp_path):
    data = ["--data", str(PENGUINS)]
    assert main([*TRAIN, *data, "--test-size", "0.4", "--json"]) == 0
    trained = json.loads(capsys.readouterr().out)
    assert main(["evaluate", "sk_mnist_run/model.joblib", *data, "--json"]) == 0
    stdout, stderr = capsys.readouterr()
    tested = json.loads(stdout)
    assert "Data: penguins.csv, the 133 of 333 rows that were not trained on" in stderr
    assert tested["n_test"] == trained["n_test"] == 133
    assert tested["confusion_matrix"] == trained["confusion_matrix"]


def test_rows_that_were_held_out_are_those_not_trained_on(trained):
    data = load_training_data(DataRequest(str(PENGUINS), "sex"), ResultConsole(quiet=True))
    tested = load_test_rows(trained, PENGUINS)
    pd.testing.assert_frame_equal(tested.X, data.test[0])
    assert not set(tested.X.index) & set(data.train[0].index)


def test_evaluate_tests_all_rows_of_another_file(capsys, trained, tmp_path):
    pd.read_csv(PENGUINS).iloc[::-1].to_csv("other.csv", index=False, sep=";")
    tested = load_test_rows(trained, "other.csv")
    assert len(tested.X) == len(tested.y) == 333
    stdout, stderr = capsys.readouterr()
    assert "Data: other.csv, all 333 rows" in stdout
    assert "11 of 344 rows of" in stderr
    assert "266 of 333 rows of other.csv are rows that model.joblib was trained on" in stderr


def test_evaluate_warns_of_a_file_that_has_changed(capsys, trained, tmp_path):
    changed = tmp_path / "penguins.csv"
    changed.write_bytes(PENGUINS.read_bytes() + b"Adelie,Dream,39,18,190,3700,male,2009\n")
    assert len(load_test_rows(trained, changed).X) == 334
    assert "penguins.csv has changed since model.joblib was" in capsys.readouterr().err


@pytest.mark.slow
def test_file_to_test_on_takes_the_place_of_rows_held_out(capsys, tmp_path):
    table = pd.read_csv(PENGUINS)
    table[:300].to_csv("old.csv", index=False)
    table[300:].drop(columns="species").to_csv("new.csv", index=False)
    arguments = [*TRAIN, "--data", "old.csv", "--test", "new.csv"]
    assert main(arguments) == 2
    assert "new.csv lacks what the model was trained on: 'species'" in capsys.readouterr().err
    table[300:].to_parquet("new.parquet")
    arguments = [*TRAIN, "--data", "old.csv", "--test", "new.parquet", "--json", "--force"]
    assert main(arguments) == 0
    metrics = json.loads(capsys.readouterr().out)
    assert metrics["n_train"] == table["sex"][:300].notna().sum()
    assert metrics["n_test"] == table["sex"][300:].notna().sum()
    assert main(["evaluate", "sk_mnist_run/model.joblib", "--data", "old.csv"]) == 2
    assert "was trained on all of old.csv; evaluate it on other data" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sex": "unknown"}, "has labels that the network does not know, in 344 of 344 rows"),
        (
            {"bill_depth_mm": "deep"},
            "'bill_depth_mm' of other.csv must have numbers, but has",
        ),
        ({"bill_depth_mm": None}, "other.csv lacks what the model was trained on: 'bill_depth_mm'"),
    ],
)
def test_evaluate_says_what_a_file_lacks(capsys, trained, change, message):
    table = pd.read_csv(PENGUINS).assign(**change).dropna(axis=1, how="all")
    table.to_csv("other.csv", index=False)
    assert main(["evaluate", str(trained / "model.joblib"), "--data", "other.csv"]) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_evaluate_on_mnist_says_what_the_model_is_for(capsys, trained):
    assert main(["evaluate", str(trained / "model.joblib"), "--data", "sample"]) == 2
    error = capsys.readouterr().err
    assert "expects 7 features, but MNIST images have 784 pixels" in error
    assert "it was trained on penguins.csv" in error


@pytest.mark.slow
def test_search_on_own_table_tries_parameters_of_the_network(capsys):
    grid = ["--param", "alpha=0,0.1", "--param", "hidden_layer_sizes=8", "--param", "epochs=4"]
    arguments = ["search", "--data", str(PENGUINS), "--target", "species", "--cv", "2", *grid]
    assert main([*arguments, "--json"]) == 0
    stdout, stderr = capsys.readouterr()
    assert json.loads(stdout)["best_parameters"].keys() == {"alpha", "epochs", "hidden_layer_sizes"}
    assert "Candidates, best first" in stderr
    results = pd.read_csv("sk_mnist_search/cv_results.csv")
    assert {"param_alpha", "param_epochs", "param_hidden_layer_sizes"} < set(results)
    model = joblib.load("sk_mnist_search/model.joblib")
    assert model[-1].alpha == results["param_alpha"][0]
    assert len(load_test_rows(Path("sk_mnist_search"), PENGUINS).X) == json.loads(stdout)["n_test"]


@pytest.mark.slow
def test_search_takes_own_data_from_a_toml_file(capsys, tmp_path):
    shutil.copy(PENGUINS, tmp_path)
    Path("grid.toml").write_text(
        'data = "penguins.csv"\ntarget = "species"\ntest_size = 0.5\nignore = ["year"]\ncv = 2\n'
        "[param]\nepochs = [2, 3]\nhidden_layer_sizes = 8\n"
    )
    assert main(["search", "--config", "grid.toml", "--json", "--quiet"]) == 0
    metrics = json.loads(capsys.readouterr().out)
    assert metrics["n_test"] == 172
    assert "year" not in metrics["columns"]


class ScreenWithInterrupt(io.StringIO):
    """A terminal at which Ctrl-C is pressed when the fifth epoch is told."""

    def write(self, text):
        if "Epoch  5/" in text:
            raise KeyboardInterrupt
        return super().write(text)


@needs_callbacks
@pytest.mark.slow
def test_resume_on_own_table_ends_as_a_training_that_was_not_ended(capsys, tmp_path, model):
    shutil.copy(PENGUINS, tmp_path)
    data = load_training_data(DataRequest("penguins.csv", "sex"), ResultConsole(quiet=True))
    begun = KerasMLPClassifier((32,), epochs=30, random_state=0)
    saved = TrainingCheckpoint(tmp_path / "run" / "checkpoint.joblib", data, 0.0)
    saved.path.parent.mkdir()
    (saved.path.parent / "model.joblib").write_bytes(b"of an earlier run")
    with pytest.raises(KeyboardInterrupt):
        fit_model(begun, data, Console(file=ScreenWithInterrupt()), saved, saves_epochs=False)
    assert begun.n_iter_ < 30
    told = capsys.readouterr().err
    assert told.endswith(f"sk-mnist train --resume --output {saved.path.parent} --force\n")

    resume = ["train", "--resume", "--output", "run", "--force", "--quiet"]
    Path("penguins.csv").write_bytes(PENGUINS.read_bytes() + b"\n")
    assert main(resume) == 2
    assert "penguins.csv has changed since the training to resume" in capsys.readouterr().err
    shutil.copy(PENGUINS, tmp_path)
    assert main([*resume, "--data", "penguins.csv", "--target", "species"]) == 2
    assert "the training to resume is on" in capsys.readouterr().err
    assert main(resume) == 0
    resumed = joblib.load("run/model.joblib")
    for found, wanted in zip(resumed[-1].coefs_, model[-1].coefs_, strict=True):
        assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "sex"], "--target has no meaning for --data auto"),
        (
            ["--data", "sample", "--test-size", "0.3"],
            "--test-size has no meaning for",
        ),
        (
            ["--data", "none.csv"],
            "'--data': 'none.csv' is none of auto, mnist, sample",
        ),
        (["--data", "grid.toml"], "'grid.toml' must end in .csv, .parquet or .npz, or be a folder"),
        (
            ["--data", str(PENGUINS)],
            "--target is missing: the column of .*, one of species",
        ),
        (["--data", str(PENGUINS), "--target", "Sex"], "no column 'Sex'.*Did you mean 'sex'?"),
        ([*TRAIN[1:], "--data", str(PENGUINS), "--test-size", "1"], "between 0 and 1.*got 1.0"),
        ([*TRAIN[1:], "--data", str(PENGUINS), "--test", "none.csv"], "'--test': 'none.csv' does"),
        ([*TRAIN[1:], "--data", str(PENGUINS), "--test", "."], "--test must be of the same kind"),
        ([*TRAIN[1:], "--data", str(PENGUINS), "--ignore", "x"], "no column 'x' for --ignore"),
        (["--param", "alpha=1", "--param", "alpha=2"], "--param alpha must have one value"),
        (["--param", "alpha=1,2"], "--param alpha must have one value; search tries several"),
        (["--param", "width=3"], "'width' cannot be set by --param; choose from activation"),
        (["--param", "dropout=2"], "'dropout' parameter .* Got 2 instead"),
        (["--param", "epochs=2", "--epochs", "3"], "--epochs and --param epochs set the same"),
    ],
    ids=lambda value: " ".join(map(str, value[-2:])) if isinstance(value, list) else "",
)
def test_own_data_option_error_is_one_line(capsys, tmp_path, arguments, message):
    (tmp_path / "grid.toml").write_text("cv = 2")
    assert main(["train", *arguments]) == 2
    stdout, stderr = capsys.readouterr()
    assert stdout == ""
    assert re.fullmatch(rf"(sk_mnist: warning: .*\n)?sk_mnist: error: .*{message}.*\n", stderr)
