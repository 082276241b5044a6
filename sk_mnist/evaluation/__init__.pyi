from sk_mnist.metrics import (
    calibration_frame,
    classification_report_frame,
    confusion_matrix_frame,
    expected_calibration_error,
    most_confused,
    top_k_accuracy,
)

from ._evaluate import evaluate
from .report import EvaluationReport

__all__ = [
    "EvaluationReport",
    "calibration_frame",
    "classification_report_frame",
    "confusion_matrix_frame",
    "evaluate",
    "expected_calibration_error",
    "most_confused",
    "top_k_accuracy",
]
