"""The CPU engine: one fit by compiled kernels, without TensorFlow.

Most of an image is background. Where many of the inputs are zero, the first layer is trained on
the others only, which is faster.
"""

from __future__ import annotations

from concurrent import futures
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from sk_mnist._utils.threads import thread_pool
from sk_mnist._utils.typing import FloatArray
from sk_mnist.data.input_scaling import InputScaling
from sk_mnist.engines.base import (
    LoadedState,
    NetworkState,
    StepOptions,
    Totals,
    TrainingTask,
)
from sk_mnist.engines.data_loading import chunks_of
from sk_mnist.engines.evaluation import NumpyEvaluator
from sk_mnist.engines.numba.csr import contiguous, stays_sparse, to_csr
from sk_mnist.engines.numba.kernels.counters import STOP, new_counters
from sk_mnist.engines.numba.kernels.structs import Network, Rows, Settings, Workspace
from sk_mnist.engines.numba.machine_code.entry_points import ACTIVATIONS, OPTIMIZERS, train_steps
from sk_mnist.engines.numba.machine_code.loading import compilation_is_enabled
from sk_mnist.engines.numba.memory_layout import Layout
from sk_mnist.engines.numba.optimizers import kernel_optimizer

# Rows that a network is evaluated on at a time, at least, if there are so many.
_EVALUATED_ROWS = 256

# Up to so many rows times weights an epoch is trained in the caller's thread, by one worker: to
# start threads, and to have them wait for each other, takes longer than they save. On two cores, an
# epoch of iris takes 1.3 ms instead of 2.2, of 40 rows and 32 units 0.4 instead of 1.2.
MAX_SERIAL_WORK = 2**25

# Where a wait without end goes on over an interrupt, as on Windows, it is noticed after this.
INTERRUPT_POLL_SECONDS = 0.1


@dataclass(frozen=True, eq=False)
class _LaidOutState:
    """A network in the memory layout of the kernels."""

    layout: Layout
    network: Network
    n_steps: int
    learning_rate: float

    def state(self) -> NetworkState:
        return self.layout.unpack(self.network, self.n_steps, self.learning_rate)


