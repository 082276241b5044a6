"""Loading of saved classifiers."""

from __future__ import annotations

from os import PathLike

from sk_mnist.classifier import KerasMLPClassifier


def load(path: str | PathLike[str]) -> KerasMLPClassifier:
    """Load a classifier that `KerasMLPClassifier.save` has written.

    Opening a file of any origin is safe: it holds arrays and a JSON text, nothing in it is
    executed, and everything is checked before it is used. It takes little more memory than the file
    is long.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    KerasMLPClassifier
        Fitted; predicts the same, bit for bit. The state of the optimizer is not in the file:
        `partial_fit` goes on with a new one.

    Raises
    ------
    ModelFileError
        If the file is not a model of this package, is damaged, or comes from a later version. A
        ValueError.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import sk_mnist
    >>> from pathlib import Path
    >>> from sklearn.datasets import load_iris
    >>> from tempfile import TemporaryDirectory
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = sk_mnist.KerasMLPClassifier(random_state=0).fit(X, y)
    >>> with TemporaryDirectory() as directory:
    ...     clf.save(Path(directory) / "iris.safetensors")
    ...     loaded = sk_mnist.load(Path(directory) / "iris.safetensors")
    >>> bool((loaded.predict_proba(X) == clf.predict_proba(X)).all())
    True
    """
    from sk_mnist import persistence  # loads safetensors

    return persistence.read(KerasMLPClassifier, path)
