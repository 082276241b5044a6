"""The comparison of both starts of the weights runs, and trains two networks that differ."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "examples" / "benchmarks" / "small_start.py"


@pytest.mark.slow
def test_small_start_prints_the_scores_of_both_starts():
    command = [sys.executable, SCRIPT, "--quick", "--seeds", "1"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.findall(
        r"digits +(Glorot|small) +accuracy (0\.\d{4})  log loss (\d\.\d{4})", printed
    )
    assert [start for start, _, _ in found] == ["Glorot", "small"]
    assert all(float(accuracy) > 0.8 for _, accuracy, _ in found)
    assert found[0][1:] != found[1][1:]
