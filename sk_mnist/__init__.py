"""A scikit-learn compatible MLP classifier with compiled training and Keras features."""

from __future__ import annotations

import lazy_loader as _lazy

__version__ = "0.1.0"

# The names are in __init__.pyi, where type checkers see them, too.
__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
