"""The scripts in `examples/`, run as a reader would."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def run(script, *arguments):
    done = subprocess.run(
        [sys.executable, EXAMPLES / script, *arguments],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_streaming_learns_from_pass_to_pass():
    output = run("streaming.py", "--sample", "--passes", "3")
    accuracies = [float(number) for number in re.findall(r"test accuracy (0\.\d+)", output)]
    assert len(accuracies) == 3
    assert accuracies[-1] > 0.9


def test_an_optuna_study_prunes_and_finds_good_parameters():
    output = run("optuna_study.py", "--trials", "8")
    assert int(re.search(r"8 trials, (\d+) of them given up early", output)[1]) > 0
    assert float(re.search(r"best accuracy on held-out digits (0\.\d+)", output)[1]) > 0.92


@pytest.mark.parametrize("script", sorted(path.name for path in EXAMPLES.glob("*.py")))
def test_scripts_are_short(script):
    assert len((EXAMPLES / script).read_text(encoding="utf-8").splitlines()) < 60
