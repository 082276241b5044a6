"""The candidates of a hyperparameter search, by parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sk_mnist.displays._common import shortened

# Value of a parameter that a candidate does not have.
_ABSENT = "\N{EM DASH}"

# In characters. Ticks have less room than names of classes.
_MAX_VALUE_LENGTH = 24


# Compared by identity: comparing arrays does not give a single bool.
@dataclass(frozen=True, eq=False)
class Parameter:
    """A parameter with several values.

    Attributes
    ----------
    name : str
        The name in the grid.
    values : list
        The distinct values: numbers are sorted, others in the order of the grid.
    codes : ndarray of shape (n_candidates,)
        For each candidate, the index of its value in `values`.
    """

    name: str
    values: list[Any]
    codes: NDArray[np.intp]

    @classmethod
    def of_candidates(cls, name: str, candidates: Sequence[Mapping[str, Any]]) -> Self:
        """Collect the values of a parameter."""
        given = [candidate.get(name, _ABSENT) for candidate in candidates]
        # Some values are not hashable, and NaN is not equal to itself.
        distinct = {repr(value): value for value in given}
        keys = list(distinct)
        if all(map(_is_number, distinct.values())):
            keys.sort(key=distinct.__getitem__)
        positions = {key: position for position, key in enumerate(keys)}
        codes = np.array([positions[repr(value)] for value in given], dtype=np.intp)
        return cls(name, [distinct[key] for key in keys], codes)

    @property
    def label(self) -> str:
        """The name without the names of pipeline steps."""
        return shortened(self.name.rpartition("__")[2])

    @property
    def value_names(self) -> list[str]:
        """The values as text."""
        return [_value_name(value) for value in self.values]

    @property
    def is_numeric(self) -> bool:
        """Whether all values are numbers."""
        return all(map(_is_number, self.values))

    @property
    def scale(self) -> Literal["linear", "log", "category"]:
        """The scale on which the values are spaced most evenly."""
        if not self.is_numeric:
            return "category"
        numbers = np.array(self.values, dtype=float)
        if numbers[0] == 0 and len(numbers) > 3 and _is_geometric(numbers[1:]):
            return "category"
        return "log" if _is_geometric(numbers) else "linear"


@dataclass(frozen=True)
class Candidates:
    """The distinct candidates of a search.

    Attributes
    ----------
    parameters : list of Parameter
        Parameters with several values.
    scores, errors : ndarray of shape (n_candidates,)
        Mean and standard deviation over the splits. NaN if a fit failed.
    best : int
        Index of the best candidate.
    metric : str
        Name of the score.
    """

    parameters: list[Parameter]
    scores: NDArray[np.float64]
    errors: NDArray[np.float64]
    best: int
    metric: str

    @classmethod
    def from_cv_results(
        cls,
        cv_results: Mapping[str, Any] | pd.DataFrame,
        metric: str | None,
        best_index: int | None,
    ) -> Self:
        """Read the `cv_results_` of a search."""
        metric = _checked_metric(cv_results, metric)
        scores = np.asarray(cv_results[f"mean_test_{metric}"], dtype=float)
        errors = np.asarray(cv_results[f"std_test_{metric}"], dtype=float)
        if not np.isfinite(scores).any():
            raise ValueError(f"No candidate has a {metric}: all {len(scores)} of them failed.")
        params = list(cv_results["params"])
        iterations = np.asarray(cv_results.get("iter", np.zeros(len(scores))))
        if best_index is None:
            last = np.where(iterations == iterations.max(), scores, np.nan)
            best_index = int(np.nanargmax(last if np.isfinite(last).any() else scores))

        # A halving search fits the better candidates again, with more resources.
        latest = {repr(params[row]): row for row in np.argsort(iterations, kind="stable")}
        latest[repr(params[best_index])] = best_index
        rows = sorted(latest.values())
        kept = [params[row] for row in rows]
        names = dict.fromkeys(name for candidate in kept for name in candidate)
        parameters = [Parameter.of_candidates(name, kept) for name in names]
        varied = [parameter for parameter in parameters if len(parameter.values) > 1]
        return cls(varied, scores[rows], errors[rows], rows.index(best_index), metric)

    def best_of_each(self, parameters: Sequence[Parameter]) -> NDArray[np.intp]:
        """Return the best candidate of each combination of values of these parameters."""
        keys = list(zip(*(parameter.codes for parameter in parameters), strict=True))
        # Failed candidates come last: they are kept only if a combination has no others.
        order = np.argsort(-np.nan_to_num(self.scores, nan=-np.inf), kind="stable")
        best: dict[tuple[np.intp, ...], np.intp] = {}
        for row in order:
            best.setdefault(keys[row], row)
        return np.array(list(best.values()))

    def most_influential(self, n_parameters: int) -> list[Parameter]:
        """Return the parameters with the largest effect on the best score."""

        def influence(parameter: Parameter) -> float:
            scores = self.scores[self.best_of_each([parameter])]
            return float(np.nanmax(scores) - np.nanmin(scores))

        chosen = sorted(self.parameters, key=influence, reverse=True)[:n_parameters]
        return [parameter for parameter in self.parameters if parameter in chosen]


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, Real) and not np.isnan(float(value))


def _is_geometric(numbers: NDArray[np.float64]) -> bool:
    """Return whether the logarithms of sorted numbers are spaced more evenly."""
    if numbers[0] <= 0:
        return False

    def unevenness(values: NDArray[np.float64]) -> float:
        gaps = np.diff(values)
        return float(gaps.std() / gaps.mean())

    return unevenness(np.log(numbers)) < unevenness(numbers)


def _value_name(value: Any) -> str:
    if _is_number(value):
        return f"{value:.4g}"
    return shortened(getattr(value, "__name__", value), _MAX_VALUE_LENGTH)


def _checked_metric(cv_results: Mapping[str, Any] | pd.DataFrame, metric: str | None) -> str:
    prefix = "mean_test_"
    keys = map(str, cv_results)
    available = [key.removeprefix(prefix) for key in keys if key.startswith(prefix)]
    if not available or "params" not in cv_results:
        raise ValueError(
            "cv_results must be the cv_results_ of a fitted search, with 'params' and "
            f"'mean_test_score', got the keys {list(cv_results)}."
        )
    if metric is None and len(available) == 1:
        return available[0]
    if metric not in available:
        raise ValueError(f"metric must be one of {available}, got {metric!r}.")
    return metric
