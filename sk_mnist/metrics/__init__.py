"""Numbers about the predictions of a classifier, as pandas frames and floats."""

from __future__ import annotations

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "confusion": ["classification_report_frame", "confusion_matrix_frame", "most_confused"],
        "probabilities": ["calibration_frame", "expected_calibration_error", "top_k_accuracy"],
    },
)
