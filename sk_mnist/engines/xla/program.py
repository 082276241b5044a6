"""The compiled training loop: many optimizer steps in one XLA program.

Keras's `Model.fit` returns to Python after every batch; for networks of this size that takes
longer than the arithmetic. Here one TensorFlow function, compiled by XLA, runs over all batches of
an epoch: it gathers the rows of a batch from data that are already on the device, and applies
Keras's own losses and optimizers. What shapes the program is in `ProgramKey`; everything else
(learning rates, alpha, dropout rate, number of steps, seed, weights) is an argument at run time,
so that the fits of a grid search share one program.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from scipy import sparse

from sk_mnist.data.input_scaling import InputScaling
from sk_mnist.engines.base import OptimizerSpec, StepOptions, Totals
from sk_mnist.engines.xla import loss
from sk_mnist.engines.xla.dropout import keep_mask
from sk_mnist.engines.xla.matmul import matmul
from sk_mnist.engines.xla.tensorflow_setup import limit_threads, require_tensorflow_backend
from sk_mnist.engines.xla.tensors import padded_tensor
from sk_mnist.network.activations import ACTIVATIONS
from sk_mnist.network.spec import NetworkSpec

_warned_uncompiled = False

# What TensorFlow raises where XLA is missing or lacks an operation.
_COMPILATION_ERRORS = (
    tf.errors.FailedPreconditionError,
    tf.errors.InternalError,
    tf.errors.InvalidArgumentError,
    tf.errors.NotFoundError,
    tf.errors.UnimplementedError,
)

require_tensorflow_backend()
limit_threads()


@dataclass(frozen=True)
class ProgramKey:
    """What shapes a compiled program; two fits with the same key share it.

    Attributes
    ----------
    spec : NetworkSpec
        The network.
    n_rows : int
        Number of rows of the data, padding included.
    data_dtype : str
        Data type of X, for example "uint8".
    batch_size : int
        Rows per step.
    optimizer : OptimizerSpec
        The optimizer without its learning rate.
    use_dropout : bool
        Whether the program draws dropout masks.
    """

    spec: NetworkSpec
    n_rows: int
    data_dtype: str
    batch_size: int
    optimizer: OptimizerSpec
    use_dropout: bool


class Program:
    """One compiled program with the Keras optimizer that it applies.

    Matrices are transposed here, to (n_units, n_inputs); `sk_mnist.engines.xla.matmul` says why.

    Parameters
    ----------
    key : ProgramKey
        What to compile. Nothing is compiled before the first call of `run`.

    Attributes
    ----------
    initial_optimizer_state : list of ndarray
        The optimizer's variables before the first step.
    """

    def __init__(self, key: ProgramKey) -> None:
        self.key = key
        dtype = key.spec.dtype
        shapes = [shape[::-1] for shape in key.spec.weight_shapes]
        # Zeros, as a gigabyte of wide layers should not be drawn at random just to be overwritten.
        self._weights = [keras.Variable(np.zeros(s, dtype), dtype=dtype) for s in shapes]
        self._optimizer = key.optimizer.make()
        self._optimizer.build(self._weights)
        self.initial_optimizer_state = [v.numpy() for v in self._optimizer.variables]
        self._activation = keras.activations.get(ACTIVATIONS[key.spec.activation].keras_name)
        self._program: Any = None
        self._compiles = True

    def load(
        self,
        X: Any,
        labels: npt.NDArray[Any],
        row_weight: npt.NDArray[Any],
        scaling: InputScaling,
    ) -> list[Any]:
        """Bring training data to the device, rows padded: X, labels, weights, offset, 1 / scale."""
        dtype = self.key.spec.dtype
        n_rows, n_features = self.key.n_rows, X.shape[1]
        X = X.toarray() if sparse.issparse(X) else X
        return [
            padded_tensor(X, n_rows, X.dtype),
            padded_tensor(labels, n_rows, labels.dtype),
            padded_tensor(row_weight, n_rows, dtype),
            tf.constant(np.broadcast_to(scaling.offset, n_features).astype(dtype)),
            tf.constant(np.broadcast_to(1 / scaling.scale, n_features).astype(dtype)),
        ]

    def run(
        self,
        variables: Sequence[Any],
        data: Sequence[Any],
        order: npt.NDArray[np.intp],
        learning_rates: npt.NDArray[np.floating[Any]],
        *,
        first_step: int = 0,
        seed: int = 0,
        options: StepOptions = StepOptions(),  # noqa: B008 - it is immutable
    ) -> tuple[list[Any], Totals]:
        """Run one step for each batch of rows.

        Parameters
        ----------
        variables : sequence of arrays or tensors
            The weights, transposed, then the optimizer's variables; left alone.
        data : sequence of tensors
            As `load` makes them.
        order : ndarray of int of shape (n,)
            Rows to train on, batch after batch; the last batch may be smaller.
        learning_rates : ndarray
            Learning rate of each step of the epoch.
        first_step : int
            Number in the epoch of the first of these steps.
        seed : int
            Seed of the epoch's dropout masks, below 2 ** 32.
        options : StepOptions
            What else the steps use.

        Returns
        -------
        variables : list of tensors
            As after the steps.
        totals : Totals
            Of the batches, each measured before its step.
        """
        dtype = self.key.spec.dtype
        max_steps = -(-self.key.n_rows // self.key.batch_size)
        n_steps = -(-len(order) // self.key.batch_size)
        rates = learning_rates[first_step : first_step + n_steps]
        new_variables, sums = self._call(
            list(variables),
            list(data),
            padded_tensor(order, max_steps * self.key.batch_size, np.int32),
            padded_tensor(rates, max_steps, np.float32),
            tf.constant(len(order), "int32"),
            tf.constant(n_steps, "int32"),
            tf.constant(first_step, "int32"),
            tf.constant(seed, "uint32"),
            tf.constant(options.alpha, dtype),
            tf.constant(options.dropout, dtype),
            tf.constant(options.label_smoothing, dtype),
        )
        return new_variables, Totals(*(float(total) for total in sums))

    def averages(self, values: Sequence[Any]) -> list[Any] | None:
        """Return the averages that an optimizer with `use_ema` ends with, otherwise None."""
        if not self._optimizer.use_ema:
            return None
        variables = [*self._weights, *self._optimizer.variables]
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        self._optimizer.finalize_variable_values(self._weights)
        return [tf.identity(variable.value) for variable in self._weights]

    def _call(self, *arguments: Any) -> Any:
        """Call the program, uncompiled where XLA cannot compile it."""
        if self._program is not None:
            return self._program(*arguments)
        try:
            program = self._traced(arguments)
            result = program(*arguments)
        except _COMPILATION_ERRORS as error:
            # An error in this package would be raised again by the uncompiled program.
            self._compiles = False
            program = self._traced(arguments)
            result = program(*arguments)
            _warn_uncompiled(str(error).splitlines()[0])
        self._program = program
        return result

    def _traced(self, arguments: Sequence[Any]) -> Any:
        """Return the program for arguments of these shapes.

        Calling the result of `tf.function` would look the program up each time, which takes a
        millisecond with so many arguments: more than the arithmetic of a small epoch.
        """
        program = tf.function(self._run_steps, jit_compile=self._compiles, autograph=False)
        return program.get_concrete_function(*arguments)

    def _run_steps(
        self,
        values: list[Any],
        data: list[Any],
        order: Any,
        learning_rates: Any,
        n_rows: Any,
        n_steps: Any,
        first_step: Any,
        seed: Any,
        alpha: Any,
        dropout: Any,
        label_smoothing: Any,
    ) -> Any:
        """Trace the loop over the batches of `order`.

        Positions from `n_rows` on are padding and weigh nothing.
        """
        variables = [*self._weights, *self._optimizer.variables]
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        weights = [variable.value for variable in self._weights]
        batch_size = self.key.batch_size
        out_activation = self.key.spec.out_activation

        def step(i: Any, sums: list[Any]) -> tuple[Any, list[Any]]:
            positions = i * batch_size + tf.range(batch_size)
            inputs, labels, row_weight = self._gather(data, order, positions, n_rows)
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(weights)
                logits = self._forward(weights, inputs, dropout, seed, first_step + i)
                losses = loss.cross_entropy(logits, labels, out_activation, label_smoothing)
                weight_sum = tf.reduce_sum(row_weight)
                weighted = tf.reduce_sum(losses * row_weight)
                # The factor of optimizers that have one; apply divides the gradients by it.
                scaled_loss = self._optimizer.scale_loss(weighted / weight_sum)
            gradients = tape.gradient(scaled_loss, weights)
            # The gradient of the L2 penalty is added here, where XLA fuses it into the optimizer's
            # update; as a term of the loss it costs up to half of the whole step.
            shrinkage = self._optimizer.scale_loss(alpha / weight_sum)
            gradients[::2] = [
                g + shrinkage * w for g, w in zip(gradients[::2], weights[::2], strict=True)
            ]
            self._optimizer.learning_rate.assign(learning_rates[i])
            self._optimizer.apply(gradients, self._weights)
            is_correct = loss.is_correct(logits, labels, out_activation)
            correct = tf.reduce_sum(tf.where(is_correct, row_weight, 0))
            terms = [weighted, correct, weight_sum]
            return i + 1, [s + tf.cast(t, s.dtype) for s, t in zip(sums, terms, strict=True)]

        # Not tf.range(n_steps): XLA would make the number of steps a constant of the program.
        zero = tf.zeros((), "float64")
        _, sums = tf.while_loop(
            lambda i, _: i < n_steps,
            step,
            (tf.zeros((), "int32"), [zero, zero, zero]),
            parallel_iterations=1,
        )
        return [tf.identity(variable.value) for variable in variables], sums

    def _gather(self, data: list[Any], order: Any, positions: Any, n_rows: Any) -> Any:
        X, labels, row_weight, offset, scale = data
        rows = tf.slice(order, [positions[0]], [self.key.batch_size])
        inputs = (tf.cast(tf.gather(X, rows), offset.dtype) - offset) * scale
        batch_weight = tf.where(positions < n_rows, tf.gather(row_weight, rows), 0)
        return inputs, tf.gather(labels, rows), batch_weight

    def _forward(self, weights: list[Any], hidden: Any, dropout: Any, seed: Any, step: Any) -> Any:
        for layer in range(self.key.spec.n_hidden_layers):
            hidden = self._product(hidden, weights[2 * layer]) + weights[2 * layer + 1]
            hidden = self._activation(hidden)
            if self.key.use_dropout:
                keep = keep_mask(hidden.shape, dropout, seed, step, layer)
                hidden = tf.where(keep, hidden / (1 - dropout), 0)
        return self._product(hidden, weights[-2]) + weights[-1]

    def _product(self, inputs: Any, transposed: Any) -> Any:
        return matmul(inputs, transposed, compiled=self._compiles)


def _warn_uncompiled(reason: str) -> None:
    """Warn that XLA does not work here; once per process, however many programs there are."""
    global _warned_uncompiled
    if not _warned_uncompiled:
        _warned_uncompiled = True
        warnings.warn(
            "XLA cannot compile the training loop on this machine; it runs uncompiled, with the "
            f"same results but slower. XLA says: {reason}",
            RuntimeWarning,
            stacklevel=2,
        )
