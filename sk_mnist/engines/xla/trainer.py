"""The compiled training loop: many optimizer steps in one XLA program, and the pool of programs.

Keras's `Model.fit` returns to Python after every batch; for networks of this size that takes
longer than the arithmetic. Here one TensorFlow function, compiled by XLA, runs over all batches of
an epoch: it gathers the rows of a batch from data that already lie on the device, and applies
Keras's own losses and optimizers. What shapes the program is in `ProgramKey`; everything else
(learning rates, alpha, dropout rate, number of steps, seed, weights) is an argument at run time,
so that the fits of a grid search share one program.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from scipy import sparse

from sk_mnist._utils.threads import granted_threads
from sk_mnist.data.input_scaling import InputScaling
from sk_mnist.engines.chunks import TrainingData, rows_at_once
from sk_mnist.engines.numba.kernels.structs import aligned
from sk_mnist.engines.xla.dropout import keep_mask
from sk_mnist.engines.xla.matmul import product
from sk_mnist.network.spec import KERAS_ACTIVATIONS, NetworkSpec
from sk_mnist.training.optimizers import OptimizerChoice

_warned_uncompiled = False

# What TensorFlow raises where XLA is missing or lacks an operation.
_COMPILATION_ERRORS = (
    tf.errors.FailedPreconditionError,
    tf.errors.InternalError,
    tf.errors.InvalidArgumentError,
    tf.errors.NotFoundError,
    tf.errors.UnimplementedError,
)


def _require_tensorflow() -> None:
    """Refuse Keras's other backends, whose variables and optimizers TensorFlow cannot compile."""
    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise RuntimeError(
            f"Training needs Keras's TensorFlow backend, and Keras has been set to {backend!r}. "
            "Set KERAS_BACKEND=tensorflow, or unset it, before Keras is first imported; or use "
            'optimizer="adam" with activation="relu", which needs no Keras. Fitted classifiers '
            "predict without Keras."
        )


def _limit_threads() -> None:
    """Give TensorFlow no more threads than the environment grants to numerical libraries.

    Has to happen before TensorFlow's first operation; afterwards its threads exist already, and
    whoever started them has decided.
    """
    granted = granted_threads()
    if granted and tf.config.threading.get_intra_op_parallelism_threads() == 0:
        try:
            tf.config.threading.set_intra_op_parallelism_threads(granted)
        except RuntimeError:  # documented: TensorFlow is running already
            return


