"""Fitted classifiers as a page to draw on, in which the network itself runs.

The template, the style and the scripts are in `demo_page/`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from math import ceil, log2
from os import PathLike
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
from jinja2 import Environment, PackageLoader, StrictUndefined
from sklearn.utils.validation import check_is_fitted

import sk_mnist
from sk_mnist._utils.files import write_file
from sk_mnist.data.input_scaling import InputScaling
from sk_mnist.data.units import other_units
from sk_mnist.export.mixin import ExportMixin
from sk_mnist.network.input_limit import LIMIT, limit_of

SIDE = 28
N_PIXELS = SIDE * SIDE

# One script, in this order.
_SCRIPTS = (
    "network.js",
    "saliency.js",
    "planes.js",
    "digit.js",
    "components.js",
    "preparation.js",
    "paper.js",
    "pens.js",
    "photo.js",
    "answer.js",
    "page.js",
)
_STYLES = ("style.css", "answer.css", "windows.css")

WeightDtype = Literal["float32", "float16"]


def to_html_page(
    estimator: Any,
    path: str | PathLike[str],
    *,
    title: str = "Draw a digit",
    display_labels: Sequence[Any] | npt.NDArray[Any] | None = None,
    pixel_max: float | None = None,
    weight_dtype: WeightDtype = "float32",
) -> None:
    """Write a page to draw on, in which a fitted classifier reads what is drawn.

    The page is one file that works without a server and without a network: its weights are inside,
    and its Content-Security-Policy forbids every connection. It shows the probabilities of all
    classes while one draws, the 28 x 28 pixels that the network sees, and which of them decided. It
    takes photos, too, and prepares them as :class:`~sk_mnist.DigitImageTransformer` does.

    Parameters
    ----------
    estimator : KerasMLPClassifier
        Fitted on images of 28 x 28 pixels, light ink on a black background.

    path : str or path-like
        The file, usually with the suffix ".html". An existing one is replaced when the new one is
        complete.

    title : str, default="Draw a digit"
        The title of the page.

    display_labels : array-like of shape (n_classes,), default=None
        The names of the classes, in the order of `estimator.classes_`. By default, the classes
        themselves.

    pixel_max : float, default=None
        The value of a pixel full of ink in the data that the classifier was fitted on. By default,
        255 or 1, whichever suits the scale of these data.

    weight_dtype : {"float32", "float16"}, default="float32"
        What the weights are kept in. With "float32", probabilities are those of `predict_proba`
        to 1e-4. "float16" halves the size of the page and changes them by about 1e-3; whatever
        the dtype, computations are in float64.

    Raises
    ------
    TypeError
        If the estimator is not a `KerasMLPClassifier`.
    NotFittedError
        If it is not fitted.
    ValueError
        If it does not classify images of 784 pixels, if their unit cannot be told, or if an
        argument is invalid.
    OSError
        If the file cannot be written.

    See Also
    --------
    sk_mnist.DigitImageTransformer : Reads pictures in Python as the page does.
    sk_mnist.displays.SaliencyDisplay : Shows which pixels decided in Python.

    Examples
    --------
    >>> from sk_mnist import KerasMLPClassifier, load_mnist_sample
    >>> from sk_mnist.export import to_html_page
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = KerasMLPClassifier((16,), random_state=0).fit(X[:500], y[:500])
    >>> to_html_page(clf, "digits.html")  # doctest: +SKIP
    """
    write_file(
        Path(path),
        page(
            estimator,
            title=title,
            display_labels=display_labels,
            pixel_max=pixel_max,
            weight_dtype=weight_dtype,
        ),
    )


def page(
    estimator: Any,
    *,
    title: str = "Draw a digit",
    display_labels: Sequence[Any] | npt.NDArray[Any] | None = None,
    pixel_max: float | None = None,
    weight_dtype: WeightDtype = "float32",
) -> bytes:
    """Return the page that `to_html_page` writes; the parameters are the same."""
    _check_estimator(estimator)
    if weight_dtype not in ("float32", "float16"):
        raise ValueError(f"weight_dtype must be 'float32' or 'float16', got {weight_dtype!r}.")
    pixel_max = _unit_of(estimator) if pixel_max is None else _checked_unit(pixel_max)
    layers = _layers(estimator, pixel_max / 255)
    exponents = [_exponent(coef) if weight_dtype == "float16" else 0 for coef, _ in layers]
    arrays = _limit_arrays(estimator, pixel_max / 255)
    for (coef, intercept), exponent in zip(layers, exponents, strict=True):
        arrays += [np.ldexp(coef, -exponent).astype(weight_dtype), intercept]
    content = b"".join(_little_endian(array) for array in arrays)
    script, style = _source(*_SCRIPTS), _source(*_STYLES)
    network = {
        "layerSizes": [N_PIXELS, *(len(intercept) for _, intercept in layers)],
        "activation": estimator._activation,
        "outActivation": estimator.out_activation_,
        "multilabel": estimator._multilabel,
        "classes": _names(estimator, display_labels),
        "weightDtype": weight_dtype,
        "exponents": exponents,
        "limit": None if estimator.input_limit_ is None else LIMIT,
    }
    html = (
        _environment()
        .get_template("page.html")
        .render(
            title=title,
            policy=_policy(script, style),
            icon=f"data:image/svg+xml,{quote(_source('icon.svg').strip())}",
            style=style,
            script=script,
            network=network,
            weights=base64.b64encode(content).decode(),
            layers=", ".join(map(str, network["layerSizes"])),
            n_weights=f"{sum(coef.size + intercept.size for coef, intercept in layers):,}",
            weight_dtype=weight_dtype,
            version=sk_mnist.__version__,
        )
    )
    return html.encode("utf-8", "replace")


def _check_estimator(estimator: Any) -> None:
    if ExportMixin not in type(estimator).__bases__:
        wraps_one = hasattr(estimator, "steps") or hasattr(estimator, "best_estimator_")
        hint = (
            " Give the classifier in it, if nothing before it changes pixels." if wraps_one else ""
        )
        raise TypeError(
            f"A page can be made of a KerasMLPClassifier, got {type(estimator).__name__}.{hint}"
        )
    check_is_fitted(estimator)
    if estimator.n_features_in_ != N_PIXELS:
        raise ValueError(
            f"A page shows images of 28 x 28 = 784 pixels, and this classifier takes "
            f"{estimator.n_features_in_} features."
        )


def _unit_of(estimator: Any) -> float:
    """Return which value full ink has: 255 in bytes, or 1 in parts, as the training data show."""
    if estimator._input_scaling is None:
        return 255.0
    scaling = InputScaling(estimator.input_offset_, estimator.input_scale_)
    image = np.zeros((SIDE, SIDE))
    image[9:19, 9:19] = 1  # where digits have ink
    for unit in (255.0, 1.0):
        if other_units(unit * image.reshape(1, -1), scaling) is None:
            return unit
    raise ValueError(
        "The classifier was fitted on pixels that are neither bytes from 0 to 255 nor parts from 0 "
        "to 1. Give the value of a pixel full of ink as pixel_max."
    )


def _checked_unit(pixel_max: Any) -> float:
    try:
        value = float(pixel_max)
    except (TypeError, ValueError):
        value = np.nan
    if not 0 < value < np.inf:
        raise ValueError(f"pixel_max must be a positive number or None, got {pixel_max!r}.")
    return value


def _names(estimator: Any, display_labels: Any) -> list[str]:
    labels = estimator.classes_ if display_labels is None else display_labels
    names = [str(label) for label in np.asarray(labels).tolist()]
    if len(names) != len(estimator.classes_):
        raise ValueError(
            f"display_labels has {len(names)} names, and the classifier has "
            f"{len(estimator.classes_)} classes."
        )
    return names


def _layers(estimator: Any, unit: float) -> list[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
    """Return weights and biases of each layer, for inputs that are bytes."""
    coefs = list(estimator.coefs_)
    if estimator.input_limit_ is None:
        coefs[0] = coefs[0] * coefs[0].dtype.type(unit)
    return list(zip(coefs, estimator.intercepts_, strict=True))


def _limit_arrays(estimator: Any, unit: float) -> list[npt.NDArray[Any]]:
    """Return offset and width of the input limit, for inputs that are bytes."""
    limit = limit_of(estimator)
    if limit is None:
        return []
    return [array / unit for array in limit.offset_and_width(np.float64)]


def _exponent(coef: npt.NDArray[Any]) -> int:
    """Return the power of two that brings weights into the range of half precision."""
    largest = float(np.abs(coef).max())
    return ceil(log2(largest)) if largest > 0 else 0


def _little_endian(array: npt.NDArray[Any]) -> bytes:
    return array.astype("<f2" if array.dtype == np.float16 else "<f4").tobytes()


def _policy(script: str, style: str) -> str:
    """Return a policy that allows what is in the page, and no connection."""
    script_hash, style_hash = (
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in (script, style)
    )
    return (
        f"default-src 'none'; script-src 'sha256-{script_hash}'; style-src 'sha256-{style_hash}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


@cache
def _source(*names: str) -> str:
    folder = files("sk_mnist.export") / "demo_page"
    text = "\n".join((folder / name).read_text(encoding="utf-8") for name in names)
    return f'\n"use strict";\n{{\n{text}}}\n' if names == _SCRIPTS else f"\n{text}"


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("sk_mnist.export", "demo_page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
