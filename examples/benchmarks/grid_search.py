"""Group "search": grid search over two architectures and three learning rates."""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import contestants
import joblib
from contestants import MLP, OURS, SCIKERAS, SKORCH, Network
from jobs import Job, Row, timed
from settings import LARGE_LOKY, LARGE_THREADS
from sklearn.model_selection import GridSearchCV, StratifiedKFold

ARCHITECTURES = [(128, 64), (256, 128)]
LEARNING_RATES = [0.0005, 0.001, 0.002]
PARAMETERS = {
    OURS: ("hidden_layer_sizes", "learning_rate"),
    MLP: ("hidden_layer_sizes", "learning_rate_init"),
    SKORCH: ("module__hidden", "lr"),
    SCIKERAS: ("hidden", "optimizer__learning_rate"),
}
BACKENDS = {LARGE_LOKY: "loky", LARGE_THREADS: "threading"}


def measure(job: Job) -> list[Row]:
    """Run one search, without refit."""
    contestants.load(job.item)
    settings = job.settings
    own_rows = settings.search_rows if job.item in PARAMETERS else settings.large_search_rows
    X, y = (array[:own_rows] for array in job.digits("train", "float32"))
    search = _search(job)
    # Explicit folds, because scikit-learn would not stratify them for SciKeras.
    search.cv = list(StratifiedKFold(3, shuffle=True, random_state=0).split(X, y))
    n_before = _n_programs(job.item)
    with _backend(job.item):
        seconds, _ = timed(lambda: search.fit(X, y))
    scores = search.cv_results_["mean_test_score"]
    digest = hashlib.sha256(scores.tobytes()).hexdigest()[:16]
    accuracy = float(search.best_score_)
    rows = [job.row("search", seconds, "s", accuracy=accuracy, detail=f"scores {digest}")]
    if n_programs := _n_programs(job.item) - n_before:
        rows.append(job.row("compiled programs", n_programs, "programs"))
    return rows


def _search(job: Job) -> GridSearchCV:
    library = contestants.library(job.item)
    layers, rate = PARAMETERS[library]
    network = Network(ARCHITECTURES[0], job.settings.search_epochs, seed=job.round)
    return GridSearchCV(
        contestants.make(library, network),
        {layers: ARCHITECTURES, rate: LEARNING_RATES},
        n_jobs=2 if job.item in BACKENDS else 1,
        refit=False,
        error_score="raise",
    )


def _backend(item: str) -> AbstractContextManager[Any]:
    return joblib.parallel_backend(BACKENDS[item]) if item in BACKENDS else nullcontext()


def _n_programs(item: str) -> int:
    """Return the number of training kernels that this process has compiled or loaded."""
    if contestants.library(item) != OURS:
        return 0
    from sk_mnist.engines.numba.machine_code.entry_points import train_steps

    return train_steps.n_variants
