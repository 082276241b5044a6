"""Fitted classifiers in the forms of other libraries: Keras, scikit-learn and ONNX."""

from __future__ import annotations

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
