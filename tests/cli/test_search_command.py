"""The search command: what it prints and writes."""

import json
import re
import signal
import subprocess
import sys

import joblib
import pandas as pd
import pytest
from cli_checks import QUICK_SEARCH
from processes import wait_until_it_has_computed

from sk_mnist import load_mnist_sample
from sk_mnist.cli import main

GRID = ["--param", "learning_rate=0.001,0.004", "--param", "hidden_layer_sizes=16;16,8"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def search_run(run, tmp_path_factory):
    """Run a search with two processes."""
    directory = tmp_path_factory.mktemp("search") / "new"
    process = run(
        "search", *QUICK_SEARCH, *GRID, "--param", "epochs=3", "--jobs", "2", "--output", directory
    )
    assert process.returncode == 0, process.stderr
    return process, directory


@pytest.fixture(scope="module")
def cv_results(search_run):
    return pd.read_csv(search_run[1] / "cv_results.csv")


def test_search_writes_all_files(search_run):
    assert {path.name for path in search_run[1].iterdir()} == {
        "model.joblib",
        "model.safetensors",
        "metrics.json",
        "history.csv",
        "confusion_matrix.png",
        "report.html",
        "cv_results.csv",
        "cv_results.png",
    }
    assert (search_run[1] / "cv_results.png").read_bytes().startswith(b"\x89PNG")


def test_cv_results_are_all_combinations_best_first(cv_results):
    tried = set(
        map(tuple, cv_results[["param_learning_rate", "param_hidden_layer_sizes"]].to_numpy())
    )
    assert tried == {(r, s) for r in (0.001, 0.004) for s in ("(16,)", "(16, 8)")}
    assert set(cv_results.param_epochs) == {3}
    assert cv_results["mean_test_score"].is_monotonic_decreasing
    assert {"split0_test_score", "split1_test_score"} < set(cv_results)


def test_search_prints_candidates_with_varied_parameters(search_run, cv_results):
    stdout = search_run[0].stdout
    table = stdout[stdout.index("Candidates") : stdout.index("Confusion")]
    shown = re.findall(r"^ +(\d+\.\d\d) ± \d+\.\d\d% ", table, re.M)
    assert shown == [f"{100 * score:.2f}" for score in cv_results["mean_test_score"]]
    assert "learning_rate" in table
    assert "16,8" in table
    assert "epochs" not in table
    assert max(map(len, stdout.splitlines()[:-1])) <= 80


def test_search_saves_best_network_refitted_on_all_digits(search_run, cv_results):
    model = joblib.load(search_run[1] / "model.joblib")
    best = cv_results.iloc[0]
    assert model.learning_rate == best.param_learning_rate
    assert str(model.hidden_layer_sizes) == best.param_hidden_layer_sizes
    assert model.t_ == 3 * 4000
    metrics = json.loads((search_run[1] / "metrics.json").read_text())
    assert metrics["cv_accuracy"] == best.mean_test_score
    X, y = load_mnist_sample(return_X_y=True)
    assert abs(model.score(X, y) - metrics["accuracy"]) < 0.1


def test_search_shows_progress(search_run):
    assert re.search(r"search #0 .*100%", search_run[0].stdout)
    assert "4 candidates x 2 folds = 8 fits" in search_run[0].stdout


def test_search_writes_nothing_to_stderr(search_run):
    lines = search_run[0].stderr.splitlines()
    assert [line for line in lines if "MNIST is not available" not in line] == []


def test_search_toml_file_is_equivalent_to_options(search_run, capsys, tmp_path):
    (tmp_path / "grid.toml").write_text(
        'data = "sample"\ncv = 2\nseed = 0\noutput = "found"\n[param]\nepochs = 3\n'
        "learning_rate = [0.001, 0.004]\nhidden_layer_sizes = [16, [16, 8]]\n"
    )
    assert main(["search", "--config", "grid.toml"]) == 0
    results = [
        pd.read_csv(directory / "cv_results.csv").filter(regex="param_|_test_score")
        for directory in (search_run[1], tmp_path / "found")
    ]
    pd.testing.assert_frame_equal(*results)


def test_search_options_take_precedence_over_toml_file(capsys, tmp_path):
    (tmp_path / "grid.toml").write_text(
        'data = "mnist"\ncv = 5\noutput = "found"\n[param]\nepochs = [1, 50]\nalpha = [0.5, 1.5]\n'
        "hidden_layer_sizes = [[]]\n"
    )
    options = ["--config", "grid.toml", *QUICK_SEARCH, "--param", "epochs=1", "--output", "here"]
    assert main(["search", *options]) == 0
    assert not (tmp_path / "found").exists()
    results = pd.read_csv(tmp_path / "here" / "cv_results.csv")
    assert results["param_epochs"].tolist() == [1, 1]
    assert results["param_hidden_layer_sizes"].tolist() == ["()", "()"]
    assert "split2_test_score" not in results


def test_search_continues_after_a_failed_candidate(capsys, tmp_path):
    arguments = ["--param", "learning_rate=0.01,1e30", "--param", "hidden_layer_sizes=16"]
    assert (
        main(["search", *QUICK_SEARCH, *arguments, "--param", "epochs=2", "--output", "found"]) == 0
    )
    captured = capsys.readouterr()
    assert re.fullmatch(
        r"sk_mnist: warning: some fits failed: Training diverged.*learning_rate=1e\+30.*\n",
        captured.err,
    )
    assert "failed" in captured.out
    assert joblib.load(tmp_path / "found" / "model.joblib").learning_rate == 0.01


def test_search_with_only_failed_candidates_is_an_error(capsys, tmp_path):
    arguments = ["--param", "learning_rate=1e30", "--param", "hidden_layer_sizes=8;16"]
    assert main(["search", *QUICK_SEARCH, *arguments, "--output", "found"]) == 2
    assert re.fullmatch(r"sk_mnist: error: Training diverged.*\n", capsys.readouterr().err)
    assert list((tmp_path / "found").iterdir()) == []


def test_search_never_overwrites_results(capsys, tmp_path):
    (tmp_path / "sk_mnist_search").mkdir()
    (tmp_path / "sk_mnist_search" / "cv_results.csv").write_text("precious")
    assert main(["search", *QUICK_SEARCH, *GRID]) == 2
    assert "cv_results.csv already exists" in capsys.readouterr().err
    assert (tmp_path / "sk_mnist_search" / "cv_results.csv").read_text() == "precious"


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal of POSIX systems")
def test_search_interrupted_by_ctrl_c_writes_no_files(offline, tmp_path):
    grid = ["--param", "epochs=100000", "--param", "hidden_layer_sizes=8;16"]
    arguments = [*QUICK_SEARCH, *grid, "--output", tmp_path / "found"]
    process = subprocess.Popen(
        [sys.executable, "-m", "sk_mnist", "search", *arguments],
        env=offline,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while "candidates" not in process.stdout.readline():
        pass
    wait_until_it_has_computed(process, seconds=2)  # the first fit would take hours
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr.splitlines()[-1] == "sk_mnist: interrupted"
    assert list((tmp_path / "found").iterdir()) == []
