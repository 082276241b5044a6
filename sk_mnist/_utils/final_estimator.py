"""What searches and pipelines wrap."""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline


def final_estimator(estimator: Any) -> Any:
    """Return what a fitted search or pipeline ends in.

    Raises
    ------
    ValueError
        If a search did not refit its best candidate.
    """
    while True:
        if hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif isinstance(estimator, Pipeline):
            estimator = estimator[-1]
        elif hasattr(estimator, "cv_results_"):
            raise ValueError(
                f"{type(estimator).__name__} with refit={estimator.refit!r} holds no fitted "
                "estimator. Fit it again with refit=True, or fit the best candidate on its own."
            )
        else:
            return estimator