class NumbaTrainer:
    """Trains one network with the kernels.

    Parameters
    ----------
    task : TrainingTask
        What to train, by an optimizer that the kernels have.
    """

    def __init__(self, task: TrainingTask) -> None:
        optimizer = kernel_optimizer(task.optimizer)
        if optimizer is None:
            raise ValueError(f"the kernels do not have the optimizer {task.optimizer.description}")
        if not compilation_is_enabled():
            raise RuntimeError(
                "Training runs compiled code, and NUMBA_DISABLE_JIT turns compilation off. Unset "
                "it: debuggers and coverage tools do not need it for code that calls `fit`."
            )
        self._optimizer = optimizer
        self._task = task
        self._spec = task.spec
        self._batch_size = min(task.batch_size, int(task.data.X.shape[0]))
        self._dtype = np.dtype(task.spec.dtype)
        self._layouts: dict[bool, Layout] = {}
        self._workspaces: dict[tuple[bool, int], Workspace] = {}
        self._chunks = chunks_of(
            task.data,
            self.load,
            self._batch_size,
            stays_sparse=stays_sparse(task.data.X, task.data.scaling),
        )

    @property
    def batch_size(self) -> int:
        """Rows per step."""
        return self._batch_size

    def load(
        self,
        X: Any,
        labels: npt.NDArray[Any],
        row_weight: npt.NDArray[Any],
        scaling: InputScaling,
    ) -> Rows:
        """Prepare rows to train on, or to evaluate a network on.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n_rows, n_features)
            Inputs, not scaled. Sparse ones are made dense if they are no sparser than images.
        labels : ndarray of shape (n_rows,) or (n_rows, n_outputs)
            Class numbers for a softmax output, 0 or 1 for logistic outputs.
        row_weight : ndarray of shape (n_rows,)
            Weight of each row in the loss.
        scaling : InputScaling
            Applied to X.

        Returns
        -------
        Rows
        """
        n_features = X.shape[1]
        offset = np.broadcast_to(scaling.offset, n_features).astype(self._dtype)
        factor = np.broadcast_to(1 / scaling.scale, n_features).astype(self._dtype)
        csr = None if offset.any() else to_csr(X, factor)
        if csr is None:
            dense = contiguous(X.toarray() if sparse.issparse(X) else X, self._dtype)
            csr = np.zeros(0, np.int64), np.zeros(0, np.uint16), factor[:0]
        else:
            dense = np.zeros((0, n_features), self._dtype)
        return Rows(
            dense,
            *csr,
            offset,
            factor,
            labels.reshape(len(labels), -1).astype(np.int32),
            row_weight.astype(np.float64),
        )

    def load_state(self, state: LoadedState) -> LoadedState:
        """Return the state with its averages; it is laid out once it is known for which rows."""
        if not isinstance(state, NetworkState) or not self._optimizer.has_average:
            return state
        if state.optimizer_state is None or state.averages is not None:
            return state
        averages = state.optimizer_state[2 : 2 + len(state.weights)]  # Keras's first variables
        return replace(state, averages=averages)

    def train_epoch(
        self,
        state: LoadedState,
        order: npt.NDArray[np.intp],
        learning_rates: FloatArray,
        seed: int,
        options: StepOptions,
    ) -> tuple[LoadedState, Totals]:
        """Run one step for each batch of rows; see `Engine.train_epoch`."""
        totals = np.zeros(3)
        for chunk in self._chunks(order):
            layout, workspace = self._prepared(chunk.data, self._batch_size)
            before = self._laid_out(state, layout)
            network = layout.copy(before.network)
            n_steps = -(-len(chunk.order) // self._batch_size)
            rates = learning_rates[chunk.first_step : chunk.first_step + n_steps]
            settings = self._settings(options, seed, chunk.first_step, before.n_steps)
            by_step = self._optimizer.step_options(rates, before.n_steps + 1, self._dtype)
            totals += _run_workers(
                layout, chunk.data, network, workspace, settings, chunk.order, rates, by_step
            )
            state = _LaidOutState(layout, network, before.n_steps + n_steps, rates[-1])
        return state, Totals(*totals.tolist())

    def evaluate(self, state: LoadedState) -> Totals:
        """Measure a network by the validation rows; see `Engine.evaluate`."""
        data = self._task.data
        if data.scaling.offset.any():
            # With an offset, weights that predict are not as exact as weights that train.
            return self._numpy_evaluator(state.state().final_weights)
        rows, row_weight = data.validation_rows, data.validation_weight
        if rows is None or row_weight is None:
            raise ValueError("the data have no validation rows")
        in_memory_order = np.argsort(rows)
        rows, row_weight = rows[in_memory_order], row_weight[in_memory_order]
        totals, first = np.zeros(3), 0
        for chunk in self._chunks(rows):
            last = first + len(chunk.order)
            totals += self._evaluate_chunk(state, chunk.data, chunk.order, row_weight[first:last])
            first = last
        return Totals(*totals.tolist())

    @cached_property
    def _numpy_evaluator(self) -> NumpyEvaluator:
        return NumpyEvaluator(self._spec, self._task.data)

    def _evaluate_chunk(
        self,
        state: LoadedState,
        data: Rows,
        order: npt.NDArray[np.intp],
        row_weight: npt.NDArray[np.float64],
    ) -> npt.NDArray[np.float64]:
        """Return the totals of loaded rows, whose own weights do not count here."""
        all_row_weight = np.zeros(len(data.row_weight))
        all_row_weight[order] = row_weight
        batch_size = max(self._batch_size, min(_EVALUATED_ROWS, len(order)))
        layout, workspace = self._prepared(data, batch_size)
        network = self._laid_out(state, layout).network
        if self._optimizer.has_average:
            network = network._replace(weights=network.slots[-1])
        rates = np.zeros(-(-len(order) // batch_size))
        settings = self._settings(StepOptions(), seed=0, first_step=0, n_steps_before=0)
        data = data._replace(row_weight=all_row_weight)
        return _run_workers(layout, data, network, workspace, settings, order, rates)

    def _laid_out(self, state: LoadedState, layout: Layout) -> _LaidOutState:
        """Bring a network into a layout."""
        if isinstance(state, _LaidOutState) and state.layout is layout:
            return state
        arrays = state.state()
        return _LaidOutState(layout, layout.pack(arrays), arrays.n_steps or 0, 0.0)

    def _settings(
        self, options: StepOptions, seed: int, first_step: int, n_steps_before: int
    ) -> Settings:
        optimizer = self._optimizer
        scalar, known = self._dtype.type, optimizer.options
        return Settings(
            activation=ACTIVATIONS[self._spec.activation].address(self._spec.dtype),
            softmax=self._spec.out_activation == "softmax",
            alpha=scalar(options.alpha),
            dropout=scalar(options.dropout),
            label_smoothing=scalar(options.label_smoothing),
            seed=np.uint32(seed),
            first_step=first_step,
            n_steps_before=n_steps_before,
            optimizer=OPTIMIZERS[optimizer.update].address(self._spec.dtype),
            clip_norm=scalar(optimizer.limit("clipnorm") or optimizer.limit("global_clipnorm")),
            clip_value=scalar(0 if optimizer.clips_norm else optimizer.limit("clipvalue")),
            clips_all=optimizer.limit("clipnorm") == 0,
            weight_decay=scalar(np.float32(known["weight_decay"] or 0)),
            has_average=optimizer.has_average,
            average_momentum=float(known["ema_momentum"]),
            overwrite_every=int(known["ema_overwrite_frequency"] or 0),
        )

    def _prepared(self, data: Rows, batch_size: int) -> tuple[Layout, Workspace]:
        """Return what fits the data: for small ones, making it takes as long as an epoch."""
        is_sparse = not len(data.dense)
        if is_sparse not in self._layouts:
            layout = Layout(self._spec, sparse=is_sparse, optimizer=self._optimizer)
            self._layouts[is_sparse] = layout
        layout = self._layouts[is_sparse]
        key = is_sparse, batch_size
        if key not in self._workspaces:
            self._workspaces[key] = layout.workspace(batch_size)
        return layout, self._workspaces[key]


def _run_workers(
    layout: Layout,
    data: Rows,
    network: Network,
    workspace: Workspace,
    settings: Settings,
    order: npt.NDArray[np.intp],
    rates: FloatArray,
    step_options: FloatArray | None = None,
) -> npt.NDArray[np.float64]:
    """Run `train_steps` by one worker or several; return the totals. An interrupt stops them.

    Without options of the steps, the network is evaluated only.
    """
    weight_blocks = layout.weight_blocks
    if step_options is None:
        step_options, weight_blocks = np.zeros((len(rates), 1)), np.zeros((0, 4), np.int64)
    order = np.ascontiguousarray(order, np.int64)
    rates = np.ascontiguousarray(rates, np.float64)
    totals = np.zeros(3)
    arguments = (
        data, network, workspace, settings, order, rates, step_options, weight_blocks, totals
    )  # fmt: skip
    if len(order) * len(network.weights) <= MAX_SERIAL_WORK:
        (gradient,) = layout.gradient_buffers(1)
        train_steps(new_counters(1), gradient, *arguments)
        return totals
    with thread_pool() as (pool, n_workers):
        counters = new_counters(n_workers)
        try:
            waiting = {
                pool.submit(train_steps, counters, gradient, *arguments)
                for gradient in layout.gradient_buffers(n_workers)
            }
            while waiting:
                done, waiting = futures.wait(
                    waiting, INTERRUPT_POLL_SECONDS, return_when=futures.FIRST_EXCEPTION
                )
                for worker in done:
                    worker.result()
        finally:
            counters[STOP] = 1  # for workers at a barrier that another never reaches
    return totals
