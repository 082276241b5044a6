"""The benchmark on tables runs, goes on where it stopped, and writes its page."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

DIRECTORY = Path(__file__).parents[2] / "examples" / "benchmarks"

pytestmark = pytest.mark.slow


def run(directory, *options):
    arguments = ["--results", directory / "tables.csv", "--page", directory / "tables.md", *options]
    process = subprocess.run(
        [sys.executable, DIRECTORY / "tables.py", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    directory = tmp_path_factory.mktemp("tables")
    names = ["sk_mnist", "random forest", "scaler + MLPClassifier", "dropout=0", "RealMLP"]
    options = ["--tables", "iris", "wine", "--repetitions", "1", "--only", *names]
    return directory, options, run(directory, *options)


def test_benchmark_tables_saves_the_scores_of_each_fold(finished):
    frame = pd.read_csv(finished[0] / "tables.csv")
    frame = frame[frame["contestant"] != "RealMLP"]  # where it is installed
    assert len(frame) == 4 * 2 * 3
    assert frame["accuracy"].between(0.9, 1).all()
    assert frame["calibration_error"].between(0, 0.2).all()
    assert np.isfinite(frame["log_loss"]).all()


def test_benchmark_tables_does_not_measure_twice(finished):
    directory, options, _ = finished
    before = (directory / "tables.csv").read_text()
    run(directory, *options)
    assert (directory / "tables.csv").read_text() == before


def test_benchmark_tables_page_has_the_means_of_the_results(finished):
    directory, _, printed = finished
    frame = pd.read_csv(directory / "tables.csv")
    page = (directory / "tables.md").read_text(encoding="utf-8")
    mean = frame[frame["contestant"] == "random forest"]["accuracy"].mean()
    row = re.search(r"^\| random forest \| ([\d.]+)% \|", page, re.MULTILINE)
    assert float(row[1]) == pytest.approx(100 * mean, abs=0.006)
    assert f"{mean:.2%}" in printed
    assert "| `dropout=0` |" in page
    assert "150 to 178 rows, 4 to 13 features and 3 to 3 classes" in page.replace("\n", " ")
    assert (directory / "images" / "tables.png").stat().st_size > 10_000
