"""The classifier as ONNX nodes, for skl2onnx, which converts whole pipelines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import TensorProto
from skl2onnx import update_registered_converter
from skl2onnx.common.data_types import (
    DoubleTensorType,
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
)

from sk_mnist.network.activations import LEAKY_RELU_SLOPE, SELU_ALPHA, SELU_SCALE
from sk_mnist.network.input_limit import LIMIT, limit_of

# Of the operators used here. Older models run in newer runtimes, so there is nothing to gain.
_OPSET = 13


def register(cls: type[Any]) -> None:
    """Make skl2onnx convert a class of classifiers, alone or as a step of a pipeline."""
    update_registered_converter(
        cls,
        "SkMnistKerasMLPClassifier",
        _declare_outputs,
        _convert,
        options={
            "zipmap": [True, False, "columns"],
            "nocl": [False],  # skl2onnx asks for it where it makes maps
            "output_class_labels": [False, True],
        },
    )


def _declare_outputs(operator: Any) -> None:
    """Tell skl2onnx the types and shapes of the outputs: labels and probabilities."""
    clf = operator.raw_operator
    n_rows = operator.inputs[0].get_first_dimension()
    n_classes = len(clf.classes_)
    if clf._multilabel:
        labels = Int64TensorType([n_rows, n_classes])
    elif _label_values(clf).dtype == np.int64:
        labels = Int64TensorType([n_rows])
    else:
        labels = StringTensorType([n_rows])
    of_double = any(isinstance(given.type, DoubleTensorType) for given in operator.inputs)
    probability_type = DoubleTensorType if of_double else FloatTensorType
    operator.outputs[0].type = labels
    operator.outputs[1].type = probability_type([n_rows, n_classes])


def _label_values(clf: Any) -> npt.NDArray[Any]:
    """Return the classes in a dtype that ONNX has: integers or strings."""
    return np.asarray(clf.classes_).astype(np.int64 if clf.classes_.dtype.kind in "biuf" else str)


@dataclass(frozen=True)
class _Graph:
    """Adds nodes to the graph that is made; names are ONNX's."""

    scope: Any
    container: Any
    dtype: npt.DTypeLike

    def node(
        self, operation: str, *inputs: str, output: str | None = None, **attributes: Any
    ) -> str:
        """Add a node; return the name of its output."""
        output = output or self.scope.get_unique_variable_name(operation.lower())
        self.container.add_node(
            operation,
            list(inputs),
            output,
            name=self.scope.get_unique_operator_name(operation),
            op_version=_OPSET,
            **attributes,
        )
        return output

    def constant(self, values: Any, dtype: npt.DTypeLike | None = None) -> str:
        """Add an array; return its name."""
        array = np.asarray(values, self.dtype if dtype is None else dtype)
        name: str = self.scope.get_unique_variable_name("constant")
        kinds = {"f4": TensorProto.FLOAT, "f8": TensorProto.DOUBLE, "i8": TensorProto.INT64}
        kind = kinds.get(array.dtype.str[1:], TensorProto.STRING)
        flat = array.ravel()
        content = [text.encode() for text in flat] if kind == TensorProto.STRING else flat
        self.container.add_initializer(name, kind, array.shape, content)
        return name

    def cast(self, value: str, kind: int, output: str | None = None) -> str:
        """Add a conversion to another type."""
        return self.node("Cast", value, output=output, to=kind)


def _relu(graph: _Graph, z: str) -> str:
    return graph.node("Relu", z)


def _leaky_relu(graph: _Graph, z: str) -> str:
    return graph.node("Max", z, graph.node("Mul", z, graph.constant([LEAKY_RELU_SLOPE])))


def _elu(graph: _Graph, z: str, alpha: float = 1.0) -> str:
    # From elements that runtimes have for float64, too.
    zero = graph.constant([0.0])
    below = graph.node("Exp", graph.node("Min", z, zero))
    below = graph.node(
        "Mul", graph.node("Sub", below, graph.constant([1.0])), graph.constant([alpha])
    )
    return graph.node("Add", graph.node("Max", z, zero), below)


