"""A callback that saves a training while it runs."""

from __future__ import annotations

import copy
import io
from os import PathLike
from pathlib import Path
from typing import Any

import joblib

from sk_mnist._utils.files import write_file


class Checkpoint:
    """Save the classifier while it trains, so that a training that was ended can go on.

    The file always holds a whole classifier: it is replaced by a new one only when that is complete
    on disk. Whatever ends the process, power loss included, costs the epochs since the last
    checkpoint, and the resumed training ends with the same weights, bit for bit, as one that was
    not ended.

    Parameters
    ----------
    path : str or path-like
        The file to write, with joblib.

    every : int, default=1
        Number of epochs between checkpoints. The last epoch of a training is always saved.

    See Also
    --------
    keras.callbacks.ModelCheckpoint : Saves Keras models, for the parameter `callbacks`.

    Notes
    -----
    A checkpoint is a classifier that predicts, of three times the size of a fitted one, because it
    has what the optimizer keeps. Its `warm_start` is True, so that `fit` goes on where the training
    was ended; give it the same data. Loading it can execute arbitrary code, as with any pickle.

    Keras callbacks have states of their own, which a checkpoint does not bring back: a classifier
    with the parameter `callbacks` is refused.

    Examples
    --------
    >>> import joblib
    >>> from pathlib import Path
    >>> from sklearn.datasets import load_iris
    >>> from sk_mnist import Checkpoint, KerasMLPClassifier
    >>> from tempfile import TemporaryDirectory
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = KerasMLPClassifier(random_state=0)
    >>> with TemporaryDirectory() as directory:
    ...     path = Path(directory) / "checkpoint.joblib"
    ...     clf = clf.set_callbacks(Checkpoint(path, every=10)).fit(X, y)
    ...     resumed = joblib.load(path).fit(X, y)  # makes the epochs that are missing, if any
    >>> bool((resumed.coefs_[0] == clf.coefs_[0]).all())
    True
    """

    def __init__(self, path: str | PathLike[str], *, every: int = 1) -> None:
        if every < 1:
            raise ValueError(f"every must be a positive number of epochs, got {every!r}.")
        self.path = Path(path)
        self.every = every

    def setup(self, estimator: Any, context: Any) -> None:
        """Refuse an estimator that could not be resumed.

        Parameters
        ----------
        estimator : KerasMLPClassifier
            The estimator in fit.
        context : sklearn.callback.CallbackContext
            Its task.
        """
        if getattr(estimator, "callbacks", None):
            raise ValueError(
                "Checkpoint cannot bring back the state of Keras callbacks, and the estimator has "
                f"callbacks={estimator.callbacks!r}. Use one of the two."
            )

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Do nothing.

        Parameters
        ----------
        estimator : KerasMLPClassifier
            The estimator in fit.
        context : sklearn.callback.CallbackContext
            The task that begins.
        """

    def on_fit_task_end(self, estimator: Any, context: Any, *, fitted_estimator: Any) -> None:
        """Save the estimator after an epoch.

        Parameters
        ----------
        estimator : KerasMLPClassifier
            The estimator in fit.
        context : sklearn.callback.CallbackContext
            The task that ends.
        fitted_estimator : KerasMLPClassifier
            The estimator as if the training ended now.
        """
        if context.parent is None:
            return
        n_epochs = fitted_estimator.n_iter_
        if n_epochs % self.every == 0 or n_epochs == fitted_estimator.epochs_:
            self.save(fitted_estimator)

    def teardown(self, estimator: Any, context: Any) -> None:
        """Do nothing.

        Parameters
        ----------
        estimator : KerasMLPClassifier
            The estimator in fit.
        context : sklearn.callback.CallbackContext
            Its task.
        """

    def save(self, estimator: Any) -> None:
        """Write the file.

        Parameters
        ----------
        estimator : KerasMLPClassifier
            Fitted, as a callback is given it.
        """
        resumable = copy.copy(estimator)
        for name in [name for name in vars(resumable) if "callback" in name and name[0] == "_"]:
            delattr(resumable, name)
        resumable.warm_start = True
        buffer = io.BytesIO()
        joblib.dump(self._content(resumable), buffer)
        write_file(self.path, buffer.getvalue())

    def _content(self, estimator: Any) -> Any:
        """Return what the file is to hold."""
        return estimator
