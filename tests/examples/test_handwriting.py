"""The measurement on pictures of digits runs, and reads most of them after little training."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

DIRECTORY = Path(__file__).parents[2] / "examples" / "handwriting"


@pytest.mark.slow
def test_handwriting_accuracy_prints_a_table():
    command = [sys.executable, DIRECTORY / "accuracy.py", "--quick"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"^\| (.+?) \| ([\d,]+) \| ([\d.]+)% \| ([\d.]+)% \|$", printed, re.M)
    accuracies = {name: (float(one), float(other)) for name, _, one, other in rows}
    assert len(accuracies) >= 6
    for name, both in accuracies.items():
        assert min(both) >= 50, name
    assert accuracies["the same through the transformer"][0] > 90
    assert re.search(r"^[\d,]+ photos of 1,000 x 1,000 pixels a minute", printed, re.M)


@pytest.mark.slow
def test_handwriting_figure_of_steps_is_drawn(tmp_path):
    path = tmp_path / "steps.png"
    subprocess.run([sys.executable, DIRECTORY / "steps.py", path], check=True)
    with Image.open(path) as image:
        assert image.size == (700, 1120)
