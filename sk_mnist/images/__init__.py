"""Samples that are images: from pictures to rows of pixels, and rows with a height and a width.

What works on pixels rather than on features belongs here, for the displays and for the report of
`sk_mnist.evaluation` alike. The package knows pictures and arrays only, neither classifiers nor
plots.
"""

from __future__ import annotations

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
