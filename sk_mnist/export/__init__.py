"""Fitted classifiers in the forms of other libraries: Keras, scikit-learn and ONNX."""

from __future__ import annotations

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={"convert": ["register_onnx_converter", "to_keras", "to_onnx", "to_sklearn"]},
)
