"""How many photos a minute `sk-mnist predict` reads, with its start.

``python examples/handwriting/predict_speed.py`` writes 1,000 JPEG files of a megapixel, of which 40
are different, to a temporary directory, and predicts them on the command line.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from photos import drawn, photo
from strokes import written

from sk_mnist import KerasMLPClassifier, load_mnist_sample

N_FILES, N_DIFFERENT, SIDE = 1_000, 40, 1_000


def main() -> None:
    """Write the files, predict them, and print the time."""
    rng = np.random.default_rng(0)
    contents = [
        photo(drawn(written(i % 10, rng), 0.07, SIDE, rng), rng) for i in range(N_DIFFERENT)
    ]
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for i in range(N_FILES):
            (directory / f"{i:04}.jpg").write_bytes(contents[i % N_DIFFERENT])
        model = directory / "model.safetensors"
        KerasMLPClassifier(random_state=0).fit(*load_mnist_sample(return_X_y=True)).save(model)
        start, times = time.perf_counter(), os.times()
        command = [sys.executable, "-m", "sk_mnist", "predict", model, directory, "--csv"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds = time.perf_counter() - start
        computed = os.times().children_user - times.children_user
        computed += os.times().children_system - times.children_system
    n_read = len(done.stdout.splitlines()) - 1
    print(
        f"{n_read:,} photos in {seconds:.1f} s, of which the processor computed {computed:.1f} s: "
        f"{60 * n_read / seconds:,.0f} a minute, and {60 * n_read / computed:,.0f} a minute on a "
        "processor that does nothing else"
    )


if __name__ == "__main__":
    main()
