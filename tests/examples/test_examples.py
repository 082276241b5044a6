"""The scripts in `examples/` run, with the documented results."""

import re
import runpy
import sys
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from sk_mnist import fetch_mnist

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def run(monkeypatch, capsys):
    """Return a function that runs a script as `python` does, and returns what it printed.

    In this process, which has imported what they import.
    """
    monkeypatch.setenv("MPLBACKEND", "agg")

    def run(script, *arguments):
        monkeypatch.setattr(sys, "argv", [script, *arguments])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning):
                warnings.simplefilter("ignore", category)
            warnings.filterwarnings("default", category=DeprecationWarning, module="__main__")
            runpy.run_path(str(EXAMPLES / script), run_name="__main__")
        assert not caught
        printed = capsys.readouterr()
        assert "Warning" not in printed.err
        return printed.out

    yield run
    plt.close("all")


def table(output):
    """Return the rows of a printed table by their first column, which may contain spaces."""
    rows = re.findall(r"^(\S.*?)((?: +-?\d+\.\d+)+)$", output, flags=re.MULTILINE)
    return {name: [float(number) for number in numbers.split()] for name, numbers in rows}


@pytest.mark.slow
def test_example_quick_start_reports_on_held_out_digits(run):
    output = run("plot_quick_start.py")
    assert float(re.search(r"accuracy +(\d+\.\d+)%", output)[1]) > 93
    assert "of 1,000" in output


@pytest.mark.slow
def test_example_grid_search_tunes_all_pipeline_steps(run):
    output = run("plot_pipeline_and_grid_search.py")
    assert re.search(
        r"best parameters: {'network__learning_rate': [\d.]+, 'pixels__k': \d+}", output
    )
    assert len(re.findall(r" s per fit$", output, flags=re.MULTILINE)) == 9
    assert float(re.search(r"test accuracy: (0\.\d+)", output)[1]) > 0.92


@pytest.mark.slow
def test_example_class_weights_increase_recall_of_rare_class(run):
    rows = table(run("plot_imbalanced_classes.py"))
    recall_without = rows.pop("no weights")[0]
    assert len(rows) == 3
    for recall, precision, _ in rows.values():
        assert recall > recall_without + 0.05
        assert precision > 0.9


@pytest.mark.slow
def test_example_streaming_learns_from_sample(run):
    output = run("streaming.py", "--sample", "--passes", "3")
    accuracies = [float(number) for number in re.findall(r"test accuracy (0\.\d+)", output)]
    assert len(accuracies) == 3
    assert accuracies[-1] > 0.9


@pytest.mark.slow
def test_example_streaming_accuracy_on_mnist(run):
    try:
        fetch_mnist(download_if_missing=False)
    except OSError:
        pytest.skip("needs all of MNIST")
    last = run("streaming.py", "--passes", "3").splitlines()[-1]
    assert float(re.fullmatch(r"pass 3: test accuracy (0\.\d+)", last)[1]) >= 0.975


@pytest.mark.slow
def test_example_server_predicts_without_keras_and_tensorflow(run):
    output = run("plot_saving_and_serving.py")
    answers = re.findall(r"true digit (\d): {'digit': (\d), .*'imported': \[\]}", output)
    assert len(answers) == 5
    assert sum(true == predicted for true, predicted in answers) >= 4


@pytest.mark.slow
def test_example_ensembles_and_calibration_reduce_calibration_error(run):
    rows = table(run("plot_ensembles_and_calibration.py"))
    accuracy, error, _ = rows["one network"]
    assert accuracy > 0.92
    assert rows["voting of five"][0] > accuracy - 0.01
    assert rows["bagging of five"][1] < error
    assert rows["calibrated"][1] < error


@pytest.mark.slow
def test_example_tabular_network_is_competitive(run):
    rows = table(run("plot_tabular.py"))
    assert set(rows) == {"KerasMLPClassifier", "LogisticRegression", "RandomForestClassifier"}
    assert rows["KerasMLPClassifier"][0] > max(mean for mean, _ in rows.values()) - 0.03


@pytest.mark.slow
def test_example_pictures_of_digits_are_read(run):
    assert "read as 2 4 7" in run("plot_pictures_of_digits.py")


@pytest.mark.slow
def test_example_optuna_study_prunes_trials(run):
    output = run("optuna_study.py", "--trials", "8")
    assert int(re.search(r"8 trials, (\d+) of them pruned", output)[1]) > 0
    assert float(re.search(r"best accuracy on held-out digits (0\.\d+)", output)[1]) > 0.92


@pytest.mark.parametrize("script", sorted(path.name for path in EXAMPLES.glob("*.py")))
def test_example_scripts_are_short(script):
    assert len((EXAMPLES / script).read_text(encoding="utf-8").splitlines()) < 60
