"""Helpers of the tests of the classifier."""

import os
import signal

import numpy as np
from scipy.special import expit, softmax

# So small that no weight changes: the network stays as it was initialized.
NO_LEARNING = 1e-300

# What Keras's "sgd" multiplies with, in a float64 network too.
MOMENTUM = float(np.float32(0.9))


def assert_same_network(a, b):
    """Check that two classifiers have the same weights, bit for bit."""
    assert len(a.coefs_) == len(b.coefs_)
    pairs = zip(a.coefs_ + a.intercepts_, b.coefs_ + b.intercepts_, strict=True)
    for weights, others in pairs:
        assert weights.dtype == others.dtype
        np.testing.assert_array_equal(weights, others)


def assert_close_networks(a, b, tolerance):
    """Check that the weights of two classifiers differ by no more than this."""
    pairs = zip(a.coefs_ + a.intercepts_, b.coefs_ + b.intercepts_, strict=True)
    for weights, others in pairs:
        np.testing.assert_allclose(weights, others, rtol=0, atol=tolerance)


def same_network(a, b):
    """Tell whether two classifiers have the same weights."""
    return all(np.array_equal(u, v) for u, v in zip(a.coefs_, b.coefs_, strict=True))


class EpochRecorder:
    """A scikit-learn callback that keeps each epoch's fitted estimator."""

    def __init__(self, stop_after=None):
        self.stop_after = stop_after
        self.epochs = []
        self.begun = 0
        self.torn_down = False

    def setup(self, estimator, context):
        self.n_planned = context.max_subtasks

    def on_fit_task_begin(self, estimator, context):
        self.begun += context.task_name == "epoch"

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        if context.task_name != "epoch":
            return False
        self.epochs.append(fitted_estimator)
        return len(self.epochs) == self.stop_after

    def teardown(self, estimator, context):
        self.torn_down = True


class InterruptAt:
    """A callback that presses Ctrl-C when an epoch begins or ends."""

    def __init__(self, *, begin=None, end=None):
        self.begin, self.end = begin, end

    def setup(self, estimator, context):
        self.begun = self.ended = 0

    def on_fit_task_begin(self, estimator, context):
        self.begun += context.task_name == "epoch"
        if context.task_name == "epoch" and self.begun == self.begin:
            os.kill(os.getpid(), signal.SIGINT)

    def on_fit_task_end(self, estimator, context):
        self.ended += context.task_name == "epoch"
        if context.task_name == "epoch" and self.ended == self.end:
            os.kill(os.getpid(), signal.SIGINT)

    def teardown(self, estimator, context):
        pass


def reference_network(X, targets, weight, layers, rates, *, alpha=0.0, logistic=False):
    """Train ``[W, b, W, b, ...]`` by hand: tanh layers, full batches, Nesterov momentum of 0.9."""
    layers = [layer.copy() for layer in layers]
    velocity = [np.zeros_like(layer) for layer in layers]
    for rate in rates:
        outputs = [X]
        for i in range(0, len(layers), 2):
            z = outputs[-1] @ layers[i] + layers[i + 1]
            outputs.append(np.tanh(z) if i < len(layers) - 2 else z)
        p = expit(outputs[-1]) if logistic else softmax(outputs[-1], axis=1)
        delta = (p - targets) * weight[:, None] / weight.sum()
        gradients = []
        for i in reversed(range(0, len(layers), 2)):
            gradient = outputs[i // 2].T @ delta + alpha * layers[i] / weight.sum()
            gradients = [gradient, delta.sum(axis=0), *gradients]
            delta = delta @ layers[i].T * (1 - outputs[i // 2] ** 2)
        for layer, v, gradient in zip(layers, velocity, gradients, strict=True):
            v[:] = MOMENTUM * v - rate * gradient
            layer += MOMENTUM * v - rate * gradient
    return layers


def flat_layers(clf):
    return [w for layer in zip(clf.coefs_, clf.intercepts_, strict=True) for w in layer]
