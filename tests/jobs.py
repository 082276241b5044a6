"""Training jobs for the tests of engines, and the reference that they are compared with.

The reference runs eagerly: one batch at a time, TensorFlow's losses, Keras's optimizers, float64.
"""

import pickle
from contextlib import nullcontext
from dataclasses import dataclass, replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from sk_mnist.data.input_scaling import InputScaling
from sk_mnist.data.training_data import TrainingData
from sk_mnist.engines.base import NetworkState, StepOptions, TrainingTask
from sk_mnist.engines.numba.trainer import NumbaTrainer
from sk_mnist.engines.xla.trainer import xla_trainer
from sk_mnist.network import initialization
from sk_mnist.network.activations import ACTIVATIONS
from sk_mnist.network.dropout import keep_mask
from sk_mnist.network.spec import NetworkSpec
from sk_mnist.training.optimizers import resolve_optimizer

ENGINES = {"numba": lambda task: nullcontext(NumbaTrainer(task)), "xla": xla_trainer}
"""Context managers that yield an engine for a task."""

each_engine = pytest.mark.parametrize(
    "engine",
    [pytest.param(name, marks=pytest.mark.slow if name == "xla" else ()) for name in ENGINES],
)

KERAS_OPTIMIZERS = {
    "adadelta": keras.optimizers.Adadelta,
    "adagrad": keras.optimizers.Adagrad,
    "adam": keras.optimizers.Adam,
    "adamax": keras.optimizers.Adamax,
    "adamw": keras.optimizers.AdamW,
    "ftrl": keras.optimizers.Ftrl,
    "lamb": keras.optimizers.Lamb,
    "lion": keras.optimizers.Lion,
    "nadam": keras.optimizers.Nadam,
    "rmsprop": keras.optimizers.RMSprop,
    "sgd": lambda: keras.optimizers.SGD(momentum=0.9, nesterov=True),
}
NO_SCALING = InputScaling(np.zeros(1), np.ones(1))
SOFTMAX = NetworkSpec((5, 8, 6, 3), "relu", "softmax", "float64")
BINARY = NetworkSpec((5, 6, 1), "relu", "logistic", "float64")
SMALL = NetworkSpec((5, 6, 3), "relu", "softmax", "float64")
MULTILABEL = NetworkSpec((5, 6, 4), "relu", "logistic", "float64")


