"""The export methods of the classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sk_mnist.export import onnx

if TYPE_CHECKING:
    from onnx import ModelProto
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import Pipeline


class ExportMixin:
    """Adds `model_`, `to_keras`, `to_sklearn` and `to_onnx` to a classifier.

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

    def to_keras(self) -> Any:
        """Return the fitted network as a new, compiled Keras model.

        Returns
        -------
        keras.Sequential
            Takes X as it is; saves with ``model.save("digits.keras")``.
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
