"""Cross-entropy, accuracy, and the gradient of the loss by the logits of the output layer.

`sk_mnist.network.loss` is the reference for losses and accuracy.
"""

from __future__ import annotations

import math

from sk_mnist.engines.numba.kernels.compile import kernel
from sk_mnist.engines.numba.kernels.layers import layer_rows


@kernel
def loss_and_output_gradient(start, stop, batch, weight_sum, rows, network, workspace, settings):
    """Compute losses and deltas of the output layer for some rows of a batch."""
    n_layers = len(network.layer_sizes) - 1
    logits = layer_rows(workspace.outputs, n_layers, start, stop, network, workspace)
    deltas = layer_rows(workspace.deltas, n_layers, start, stop, network, workspace)
    label_smoothing = settings.label_smoothing
    for i in range(stop - start):
        row = batch[start + i]
        labels = rows.labels[row]
        if settings.softmax:
            loss, is_correct = softmax_cross_entropy(
                logits[i], labels[0], label_smoothing, deltas[i]
            )
        else:
            loss, is_correct = logistic_cross_entropy(logits[i], labels, label_smoothing, deltas[i])
        weight = rows.row_weight[row]
        workspace.losses[start + i] = loss * weight
        workspace.correct[start + i] = weight if is_correct else 0
        share = deltas.dtype.type(weight / weight_sum)
        for j in range(deltas.shape[1]):
            deltas[i, j] *= share


@kernel
def softmax_cross_entropy(logits, label, label_smoothing, gradient):
    """Return the cross-entropy of a softmax and whether the label is predicted."""
    scalar = logits.dtype.type
    largest = 0
    for j in range(1, len(logits)):
        if logits[j] > logits[largest]:
            largest = j
    total = scalar(0)
    for j in range(len(logits)):
        gradient[j] = math.exp(logits[j] - logits[largest])
        total += gradient[j]
    other = label_smoothing / scalar(len(logits))
    loss = math.log(total)
    for j in range(len(logits)):
        target = (scalar(1) - label_smoothing if j == label else scalar(0)) + other
        loss += target * (logits[largest] - logits[j])
        gradient[j] = gradient[j] / total - target
    return loss, largest == label


@kernel
def logistic_cross_entropy(logits, labels, label_smoothing, gradient):
    """Return the summed cross-entropies of logistic outputs and whether all are predicted."""
    scalar = logits.dtype.type
    loss, is_correct = scalar(0), True
    for j in range(len(logits)):
        z = logits[j]
        target = scalar(labels[j]) * (scalar(1) - label_smoothing) + label_smoothing / scalar(2)
        e = math.exp(-abs(z))
        loss += max(z, scalar(0)) - z * target + math.log1p(e)
        gradient[j] = (scalar(1) if z >= 0 else e) / (scalar(1) + e) - target
        is_correct &= (z > 0) == (labels[j] > 0)
    return loss, is_correct