@dataclass(frozen=True)
class Job:
    """A training: what to train, on which rows, and how."""

    spec: NetworkSpec
    data: TrainingData
    epochs: tuple[np.ndarray, ...]
    batch_size: int = 16
    optimizer: str = "adam"
    learning_rate: float = 0.01
    alpha: float = 0.0
    dropout: float = 0.0
    label_smoothing: float = 0.0
    seed: int = 7

    @property
    def task(self):
        """Return what an engine is made for."""
        optimizer = resolve_optimizer(self.optimizer)
        return TrainingTask(
            self.spec, self.data, self.batch_size, optimizer, use_dropout=self.dropout > 0
        )

    @property
    def options(self):
        """Return the numbers that every step uses."""
        return StepOptions(self.alpha, self.dropout, self.label_smoothing)

    @property
    def learning_rates(self):
        """Return the rate of each step of each epoch; no two are the same."""
        n_epochs, n_steps = len(self.epochs), -(-len(self.epochs[0]) // self.batch_size)
        rates = self.learning_rate * np.linspace(1, 0.5, n_epochs * n_steps)
        return rates.reshape(n_epochs, n_steps)


def make_job(spec, n_rows=50, n_epochs=3, **options):
    """Make a job on random rows: with 50 rows and batches of 16, the last batch has 2."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, spec.layer_sizes[0]))
    n_outputs = spec.layer_sizes[-1]
    if spec.out_activation == "softmax":
        labels = rng.integers(0, n_outputs, n_rows).astype("int32")
    else:
        labels = rng.integers(0, 2, (n_rows, n_outputs)).astype("uint8")
    rows = np.arange(n_rows)
    data = TrainingData(X, labels, np.ones(n_rows), NO_SCALING, rows)
    return Job(spec, data, tuple(rng.permutation(rows) for _ in range(n_epochs)), **options)


def weighted(job):
    row_weight = np.random.default_rng(1).uniform(0.1, 3, len(job.data.row_weight))
    return replace(job, data=replace(job.data, row_weight=row_weight))


def with_inputs(job, X):
    return replace(job, data=replace(job.data, X=X))


def with_zeros(job, share=0.8):
    """Return a job a share of whose inputs is zero, so many that kernels leave them out."""
    X = job.data.X.copy()
    X[np.random.default_rng(5).random(X.shape) < share] = 0
    return with_inputs(job, X)


def initial_weights(spec):
    weights = initialization.initial_weights(spec, np.random.RandomState(0))
    return [w + 0.1 * (i % 2) for i, w in enumerate(weights)]


def run(job, engine, state=None):
    """Run a job by an engine of this name; return the state and each epoch's loss and accuracy."""
    with ENGINES[engine](job.task) as trainer:
        return run_by(job, trainer, state)


def run_by(job, trainer, state=None):
    """Run a job by a trainer; return the state and each epoch's mean loss and accuracy."""
    if state is None:
        state = NetworkState(initial_weights(job.spec))
    metrics = []
    for epoch, (order, rates) in enumerate(zip(job.epochs, job.learning_rates, strict=True)):
        seed = job.seed + epoch
        state, totals = trainer.train_epoch(state, order, rates, seed, job.options)
        metrics.append((totals.mean_loss, totals.accuracy))
    return state.state(), np.array(metrics)


def trained_weights(job, engine):
    return run(job, engine)[0].weights


def reference_losses(spec, logits, labels, label_smoothing):
    """Return each row's cross-entropy and whether it is predicted correctly."""
    if spec.out_activation == "softmax":
        n_classes = spec.layer_sizes[-1]
        targets = np.eye(n_classes)[labels] * (1 - label_smoothing) + label_smoothing / n_classes
        losses = tf.nn.softmax_cross_entropy_with_logits(targets, logits)
        return losses, logits.numpy().argmax(axis=1) == labels
    targets = labels * (1 - label_smoothing) + label_smoothing / 2
    losses = tf.nn.sigmoid_cross_entropy_with_logits(targets, logits)
    return tf.reduce_sum(losses, axis=1), ((logits.numpy() > 0) == labels).all(axis=1)


_references = {}


def run_reference(job, *, exact=False):
    """Run a job eagerly; return the weights and each epoch's mean loss and accuracy.

    Keras has a constant of gelu in float32, in a float64 network, too, unless it is to be exact.
    """
    name = job.spec.activation
    if name == "gelu" and exact:
        activation = exact_gelu
    else:
        activation = keras.activations.get(ACTIVATIONS[name].keras_name)
    if not isinstance(job.optimizer, str):
        return _run_reference(job, activation)
    key = pickle.dumps((job, activation is exact_gelu))  # one result serves all engines
    if key not in _references:
        _references[key] = _run_reference(job, activation)
    return _references[key]


def exact_gelu(z):
    return z * (1 + tf.math.erf(z * np.sqrt(0.5))) / 2


def _run_reference(job, activation):
    spec, data = job.spec, job.data
    X = (data.X - data.scaling.offset) / data.scaling.scale
    weights = [keras.Variable(weight, dtype="float64") for weight in initial_weights(spec)]
    optimizer = reference_optimizer(job.optimizer)
    metrics = []
    for epoch, (order, rates) in enumerate(zip(job.epochs, job.learning_rates, strict=True)):
        sums = np.zeros(3)
        for step, rate in enumerate(rates):
            rows = order[step * job.batch_size : (step + 1) * job.batch_size]
            row_weight = data.row_weight[rows]
            with tf.GradientTape() as tape:
                hidden = tf.constant(X[rows])
                for layer in range(spec.n_hidden_layers):
                    hidden = activation(hidden @ weights[2 * layer] + weights[2 * layer + 1])
                    if job.dropout:
                        hidden *= reference_mask(job, epoch, step, layer)[: len(rows)]
                logits = hidden @ weights[-2] + weights[-1]
                losses, correct = reference_losses(
                    spec, logits, data.labels[rows], job.label_smoothing
                )
                penalty = sum(tf.reduce_sum(coef.value**2) for coef in weights[::2])
                total = tf.reduce_sum(row_weight * losses)
                loss = (total + 0.5 * job.alpha * penalty) / row_weight.sum()
                loss = optimizer.scale_loss(loss)
            gradients = tape.gradient(loss, [weight.value for weight in weights])
            optimizer.learning_rate = rate
            optimizer.apply(gradients, weights)
            sums += [total.numpy(), row_weight[correct].sum(), row_weight.sum()]
        metrics.append(sums[:2] / sums[2])
    return [weight.numpy() for weight in weights], np.array(metrics)


def reference_optimizer(optimizer):
    if isinstance(optimizer, str):
        return KERAS_OPTIMIZERS[optimizer]()
    return type(optimizer).from_config(optimizer.get_config())


def reference_mask(job, epoch, step, layer):
    """Return what dropout multiplies a batch by: zero, or the factor that keeps the mean."""
    shape = (job.batch_size, job.spec.layer_sizes[layer + 1])
    mask = keep_mask(shape, job.dropout, job.seed + epoch, step, layer)
    return mask / (1 - job.dropout)


def assert_all_close(found, expected, rtol=1e-10, atol=1e-11):
    for first, second in zip(found, expected, strict=True):
        assert_allclose(first, second, rtol, atol)


def assert_all_equal(found, expected):
    for first, second in zip(found, expected, strict=True):
        assert_array_equal(first, second)


def assert_equals_reference(job, engine):
    """Assert that an engine takes the steps of Keras, and measures what Keras measures."""
    state, metrics = run(job, engine)
    expected, expected_metrics = run_reference(job, exact=engine == "numba")
    assert_all_close(state.weights, expected)
    assert_allclose(metrics, expected_metrics, rtol=1e-10)


EVERYTHING = {"alpha": 0.5, "label_smoothing": 0.1}
