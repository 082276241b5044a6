"""The script that measures the page to draw on, and takes its picture."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from sk_mnist import KerasMLPClassifier, load_mnist_sample

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "handwriting" / "demo_page.py"


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(
    not (shutil.which("chromium") and shutil.which("chromedriver")),
    reason="needs Chromium and its driver",
)
def test_demo_page_script_prints_its_figures_and_takes_a_picture(tmp_path):
    model, picture = tmp_path / "model.safetensors", tmp_path / "page.png"
    X, y = load_mnist_sample(return_X_y=True)
    KerasMLPClassifier((64,), random_state=0).fit(X, y).save(model)
    command = [sys.executable, SCRIPT, "--quick", "--model", model, "--screenshot", picture]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert re.search(r"float32: \d\.\d\d MB, .* [\d.]+e-0[67], 0 of 500 predictions", output)
    assert "3 of 3 drawn digits are read right" in output
    assert re.search(r"from pen to bars +\d+\.\d \(\d+\.\d\)", output)
    with Image.open(picture) as image:
        assert image.size == (1800, 1170)
