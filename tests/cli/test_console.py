"""What reaches the terminal has no control characters, whatever file it is from."""

import subprocess
import sys

import joblib
import numpy as np
from cli_checks import fit_logistic_regression
from rich.console import Console
from sklearn.dummy import DummyClassifier

from sk_mnist.cli.console import print_error, visible
from sk_mnist.cli.data.own_data import _print_columns
from sk_mnist.cli.preprocessing import Columns
from sk_mnist.cli.tables import print_candidates, print_scores
from sk_mnist.evaluation import evaluate

BAD = "\x1b[31m\x07red"
SHOWN = "\\x1b[31m\\x07red"


def test_error_has_no_control_characters(capsys):
    print_error(f"no\ncolumn {BAD}")
    assert capsys.readouterr().err == f"sk_mnist: no column {SHOWN}\n"


def test_visible_text_keeps_what_people_write():
    assert visible("süß 漢字 - [bold]") == "süß 漢字 - [bold]"
    assert visible("\u202eabc") == "\\u202eabc"


def test_left_out_columns_have_no_control_characters(capsys):
    _print_columns(Columns(["a"], [], {BAD: "dates"}), Console())
    stdout = capsys.readouterr().out
    assert "\x1b" not in stdout
    assert SHOWN in stdout


def test_tables_have_no_control_characters(capsys):
    y = np.array([BAD, "b"] * 10)
    X = np.zeros((20, 1))
    model = DummyClassifier(strategy="constant", constant=BAD).fit(X, y)
    print_scores(Console(width=120), evaluate(model, X, y), class_noun="class")
    results = {
        "rank_test_score": np.array([1, 2]),
        "mean_test_score": np.array([0.5, 0.4]),
        "std_test_score": np.zeros(2),
        "mean_fit_time": np.ones(2),
        "param_optimizer": [BAD, "[b]adam"],
    }
    print_candidates(Console(width=120), results)
    stdout = capsys.readouterr().out
    assert "\x1b" not in stdout
    assert stdout.count(SHOWN) >= 5
    assert "[b]adam" in stdout


def test_output_that_cannot_show_a_class_shows_its_code(tmp_path, offline):
    np.savez(tmp_path / "rows.npz", X=np.eye(2))
    model = fit_logistic_regression(2, ["süß", "漢"])
    joblib.dump(model, tmp_path / "model.joblib")
    command = [sys.executable, "-m", "sk_mnist", "predict", "model.joblib", "rows.npz"]
    process = subprocess.run(
        command, env=offline | {"PYTHONIOENCODING": "ascii"}, cwd=tmp_path, capture_output=True
    )
    assert process.returncode == 0, process.stderr
    assert rb"s\xfc\xdf" in process.stdout
