"""Group "search": a grid search over two architectures and three learning rates."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
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
    """Search once, without refit."""
    contestants.load(job.item)
    settings = job.settings
    own_rows = settings.search_rows if job.item in PARAMETERS else settings.large_search_rows
    X, y = (array[:own_rows] for array in job.digits("train", "float32"))
    search = _search(job)
    # For SciKeras, which scikit-learn would not give stratified folds of itself.
    search.cv = list(StratifiedKFold(3, shuffle=True, random_state=0).split(X, y))
    with _backend(job.item), _counted_programs(job.item) as programs:
        seconds, _ = timed(lambda: search.fit(X, y))
    scores = search.cv_results_["mean_test_score"]
    digest = hashlib.sha256(scores.tobytes()).hexdigest()[:16]
    accuracy = float(search.best_score_)
    rows = [job.row("search", seconds, "s", accuracy=accuracy, detail=f"scores {digest}")]
    if programs:
        rows.append(job.row("compiled programs", len(programs), "programs"))
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


@contextmanager
def _counted_programs(item: str) -> Iterator[list[Any]]:
    """Give a list that grows by one for each program that sk_mnist compiles in this process."""
    made: list[Any] = []
    if contestants.library(item) != OURS:
        yield made
        return
    from sk_mnist import engine

    class CountedTrainer(engine.Trainer):
        def __init__(self, key: engine.ProgramKey) -> None:
            made.append(key)
            super().__init__(key)

    original, engine.Trainer = engine.Trainer, CountedTrainer
    try:
        yield made
    finally:
        engine.Trainer = original