_require_tensorflow()
_limit_threads()


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
        Number type of the data, e.g. "uint8".
    batch_size : int
        Rows a step.
    optimizer : OptimizerChoice
        The optimizer but for its learning rate.
    use_dropout : bool
        Whether the program draws dropout masks.
    """

    spec: NetworkSpec
    n_rows: int
    data_dtype: str
    batch_size: int
    optimizer: OptimizerChoice
    use_dropout: bool


def program_for(
    spec: NetworkSpec,
    data: TrainingData,
    batch_size: int,
    optimizer: OptimizerChoice,
    *,
    use_dropout: bool,
) -> ProgramKey:
    """Return the program that trains a network on some data; the arguments are its attributes.

    A program for fewer rows than `batch_size` has smaller batches.
    """
    n_rows = padded_rows(data.X.shape[0])
    batch_size = min(batch_size, n_rows)
    n_rows = rows_at_once(data, batch_size) or n_rows
    return ProgramKey(spec, n_rows, data.X.dtype.name, batch_size, optimizer, use_dropout)


class Trainer:
    """One compiled program with the Keras optimizer that it applies.

    Parameters
    ----------
    key : ProgramKey
        What to compile. Nothing is compiled before the first call of `run`.

    Attributes
    ----------
    initial_optimizer_state : list of ndarray
        The optimizer's variables before the first step, those of matrices transposed.
    evaluate : None
        The program measures nothing but batches that it trains on.
    """

    evaluate = None

    def __init__(self, key: ProgramKey) -> None:
        self.key = key
        dtype = key.spec.dtype
        sizes = key.spec.layer_sizes
        # Transposed, as `sk_mnist.network.spec.turned` makes them; `sk_mnist.engines.xla.matmul` says why.
        shapes = [shape for a, b in pairwise(sizes) for shape in ((b, a), (b,))]
        # A gigabyte of wide layers should not be drawn at random just to be overwritten.
        self._weights = [keras.Variable(np.zeros(s, dtype), dtype=dtype) for s in shapes]
        self._optimizer = key.optimizer.make()
        self._optimizer.build(self._weights)
        self.initial_optimizer_state = [v.numpy() for v in self._optimizer.variables]
        self._activation = keras.activations.get(
            KERAS_ACTIVATIONS.get(key.spec.activation, key.spec.activation)
        )
        self._program: Any = None
        self._compiles = True

    @property
    def batch_size(self) -> int:
        """Rows a step."""
        return self.key.batch_size

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
            _padded_tensor(X, n_rows, X.dtype),
            _padded_tensor(labels, n_rows, labels.dtype),
            _padded_tensor(row_weight, n_rows, dtype),
            tf.constant(np.broadcast_to(scaling.offset, n_features).astype(dtype)),
            tf.constant(np.broadcast_to(1 / scaling.scale, n_features).astype(dtype)),
        ]

    def run(
        self,
        state: Sequence[Any],
        data: Sequence[Any],
        order: npt.NDArray[np.intp],
        learning_rates: npt.NDArray[np.floating[Any]],
        *,
        first_step: int,
        seed: int,
        alpha: float,
        dropout: float,
        label_smoothing: float,
    ) -> tuple[list[Any], list[float]]:
        """Run one step for each batch of rows.

        Parameters
        ----------
        state : sequence of arrays or tensors
            The weights, turned, then the optimizer's variables; left alone.
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
        alpha, dropout, label_smoothing : float
            As in the estimator.

        Returns
        -------
        state : list of tensors
            As after the steps.
        sums : list of float
            Sums over the rows of weight times loss, of weight times hit, and of the weight.
        """
        dtype = self.key.spec.dtype
        max_steps = -(-self.key.n_rows // self.key.batch_size)
        n_steps = -(-len(order) // self.key.batch_size)
        rates = learning_rates[first_step : first_step + n_steps]
        new_state, sums = self._call(
            list(state),
            list(data),
            _padded_tensor(order, max_steps * self.key.batch_size, np.int32),
            _padded_tensor(rates, max_steps, np.float32),
            tf.constant(len(order), "int32"),
            tf.constant(n_steps, "int32"),
            tf.constant(first_step, "int32"),
            tf.constant(seed, "uint32"),
            tf.constant(alpha, dtype),
            tf.constant(dropout, dtype),
            tf.constant(label_smoothing, dtype),
        )
        return new_state, [float(total) for total in sums]

    def averages(self, state: Sequence[Any]) -> list[Any] | None:
        """Return what the optimizer ends with in place of the weights, None if it keeps them."""
        if not self._optimizer.use_ema:
            return None
        variables = [*self._weights, *self._optimizer.variables]
        for variable, value in zip(variables, state, strict=True):
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
            # An error of ours would come again from the uncompiled program, and is not hidden.
            self._compiles = False
            program = self._traced(arguments)
            result = program(*arguments)
            _warn_uncompiled(str(error).splitlines()[0])
        self._program = program
        return result

    def _traced(self, arguments: Sequence[Any]) -> Any:
        """Return the program for arguments of these shapes.

        Calling what `tf.function` returns would look for it anew each time, which takes a
        millisecond with so many arguments: more than the arithmetic of a small epoch.
        """
        program = tf.function(self._run_steps, jit_compile=self._compiles, autograph=False)
        return program.get_concrete_function(*arguments)

    def _run_steps(
        self,
        state: list[Any],
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
        for variable, value in zip(variables, state, strict=True):
            variable.assign(value)
        weights = [variable.value for variable in self._weights]
        batch_size = self.key.batch_size

        def step(i: Any, sums: list[Any]) -> tuple[Any, list[Any]]:
            positions = i * batch_size + tf.range(batch_size)
            inputs, labels, row_weight = self._gather(data, order, positions, n_rows)
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(weights)
                logits = self._forward(weights, inputs, dropout, seed, first_step + i)
                losses = self._losses(logits, labels, label_smoothing)
                weight_sum = tf.reduce_sum(row_weight)
                weighted = tf.reduce_sum(losses * row_weight)
                # The factor of optimizers that have one; apply divides the gradients by it.
                loss = self._optimizer.scale_loss(weighted / weight_sum)
            gradients = tape.gradient(loss, weights)
            # The gradient of the L2 penalty is added here, where XLA fuses it into the optimizer's
            # update; as a term of the loss it costs up to half of the whole step.
            shrinkage = self._optimizer.scale_loss(alpha / weight_sum)
            gradients[::2] = [
                g + shrinkage * w for g, w in zip(gradients[::2], weights[::2], strict=True)
            ]
            self._optimizer.learning_rate.assign(learning_rates[i])
            self._optimizer.apply(gradients, self._weights)
            hits = tf.reduce_sum(tf.where(self._hits(logits, labels), row_weight, 0))
            terms = [weighted, hits, weight_sum]
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
        return product(inputs, transposed, compiled=self._compiles)

    def _losses(self, logits: Any, labels: Any, label_smoothing: Any) -> Any:
        """Return the cross-entropy of each row; summed over the outputs if they are independent."""
        if self.key.spec.out_activation == "softmax":
            n_classes = logits.shape[1]
            targets = tf.one_hot(labels, n_classes, dtype=logits.dtype)
            targets = targets * (1 - label_smoothing) + label_smoothing / n_classes
            return keras.ops.categorical_crossentropy(targets, logits, from_logits=True)
        targets = tf.cast(labels, logits.dtype) * (1 - label_smoothing) + label_smoothing / 2
        losses = keras.ops.binary_crossentropy(targets, logits, from_logits=True)
        return tf.reduce_sum(losses, axis=1)

    def _hits(self, logits: Any, labels: Any) -> Any:
        """Return which rows are predicted right, all outputs of a row together."""
        if self.key.spec.out_activation == "softmax":
            return tf.argmax(logits, axis=1, output_type=labels.dtype) == labels
        return tf.reduce_all((logits > 0) == (labels > 0), axis=1)


def _warn_uncompiled(reason: str) -> None:
    """Warn that XLA does not work here; once a process, however many programs there are."""
    global _warned_uncompiled
    if not _warned_uncompiled:
        _warned_uncompiled = True
        warnings.warn(
            "XLA cannot compile the training loop on this machine; it runs uncompiled, with the "
            f"same results but slower. XLA says: {reason}",
            RuntimeWarning,
            stacklevel=2,
        )


def padded_rows(n_rows: int) -> int:
    """Round a number of rows up to an eighth of a power of two.

    Data of 8,000 and of 8,001 rows then share a program, at the price of at most an eighth more
    memory. The padding is never gathered, so it costs no time.
    """
    unit = max(64, 1 << max(0, (n_rows - 1).bit_length() - 4))
    return -(-n_rows // unit) * unit


def _padded_tensor(array: npt.NDArray[Any], n_rows: int, dtype: npt.DTypeLike) -> Any:
    """Copy an array into a tensor with more rows, once: `tf.constant` would copy it three times."""
    shape = (n_rows, *array.shape[1:])
    padded = aligned(shape, np.dtype(dtype))  # as compiled programs read their arguments
    padded[: len(array)] = array
    # The tensor shares the memory, which nobody else has; identity moves it to a GPU, if any.
    return tf.identity(tf.experimental.dlpack.from_dlpack(padded.__dlpack__()))


class TrainerPool:
    """Trainers by key, each in the hands of one fit at a time.

    A trainer is taken out for a fit and put back after it, so that fits in several threads never
    share one; a second thread with the same key gets a second trainer.
    """

    # Each trainer holds its weights and a compiled program, a few megabytes.
    MAX_IDLE = 32

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Trainer] = []

    @contextmanager
    def trainer(self, key: ProgramKey) -> Iterator[Trainer]:
        """Lend a trainer for this key, made now if none is idle."""
        with self._lock:
            found = next((t for t in reversed(self._idle) if t.key == key), None)
            if found is not None:
                self._idle.remove(found)
        trainer = found or Trainer(key)
        try:
            yield trainer
        finally:
            with self._lock:
                self._idle.append(trainer)
                del self._idle[: -self.MAX_IDLE]


pool = TrainerPool()
"""The trainers of this process."""
