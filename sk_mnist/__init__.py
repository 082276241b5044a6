"""Neural networks for digits and tables, with the manners of scikit-learn."""

from __future__ import annotations

import lazy_loader as _lazy

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submodules=["datasets", "displays", "evaluation", "export"],
    submod_attrs={
        "classifier": ["KerasMLPClassifier"],
        "datasets": ["fetch_mnist", "load_mnist_sample"],
        "displays": [
            "ConfusionHeatmapDisplay",
            "GridSearchDisplay",
            "HiddenUnitsDisplay",
            "MisclassifiedDisplay",
            "ReliabilityDisplay",
            "SaliencyDisplay",
            "TrainingCurveDisplay",
        ],
        "evaluation": [
            "calibration_frame",
            "classification_report_frame",
            "confusion_matrix_frame",
            "evaluate",
            "expected_calibration_error",
            "most_confused",
            "top_k_accuracy",
        ],
    },
)
