"""Fitted classifiers and pipelines as ONNX models, by skl2onnx."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

if TYPE_CHECKING:
    from onnx import ModelProto

# The classes that skl2onnx is told to convert, and whether it was told.
_classes: list[type[Any]] = []
_registers = False


def to_onnx(model: Any, X: Any, **options: Any) -> ModelProto:
    """Convert a fitted classifier, or a pipeline that ends in one, to ONNX.

    Needs the extra ``onnx`` of this package: ``pip install "sk_mnist[onnx]"``.

    Parameters
    ----------
    model : KerasMLPClassifier or Pipeline
        Fitted. All other steps must be known to skl2onnx.
    X : {array-like, DataFrame} of shape (n_samples, n_features)
        A sample of the inputs; only its dtypes and number of columns count. A DataFrame, of pandas
        or polars, makes a model with one input per column. A classifier takes any dtype; for the
        steps of a pipeline, integers other than int64 become float32, in which the model then takes
        them.
    **options
        Further arguments for `skl2onnx.to_onnx`; a `target_opset` has to be 13 or more.

    Returns
    -------
    onnx.ModelProto
        Two outputs: the labels, and the probabilities as a tensor of shape
        (n_samples, n_classes). Save it with ``onnx.save(model, path)``.

    Raises
    ------
    ImportError
        If skl2onnx is not installed.
    ValueError
        If `target_opset` is too low.
    """
    register_onnx_converter()
    import skl2onnx
    from sklearn.pipeline import Pipeline

    check_is_fitted(model)
    is_pipeline = isinstance(model, Pipeline)
    final = model[-1] if is_pipeline else model
    options = {"options": {id(final): {"zipmap": False}}, **options}
    return skl2onnx.to_onnx(model, _sample(X, for_pipeline=is_pipeline), **options)


def _sample(X: Any, for_pipeline: bool) -> Any:
    """Bring a sample of the inputs into one of the forms that skl2onnx can read types from."""
    import pandas as pd  # here, as fit has no use for it

    if isinstance(X, list) and not isinstance(X[0][0], str):  # else skl2onnx's names and types
        X = np.asarray(X[:1])
    elif hasattr(X, "columns") and not isinstance(X, pd.DataFrame):
        X = pd.DataFrame({name: np.asarray(X[name]) for name in X.columns})
    if for_pipeline and isinstance(X, np.ndarray):
        return X[:1].astype(_common_dtype(X.dtype))
    if for_pipeline and isinstance(X, pd.DataFrame):
        return X[:1].astype({name: _common_dtype(dtype) for name, dtype in X.dtypes.items()})
    return X


def _common_dtype(dtype: Any) -> Any:
    """Return float32 for integer dtypes that skl2onnx's converters do not take in general."""
    rare = ("int8", "int16", "int32", "uint8", "uint16", "uint32", "uint64")
    return "float32" if str(dtype) in rare else dtype


def register_onnx_converter() -> None:
    """Make skl2onnx convert `KerasMLPClassifier`, wherever it stands in a model.

    For those who call `skl2onnx.to_onnx` or `skl2onnx.convert_sklearn` themselves.

    Raises
    ------
    ImportError
        If skl2onnx is not installed.
    """
    try:
        import skl2onnx  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "The export to ONNX needs skl2onnx. Install it with: "
            'python -m pip install "sk_mnist[onnx]"'
        ) from error
    global _registers
    _registers = True
    for cls in _classes:
        _register(cls)


def add_class(cls: type[Any]) -> None:
    """Add a class of classifiers to those that are converted."""
    _classes.append(cls)
    if _registers:
        _register(cls)


def _register(cls: type[Any]) -> None:
    from sk_mnist.export import onnx_graph

    onnx_graph.register(cls)
