from .confusion import classification_report_frame, confusion_matrix_frame, most_confused
from .probabilities import calibration_frame, expected_calibration_error, top_k_accuracy

__all__ = [
    "calibration_frame",
    "classification_report_frame",
    "confusion_matrix_frame",
    "expected_calibration_error",
    "most_confused",
    "top_k_accuracy",
]
