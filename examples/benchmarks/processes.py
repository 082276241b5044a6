"""Group "processes": wall time of new processes, from start to exit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from contestants import MLP, OURS
from jobs import Job, Row, timed
from prepare import HIDDEN, MODEL_FILES
from settings import MODEL_OF_COMMAND

_JOBLIB = "import joblib, numpy; joblib.load({file!r}).predict_proba(numpy.load('row.npy'))"
# Calling the model is faster than its `predict`, and Keras is imported either way.
_KERAS = "import keras, numpy; keras.models.load_model('model.keras')(numpy.load('row.npy'))"
_CODE = {
    "python -c pass": "pass",
    "load sk_mnist, predict": _JOBLIB.format(file=MODEL_FILES[OURS]),
    "load MLPClassifier, predict": _JOBLIB.format(file=MODEL_FILES[MLP]),
    "load Keras, predict": _KERAS,
}


def measure(job: Job) -> list[Row]:
    """Time a command, and measure the size of the file that it loads."""
    command = [sys.executable, "-c", _CODE.get(job.item, job.item)]
    first = job.round * job.settings.repeats
    rows = []
    for repeat in range(job.settings.repeats):
        seconds, _ = timed(
            lambda: subprocess.run(command, cwd=job.workspace, check=True, capture_output=True)
        )
        rows.append(job.row("process", 1e3 * seconds, "ms", round=first + repeat))
    model = MODEL_OF_COMMAND.get(job.item)
    if model is not None:
        rows.append(job.row("file", _bytes_per_weight(job, model), "bytes per weight"))
    return rows


def _bytes_per_weight(job: Job, name: str) -> float:
    sizes = (784, *HIDDEN, 10)
    n_weights = int(np.dot(sizes[:-1], sizes[1:])) + sum(sizes[1:])
    return (Path(job.workspace) / MODEL_FILES[name]).stat().st_size / n_weights
