"""Pictures of what a classifier does, after scikit-learn's Display convention."""

from __future__ import annotations

from sk_mnist.displays.confusion import ConfusionHeatmapDisplay
from sk_mnist.displays.mistakes import MisclassifiedDisplay
from sk_mnist.displays.network import HiddenUnitsDisplay
from sk_mnist.displays.reliability import ReliabilityDisplay
from sk_mnist.displays.saliency import SaliencyDisplay
from sk_mnist.displays.search import GridSearchDisplay
from sk_mnist.displays.training import TrainingCurveDisplay

__all__ = [
    "ConfusionHeatmapDisplay",
    "GridSearchDisplay",
    "HiddenUnitsDisplay",
    "MisclassifiedDisplay",
    "ReliabilityDisplay",
    "SaliencyDisplay",
    "TrainingCurveDisplay",
]
