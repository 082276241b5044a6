"""Fitted classifiers as a page to draw on, in which the network itself runs.

The template, the style and the scripts are in `demo_page/`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
from jinja2 import Environment, PackageLoader, StrictUndefined
from sklearn.utils.validation import check_is_fitted

import sk_mnist
from sk_mnist._utils.files import write_file
from sk_mnist.export.mixin import ExportMixin
from sk_mnist.export.page_pixels import N_PIXELS, full_ink
from sk_mnist.export.page_weights import WeightDtype, weight_bytes
from sk_mnist.network.input_limit import LIMIT

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
    and its Content-Security-Policy forbids every request. It shows the probabilities of all
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
        The value of a pixel full of ink in the data that the classifier was fitted on; that of the
        background is 0. By default, 255 or 1, if the scale of these data tells; it never does if
        `input_scaling` is None.

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
        If it does not classify images of 784 pixels, if their unit cannot be told or their
        background is not 0, if weights are not finite in float32, or if an argument is invalid.
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
    content, exponents = weight_bytes(estimator, full_ink(estimator, pixel_max), weight_dtype)
    script, style = _source(*_SCRIPTS), _source(*_STYLES)
    network = {
        "layerSizes": [N_PIXELS, *(len(intercept) for intercept in estimator.intercepts_)],
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
            n_weights=f"{sum(a.size for a in (*estimator.coefs_, *estimator.intercepts_)):,}",
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


def _names(estimator: Any, display_labels: Any) -> list[str]:
    labels = estimator.classes_ if display_labels is None else display_labels
    names = [str(label) for label in np.asarray(labels).tolist()]
    if len(names) != len(estimator.classes_):
        raise ValueError(
            f"display_labels has {len(names)} names, and the classifier has "
            f"{len(estimator.classes_)} classes."
        )
    return names


def _policy(script: str, style: str) -> str:
    """Return a policy that allows what is in the page, and no request."""
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
