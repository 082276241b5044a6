"""Training with Adam on the processor, without TensorFlow: what surrounds `sk_mnist.engines.numba.kernels.train`.

Most of an image is background. Where many of the inputs are zero, the first layer is trained on
what is not, which is faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from sk_mnist._utils.threads import team_size
from sk_mnist.data.input_scaling import InputScaling
from sk_mnist.engines.numba.csr import contiguous, without_zeros
from sk_mnist.engines.numba.kernels import train as kernels
from sk_mnist.engines.numba.kernels.structs import Network, Rows, Settings, Workspace
from sk_mnist.engines.numba.memory_layout import Layout
from sk_mnist.network.forward import NEGATIVE_SLOPES
from sk_mnist.network.spec import NetworkSpec
from sk_mnist.training.optimizers import AdamOptions

# Rows that a network is measured by at a time, at least, if there are so many.
_MEASURED_ROWS = 256

# Where a wait without end goes on over an interrupt, as on Windows, that is heard after this.
_MOST_DEAF_SECONDS = 0.1


class NativeTrainer:
    """Trains a network by Adam.

    Parameters
    ----------
    spec : NetworkSpec
        The network; its activation is a key of `NEGATIVE_SLOPES`, which Keras has as float32.
    batch_size : int
        Rows a step.
    options : AdamOptions
        Of the optimizer.

    Attributes
    ----------
    initial_optimizer_state : list of ndarray
        The variables of Keras's Adam before the first step, those of matrices transposed.
    """

    def __init__(self, spec: NetworkSpec, batch_size: int, options: AdamOptions) -> None:
        self.batch_size = batch_size
        self._spec = spec
        self._options = options
        self._dtype = np.dtype(spec.dtype)
        self._made: dict[tuple[bool, int], tuple[Layout, Workspace]] = {}
        shapes = [s for a, b in pairwise(spec.layer_sizes) for s in ((b, a), (b,))]
        averages = [np.zeros(shape, self._dtype) for shape in shapes for _ in range(2)]
        self.initial_optimizer_state = [np.zeros((), np.int64), np.zeros((), np.float32), *averages]

    def averages(self, state: Sequence[Any]) -> None:
        """Return what the optimizer ends with in place of the weights: it keeps them."""

    def load(
        self,
        X: Any,
        labels: npt.NDArray[Any],
        row_weight: npt.NDArray[Any],
        scaling: InputScaling,
    ) -> Rows:
        """Prepare rows to train on, or to measure a network by.

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
        nonzero = None if offset.any() else without_zeros(X, factor)
        if nonzero is None:
            dense = contiguous(X.toarray() if sparse.issparse(X) else X, self._dtype)
            nonzero = np.zeros(0, np.int64), np.zeros(0, np.uint16), factor[:0]
        else:
            dense = np.zeros((0, n_features), self._dtype)
        return Rows(
            dense,
            *nonzero,
            offset,
            factor,
            labels.reshape(len(labels), -1).astype(np.int32),
            row_weight.astype(np.float64),
        )

    def run(
        self,
        state: Sequence[Any],
        data: Rows,
        order: npt.NDArray[np.intp],
        learning_rates: npt.NDArray[np.floating[Any]],
        *,
        first_step: int,
        seed: int,
        alpha: float,
        dropout: float,
        label_smoothing: float,
    ) -> tuple[list[Any], list[float]]:
        """Run one step for each batch of rows; as `sk_mnist.engines.xla.trainer.Trainer.run`."""
        settings = self._settings(
            alpha=alpha,
            dropout=dropout,
            label_smoothing=label_smoothing,
            seed=seed,
            first_step=first_step,
            n_steps_before=int(state[len(self._spec.layer_sizes) * 2 - 2]),
        )
        layout, workspace = self._prepared(data, self.batch_size)
        network = layout.network(state)
        n_steps = -(-len(order) // self.batch_size)
        rates = learning_rates[first_step : first_step + n_steps].astype(np.float64)
        sums = _run_team(layout, data, network, workspace, settings, order, rates)
        n_done = np.asarray(settings.n_steps_before + n_steps)
        return layout.state(network, n_done, learning_rates[first_step + n_steps - 1]), sums

    def evaluate(
        self,
        weights: Sequence[Any],
        data: Rows,
        order: npt.NDArray[np.intp],
        row_weight: npt.NDArray[Any],
    ) -> list[float]:
        """Measure a network by some rows.

        Parameters
        ----------
        weights : sequence of ndarray
            As `run` returns them.
        data : Rows
            Loaded rows, whose weights do not count here.
        order : ndarray of shape (n_measured,)
            The rows to measure it by.
        row_weight : ndarray of shape (n_measured,)
            Their weights.

        Returns
        -------
        list of 3 float
            Sums over the rows of weight times loss, of weight times hit, and of the weight.
        """
        all_weights = np.zeros(len(data.weights))
        all_weights[order] = row_weight
        batch_size = max(self.batch_size, min(_MEASURED_ROWS, len(order)))
        layout, workspace = self._prepared(data, batch_size)
        rates = np.zeros(-(-len(order) // batch_size))
        data = data._replace(weights=all_weights)
        network = layout.network(weights)
        return _run_team(layout, data, network, workspace, self._settings(), order, rates)

    def _settings(
        self,
        *,
        alpha: float = 0.0,
        dropout: float = 0.0,
        label_smoothing: float = 0.0,
        seed: int = 0,
        first_step: int = 0,
        n_steps_before: int = 0,
    ) -> Settings:
        real = self._dtype.type
        return Settings(
            negative_slope=real(np.float32(NEGATIVE_SLOPES[self._spec.activation])),
            softmax=self._spec.out_activation == "softmax",
            alpha=real(alpha),
            dropout=real(dropout),
            label_smoothing=real(label_smoothing),
            seed=np.uint32(seed),
            first_step=first_step,
            n_steps_before=n_steps_before,
            **vars(self._options),
        )

    def _prepared(self, data: Rows, batch_size: int) -> tuple[Layout, Workspace]:
        """Return what fits the data: for small ones, making it takes as long as an epoch."""
        sparse_rows = not len(data.dense)
        key = sparse_rows, batch_size
        if key not in self._made:
            layout = Layout(self._spec, sparse=sparse_rows)
            self._made[key] = layout, layout.workspace(batch_size)
        return self._made[key]


def _run_team(
    layout: Layout,
    data: Rows,
    network: Network,
    workspace: Workspace,
    settings: Settings,
    order: npt.NDArray[np.intp],
    rates: npt.NDArray[np.float64],
) -> list[float]:
    """Call `kernels.train_steps` in several threads; return the sums. An interrupt stops them."""
    parts = layout.parts if len(network.momenta) else np.zeros((0, 4), np.int64)
    order = np.ascontiguousarray(order, np.int64)
    sums = np.zeros(3)
    arguments = data, network, workspace, settings, order, rates, parts, sums
    with team_size() as n_members, ThreadPoolExecutor(n_members) as pool:
        counters = kernels.new_counters(n_members)
        try:
            waiting = {
                pool.submit(kernels.train_steps, counters, gradient, *arguments)
                for gradient in layout.gradients(n_members)
            }
            while waiting:
                done, waiting = futures.wait(
                    waiting, _MOST_DEAF_SECONDS, return_when=futures.FIRST_EXCEPTION
                )
                for member in done:
                    member.result()
        finally:
            counters[kernels.STOP] = 1  # for those that wait for one that is not coming
    return sums.tolist()
