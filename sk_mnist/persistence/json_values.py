"""Parameters, labels and numbers as JSON values, and checks of what a file holds instead.

A file may hold anything. Every function that reads raises `ModelFileError` for what it does not
expect, in words that say where.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sk_mnist._utils.typing import FloatArray

# The types of labels, by the names of their dtypes. "str" is any length of text, and "object" holds
# text, too.
_NUMBER_LABELS = [
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "float32",
    "float64",
]

# So many characters in an array of text are 16 MB.
_SMALL_TEXT = 4_000_000

# JSON has no word for these.
_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class ModelFileError(ValueError):
    """A file that is not a model of this package, or one that is damaged."""


def expect(condition: bool, what: str) -> None:
    """Raise an error unless a condition holds.

    Parameters
    ----------
    condition : bool
        What has to hold.
    what : str
        What is wrong otherwise.

    Raises
    ------
    ModelFileError
    """
    if not condition:
        raise ModelFileError(what)


def number_to_json(value: float) -> float | str:
    """Return a number, or the name of one that is not finite."""
    return value if math.isfinite(value) else str(float(value))


def number_from_json(value: Any, name: str) -> float:
    """Return the number that `number_to_json` has written."""
    if isinstance(value, str) and value in _NOT_FINITE:
        return _NOT_FINITE[value]
    expect(type(value) in (int, float), f"{name} is not a number")
    expect(abs(value) <= 2**64 if type(value) is int else math.isfinite(value), f"{name} is huge")
    return value  # type: ignore[no-any-return]


def integer_from_json(value: Any, name: str) -> int:
    """Return a positive integer."""
    expect(type(value) is int and 0 < value < 2**63, f"{name} is not a positive integer")
    return value  # type: ignore[no-any-return]


def list_from_json(value: Any, name: str, item: Callable[[Any, str], Any]) -> list[Any]:
    """Return a list whose items are read by a function."""
    expect(isinstance(value, list), f"{name} is not a list")
    return [item(element, name) for element in value]


def text_from_json(value: Any, name: str) -> str:
    """Return a text."""
    expect(isinstance(value, str), f"{name} is not a text")
    return value  # type: ignore[no-any-return]


def dict_from_json(
    value: Any, name: str, keys: set[str], added: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return a dict that has exactly these keys; earlier files may lack those that were added."""
    expect(isinstance(value, dict), f"{name} is not an object")
    value = {**(added or {}), **value}
    expect(set(value) == keys, f"{name} has other entries than {', '.join(sorted(keys))}")
    return dict(value)


def labels_to_json(classes: npt.NDArray[Any]) -> dict[str, Any]:
    """Return sorted labels with their type.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        Numbers, booleans or text.

    Returns
    -------
    dict

    Raises
    ------
    TypeError
        If they are of another type.
    """
    values = classes.tolist()
    is_text = all(type(value) is str for value in values)
    if classes.dtype.kind == "U" or (classes.dtype.kind == "O" and is_text):
        return {"dtype": "str" if classes.dtype.kind == "U" else "object", "values": values}
    if classes.dtype.name not in _NUMBER_LABELS:
        raise TypeError(
            f"labels of the type {classes.dtype} cannot be saved in this format, which has "
            "numbers, booleans and text; joblib.dump saves any"
        )
    return {"dtype": classes.dtype.name, "values": [number_to_json(value) for value in values]}


def labels_from_json(value: Any) -> npt.NDArray[Any]:
    """Return the labels that `labels_to_json` has written."""
    entries = dict_from_json(value, "classes", {"dtype", "values"})
    name, values = entries["dtype"], entries["values"]
    expect(isinstance(values, list) and len(values) > 0, "classes have no labels")
    if name in ("str", "object"):
        texts = list_from_json(values, "classes", text_from_json)
        if name == "str":  # an array in which each label takes the room of the longest
            room, needed = max(map(len, texts)) * len(texts), sum(map(len, texts))
            expect(room <= _SMALL_TEXT + 64 * needed, "classes differ too much in length")
        labels = np.array(texts, dtype=object if name == "object" else str)
    else:
        expect(name in _NUMBER_LABELS, "classes are of an unknown type")
        if name == "bool":
            expect(all(type(label) is bool for label in values), "classes are not booleans")
            labels = np.array(values, dtype=bool)
        else:
            numbers = [number_from_json(label, "classes") for label in values]
            expect(all(map(math.isfinite, numbers)), "classes are not finite")
            labels = _number_labels(numbers, name)
    in_order = all(a < b for a, b in itertools.pairwise(labels))
    expect(in_order, "classes are not sorted")
    return labels


def _number_labels(values: list[float], name: str) -> npt.NDArray[Any]:
    dtype = np.dtype(name)
    if dtype.kind == "f":
        is_in_range = [abs(value) <= np.finfo(dtype).max for value in values]
    else:
        limits = np.iinfo(dtype)
        is_in_range = [type(v) is int and limits.min <= v <= limits.max for v in values]
    expect(all(is_in_range), f"classes are no numbers of the type {name}")
    return np.array(values, dtype)


def numbers_are(
    array: npt.NDArray[Any], shape: tuple[int, ...], dtype: str, name: str
) -> FloatArray:
    """Return an array after a check of its type, its shape and its numbers."""
    expect(array.dtype == dtype, f"{name} is of the type {array.dtype} instead of {dtype}")
    expect(array.shape == shape, f"{name} has the shape {array.shape} instead of {shape}")
    expect(bool(np.isfinite(array).all()), f"{name} has numbers that are not finite")
    return array
