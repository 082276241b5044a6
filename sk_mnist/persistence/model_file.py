"""The file of a model: what it holds, how it is written, and how it is checked when it is read.

The format is that of the library safetensors: arrays by name, and a header. The header has one JSON
text of this package, and the SHA-256 digest of that text and the arrays. Nothing in it is executed,
and no class or function is looked up by a name in it.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import safetensors.numpy
from safetensors import SafetensorError
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from sk_mnist import __version__
from sk_mnist._utils.files import write_file
from sk_mnist._utils.versions import warn_of_other_version
from sk_mnist.engines.base import first_engine_of
from sk_mnist.network.activations import ACTIVATIONS
from sk_mnist.network.input_limit import LIMIT
from sk_mnist.persistence.json_values import (
    ModelFileError,
    dict_from_json,
    expect,
    integer_from_json,
    labels_from_json,
    labels_to_json,
    list_from_json,
    number_from_json,
    number_to_json,
    numbers_are,
    text_from_json,
)

FORMAT = 1

# The JSON text is the only part of a file that takes more memory than it is long.
_MAX_TEXT = 32 * 2**20

_HISTORY = ("loss", "accuracy", "learning_rate", "val_loss", "val_accuracy")
_ENTRIES = {"format", "version", "parameters", "fitted", "classes", "feature_names", "history"}
_FITTED = {
    "activation",
    "batch_size",
    "dropout",
    "engine",
    "epochs",
    "input_scaling",
    "limited",
    "multilabel",
    "out_activation",
    "t",
    "temperature",
}

# What earlier files do not have.
_ADDED_PARAMETERS = {"engine": "auto"}
_ADDED_FITTED = {"engine": None}

_Estimator = TypeVar("_Estimator", bound=BaseEstimator)


def save(estimator: Any, path: str | PathLike[str]) -> None:
    """Write a fitted classifier to a file that is safe to open.

    Parameters
    ----------
    estimator : KerasMLPClassifier
        Fitted.
    path : str or path-like
        The file, usually with the suffix ".safetensors". An existing one is replaced when the new
        one is complete.

    Raises
    ------
    NotFittedError
        If the classifier is not fitted.
    TypeError
        If it has something that the format cannot hold: parameters that are objects, or labels that
        are neither numbers nor text.
    OSError
        If the file cannot be written.
    """
    write_file(Path(path), to_bytes(estimator))


def read(kind: type[_Estimator], path: str | PathLike[str]) -> _Estimator:
    """Return the classifier in a file.

    Parameters
    ----------
    kind : type
        `KerasMLPClassifier`; the file does not choose the class.
    path : str or path-like
        The file, of any origin.

    Returns
    -------
    KerasMLPClassifier

    Raises
    ------
    ModelFileError
        If the file is not a model of this package, is damaged, or comes from a later version.
    OSError
        If the file cannot be read.
    """
    path = Path(path)
    try:
        estimator, version = _from_bytes(kind, path.read_bytes())
    except ModelFileError as error:
        raise ModelFileError(f"{path} is not a model that can be loaded: {error}.") from error
    warn_of_other_version(kind, version, stacklevel=3)
    return estimator


def read_note(path: str | PathLike[str]) -> str | None:
    """Return the note in a file, which is no part of the model.

    Parameters
    ----------
    path : str or path-like
        The file, of any origin.

    Returns
    -------
    str or None
        Any text; None if there is no note.

    Raises
    ------
    ModelFileError
        If it is no such file.
    OSError
        If the file cannot be read.
    """
    content = Path(path).read_bytes()
    _split(content)  # raises what it has to
    note = _header(content).get("note")
    return note if isinstance(note, str) and len(note) <= _MAX_TEXT else None


def to_bytes(estimator: Any, note: str | None = None) -> bytes:
    """Return the content of the file of a fitted classifier; raises what `save` raises.

    A note is text for whoever writes the file and reads it again by `read_note`.
    """
    check_is_fitted(estimator)
    content = _encoded(estimator, note)
    _from_bytes(type(estimator), content)  # whatever is written can be read
    return content


def _encoded(estimator: Any, note: str | None) -> bytes:
    arrays = {"input_offset": estimator.input_offset_, "input_scale": estimator.input_scale_}
    for i, (coef, intercept) in enumerate(
        zip(estimator.coefs_, estimator.intercepts_, strict=True)
    ):
        arrays |= {f"coefs.{i}": coef, f"intercepts.{i}": intercept}
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    names = getattr(estimator, "feature_names_in_", None)
    text = json.dumps(
        {
            "format": FORMAT,
            "version": __version__,
            "parameters": _parameters_to_json(estimator),
            "fitted": {
                "activation": estimator._activation,
                "batch_size": estimator.batch_size_,
                "dropout": estimator.dropout_,
                "engine": estimator.engine_,
                "epochs": estimator.epochs_,
                "input_scaling": estimator._input_scaling,
                "limited": estimator.input_limit_ is not None,
                "multilabel": estimator._multilabel,
                "out_activation": estimator.out_activation_,
                "t": estimator.t_,
                "temperature": estimator.temperature_,
            },
            "classes": labels_to_json(estimator.classes_),
            "feature_names": None if names is None else names.tolist(),
            "history": {
                name: [number_to_json(value) for value in values]
                for name, values in estimator.history_.items()
            },
        },
        allow_nan=False,
    )
    header = {"sk_mnist": text, "sha256": _digest(text, arrays)}
    if note is not None:
        header["note"] = note
    return bytes(safetensors.numpy.save(arrays, header))


def _digest(text: str, arrays: Mapping[str, npt.NDArray[Any]]) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass"))
    for name in sorted(arrays):
        digest.update(arrays[name].reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _parameters_to_json(estimator: Any) -> dict[str, Any]:
    return {
        name: _parameter_to_json(name, value)
        for name, value in estimator.get_params(deep=False).items()
    }


def _parameter_to_json(name: str, value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or type(value) in (bool, str):
        return value
    if type(value) in (int, float):
        return number_to_json(value)
    if name == "class_weight" and isinstance(value, Mapping):
        return [
            [_parameter_to_json("", key), _parameter_to_json("", weight)]
            for key, weight in value.items()
        ]
    if name == "hidden_layer_sizes":
        return np.atleast_1d(value).tolist()
    if name == "callbacks" and len(value) == 0:
        return None
    raise TypeError(
        f"{name}={value!r} cannot be saved in this format, which has numbers, texts and lists of "
        f"them. Set {name} to such a value before, or use joblib.dump, whose files are safe to "
        "open only for those who trust their origin"
    )


def _from_bytes(kind: type[_Estimator], content: bytes) -> tuple[_Estimator, str]:
    """Return the classifier, and the version that has written it."""
    arrays, text = _split(content)
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelFileError("its text is not JSON") from error
    expect(isinstance(entries, dict) and "format" in entries, "its text has no format")
    expect(
        entries["format"] == FORMAT,
        f"it has the format {str(entries['format'])[:20]}, and sk_mnist {__version__} knows "
        f"{FORMAT}",
    )
    entries = dict_from_json(entries, "the text", _ENTRIES)
    version = text_from_json(entries["version"], "version")
    estimator = kind(**_parameters_from_json(kind, entries["parameters"]))
    try:
        estimator._validate_params()
    except (TypeError, ValueError) as error:
        raise ModelFileError(f"a parameter is invalid ({error})") from error
    fitted = _fitted_from_json(entries["fitted"])
    classes = labels_from_json(entries["classes"])
    history = _history_from_json(entries["history"])
    weights = _weights(arrays, fitted, classes)
    n_features = len(weights["coefs_"][0])
    scores = history.get("val_accuracy")
    vars(estimator).update(weights)
    vars(estimator).update(
        classes_=classes,
        n_features_in_=n_features,
        n_layers_=len(weights["coefs_"]) + 1,
        n_outputs_=len(weights["intercepts_"][-1]),
        out_activation_=fitted["out_activation"],
        n_iter_=len(history["loss"]),
        t_=fitted["t"],
        loss_=history["loss"][-1],
        loss_curve_=history["loss"],
        validation_scores_=scores,
        best_validation_score_=None if scores is None else float(np.fmax.reduce(scores)),
        history_=history,
        hidden_layer_sizes_=tuple(len(b) for b in weights["intercepts_"][:-1]),
        batch_size_=fitted["batch_size"],
        epochs_=fitted["epochs"],
        dropout_=fitted["dropout"],
        engine_=fitted["engine"]
        or first_engine_of(vars(estimator)["optimizer"], fitted["activation"]),
        temperature_=fitted["temperature"],
        input_limit_=LIMIT if fitted["limited"] else None,
        _input_scaling=fitted["input_scaling"],
        _activation=fitted["activation"],
        _multilabel=fitted["multilabel"],
        _resume=None,
    )
    if entries["feature_names"] is not None:
        names = list_from_json(entries["feature_names"], "feature_names", text_from_json)
        expect(len(names) == n_features, "feature_names has not one name for each feature")
        vars(estimator)["feature_names_in_"] = np.array(names, dtype=object)
    return estimator, version


def _split(content: bytes) -> tuple[dict[str, npt.NDArray[Any]], str]:
    """Return the arrays and the text of a file, after a check of their digest."""
    try:
        arrays = safetensors.numpy.load(content)
        header = _header(content)
        text, digest = header["sk_mnist"], header["sha256"]
    # What NumPy has no type for is a KeyError or a TypeError.
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ModelFileError("it is no safetensors file of sk_mnist, or it is damaged") from error
    expect(isinstance(text, str) and len(text) <= _MAX_TEXT, "its text is too long")
    expect(digest == _digest(text, arrays), "it is damaged: its digest is that of other content")
    return arrays, text


def _header(content: bytes) -> dict[str, str]:
    """Return the texts in the header of a file that is complete."""
    (length,) = struct.unpack_from("<Q", content)
    header: dict[str, str] = json.loads(content[8 : 8 + length])["__metadata__"]
    return header


def _parameters_from_json(kind: type[BaseEstimator], value: Any) -> dict[str, Any]:
    names = set(kind().get_params())
    return {
        name: _parameter_from_json(name, item)
        for name, item in dict_from_json(value, "parameters", names, _ADDED_PARAMETERS).items()
    }


def _parameter_from_json(name: str, value: Any) -> Any:
    if value is None or type(value) is bool:
        return value
    if name == "class_weight" and isinstance(value, list):
        pairs = [tuple(pair) for pair in value if isinstance(pair, list) and len(pair) == 2]
        expect(len(pairs) == len(value), "class_weight has entries that are no pairs")
        return {
            key if type(key) in (bool, str) else number_from_json(key, name): number_from_json(
                weight, name
            )
            for key, weight in pairs
        }
    if name == "hidden_layer_sizes" and isinstance(value, list):
        return tuple(list_from_json(value, name, integer_from_json))
    if isinstance(value, str) and value not in ("nan", "inf", "-inf"):
        return value
    return number_from_json(value, name)


def _fitted_from_json(value: Any) -> dict[str, Any]:
    fitted = dict_from_json(value, "fitted", _FITTED, _ADDED_FITTED)
    for name in ("batch_size", "epochs", "t"):
        integer_from_json(fitted[name], name)
    for name in ("limited", "multilabel"):
        expect(type(fitted[name]) is bool, f"{name} is not a boolean")
    dropout = number_from_json(fitted["dropout"], "dropout")
    expect(0 <= dropout < 1, "dropout is not in [0, 1)")
    temperature = number_from_json(fitted["temperature"], "temperature")
    expect(0 < temperature < np.inf, "temperature is not positive")
    choices = {
        "activation": tuple(ACTIVATIONS),
        "engine": ("native", "tensorflow", None),
        "input_scaling": ("robust", "rms", "standard", None),
        "out_activation": ("softmax", "logistic"),
    }
    for name, allowed in choices.items():
        is_known = isinstance(fitted[name], str | None) and fitted[name] in allowed
        expect(is_known, f"{name} is unknown")
    return fitted


def _history_from_json(value: Any) -> dict[str, list[float]]:
    expect(isinstance(value, dict), "history is not an object")
    expect("loss" in value and set(value) <= set(_HISTORY), "history has other entries")
    history = {name: list_from_json(item, name, number_from_json) for name, item in value.items()}
    n_epochs = len(history["loss"])
    expect(n_epochs > 0, "history has no epochs")
    is_complete = all(len(values) == n_epochs for values in history.values())
    expect(is_complete, "history has not one number for each epoch")
    return history


def _weights(
    arrays: Mapping[str, npt.NDArray[Any]], fitted: Mapping[str, Any], classes: npt.NDArray[Any]
) -> dict[str, Any]:
    """Return the arrays as fitted attributes, after checks that they make a network."""
    n_layers, rest = divmod(len(arrays) - 2, 2)
    names = {"input_offset", "input_scale"}
    names |= {f"{name}.{i}" for name in ("coefs", "intercepts") for i in range(max(n_layers, 1))}
    expect(rest == 0 and set(arrays) == names, "its arrays are not those of a network")
    n_features = arrays["coefs.0"].shape[0] if arrays["coefs.0"].ndim == 2 else 0
    expect(n_features > 0, "coefs.0 has no rows")
    dtype = arrays["coefs.0"].dtype.name
    expect(dtype in ("float32", "float64"), "coefs.0 is neither float32 nor float64")
    coefs, intercepts, n_inputs = [], [], n_features
    for i in range(n_layers):
        n_units = arrays[f"intercepts.{i}"].size
        expect(n_units > 0, f"intercepts.{i} is empty")
        shapes = {f"coefs.{i}": (n_inputs, n_units), f"intercepts.{i}": (n_units,)}
        coef, intercept = (
            numbers_are(arrays[name], shape, dtype, name) for name, shape in shapes.items()
        )
        coefs.append(coef)
        intercepts.append(intercept)
        n_inputs = n_units
    _check_outputs(n_inputs, fitted, classes)
    n_scales = arrays["input_scale"].size
    may_share = not fitted["limited"]  # one scale for all features
    expect(
        n_scales == n_features or (may_share and n_scales == 1),
        "input_scale has not one number for each feature",
    )
    statistics = {
        f"{name}_": numbers_are(arrays[name], (n_scales,), "float64", name)
        for name in ("input_offset", "input_scale")
    }
    expect(bool((statistics["input_scale_"] > 0).all()), "input_scale is not positive")
    return {"coefs_": coefs, "intercepts_": intercepts, **statistics}


def _check_outputs(n_outputs: int, fitted: Mapping[str, Any], classes: npt.NDArray[Any]) -> None:
    logistic = fitted["out_activation"] == "logistic"
    if fitted["multilabel"]:
        expected = len(classes) if logistic else 0
        expect(np.array_equal(classes, np.arange(len(classes))), "classes are not column numbers")
    elif logistic:
        expected = 1 if len(classes) == 2 else 0
    else:
        expected = len(classes) if len(classes) != 2 else 0
    expect(n_outputs == expected, "the network has not the outputs of its classes")
