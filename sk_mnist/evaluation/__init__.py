"""A full evaluation of a classifier: `evaluate` and the report that it returns.

The functions of `sk_mnist.metrics`, which the report is made of, can be imported from here, too.
"""

from __future__ import annotations

import lazy_loader as _lazy

from sk_mnist import metrics as _metrics

_own_getattr, _own_dir, _own_all = _lazy.attach(
    __name__,
    submod_attrs={"evaluating": ["evaluate"], "report": ["EvaluationReport"]},
)
__all__ = sorted([*_own_all, *_metrics.__all__])


def __getattr__(name: str) -> object:
    return getattr(_metrics, name) if name in _metrics.__all__ else _own_getattr(name)


def __dir__() -> list[str]:
    return __all__
