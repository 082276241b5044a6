"""What computes the logits of a fitted network: NumPy or, for many rows, the compiled kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sk_mnist._utils.typing import FloatArray
from sk_mnist.data.checks import is_surely_finite
from sk_mnist.network import forward
from sk_mnist.network.input_limit import InputLimit

# Multiplications from which on kernels compute logits. For images they take a half to two thirds
# of the time of NumPy, some 10 ms then, but their code has to be loaded once, which takes a tenth
# of a second, or compiled, which takes some seconds.
_MANY_MULTIPLICATIONS = 10**9


def uses_kernels(X: Any, coefs: Sequence[FloatArray]) -> bool:
    """Tell whether the kernels compute the logits rather than NumPy.

    This depends on the arguments alone and not on what a process has done before, so that a model
    predicts the same bits wherever it is loaded.
    """
    return X.shape[0] * sum(coef.size for coef in coefs) >= _MANY_MULTIPLICATIONS and not hasattr(
        X, "tocsr"
    )


def logits(
    X: Any,
    coefs: Sequence[FloatArray],
    intercepts: Sequence[FloatArray],
    activation: str,
    limit: InputLimit | None = None,
) -> FloatArray:
    """Compute logits.

    Parameters
    ----------
    X : {ndarray, sparse matrix} of shape (n_samples, n_features)
        Validated samples.
    coefs, intercepts, activation, limit
        As in `sk_mnist.network.forward.logits`.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
        In the dtype of the weights.
    """
    if not uses_kernels(X, coefs):
        return forward.logits(X, coefs, intercepts, activation, limit)
    return _by_kernels(X, coefs, intercepts, activation, limit)[0]


def logits_if_finite(
    X: Any,
    coefs: Sequence[FloatArray],
    intercepts: Sequence[FloatArray],
    activation: str,
    limit: InputLimit | None = None,
) -> FloatArray | None:
    """Compute logits of samples that were not searched for NaN and infinity.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Samples that pass validation if all of their values are finite.
    coefs, intercepts, activation, limit
        As in `sk_mnist.network.forward.logits`.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs) or None
        None where a value may not be finite.
    """
    if uses_kernels(X, coefs):
        z, finite = _by_kernels(X, coefs, intercepts, activation, limit)
        return z if finite else None
    return forward.logits(X, coefs, intercepts, activation, limit) if is_surely_finite(X) else None


def _by_kernels(
    X: Any,
    coefs: Sequence[FloatArray],
    intercepts: Sequence[FloatArray],
    activation: str,
    limit: InputLimit | None,
) -> tuple[FloatArray, bool]:
    from sk_mnist.engines.numba import predict  # loads LLVM

    return predict.logits(X, coefs, intercepts, activation, limit)
