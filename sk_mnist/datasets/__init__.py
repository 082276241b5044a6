"""The MNIST digits: all 70,000, or a sample of 5,000 that needs no download."""

from __future__ import annotations

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__, submod_attrs={"mnist": ["fetch_mnist", "load_mnist_sample"]}
)
