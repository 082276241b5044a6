"""The results of a search over parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure, SubFigure

from sk_mnist.displays._candidates import Candidates, Parameter
from sk_mnist.displays._search_pictures import draw_candidates


class GridSearchDisplay:
    """Scores of a search over parameters.

    The picture follows the parameters that take more than one value:

    - one: the mean scores as dots over its values, with the standard deviation over the splits
      as bars, on a logarithmic axis where the values are spaced like 0.1, 1, 10;
    - two: a heat map of the mean scores or, where the candidates were drawn at random, a
      scatter plot;
    - more: the two that make the largest difference or that are asked for, each combination of
      them with the best of the others.

    Numbers are shown in order of size; other values, such as the sizes of layers, are shown as
    categories in the order of the grid. Candidates whose fit failed are shown as such, and what
    was not tried stays empty. The best candidate is marked and named. Of a halving search, each
    candidate counts with its last round.

    Use :meth:`from_estimator` or :meth:`from_cv_results` to make one.

    Parameters
    ----------
    cv_results : dict of str to array-like, or DataFrame
        The `cv_results_` of a search.

    metric : str, default=None
        Which score to show, if there are several: "accuracy" for "mean_test_accuracy".

    best_index : int, default=None
        The position of the candidate that the search chose. By default the one with the highest
        mean score.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        The axes that hold the picture.

    figure_ : matplotlib.figure.Figure
        The figure that holds the axes.

    parameters_ : list of str
        The names of the parameters that are shown: the first goes across, the second down.

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
        cv_results: Mapping[str, Any],
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
        """Draw the scores.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw. By default in a new figure that is large enough for the grid.

        parameters : sequence of one or two str, default=None
            The names of the parameters to show, as in the grid. By default those that take
            several values and, if there are more than two, those whose value makes the largest
            difference to the score of the best candidate that has it.

        cmap : str or matplotlib.colors.Colormap, default="cividis"
            The colours of heat maps and scatter plots. Far outliers below share the lowest
            colour, so that the good candidates can be told apart.

        colorbar : bool, default=True
            Whether to draw the scale of the colours, if there are any.

        Returns
        -------
        GridSearchDisplay
            The display, with its fitted attributes set.

        Raises
        ------
        ValueError
            If there is nothing to compare, if all fits failed, or if a metric or parameter is
            not among those of the search.
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
        """Draw the scores of a fitted search.

        Parameters
        ----------
        search : estimator instance
            A fitted search with `cv_results_`, such as
            :class:`sklearn.model_selection.GridSearchCV`.

        metric : str, default=None
            Which score to show, if there are several. By default the one that the search chose
            its best candidate by.

        ax : matplotlib.axes.Axes, default=None
            Where to draw. By default in a new figure.

        **plot_options : dict
            Further keywords of :meth:`plot`.

        Returns
        -------
        GridSearchDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If `search` is no fitted search, or see :meth:`plot`.
        """
        if not hasattr(search, "cv_results_"):
            raise ValueError(
                f"{cls.__name__}.from_estimator needs a fitted search with cv_results_, got "
                f"{search!r}. Call fit first."
            )
        several = getattr(search, "multimetric_", False)
        decisive = search.refit if several and isinstance(search.refit, str) else None
        metric = decisive if metric is None else metric
        # What was chosen by one metric need not be the best by another.
        chosen = getattr(search, "best_index_", None) if not several or metric == decisive else None
        display = cls(search.cv_results_, metric=metric, best_index=chosen)
        return display.plot(ax, **plot_options)

    @classmethod
    def from_cv_results(
        cls,
        cv_results: Mapping[str, Any],
        *,
        metric: str | None = None,
        ax: Axes | None = None,
        **plot_options: Any,
    ) -> Self:
        """Draw the scores in the results of a search.

        Parameters
        ----------
        cv_results : dict of str to array-like, or DataFrame
            The `cv_results_` of a search.

        metric : str, default=None
            Which score to show, if there are several: "accuracy" for "mean_test_accuracy".

        ax : matplotlib.axes.Axes, default=None
            Where to draw. By default in a new figure.

        **plot_options : dict
            Further keywords of :meth:`plot`.

        Returns
        -------
        GridSearchDisplay
            The display, drawn.

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
            "There is nothing to compare: no parameter of the search takes more than one value."
        )
    if names is None:
        return candidates.most_influential(2)
    # A single string would pass for the sequence of its letters.
    wanted = [names] if isinstance(names, str) else list(names)
    if (
        len(set(wanted)) != len(wanted)
        or len(wanted) not in (1, 2)
        or not set(wanted) <= set(varied)
    ):
        raise ValueError(
            f"parameters must be one or two of {list(varied)}, those that take more than one "
            f"value, got {names!r}."
        )
    return [varied[name] for name in wanted]
