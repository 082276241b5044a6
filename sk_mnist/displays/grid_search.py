"""Scores of a hyperparameter search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure, SubFigure

from sk_mnist.displays._candidates import Candidates, Parameter
from sk_mnist.displays._search_plots import draw_candidates


class GridSearchDisplay:
    """Scores of a hyperparameter search.

    The type of plot depends on the number of parameters with more than one value:

    - one: mean scores as points, with the standard deviation over the splits as error bars. The
      axis is logarithmic if the values are spaced like 0.1, 1, 10.
    - two: a heatmap of the mean scores or, if the candidates were sampled at random, a scatter
      plot.
    - more: the same for the two parameters with the largest effect, or for those that are given.
      Each combination of their values has the best score over the other parameters.

    Numbers are sorted. Other values, such as layer sizes, are categories in the order of the grid.
    Candidates whose fit failed are marked, and combinations that were not evaluated stay empty.
    The best candidate is marked, and named in the title. For a halving search, the last iteration
    of each candidate counts.

    Use :meth:`from_estimator` or :meth:`from_cv_results` to create one.

    Parameters
    ----------
    cv_results : dict of str to array-like, or DataFrame
        The `cv_results_` of a search.

    metric : str, default=None
        The score to show, if there are several: "accuracy" for "mean_test_accuracy".

    best_index : int, default=None
        The index of the candidate that the search selected. By default, the candidate with the
        highest mean score.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        The axes with the plot.

    figure_ : matplotlib.figure.Figure
        The figure that contains the axes.

    parameters_ : list of str
        The names of the parameters on the x-axis and, if there are two, on the y-axis.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.svm import SVC
    >>> from sk_mnist.displays import GridSearchDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> grid = {"C": [0.1, 1, 10], "gamma": [1e-4, 1e-3, 1e-2]}
    >>> search = GridSearchCV(SVC(), grid, cv=3).fit(X[:300], y[:300])
    >>> display = GridSearchDisplay.from_estimator(search)
    >>> display.parameters_
    ['C', 'gamma']
    >>> display.figure_.savefig("grid_search.png")  # doctest: +SKIP
    """

    ax_: Axes
    figure_: Figure | SubFigure
    parameters_: list[str]

    def __init__(
        self,
        cv_results: Mapping[str, Any] | pd.DataFrame,
        *,
        metric: str | None = None,
        best_index: int | None = None,
    ) -> None:
        self.cv_results = cv_results
        self.metric = metric
        self.best_index = best_index

    def plot(
        self,
        ax: Axes | None = None,
        *,
        parameters: Sequence[str] | None = None,
        cmap: str | Colormap = "cividis",
        colorbar: bool = True,
    ) -> Self:
        """Plot the scores.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Axes to draw into. By default, a new figure of suitable size is created.

        parameters : sequence of one or two str, default=None
            The names of the parameters to show, as in the grid. By default, those with several
            values and, if there are more than two, those with the largest effect on the score:
            the range of the best scores over their values.

        cmap : str or matplotlib.colors.Colormap, default="cividis"
            Colormap of heatmaps and scatter plots. Outliers with a low score share the lowest
            color, so that good candidates can be distinguished.

        colorbar : bool, default=True
            Whether to draw the color bar of heatmaps and scatter plots.

        Returns
        -------
        GridSearchDisplay
            The display, with its fitted attributes set.

        Raises
        ------
        ValueError
            If no parameter has several values, if all fits failed, or if the search does not
            have the metric or a parameter.
        """
        candidates = Candidates.from_cv_results(self.cv_results, self.metric, self.best_index)
        shown = _checked_parameters(candidates, parameters)
        self.parameters_ = [parameter.name for parameter in shown]
        self.ax_ = draw_candidates(ax, candidates, shown, cmap=cmap, colorbar=colorbar)
        self.figure_ = self.ax_.figure
        return self

    @classmethod
    def from_estimator(
        cls,
        search: Any,
        *,
        metric: str | None = None,
        ax: Axes | None = None,
        **plot_options: Any,
    ) -> Self:
        """Plot the scores of a fitted search.

        Parameters
        ----------
        search : estimator instance
            A fitted search with `cv_results_`, such as
            :class:`sklearn.model_selection.GridSearchCV`.

        metric : str, default=None
            The score to show, if there are several. By default, the one that selected the best
            candidate.

        ax : matplotlib.axes.Axes, default=None
            Axes to draw into. By default, a new figure is created.

        **plot_options : dict
            Further keyword arguments of :meth:`plot`.

        Returns
        -------
        GridSearchDisplay
            The display, already drawn.

        Raises
        ------
        ValueError
            If `search` is not a fitted search, and for the reasons in :meth:`plot`.
        """
        if not hasattr(search, "cv_results_"):
            raise ValueError(
                f"{cls.__name__}.from_estimator needs a fitted search with cv_results_, got "
                f"{search!r}. Call fit first."
            )
        multimetric = getattr(search, "multimetric_", False)
        refit_metric = search.refit if multimetric and isinstance(search.refit, str) else None
        metric = refit_metric if metric is None else metric
        # The best candidate by one metric need not be the best by another.
        same = not multimetric or metric == refit_metric
        best_index = getattr(search, "best_index_", None) if same else None
        display = cls(search.cv_results_, metric=metric, best_index=best_index)
        return display.plot(ax, **plot_options)

    @classmethod
    def from_cv_results(
        cls,
        cv_results: Mapping[str, Any] | pd.DataFrame,
        *,
        metric: str | None = None,
        ax: Axes | None = None,
        **plot_options: Any,
    ) -> Self:
        """Plot the scores in the results of a search.

        Parameters
        ----------
        cv_results : dict of str to array-like, or DataFrame
            The `cv_results_` of a search.

        metric : str, default=None
            The score to show, if there are several: "accuracy" for "mean_test_accuracy".

        ax : matplotlib.axes.Axes, default=None
            Axes to draw into. By default, a new figure is created.

        **plot_options : dict
            Further keyword arguments of :meth:`plot`.

        Returns
        -------
        GridSearchDisplay
            The display, already drawn.

        Raises
        ------
        ValueError
            See :meth:`plot`.

        Examples
        --------
        >>> from sk_mnist.displays import GridSearchDisplay
        >>> cv_results = {
        ...     "params": [{"alpha": 0.01}, {"alpha": 0.1}, {"alpha": 1.0}],
        ...     "mean_test_score": [0.91, 0.95, 0.93],
        ...     "std_test_score": [0.01, 0.01, 0.02],
        ... }
        >>> GridSearchDisplay.from_cv_results(cv_results).ax_.get_xscale()
        'log'
        """
        return cls(cv_results, metric=metric).plot(ax, **plot_options)


def _checked_parameters(candidates: Candidates, names: Sequence[str] | None) -> list[Parameter]:
    varied = {parameter.name: parameter for parameter in candidates.parameters}
    if not varied:
        raise ValueError(
            "There is nothing to compare: no parameter of the search has more than one value."
        )
    if names is None:
        return candidates.most_influential(2)
    # A string is a sequence, too.
    wanted = [names] if isinstance(names, str) else list(names)
    if (
        len(set(wanted)) != len(wanted)
        or len(wanted) not in (1, 2)
        or not set(wanted) <= set(varied)
    ):
        raise ValueError(
            f"parameters must be one or two of {list(varied)}, which have more than one value, "
            f"got {names!r}."
        )
    return [varied[name] for name in wanted]
