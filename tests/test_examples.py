"""The scripts and the notebook in `examples/`, run as a reader would."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from sk_mnist import fetch_mnist

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
NOTEBOOK = EXAMPLES / "mnist_digit_classifier.ipynb"


def run(script, *arguments):
    done = subprocess.run(
        [sys.executable, EXAMPLES / script, *arguments],
        env={**os.environ, "MPLBACKEND": "agg", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    return done.stdout


def table(output):
    """Return the rows of a printed table, by their first column, which may contain spaces."""
    rows = re.findall(r"^(\S.*?)((?: +-?\d+\.\d+)+)$", output, flags=re.MULTILINE)
    return {name: [float(number) for number in numbers.split()] for name, numbers in rows}


def test_quick_start_reports_on_digits_that_were_not_trained_on():
    output = run("plot_quick_start.py")
    assert float(re.search(r"accuracy +(\d+\.\d+) %", output)[1]) > 93
    assert "of 1,000" in output


def test_grid_search_reaches_parameters_of_all_steps():
    output = run("plot_pipeline_and_grid_search.py")
    assert re.search(
        r"best parameters: {'network__learning_rate': [\d.]+, 'pixels__k': \d+}", output
    )
    assert len(re.findall(r" s a fit$", output, flags=re.MULTILINE)) == 9
    assert float(re.search(r"accuracy on test digits: (0\.\d+)", output)[1]) > 0.92


def test_weights_find_more_of_a_rare_class():
    rows = table(run("plot_imbalanced_classes.py"))
    recall_without = rows.pop("no weights")[0]
    assert len(rows) == 3
    for recall, precision, _ in rows.values():
        assert recall > recall_without + 0.05
        assert precision > 0.9


def test_streaming_learns_from_pass_to_pass():
    output = run("streaming.py", "--sample", "--passes", "3")
    accuracies = [float(number) for number in re.findall(r"test accuracy (0\.\d+)", output)]
    assert len(accuracies) == 3
    assert accuracies[-1] > 0.9


def test_streaming_reads_all_of_mnist_as_well_as_promised():
    try:
        fetch_mnist(download_if_missing=False)
    except OSError:
        pytest.skip("needs all of MNIST")
    last = run("streaming.py").splitlines()[-1]
    assert float(re.fullmatch(r"pass 10: test accuracy (0\.\d+)", last)[1]) >= 0.975


def test_a_server_answers_without_keras_and_tensorflow():
    output = run("plot_saving_and_serving.py")
    answers = re.findall(r"a (\d): {'digit': (\d), .*'loaded': \[\]}", output)
    assert len(answers) == 5
    assert sum(digit == read for digit, read in answers) >= 4


def test_ensembles_and_calibration_make_probabilities_more_reliable():
    rows = table(run("plot_ensembles_and_calibration.py"))
    accuracy, error, _ = rows["one network"]
    assert accuracy > 0.92
    assert rows["vote of five"][0] > accuracy - 0.01
    assert rows["bagging of five"][1] < error
    assert rows["calibrated"][1] < error


def test_the_network_keeps_up_on_a_table():
    rows = table(run("plot_tabular.py"))
    assert set(rows) == {"KerasMLPClassifier", "LogisticRegression", "RandomForest"}
    assert rows["KerasMLPClassifier"][0] > max(mean for mean, _ in rows.values()) - 0.03


def test_an_optuna_study_prunes_and_finds_good_parameters():
    output = run("optuna_study.py", "--trials", "8")
    assert int(re.search(r"8 trials, (\d+) of them given up early", output)[1]) > 0
    assert float(re.search(r"best accuracy on held-out digits (0\.\d+)", output)[1]) > 0.92


@pytest.mark.parametrize("script", sorted(path.name for path in EXAMPLES.glob("*.py")))
def test_scripts_are_short(script):
    assert len((EXAMPLES / script).read_text(encoding="utf-8").splitlines()) < 60


@pytest.fixture
def committed():
    return nbformat.read(NOTEBOOK, as_version=4)


class TestNotebook:
    def test_runs_from_top_to_bottom_and_shows_what_was_committed(self, committed):
        # With all of MNIST or the sample, whichever `fetch_mnist` gives.
        notebook = nbformat.read(NOTEBOOK, as_version=4)
        NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
        for cell, cell_committed in zip(notebook.cells, committed.cells, strict=True):
            if cell.cell_type == "code":
                assert kinds_of_output(cell) == kinds_of_output(cell_committed), cell.source

    def test_is_committed_as_one_run(self, committed):
        cells = [cell for cell in committed.cells if cell.cell_type == "code"]
        assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
        assert all(cell.outputs for cell in cells)

    def test_is_small_and_tells_nothing_of_a_machine(self, committed):
        assert NOTEBOOK.stat().st_size < 1_500_000
        assert committed.metadata.keys() == {"kernelspec", "language_info"}
        for cell in committed.cells:
            assert not cell.metadata
            for output in cell.get("outputs", []):
                assert output.get("name") != "stderr"
                assert not re.search(r"/(home|root|tmp|Users)/", str(output.get("data", output)))


def kinds_of_output(cell):
    """Return what a cell printed and showed: "stdout" and the media types."""
    kinds = {kind for output in cell.outputs for kind in output.get("data", {})}
    return kinds | {output.name for output in cell.outputs if "name" in output} - {"stderr"}
