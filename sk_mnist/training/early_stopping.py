"""Early stopping: which epoch is the best, and when training stops."""

from __future__ import annotations

import numpy as np

from sk_mnist.training.state import TrainingPlan, TrainingState


def is_best_epoch(state: TrainingState) -> bool:
    """Tell whether the last epoch has the best validation score, or there are no scores."""
    scores = state.history.get("val_accuracy", [np.nan])
    return bool(np.isnan(scores[-1]) or not np.any(np.array(scores[:-1]) >= scores[-1]))


def should_stop(state: TrainingState, plan: TrainingPlan) -> bool:
    """Tell whether the validation score has not improved for `n_iter_no_change` epochs in a row."""
    best, stale_epochs = -np.inf, 0
    for score in state.history.get("val_accuracy", []):
        if not np.isnan(score):
            stale_epochs = stale_epochs + 1 if score < best + plan.tol else 0
            best = max(best, score)
    return stale_epochs >= plan.n_iter_no_change
