"""The benchmarks run and save their results, and their statistics are correct."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

DIRECTORY = Path(__file__).parents[2] / "examples" / "benchmarks"
GROUPS = [
    "fit", "fit_wide", "names", "names_256", "options", "search", "predict", "processes", "memory",
    "small", "growth",
]  # fmt: skip

# Hides skorch, whether it is installed or not.
WITHOUT_SKORCH = """
import sys
sys.modules["skorch"] = None
sys.path.insert(0, sys.argv.pop(1))
import run
run.main()
"""


def call(*arguments):
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Return the output directory and stdout of the smallest run of all groups."""
    directory = tmp_path_factory.mktemp("benchmarks")
    process = call("-c", WITHOUT_SKORCH, DIRECTORY, "--tiny", "--output", directory)
    assert process.returncode == 0, process.stderr
    return directory, process.stdout


@pytest.fixture(scope="module")
def summary():
    """Return the module with the statistics, which is not part of a package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DIRECTORY)
        return importlib.import_module("summary")


@pytest.fixture(scope="module")
def frame(tiny):
    return pd.read_csv(tiny[0] / "results.csv")


@pytest.mark.slow
@pytest.mark.keras
def test_benchmark_values_are_finite_and_positive(frame):
    assert list(frame["group"].unique()) == GROUPS
    measured = frame[frame["status"] == "ok"]
    assert set(measured["group"]) == set(GROUPS)
    assert np.isfinite(measured["value"]).all()
    assert (measured["value"] > 0).all()


@pytest.mark.slow
@pytest.mark.keras
def test_benchmark_jobs_do_not_fail(frame):
    assert set(frame["status"]) == {"conditions", "missing", "ok"}


@pytest.mark.slow
@pytest.mark.keras
def test_benchmark_fits_have_an_accuracy(frame):
    fits = frame[frame["measure"].isin(["first fit", "second fit"])]
    assert fits["accuracy"].between(0, 1).all()


@pytest.mark.slow
@pytest.mark.keras
def test_benchmark_search_with_threads_has_same_scores(tiny):
    page = (tiny[0] / "performance.md").read_text(encoding="utf-8")
    line = next(line for line in page.splitlines() if "2 threads |" in line)
    assert line.endswith("| yes |")


@pytest.mark.slow
@pytest.mark.keras
def test_benchmark_page_has_section_and_plot_per_group(tiny):
    directory, _ = tiny
    page = (directory / "performance.md").read_text(encoding="utf-8")
    assert page.count("\n## ") == len(GROUPS)
    for group in GROUPS:
        image = f"images/performance-{group.replace('_', '-')}.png"
        assert f"]({image})" in page
        assert (directory / image).read_bytes().startswith(b"\x89PNG")
    assert "processor" in page
    assert "numpy" in page


@pytest.mark.slow
@pytest.mark.keras
def test_benchmark_reports_missing_contestant(tiny):
    directory, printed = tiny
    page = (directory / "performance.md").read_text(encoding="utf-8")
    # Dependencies of skorch may be missing as well.
    assert re.search(r"\| skorch \| missing: skorch.* not installed \|", page)
    assert "skorch: missing" in printed


@pytest.mark.slow
@pytest.mark.keras
def test_benchmark_report_only_uses_existing_results(tiny, tmp_path):
    lines = (tiny[0] / "results.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines[1:] if line.startswith("small,")]
    failure = "small,PyTorch,,,,0,,,,failed,MemoryError: too large\n"
    results = "".join([lines[0], *kept, failure])
    (tmp_path / "results.csv").write_text(results, encoding="utf-8")
    process = call(DIRECTORY / "run.py", "--report-only", "--output", tmp_path)
    assert process.returncode == 0, process.stderr
    page = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert page.count("\n## ") == 1
    assert "| PyTorch | failed: MemoryError: too large |" in page
    assert [path.name for path in (tmp_path / "images").iterdir()] == ["performance-small.png"]
    assert (tmp_path / "results.csv").read_text(encoding="utf-8") == results


@pytest.mark.slow
def test_benchmark_page_matches_committed_results(tmp_path):
    results = (DIRECTORY / "results.csv").read_text(encoding="utf-8")
    (tmp_path / "results.csv").write_text(results, encoding="utf-8")
    process = call(DIRECTORY / "run.py", "--report-only", "--output", tmp_path)
    assert process.returncode == 0, process.stderr
    page = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert page == (DIRECTORY.parents[1] / "docs/performance.md").read_text(encoding="utf-8")


# --- statistics --------------------------------------------------------------------------------


def test_summary_ratios_compare_the_same_round(summary):
    frame = pd.DataFrame(
        [
            ("ours", "fit", 0, 1.0), ("ours", "fit", 1, 2.0), ("ours", "predict", 0, 9.0),
            ("other", "fit", 1, 5.0), ("other", "fit", 0, 3.0), ("late", "fit", 1, 1.0),
        ],
        columns=["contestant", "measure", "round", "value"],
    )  # fmt: skip
    ratios = summary.ratios(frame, "fit", "ours")
    assert {name: list(values) for name, values in ratios.items()} == {
        "ours": [1, 1], "other": [3, 2.5], "late": [0.5],
    }  # fmt: skip
    assert summary.ratios(frame, "fit", "nobody") == {}


@pytest.mark.parametrize(
    ("values", "digits", "text"),
    [
        ([4.52, 4.9, 5.3], 2, "4.9 (4.5\N{EN DASH}5.3)"),
        ([3.4], 3, "3.40"),
        ([12345.6, 12345.6], 3, "12,346 (12,346\N{EN DASH}12,346)"),
        ([0.01234], 3, "0.0123"),
        ([], 3, "\N{EN DASH}"),
    ],
)
def test_summary_spread_is_median_minimum_and_maximum(summary, values, digits, text):
    assert summary.spread(values, digits) == text


def test_summary_spread_percentage_has_one_percent_sign(summary):
    assert summary.spread_percentage([1.6, 1.667, 1.72]) == "167% (160\N{EN DASH}172)"
    assert summary.spread_percentage([0.5]) == "50.0%"


def test_summary_exponent_is_recovered(summary):
    sizes = np.array([10, 20, 40, 80])
    exponent, factor = summary.exponent(sizes, 3 * sizes**1.5)
    assert exponent == pytest.approx(1.5)
    assert factor == pytest.approx(3)
    assert summary.exponent([10, 20, 40], [2, 4, 0])[0] == pytest.approx(1)
    assert np.isnan(summary.exponent([10, 20], [1, -1])[0])


def test_summary_memory_increase_uses_baseline_of_same_round(summary):
    frame = pd.DataFrame(
        {
            "contestant": "a",
            "measure": ["baseline", "peak", "baseline", "peak"],
            "size": 10,
            "round": [0, 0, 1, 1],
            "value": [100.0, 150.0, 200.0, 260.0],
        }
    )
    assert list(summary.over_baseline(frame)["value"]) == [50, 60]


def test_summary_flops_exclude_gradient_of_input(summary):
    assert summary.forward_flops([2, 3, 4]) == 2 * (6 + 12)
    assert summary.training_flops([2, 3, 4]) == 2 * (2 * 6 + 3 * 12)
    assert summary.work_with_validation([2, 3, 4], 0.1) == pytest.approx(0.9 + 0.1 * 36 / 96)
