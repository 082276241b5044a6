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
from sk_mnist.cli.data.samples import Features
from sk_mnist.cli.fitting import warm_up
from sk_mnist.cli.models import NETWORK, make_model


def grid_search(
    grid: Mapping[str, list[Any]],
    X: Features,
    y: NDArray[Any],
    console: Console,
    *,
    cv: int,
    jobs: int,
    random_state: int,
    preparation: Any = None,
) -> GridSearchCV:
    """Search a grid by cross-validation, and refit the best candidate on all samples.

    Parameters
    ----------
    grid : mapping of str to list
        Return value of `sk_mnist.cli.grid.make_grid`.
    X : DataFrame or ndarray of shape (n_samples, n_features)
        Features.
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
    preparation : transformer, default=None
        What comes before the network in a pipeline; each fold fits its own.

    Returns
    -------
    GridSearchCV
        The fitted search. Its results have the parameters of the network under their own names,
        in a pipeline, too.

    Raises
    ------
    CommandError
        If all fits fail, or there are fewer samples of a class than folds.
    KeyboardInterrupt
        If the user interrupts the search.
    """
    warm_up(console)
    network = KerasMLPClassifier(random_state=random_state)
    prefix = "" if preparation is None else f"{NETWORK}__"
    search = GridSearchCV(
        network if preparation is None else make_model(preparation, network),
        {prefix + name: values for name, values in grid.items()},
        cv=StratifiedKFold(cv, shuffle=True, random_state=random_state),
        n_jobs=jobs,
    )
    n_candidates = len(ParameterGrid(dict(grid)))
    console.print(
        f"Search: {n_candidates} candidates x {cv} folds = {n_candidates * cv} fits, then refit "
        "the best",
        highlight=False,
    )
    # From scikit-learn 1.9 on. It prints to standard output, whatever the console does.
    if hasattr(search, "set_callbacks") and not (console.quiet or console.stderr):
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
    search.cv_results_ = _renamed(search.cv_results_, prefix)
    search.best_params_ = {
        name.removeprefix(prefix): value for name, value in search.best_params_.items()
    }
    return search


def _renamed(cv_results: dict[str, Any], prefix: str) -> dict[str, Any]:
    """Return the results with the names of parameters without the prefix of their step."""
    results = {
        name.replace(f"param_{prefix}", "param_", 1): values for name, values in cv_results.items()
    }
    results["params"] = [
        {name.removeprefix(prefix): value for name, value in params.items()}
        for params in cv_results["params"]
    ]
    return results


def _distinct_errors(message: str) -> str:
    """Extract each distinct error from scikit-learn's message about failed fits."""
    lines = re.findall(r"^\w*Error: (.*)", message, flags=re.MULTILINE)
    return " ".join(dict.fromkeys(lines)) or message
