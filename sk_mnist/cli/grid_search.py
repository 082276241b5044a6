"""The grid search, with a progress bar, clean interrupts and errors of one line."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray
from rich.console import Console
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GridSearchCV, ParameterGrid, StratifiedKFold

from sk_mnist.classifier import KerasMLPClassifier
from sk_mnist.cli.console import CommandError, print_error, silent_stderr
from sk_mnist.cli.fitting import warm_up


def grid_search(
    grid: Mapping[str, list[Any]],
    X: NDArray[Any],
    y: NDArray[Any],
    console: Console,
    *,
    cv: int,
    jobs: int,
    random_state: int,
) -> GridSearchCV:
    """Search a grid by cross-validation, and refit the best candidate on all samples.

    Parameters
    ----------
    grid : mapping of str to list
        Return value of `sk_mnist.cli.grid.make_grid`.
    X : ndarray of shape (n_samples, n_features)
        Images.
    y : ndarray of shape (n_samples,)
        Labels.
    console : rich.console.Console
        Where to show the progress.
    cv : int
        Number of folds, which are stratified and shuffled.
    jobs : int
        Number of parallel jobs.
    random_state : int
        Seed of the folds and of each fit.

    Returns
    -------
    GridSearchCV
        The fitted search.

    Raises
    ------
    CommandError
        If all fits fail, or there are fewer samples of a class than folds.
    KeyboardInterrupt
        If the user interrupts the search.
    """
    warm_up(console)
    search = GridSearchCV(
        KerasMLPClassifier(random_state=random_state),
        dict(grid),
        cv=StratifiedKFold(cv, shuffle=True, random_state=random_state),
        n_jobs=jobs,
    )
    n_candidates = len(ParameterGrid(dict(grid)))
    console.print(
        f"Search: {n_candidates} candidates x {cv} folds = {n_candidates * cv} fits, then refit "
        "the best",
        highlight=False,
    )
    if hasattr(search, "set_callbacks"):  # from scikit-learn 1.9 on
        from sklearn.callback import ProgressBar

        search.set_callbacks(ProgressBar(max_propagation_depth=0))
    try:
        with (
            warnings.catch_warnings(record=True) as caught,
            silent_stderr(),  # worker processes may start TensorFlow, which writes a log
        ):
            warnings.simplefilter("always", FitFailedWarning)
            search.fit(X, y)
    except ValueError as error:
        raise CommandError(_distinct_errors(str(error))) from error
    finally:
        if hasattr(search, "set_callbacks"):
            search.set_callbacks()
    for warning in caught:
        if issubclass(warning.category, FitFailedWarning):
            print_error(f"warning: some fits failed: {_distinct_errors(str(warning.message))}")
    return search


def _distinct_errors(message: str) -> str:
    """Extract each distinct error from scikit-learn's message about failed fits."""
    lines = re.findall(r"^\w*Error: (.*)", message, flags=re.MULTILINE)
    return " ".join(dict.fromkeys(lines)) or message