def _selu(graph: _Graph, z: str) -> str:
    return graph.node("Mul", _elu(graph, z, alpha=SELU_ALPHA), graph.constant([SELU_SCALE]))


def _silu(graph: _Graph, z: str) -> str:
    return graph.node("Mul", z, graph.node("Sigmoid", z))


def _gelu(graph: _Graph, z: str) -> str:
    scaled = graph.node("Mul", z, graph.constant([np.sqrt(0.5)]))
    # Runtimes have no error function of float64.
    erf = graph.node("Erf", graph.cast(scaled, TensorProto.FLOAT))
    kind = TensorProto.DOUBLE if graph.dtype == np.float64 else TensorProto.FLOAT
    factor = graph.node("Add", graph.cast(erf, kind), graph.constant([1.0]))
    return graph.node("Mul", graph.node("Mul", z, graph.constant([0.5])), factor)


ACTIVATION_NODES: dict[str, Callable[[_Graph, str], str]] = {
    "elu": _elu,
    "gelu": _gelu,
    "identity": lambda graph, z: z,
    "leaky_relu": _leaky_relu,
    "logistic": lambda graph, z: graph.node("Sigmoid", z),
    "relu": _relu,
    "selu": _selu,
    "silu": _silu,
    "tanh": lambda graph, z: graph.node("Tanh", z),
}


def _convert(scope: Any, operator: Any, container: Any) -> None:
    """Add the nodes of a fitted classifier."""
    if container.target_opset < _OPSET:
        raise ValueError(
            f"target_opset={container.target_opset} is too low for KerasMLPClassifier, which needs "
            f"operators of opset {_OPSET}. Give target_opset={_OPSET} or more, or leave it out."
        )
    clf = operator.raw_operator
    graph = _Graph(scope, container, clf.coefs_[0].dtype)
    kind = TensorProto.DOUBLE if graph.dtype == np.float64 else TensorProto.FLOAT
    columns = [graph.cast(given.full_name, kind) for given in operator.inputs]
    hidden = columns[0] if len(columns) == 1 else graph.node("Concat", *columns, axis=1)
    if limit_of(clf) is not None:
        shifted = graph.node("Sub", hidden, graph.constant(clf.input_offset_))
        scaled = graph.node("Div", shifted, graph.constant(LIMIT * clf.input_scale_))
        hidden = graph.node("Mul", graph.node("Tanh", scaled), graph.constant([LIMIT]))
    for layer, (coef, intercept) in enumerate(zip(clf.coefs_, clf.intercepts_, strict=True)):
        product = graph.node("MatMul", hidden, graph.constant(coef))
        hidden = graph.node("Add", product, graph.constant(intercept))
        if layer < clf.n_layers_ - 2:
            hidden = ACTIVATION_NODES[clf._activation](graph, hidden)
    if clf.out_activation_ == "softmax":
        probabilities = graph.node("Softmax", hidden, axis=1)
    else:
        probabilities = graph.node("Sigmoid", hidden)
    if clf.n_outputs_ == 1 and len(clf.classes_) == 2:
        other = graph.node("Sub", graph.constant([1.0]), probabilities)
        probabilities = graph.node("Concat", other, probabilities, axis=1)
    labels, shown_probabilities = (output.full_name for output in operator.outputs)
    if clf._multilabel:
        decided = graph.node("Greater", probabilities, graph.constant([0.5]))
        graph.cast(decided, TensorProto.INT64, output=labels)
    else:
        best = graph.node("ArgMax", probabilities, axis=1, keepdims=0)
        values = _label_values(clf)
        graph.node("Gather", graph.constant(values, values.dtype), best, output=labels)
    shown_kind = (
        TensorProto.DOUBLE
        if isinstance(operator.outputs[1].type, DoubleTensorType)
        else TensorProto.FLOAT
    )
    graph.cast(probabilities, shown_kind, output=shown_probabilities)
