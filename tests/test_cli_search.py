import json
import re
import signal
import subprocess
import sys
import time

import joblib
import pandas as pd
import pytest

from sk_mnist import KerasMLPClassifier, load_mnist_sample
from sk_mnist.cli import main
from sk_mnist.cli.console import CommandError
from sk_mnist.cli.grid import make_grid

GRID = ["--param", "learning_rate=0.001,0.004", "--param", "hidden_layer_sizes=16;16,8"]
QUICK = ["--data", "sample", "--cv", "2"]


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path, monkeypatch):
    """Leave what commands write by default in a directory of the test."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def searching(run, tmp_path_factory):
    """A search by two processes."""
    directory = tmp_path_factory.mktemp("search") / "new"
    process = run(
        "search", *QUICK, *GRID, "--param", "epochs=3", "--jobs", "2", "--output", directory
    )
    assert process.returncode == 0, process.stderr
    return process, directory


@pytest.fixture(scope="module")
def cv_results(searching):
    return pd.read_csv(searching[1] / "cv_results.csv")


def test_search_leaves_what_train_leaves_and_the_candidates(searching):
    assert {path.name for path in searching[1].iterdir()} == {
        "model.joblib",
        "metrics.json",
        "history.csv",
        "confusion_matrix.png",
        "report.html",
        "cv_results.csv",
        "cv_results.png",
    }
    assert (searching[1] / "cv_results.png").read_bytes().startswith(b"\x89PNG")


def test_candidates_are_all_combinations_from_the_best_on(cv_results):
    tried = set(
        map(tuple, cv_results[["param_learning_rate", "param_hidden_layer_sizes"]].to_numpy())
    )
    assert tried == {(r, s) for r in (0.001, 0.004) for s in ("(16,)", "(16, 8)")}
    assert set(cv_results.param_epochs) == {3}
    assert cv_results["mean_test_score"].is_monotonic_decreasing
    assert {"split0_test_score", "split1_test_score"} < set(cv_results)


def test_search_prints_the_candidates_and_what_distinguishes_them(searching, cv_results):
    stdout = searching[0].stdout
    table = stdout[stdout.index("Candidates") : stdout.index("Confusion")]
    shown = re.findall(r"^ +(\d+\.\d\d) ± \d+\.\d\d % ", table, re.M)
    assert shown == [f"{100 * score:.2f}" for score in cv_results["mean_test_score"]]
    assert "learning_rate" in table
    assert "16,8" in table
    assert "epochs" not in table
    assert max(map(len, stdout.splitlines()[:-1])) <= 80


def test_search_saves_the_best_network_trained_on_all_digits(searching, cv_results):
    model = joblib.load(searching[1] / "model.joblib")
    best = cv_results.iloc[0]
    assert model.learning_rate == best.param_learning_rate
    assert str(model.hidden_layer_sizes) == best.param_hidden_layer_sizes
    assert model.t_ == 3 * 4000
    metrics = json.loads((searching[1] / "metrics.json").read_text())
    assert metrics["cv_accuracy"] == best.mean_test_score
    X, y = load_mnist_sample(return_X_y=True)
    assert abs(model.score(X, y) - metrics["accuracy"]) < 0.1


def test_search_shows_how_far_it_is(searching):
    assert re.search(r"search #0 .*100%", searching[0].stdout)
    assert "4 candidates x 2 folds = 8 fits" in searching[0].stdout


def test_search_is_silent_where_nothing_is_wrong(searching):
    lines = searching[0].stderr.splitlines()
    assert [line for line in lines if "MNIST cannot be had" not in line] == []


def test_a_toml_file_says_the_same_as_options(searching, capsys, tmp_path):
    (tmp_path / "grid.toml").write_text(
        'data = "sample"\ncv = 2\nseed = 0\noutput = "found"\n[param]\nepochs = 3\n'
        "learning_rate = [0.001, 0.004]\nhidden_layer_sizes = [16, [16, 8]]\n"
    )
    assert main(["search", "--config", "grid.toml"]) == 0
    results = [
        pd.read_csv(directory / "cv_results.csv").filter(regex="param_|_test_score")
        for directory in (searching[1], tmp_path / "found")
    ]
    pd.testing.assert_frame_equal(*results)


def test_an_option_wins_over_the_file(capsys, tmp_path):
    (tmp_path / "grid.toml").write_text(
        'data = "mnist"\ncv = 5\noutput = "found"\n[param]\nepochs = [1, 50]\nalpha = [0.5, 1.5]\n'
        "hidden_layer_sizes = [[]]\n"
    )
    options = ["--config", "grid.toml", *QUICK, "--param", "epochs=1", "--output", "here"]
    assert main(["search", *options]) == 0
    assert not (tmp_path / "found").exists()
    results = pd.read_csv(tmp_path / "here" / "cv_results.csv")
    assert results["param_epochs"].tolist() == [1, 1]
    assert results["param_hidden_layer_sizes"].tolist() == ["()", "()"]
    assert "split2_test_score" not in results


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("hidden_layer_sizes=128;256,128", [(128,), (256, 128)]),
        ("hidden_layer_sizes=;8", [(), (8,)]),
        ("activation=relu, gelu", ["relu", "gelu"]),
        ("early_stopping=True,False", [True, False]),
        ("class_weight=None,balanced", [None, "balanced"]),
        ("alpha=1e-4,0", [1e-4, 0]),
    ],
)
def test_values_are_read_as_what_they_look_like(option, values):
    name = option.partition("=")[0]
    assert make_grid({}, [option]) == {name: values}


def test_a_candidate_that_cannot_be_trained_is_named_and_the_others_go_on(capsys, tmp_path):
    arguments = ["--param", "learning_rate=0.01,1e30", "--param", "hidden_layer_sizes=16"]
    assert main(["search", *QUICK, *arguments, "--param", "epochs=2", "--output", "found"]) == 0
    captured = capsys.readouterr()
    assert re.fullmatch(
        r"sk_mnist: warning: some fits failed: Training diverged.*learning_rate=1e\+30.*\n",
        captured.err,
    )
    assert "failed" in captured.out
    assert joblib.load(tmp_path / "found" / "model.joblib").learning_rate == 0.01


def test_where_all_candidates_fail_there_is_one_line(capsys, tmp_path):
    arguments = ["--param", "learning_rate=1e30", "--param", "hidden_layer_sizes=8;16"]
    assert main(["search", *QUICK, *arguments, "--output", "found"]) == 2
    assert re.fullmatch(r"sk_mnist: error: Training diverged.*\n", capsys.readouterr().err)
    assert list((tmp_path / "found").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "nothing to search: give --param"),
        (["--param", "epochs=3"], "nothing to compare: give a parameter more than one value"),
        (["--param", "learning_rate"], "--param takes a name and values"),
        (["--param", "width=3"], "'width' cannot be searched. What can is activation, alpha"),
        (["--param", "random_state=1,2"], "for the seed there is --seed"),
        (["--param", "dropout=0.1,2"], "'dropout' parameter .* Got 2 instead"),
        (["--param", "epochs=1,many"], "'epochs' parameter .* Got 'many' instead"),
        (["--param", "hidden_layer_sizes=8;0"], "positive whole numbers.*got 0"),
        (["--param", "hidden_layer_sizes=8,x"], "positive whole numbers.*got 8,x"),
        (["--cv", "1", *GRID], "'--cv'"),
        (["--config", "none.toml"], "'none.toml' does not exist"),
    ],
)
def test_mistake_is_one_line_before_any_work(capsys, tmp_path, arguments, complaint):
    assert main(["search", *arguments]) == 2
    captured = capsys.readouterr()
    assert re.fullmatch(rf"sk_mnist: error: .*{complaint}.*\n", captured.err)
    assert captured.out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("cv = [", "is no TOML file"),
        ("folds = 3", "has 'folds'; it may have cv, data, jobs, output, param, seed"),
        ("param = 3", "param must be a table"),
        ("cv = 'few'\n[param]\nalpha = 0.1", "'--cv'"),
        ("[param]\nalpha = []", "there are no values for alpha"),
        ("[param]\nepochs = [1, 0]", "'epochs' parameter"),
    ],
)
def test_mistake_in_a_file_is_one_line(capsys, tmp_path, text, complaint):
    (tmp_path / "grid.toml").write_text(text)
    assert main(["search", "--config", "grid.toml"]) == 2
    assert re.fullmatch(rf"sk_mnist: error: .*{complaint}.*\n", capsys.readouterr().err)


def test_an_error_names_all_that_can_be_searched():
    with pytest.raises(CommandError) as caught:
        make_grid({}, ["width=3"])
    parameters = set(KerasMLPClassifier().get_params())
    named = set(re.findall(r"\w+", str(caught.value).partition("What can is")[2]))
    assert named == parameters - {"callbacks", "random_state", "verbose", "warm_start"}


def test_results_are_never_overwritten(capsys, tmp_path):
    (tmp_path / "sk_mnist_search").mkdir()
    (tmp_path / "sk_mnist_search" / "cv_results.csv").write_text("precious")
    assert main(["search", *QUICK, *GRID]) == 2
    assert "cv_results.csv exists already" in capsys.readouterr().err
    assert (tmp_path / "sk_mnist_search" / "cv_results.csv").read_text() == "precious"


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal of POSIX systems")
def test_ctrl_c_ends_the_whole_search_with_one_line_and_no_files(offline, tmp_path):
    grid = ["--param", "epochs=100000", "--param", "hidden_layer_sizes=8;16"]
    process = subprocess.Popen(
        [sys.executable, "-m", "sk_mnist", "search", *QUICK, *grid, "--output", tmp_path / "found"],
        env=offline,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while "candidates" not in process.stdout.readline():
        pass
    time.sleep(5)  # into the first of the fits, which would last for hours
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr.splitlines()[-1] == "sk_mnist: interrupted"
    assert list((tmp_path / "found").iterdir()) == []
