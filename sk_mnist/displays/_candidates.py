"""The results of a search over parameters, sorted by parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sk_mnist.displays._common import shortened

# What stands for a parameter that a candidate does not have.
_ABSENT = "\N{EM DASH}"

# In characters. Beside an axis, and below it, there is less room than for a class.
_MAX_VALUE_LENGTH = 24


# Compared by identity: arrays have no single answer to whether they are equal.
@dataclass(frozen=True, eq=False)
class Parameter:
    """A parameter that takes several values.

    Attributes
    ----------
    name : str
        The name that GridSearchCV knows it by.
    values : list
        The distinct values: numbers from small to large, others in the order of the grid.
    codes : ndarray of shape (n_candidates,)
        For each candidate the position of its value among `values`.
    """

    name: str
    values: list[Any]
    codes: NDArray[np.intp]

    @classmethod
    def of_candidates(cls, name: str, candidates: Sequence[Mapping[str, Any]]) -> Self:
        """Collect the values of a parameter."""
        given = [candidate.get(name, _ABSENT) for candidate in candidates]
        # Not all values can be hashed, and NaN is not equal to itself.
        distinct = {repr(value): value for value in given}
        keys = list(distinct)
        if all(map(_is_number, distinct.values())):
            keys.sort(key=distinct.__getitem__)
        positions = {key: position for position, key in enumerate(keys)}
        codes = np.array([positions[repr(value)] for value in given], dtype=np.intp)
        return cls(name, [distinct[key] for key in keys], codes)

    @property
    def label(self) -> str:
        """The name without the steps of a pipeline before it."""
        return shortened(self.name.rpartition("__")[2])

    @property
    def value_names(self) -> list[str]:
        """How to write the values."""
        return [_value_name(value) for value in self.values]

    @property
    def is_numeric(self) -> bool:
        """Whether all values are numbers."""
        return all(map(_is_number, self.values))

    @property
    def scale(self) -> Literal["linear", "log", "category"]:
        """The axis on which the values are spread most evenly."""
        if not self.is_numeric:
            return "category"
        numbers = np.array(self.values, dtype=float)
        if numbers[0] == 0 and len(numbers) > 3 and _is_geometric(numbers[1:]):
            return "category"
        return "log" if _is_geometric(numbers) else "linear"


@dataclass(frozen=True)
class Candidates:
    """The candidates of a search, each once.

    Attributes
    ----------
    parameters : list of Parameter
        Those that take several values.
    scores, errors : ndarray of shape (n_candidates,)
        Mean and standard deviation over the splits. NaN where a fit failed.
    best : int
        The best candidate.
    metric : str
        What the scores measure.
    """

    parameters: list[Parameter]
    scores: NDArray[np.float64]
    errors: NDArray[np.float64]
    best: int
    metric: str

    @classmethod
    def from_cv_results(
        cls, cv_results: Mapping[str, Any], metric: str | None, best_index: int | None
    ) -> Self:
        """Read the `cv_results_` of a search."""
        metric = _checked_metric(cv_results, metric)
        scores = np.asarray(cv_results[f"mean_test_{metric}"], dtype=float)
        errors = np.asarray(cv_results[f"std_test_{metric}"], dtype=float)
        if not np.isfinite(scores).any():
            raise ValueError(f"No candidate has a {metric}: all {len(scores)} of them failed.")
        settings = list(cv_results["params"])
        rounds = np.asarray(cv_results.get("iter", np.zeros(len(scores))))
        if best_index is None:
            last = np.where(rounds == rounds.max(), scores, np.nan)
            best_index = int(np.nanargmax(last if np.isfinite(last).any() else scores))

        # A halving search trains the better candidates again, with more resources.
        latest = {repr(settings[row]): row for row in np.argsort(rounds, kind="stable")}
        latest[repr(settings[best_index])] = best_index
        rows = sorted(latest.values())
        kept = [settings[row] for row in rows]
        names = dict.fromkeys(name for candidate in kept for name in candidate)
        parameters = [Parameter.of_candidates(name, kept) for name in names]
        varied = [parameter for parameter in parameters if len(parameter.values) > 1]
        return cls(varied, scores[rows], errors[rows], rows.index(best_index), metric)

    def best_of_each(self, parameters: Sequence[Parameter]) -> NDArray[np.intp]:
        """Return the best candidate for each combination of values of these parameters."""
        keys = list(zip(*(parameter.codes for parameter in parameters), strict=True))
        # What failed is worse than all, but stays where nothing else is.
        order = np.argsort(-np.nan_to_num(self.scores, nan=-np.inf), kind="stable")
        best: dict[tuple[np.intp, ...], np.intp] = {}
        for row in order:
            best.setdefault(keys[row], row)
        return np.array(list(best.values()))

    def most_influential(self, n_parameters: int) -> list[Parameter]:
        """Return the parameters whose value makes the largest difference to the best score."""

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
    """Whether logarithms of sorted numbers are spread more evenly than the numbers."""
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


def _checked_metric(cv_results: Mapping[str, Any], metric: str | None) -> str:
    prefix = "mean_test_"
    available = [key.removeprefix(prefix) for key in cv_results if key.startswith(prefix)]
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
