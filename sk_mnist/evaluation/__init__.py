"""Evaluation of any classifier: `evaluate` and its report.

The functions of `sk_mnist.metrics` can be imported from here, too.
"""

from __future__ import annotations

import lazy_loader as _lazy

from sk_mnist import metrics as _metrics

# Not attach_stub: it only supports imports from inside of the package.
_own_getattr, _own_dir, _own_all = _lazy.attach(
    __name__,
    submod_attrs={"_evaluate": ["evaluate"], "report": ["EvaluationReport"]},
)
__all__ = sorted([*_own_all, *_metrics.__all__])


def __getattr__(name: str) -> object:
    return getattr(_metrics, name) if name in _metrics.__all__ else _own_getattr(name)


def __dir__() -> list[str]:
    return __all__
