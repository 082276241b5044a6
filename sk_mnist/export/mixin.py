"""The export methods of the classifier."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sk_mnist.export import onnx

if TYPE_CHECKING:
    from onnx import ModelProto
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import Pipeline


class ExportMixin:
    """Adds `model_`, `save`, `to_keras`, `to_sklearn` and `to_onnx` to a classifier.

    A class that inherits from it directly is converted by skl2onnx after
    `sk_mnist.export.register_onnx_converter`; its subclasses may predict differently and are not.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Make the class known to the ONNX converter."""
        super().__init_subclass__(**kwargs)
        if ExportMixin in cls.__bases__:
            onnx.add_class(cls)

    @property
    def model_(self) -> Any:
        """The fitted network as a compiled `keras.Sequential`, built when first asked for."""
        check_is_fitted(self)
        if "_keras_model" not in vars(self):
            self._keras_model = self.to_keras()
        return self._keras_model

    def save(self, path: str | PathLike[str]) -> None:
        """Write the fitted classifier to a file that is safe to open, for `sk_mnist.load`.

        The file has the safetensors format: arrays, and a JSON text with the parameters, the
        classes, the names of the features, the history and the version.

        Parameters
        ----------
        path : str or path-like
            The file, usually with the suffix ".safetensors". An existing one is replaced when the
            new one is complete on disk.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        TypeError
            If a parameter is an object, such as a Keras optimizer or a RandomState, if labels are
            neither numbers nor text, or for a subclass. `joblib.dump` saves these.
        OSError
            If the file cannot be written.
        """
        from sk_mnist.persistence import save  # loads safetensors

        if ExportMixin not in type(self).__bases__:
            raise TypeError(
                f"{type(self).__name__} is a subclass, which sk_mnist.load does not know; use "
                "joblib.dump."
            )
        save(self, path)

    def to_keras(self) -> Any:
        """Return the fitted network as a new, compiled Keras model.

        Returns
        -------
        keras.Sequential
            Takes X as it is, and class numbers, the positions in `classes_`, as targets:
            ``model.evaluate(X, np.searchsorted(clf.classes_, y))``. Saves with
            ``model.save("digits.keras")``.
        """
        from sk_mnist.export import to_keras

        return to_keras(self)

    def to_sklearn(self) -> MLPClassifier | Pipeline:
        """Return the fitted network as scikit-learn's own `MLPClassifier`.

        Returns
        -------
        MLPClassifier or Pipeline
            Predicts the same, up to rounding. Where `input_limit_` is not None, a Pipeline that
            limits the inputs in front of the `MLPClassifier`.

        Raises
        ------
        ValueError
            If `MLPClassifier` does not have the activation, or if there is only one class.
        """
        from sk_mnist.export import to_sklearn

        return to_sklearn(self)

    def to_onnx(self) -> ModelProto:
        """Return the fitted network as an ONNX model that takes X in the dtype of the network.

        For pipelines use `sk_mnist.export.to_onnx`.

        Returns
        -------
        onnx.ModelProto
            Two outputs: the labels, and the probabilities of shape (n_samples, n_classes).

        Raises
        ------
        ImportError
            If skl2onnx is not installed.
        """
        from sk_mnist.export import to_onnx

        check_is_fitted(self)
        coefs: Any = vars(self)["coefs_"]
        return to_onnx(self, np.zeros((1, coefs[0].shape[0]), coefs[0].dtype))
