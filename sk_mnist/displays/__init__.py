"""Pictures of what a classifier does, after scikit-learn's Display convention."""

from __future__ import annotations

from sk_mnist.displays.confusion import ConfusionHeatmapDisplay

__all__ = ["ConfusionHeatmapDisplay"]
